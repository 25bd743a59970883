"""SendGrid: mails are posted many at once, each at most once; what nobody can know is unknown.

``docs/adr/0011-posting-mail.md`` says why aiohttp and not the SDK's transport. There is no retry, no redirect and no
proxy from the environment; the key is in no log line and no error.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import aiohttp
from pydantic import SecretStr
from pydantic_core import to_json

from nurture.channels import Fate, Outcome, Question
from nurture.channels.mail import Letterhead, inspect
from nurture.channels.posting import Loop
from nurture.channels.sendgrid.answers import Answer, account_trouble, told
from nurture.channels.sendgrid.log import MailLog
from nurture.channels.sendgrid.payload import payload
from nurture.channels.sendgrid.suppressions import Suppressed, read_lists
from nurture.envelope import Envelope
from nurture.errors import AccountError, PermanentError, TransientError

DEADLINE = aiohttp.ClientTimeout(total=20, connect=5)
KEPT_ALIVE = 4.0
"""Seconds: shorter than any server keeps an idle connection, so that none is closed under our hands."""

LONGEST_ANSWER = 65_536
FIRST_BATCH, LARGEST_BATCH = 1_000, 4_000
SENDS_FOR = 4.0
"""Seconds that a batch should take, by how fast the last handful went."""

ALL_ALIKE = 20
"""So many messages, all rejected for the same reason, say that the reason is ours."""

NEVER_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class SendGrid:
    """Posts mails to ``/v3/mail/send`` over kept connections."""

    name = "sendgrid"
    in_flight = 100

    def __init__(self, key: SecretStr, url: str, letterhead: Letterhead, clock: Callable[[], datetime]) -> None:
        self._key, self._url, self._letterhead, self._clock = key, url.rstrip("/"), letterhead, clock
        self._loop = Loop()
        self._session: aiohttp.ClientSession | None = None
        self.batch = FIRST_BATCH
        self._trusted = False
        self._closed = ""
        self._throttled: datetime | None = None

    def send(self, envelopes: Sequence[Envelope]) -> Sequence[Outcome]:
        """Post up to ``in_flight`` mails; the first one of a dispatch alone, to learn whether we may send at all.

        Raises:
            AccountError: SendGrid refuses all of us, or rejects everything for the same reason.
            TransientError: it cannot be reached, or wants no more for now.
        """
        if self._closed:
            raise AccountError(self._closed)
        if self._throttled and self._clock() < self._throttled:
            raise TransientError(f"{self.name}: it wants no more until {self._throttled:%H:%M:%S} UTC.")
        began = perf_counter()
        outcomes = self._loop.run(self._send(envelopes))
        if len(envelopes) == self.in_flight:
            per_second = self.in_flight / (perf_counter() - began)
            self.batch = max(self.in_flight, min(LARGEST_BATCH, int(SENDS_FOR * per_second)))
        return outcomes

    async def _send(self, envelopes: Sequence[Envelope]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        if not self._trusted and envelopes:
            outcomes.append(await self._post(envelopes[0]))
            if self._closed:
                raise AccountError(self._closed)
            self._trusted = outcomes[0].fate in (Fate.ACCEPTED, Fate.REJECTED)
        rest = envelopes[len(outcomes) :]
        outcomes += await asyncio.gather(*(self._post(envelope) for envelope in rest))
        if outcomes and all(each.why == told(NEVER_CONNECTED[0]) for each in outcomes):
            raise TransientError(f"{self.name}: cannot be reached.")
        self._close_if_all_alike(outcomes)
        return outcomes

    def _close_if_all_alike(self, outcomes: Sequence[Outcome]) -> None:
        reasons = {each.why for each in outcomes}
        if len(outcomes) >= ALL_ALIKE and len(reasons) == 1 and all(each.fate is Fate.REJECTED for each in outcomes):
            self._closed = (
                f"{self.name}: rejected {len(outcomes)} of {len(outcomes)} for the same reason: {reasons.pop()}"
            )

    async def _post(self, envelope: Envelope) -> Outcome:
        """One mail, once."""
        if self._closed or (self._throttled and self._clock() < self._throttled):
            return Outcome(Fate.NOT_SENT, why="not attempted", retry_at=self._throttled)
        try:
            inspect(envelope, self._letterhead)
            body = to_json(payload(envelope, self._letterhead))
        except (PermanentError, OSError, ValueError, TypeError) as error:
            why = str(error) if isinstance(error, PermanentError) else type(error).__name__
            return Outcome(Fate.REJECTED, why=why)
        return await self._ask(envelope.id, body)

    async def _ask(self, message: str, body: bytes) -> Outcome:
        try:
            answer = await self._request("POST", "/v3/mail/send", body)
        except NEVER_CONNECTED:
            return Outcome(Fate.NOT_SENT, why=told(NEVER_CONNECTED[0]), retry_at=self._clock() + timedelta(minutes=1))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Outcome(Fate.UNKNOWN, why=type(error).__name__)
        return self._judged(message, answer)

    def _judged(self, message: str, answer: Answer) -> Outcome:
        if trouble := account_trouble(answer):
            self._closed = f"{self.name}: {trouble}"
            return Outcome(Fate.NOT_SENT, why=f"HTTP {answer.status}")
        outcome = answer.outcome(message, self._clock())
        if outcome.retry_at and answer.status == 429:
            self._throttled = max(self._throttled or outcome.retry_at, answer.reset(self._clock()))
        return outcome

    async def _request(self, method: str, path: str, body: bytes | None = None, **query: Any) -> Answer:
        """One request, with one deadline for all of it; an accepted mail needs no reading of what follows."""
        session = self._open()
        async with session.request(
            method, self._url + path, data=body, params=query or None, allow_redirects=False
        ) as response:
            text = b"" if response.status == 202 else await _at_most(response.content, LONGEST_ANSWER)
            return Answer(response.status, dict(response.headers), text)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self.in_flight, keepalive_timeout=KEPT_ALIVE),
                headers={
                    "Authorization": f"Bearer {self._key.get_secret_value()}", "Content-Type": "application/json",
                    "Accept-Encoding": "identity",
                },
                timeout=DEADLINE, trust_env=False, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(),
            )  # fmt: skip
        return self._session

    def evidence(self, questions: Sequence[Question]) -> Mapping[str, Outcome]:
        """What SendGrid's log of mails says.

        Raises:
            TransientError: the log cannot be asked now.
        """
        return self._loop.run(MailLog(self._answer, self._clock()).evidence(questions))

    def suppressed_since(self, moment: datetime) -> Iterable[Suppressed]:
        """Addresses that SendGrid put on its lists since then.

        Raises:
            TransientError: the lists cannot be read now.
        """
        return self._loop.run(read_lists(self._answer, moment))

    def look(self, path: str) -> Answer:
        """A page of the account, whatever its status.

        Raises:
            TransientError: there is no answer.
        """
        try:
            return self._loop.run(self._request("GET", path))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TransientError(f"{self.name}: {path}: {type(error).__name__}.") from error

    async def _answer(self, method: str, path: str, body: bytes | None = None, **query: Any) -> Any:
        """The JSON of an answer to a question.

        Raises:
            TransientError: there is none.
        """
        try:
            answer = await self._request(method, path, body, **query)
            if answer.status == 200:
                return json.loads(answer.body)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise TransientError(f"{self.name}: {path}: {type(error).__name__}.") from error
        raise TransientError(f"{self.name}: {path} answers {answer.status}.")

    def finish(self) -> None:
        """Close the connections."""
        if self._session is not None:
            self._loop.run(self._session.close())
            self._session = None
        self._loop.close()

    def __repr__(self) -> str:
        return f"SendGrid({self._url!r})"


async def _at_most(stream: aiohttp.StreamReader, most: int) -> bytes:
    """The beginning of a body; whoever sends more is not listened to."""
    found = bytearray()
    while len(found) < most and (piece := await stream.read(most - len(found))):
        found += piece
    return bytes(found)
