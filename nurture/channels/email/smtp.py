"""SMTP relays: for domestic providers (Aliyun, Tencent) and for people without SendGrid.

A conversation has stages, and where it breaks says what is known: before the text was handed over, nothing was sent;
once it was, nobody knows without an answer. A relay keeps no log for us, so that a message in doubt stays in doubt.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ssl import SSLContext
from urllib.parse import unquote, urlsplit

import aiosmtplib
from pydantic import SecretStr

from models import Meaning
from nurture.channels import Fate, Outcome, Question
from nurture.channels.email.event_loop import Loop
from nurture.channels.email.headers import Letterhead, inspect
from nurture.channels.email.mime import email
from nurture.channels.envelope import Envelope
from nurture.content.bounce_rules import Answers
from nurture.errors import AccountError, InputError, PermanentError, TransientError
from nurture.settings import Settings, entries

DEADLINE = 20.0
"""Seconds for one message, all of its conversation."""

CONNECTIONS = 4
LATER, MUCH_LATER = timedelta(minutes=15), timedelta(hours=1)
NO_WAY_IN = (530, 534, 535, 538)
ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True)
class Relay:
    """Where a relay is, and how one is let in. Without TLS only this machine is talked to."""

    name: str
    host: str
    port: int
    user: str
    password: SecretStr
    tls_first: bool

    @property
    def in_clear(self) -> bool:
        """Whether the conversation may go without TLS."""
        return self.host in ("127.0.0.1", "localhost", "::1")


def read_relays(settings: Settings) -> dict[str, Relay]:
    """The relays of an installation, by name.

    Raises:
        InputError: an entry cannot be used; tells the place, not what stands there.
    """
    found = {}
    for place, entry in enumerate(entries("NURTURE_SMTP_RELAYS", settings.smtp_relays), 1):
        name, _, url = entry.partition("=")
        parts = urlsplit(url)
        if not name or parts.scheme not in ("smtp", "smtps") or not parts.hostname or name in found:
            raise InputError(
                f"NURTURE_SMTP_RELAYS, entry {place}: wants NAME=smtps://USER:PASSWORD@HOST:PORT, each name once."
            )
        first = parts.scheme == "smtps"
        user, password = unquote(parts.username or ""), SecretStr(unquote(parts.password or ""))
        found[name] = Relay(name, parts.hostname, parts.port or (465 if first else 587), user, password, first)
    return found


class Smtp:
    """Hands mails to one relay, a few at a time."""

    batch = 100
    in_flight = 20

    def __init__(
        self, relay: Relay, letterhead: Letterhead, answers: Answers, clock: Callable[[], datetime],
        certificates: SSLContext | None = None,
    ) -> None:  # fmt: skip
        self.name = relay.name
        self._relay, self._letterhead, self._answers, self._clock = relay, letterhead, answers, clock
        self._certificates = certificates
        self._loop = Loop()
        self._closed = ""

    def send(self, envelopes: Sequence[Envelope]) -> Sequence[Outcome]:
        """Hand over up to ``in_flight`` mails.

        Raises:
            AccountError: the relay does not let us in.
            TransientError: it cannot be reached.
        """
        if self._closed:
            raise AccountError(self._closed)
        return self._loop.run(self._send(envelopes))

    async def _send(self, envelopes: Sequence[Envelope]) -> list[Outcome]:
        lanes = [envelopes[start::CONNECTIONS] for start in range(CONNECTIONS)]
        told = await asyncio.gather(*(self._converse(some) for some in lanes if some))
        outcomes = {key: outcome for lane in told for key, outcome in lane.items()}
        if self._closed and all(each.fate is Fate.NOT_SENT for each in outcomes.values()):
            raise AccountError(self._closed)
        if all(each.why.startswith("not connected") for each in outcomes.values()):
            raise TransientError(f"{self.name}: cannot be reached.")
        return [outcomes[envelope.id] for envelope in envelopes]

    async def _converse(self, envelopes: Sequence[Envelope]) -> dict[str, Outcome]:
        """Some mails over one connection; over another one after it broke."""
        outcomes: dict[str, Outcome] = {}
        client: aiosmtplib.SMTP | None = None
        for envelope in envelopes:
            try:
                client = client or await self._connected()
            except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
                outcomes[envelope.id] = self._not_in(error)
                continue
            outcomes[envelope.id], keeps = await self._hand_over(client, envelope)
            if not keeps:
                client.close()
                client = None
        if client:
            await _goodbye(client)
        return outcomes

    async def _connected(self) -> aiosmtplib.SMTP:
        relay = self._relay
        client = aiosmtplib.SMTP(
            hostname=relay.host, port=relay.port, use_tls=relay.tls_first, timeout=DEADLINE,
            start_tls=None if relay.in_clear else not relay.tls_first, tls_context=self._certificates,
        )  # fmt: skip
        try:
            async with asyncio.timeout(DEADLINE):
                await client.connect()
                if relay.user:
                    await client.login(relay.user, relay.password.get_secret_value())
        except BaseException:
            client.close()
            raise
        return client

    def _not_in(self, error: Exception) -> Outcome:
        code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else 0
        if isinstance(error, aiosmtplib.SMTPAuthenticationError) or code in NO_WAY_IN:
            self._closed = f"{self.name}: does not let us in ({code}): look at its user and password."
        why = f"not connected ({code or type(error).__name__})"
        return Outcome(Fate.NOT_SENT, why=why, retry_at=self._clock() + LATER)

    async def _hand_over(self, client: aiosmtplib.SMTP, envelope: Envelope) -> tuple[Outcome, bool]:
        """One mail, once; and whether the connection is good for another."""
        try:
            inspect(envelope, self._letterhead)
            content = self._written(envelope)
        except (PermanentError, OSError, ValueError, LookupError, TypeError) as error:
            why = str(error) if isinstance(error, PermanentError) else type(error).__name__
            return Outcome(Fate.REJECTED, why=why), True
        begun = False
        try:
            async with asyncio.timeout(DEADLINE):
                await client.mail(envelope.sender_address)
                await client.rcpt(envelope.to)
                begun = True
                await client.data(content)
            return Outcome(Fate.ACCEPTED, provider_id=envelope.id), True
        except aiosmtplib.SMTPResponseException as error:
            if error.code < 0:
                return self._broken(begun), False
            await _reset(client)
            return self._answered(error), True
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            return self._broken(begun), False

    def _written(self, envelope: Envelope) -> bytes:
        message = email(envelope, self._letterhead.attachments, self._clock())
        if reply_to := self._letterhead.reply_to(envelope):
            message["Reply-To"] = reply_to
        return message.as_bytes()

    def _broken(self, begun: bool) -> Outcome:
        if begun:
            return Outcome(Fate.UNKNOWN, why="the connection broke after the text was begun")
        return Outcome(Fate.NOT_SENT, why="the connection broke before the text", retry_at=self._clock() + LATER)

    def _answered(self, error: aiosmtplib.SMTPResponseException) -> Outcome:
        """A refusal: for now, for good, or (as Chinese providers say 550) only because it is too much at once."""
        enhanced = ENHANCED.search(error.message)
        status = enhanced[0] if enhanced else ""
        why = f"SMTP {error.code} {status}".strip()
        meaning = self._answers.meaning("blocked", error.message, "", status)
        if error.code < 500 or meaning is Meaning.THROTTLED:
            wait = MUCH_LATER if meaning is Meaning.THROTTLED else LATER
            return Outcome(Fate.NOT_SENT, why=why, retry_at=self._clock() + wait)
        return Outcome(Fate.GONE if meaning is Meaning.GONE else Fate.REJECTED, why=why)

    def evidence(self, questions: Sequence[Question]) -> Mapping[str, Outcome]:
        """Nothing: a relay keeps no log for us."""
        return {}

    def knock(self) -> None:
        """Connect, be let in and say goodbye; sends nothing.

        Raises:
            AccountError: the relay does not let us in.
            TransientError: it cannot be reached.
        """
        self._loop.run(self._knock())

    async def _knock(self) -> None:
        try:
            await _goodbye(await self._connected())
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            outcome = self._not_in(error)
            if self._closed:
                raise AccountError(self._closed) from error
            raise TransientError(f"{self.name}: {outcome.why}.") from error

    def finish(self) -> None:
        """End the thread."""
        self._loop.close()


async def _reset(client: aiosmtplib.SMTP) -> None:
    try:
        await client.rset()
    except (aiosmtplib.SMTPException, OSError, TimeoutError):
        client.close()


async def _goodbye(client: aiosmtplib.SMTP) -> None:
    try:
        await client.quit()
    except (aiosmtplib.SMTPException, OSError, TimeoutError):
        client.close()
