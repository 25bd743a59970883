"""Sending: a claimed batch through one channel. Never has the database.

Before messages leave, a line for each is on disk; after the answer, another.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nurture.channels import Channel, Fate, Outcome
from nurture.channels.envelope import Envelope
from nurture.delivery.attempt_log import AttemptLog
from nurture.delivery.claim import Claim, Claimed
from nurture.errors import AccountError, StoreError, TransientError
from nurture.rendering.frozen import Rendered
from nurture.safeguards.kill_switch import KillSwitch

log = logging.getLogger(__name__)


@dataclass
class Sent:
    """What became of a batch: outcomes by message, refused messages with the reason, what stopped the channel.

    ``account`` says that its provider refuses all of us, so that nothing more is tried until a person mends it.
    """

    outcomes: dict[str, Outcome]
    refused: dict[str, str]
    broken: str = ""
    account: bool = False


@dataclass(frozen=True)
class Sender:
    """Sends claimed batches through one channel. The database is closed meanwhile."""

    channel: Channel
    rendered: Rendered
    attempts: Path
    kill_switch: KillSwitch | None = None

    def send(self, claim: Claim) -> Sent:
        """Send a batch, as far as the lease and the channel allow."""
        lines = AttemptLog.of(self.attempts, claim.batch, claim.claimed_at)
        sent = Sent({}, {})
        for start in range(0, len(claim.messages), self.channel.in_flight):
            some = self._envelopes(claim.messages[start : start + self.channel.in_flight], sent)
            if some and not self._go(some, claim, lines, sent):
                break
        return sent

    def _go(self, some: list[Envelope], claim: Claim, lines: AttemptLog, sent: Sent) -> bool:
        """One handful of messages; whether another may follow."""
        if self.kill_switch and (why := self.kill_switch.pulled):
            sent.broken = f"{self.channel.name}: stopped, {why}; the rest of the batch was not sent."
            return False
        try:
            lines.started([each.id for each in some])
        except OSError as error:
            sent.broken = f"{lines.path}: cannot be written ({error.strerror}); nothing more was sent."
            return False
        in_time = claim.lease.holds()
        if not in_time:
            sent.broken = f"{self.channel.name}: a batch took longer than its lease; the rest of it goes later."
        answers = self._attempt(some, sent) if in_time else _none_of(some, "lease over")
        sent.outcomes |= answers
        _write_down(lines, answers)
        return not sent.broken

    def _envelopes(self, messages: Iterable[Claimed], sent: Sent) -> list[Envelope]:
        """The frozen words of each message; those whose words are gone or changed are refused."""
        found: list[Envelope] = []
        for message in messages:
            envelope = self.rendered.find(message.payload_file, message.id)
            if envelope is None:
                sent.refused[message.id] = "its words are gone"
            elif envelope.digest() != message.payload_hash:
                sent.refused[message.id] = "its words are not those that were frozen"
            elif not self.rendered.has_attachments(envelope):
                sent.refused[message.id] = "an attachment is gone or changed"
            else:
                found.append(envelope)
        return found

    def _attempt(self, some: list[Envelope], sent: Sent) -> dict[str, Outcome]:
        """One attempt. Whatever a channel throws that is no proof leaves its messages in doubt."""
        try:
            answers = self.channel.send(some)
            return {each.id: answer for each, answer in zip(some, answers, strict=True)}
        except TransientError as error:
            sent.broken, sent.account = str(error), isinstance(error, AccountError)
            return _none_of(some, "channel down")
        except Exception as error:
            log.error("%s failed in the middle of sending: %s", self.channel.name, type(error).__name__)
            return {each.id: Outcome(Fate.UNKNOWN, why=type(error).__name__) for each in some}


def _none_of(some: Iterable[Envelope], why: str) -> dict[str, Outcome]:
    return {each.id: Outcome(Fate.NOT_SENT, why=why) for each in some}


def _write_down(lines: AttemptLog, answers: Mapping[str, Outcome]) -> None:
    try:
        lines.answered(answers)
    except OSError as error:
        for message, answer in answers.items():
            log.critical("message %s: %s %s, not written down", message, answer.fate, answer.provider_id)
        raise StoreError(
            f"{lines.path}: the answers for {len(answers)} messages cannot be written ({error.strerror}). They "
            "count as unknown until their channel proves what became of them. Free some space, then run "
            "`nurture dispatch` again."
        ) from error
