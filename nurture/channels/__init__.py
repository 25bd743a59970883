"""Channels: how a frozen message leaves the house. ``docs/adding-a-channel.md`` is the checklist for a new one.

The contract in short: ``send`` answers for every envelope, in order, and says ``UNKNOWN`` whenever the provider may
have it. Nothing is tried twice in here: whether a message goes again is the ledger's to say. No provider is talked to
outside of this package, and no channel opens the database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from nurture.channels.envelope import Envelope


class Fate(StrEnum):
    """What became of one attempt."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    GONE = "gone"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer for one envelope.

    ``GONE`` is rejected because there is no such mailbox: it is never written to again. ``NOT_SENT`` is a proof, not a
    guess: the provider cannot have it; then ``retry_at`` says when it may be tried again. ``why`` never holds personal
    data.
    """

    fate: Fate
    provider_id: str = ""
    why: str = ""
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A message of which nobody knows whether it was sent: its id (32 hex digits), its night, when that was found.

    ``fence`` tells this doubt from a later one about the same message. ``nights`` are others in which it may have gone
    out under this id: a restore forgot them, and what they planned is planned again. ``to`` is the address it went to;
    ``silent_since`` when the provider was asked first and did not know of it.
    """

    id: str
    night: str
    since: datetime
    fence: int = 0
    nights: tuple[str, ...] = ()
    to: str = ""
    silent_since: datetime | None = None


class Channel(Protocol):
    """One way out.

    ``batch`` is how many messages it surely sends within five seconds; ``in_flight`` how many it takes at once: so many
    are in doubt when the machine dies.
    """

    name: str
    batch: int
    in_flight: int

    def send(self, envelopes: Sequence[Envelope]) -> Sequence[Outcome]:
        """Send up to ``in_flight`` messages; one outcome each, in order.

        Raises:
            TransientError: none of them was sent, nothing more can be sent now.
            AccountError: the same, until a person has mended something.
        """

    def evidence(self, questions: Sequence[Question]) -> Mapping[str, Outcome]:
        """What can be proved of messages in doubt: ``ACCEPTED`` or ``NOT_SENT`` by id; the others stay in doubt.

        ``UNKNOWN`` says that the provider was asked just now and does not know of it: that is no proof yet.

        Raises:
            TransientError: nobody can be asked now.
        """

    def finish(self) -> None:
        """After a dispatch: whatever is worth doing once for many messages."""
