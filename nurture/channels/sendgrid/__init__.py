"""SendGrid: mails are posted many at once, each at most once; what nobody can know is unknown.

``docs/adr/0011-posting-mail.md`` says why not by the SDK's transport. There is no retry, no redirect and no
proxy from the environment; the key is in no log line and no error.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr
from pydantic_core import to_json

from nurture.channels import Fate, Outcome, Question
from nurture.channels.email.event_loop import Loop
from nurture.channels.email.headers import Letterhead, inspect
from nurture.channels.email.http import BrokenOff, Unreached, Wire
from nurture.channels.envelope import Envelope
from nurture.channels.sendgrid.email_logs import MailLog
from nurture.channels.sendgrid.payload import payload
from nurture.channels.sendgrid.responses import NOT_CONNECTED, Answer, account_trouble
from nurture.channels.sendgrid.suppressions import read_lists
from nurture.consent.provider_suppressions import Suppressed
from nurture.errors import AccountError, PermanentError, TransientError

FIRST_BATCH, LARGEST_BATCH = 1_000, 4_000
SENDS_FOR = 4.0
"""Seconds that a batch should take, by how fast the last handful went."""

ALL_ALIKE = 20
"""So many messages, all rejected for the same reason, say that the reason is ours."""


class SendGrid:
    """Posts mails to ``/v3/mail/send`` over kept connections."""

    name = "sendgrid"
    in_flight = 100

    def __init__(self, key: SecretStr, url: str, letterhead: Letterhead, clock: Callable[[], datetime]) -> None:
        self._key, self._url, self._letterhead, self._clock = key, url.rstrip("/"), letterhead, clock
        self._loop = Loop()
        self._wire: Wire | None = None
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
        if outcomes and all(each.why == NOT_CONNECTED for each in outcomes):
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
        except Unreached:
            return Outcome(Fate.NOT_SENT, why=NOT_CONNECTED, retry_at=self._clock() + timedelta(minutes=1))
        except BrokenOff as error:
            return Outcome(Fate.UNKNOWN, why=str(error))
        return self._judged(message, answer)

    def _judged(self, message: str, answer: Answer) -> Outcome:
        if trouble := account_trouble(answer):
            self._closed = f"{self.name}: {trouble}"
            return Outcome(Fate.NOT_SENT, why=f"HTTP {answer.status}")
        outcome = answer.outcome(message, self._clock())
        if outcome.retry_at and answer.status == 429:
            self._throttled = max(self._throttled or outcome.retry_at, answer.reset(self._clock()))
        return outcome

    async def _request(self, method: str, path: str, body: bytes = b"", **query: Any) -> Answer:
        """One request, with one deadline for all of it."""
        reply = await self._open().ask(method, f"{path}?{urlencode(query)}" if query else path, body)
        return Answer(reply.status, reply.headers, reply.body)

    def _open(self) -> Wire:
        if self._wire is None:
            key = self._key.get_secret_value()
            self._wire = Wire(
                self._url, {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Accept": "*/*"}
            )
        return self._wire

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
        except (Unreached, BrokenOff) as error:
            raise TransientError(f"{self.name}: {path}: {type(error).__name__}.") from error

    async def _answer(self, method: str, path: str, body: bytes = b"", **query: Any) -> Any:
        """The JSON of an answer to a question.

        Raises:
            TransientError: there is none.
        """
        try:
            answer = await self._request(method, path, body, **query)
            if answer.status == 200:
                return json.loads(answer.body)
        except (Unreached, BrokenOff, ValueError) as error:
            raise TransientError(f"{self.name}: {path}: {type(error).__name__}.") from error
        raise TransientError(f"{self.name}: {path} answers {answer.status}.")

    def finish(self) -> None:
        """Close the connections."""
        if self._wire is not None:
            self._loop.run(self._wire.close())
            self._wire = None
        self._loop.close()

    def __repr__(self) -> str:
        return f"SendGrid({self._url!r})"
