"""The ledger: every message with its state, and every decision with its reason."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from models.enums import Channel, MessageKind, MessageState, Mover, PauseKind, Reason, Verdict
from models.types import UtcTimestamp, words


class Message(SQLModel, table=True):
    """One message to one lead (or one task for an employee).

    ``id`` follows from its kind and what it is about (``nurture/ledger/message_ids.py``), so the same message cannot
    exist twice; ``resend`` counts the copies that an operator ordered. What a message is about is its ``touch``, or
    else its ``subject`` (a mark, a reply); enrolment, stage and touch are empty where there is none.
    ``internal`` marks a staff task that does not reach the lead.
    ``send_day`` is the recipient's local date of ``not_before``; ``expires_on`` the last business date on which it
    may still be sent.

    ``payload_hash`` is the SHA-256 of what was rendered, which lies in ``payload_file`` under ``rendered/``; a
    ``revision`` above 1 was rendered again. ``fence`` counts the moves of the state; ``batch_id`` is the last batch
    that claimed it, and ``provider_id`` what the provider calls it.
    """

    id: UUID = Field(primary_key=True)
    journey: str
    stage: str
    touch: str
    enrolment_id: UUID | None = None
    enrolment_number: int | None = None
    entry: int | None = None
    leg: int
    channel: Channel = Field(sa_type=words(Channel))
    internal: bool
    lead_id: UUID
    account_id: UUID | None = None
    owner_id: UUID | None = None
    address_hash: str | None = None
    night: date
    state: MessageState = Field(sa_type=words(MessageState))
    send_day: date
    not_before: datetime = Field(sa_type=UtcTimestamp)
    not_after: datetime = Field(sa_type=UtcTimestamp)
    expires_on: date
    fingerprint: str
    resend: int = 0
    revision: int = 1
    payload_hash: str | None = None
    payload_file: str | None = None
    fence: int = 0
    batch_id: UUID | None = None
    provider_id: str | None = None
    moved_at: datetime | None = Field(default=None, sa_type=UtcTimestamp)
    kind: MessageKind = Field(default=MessageKind.TOUCH, sa_type=words(MessageKind))
    subject: str = ""


class MessageMove(SQLModel, table=True):
    """One move of a message's state: the ``fence`` that it reached, from where to where, when, by whom and why."""

    __tablename__ = "message_move"

    message_id: UUID = Field(primary_key=True)
    fence: int = Field(primary_key=True)
    from_state: MessageState = Field(sa_type=words(MessageState))
    to_state: MessageState = Field(sa_type=words(MessageState))
    moved_at: datetime = Field(sa_type=UtcTimestamp)
    mover: Mover = Field(sa_type=words(Mover))
    why: str


class Batch(SQLModel, table=True):
    """Messages that one process claimed to send, and until when it may: ``lease_until`` is on its monotonic clock.

    ``provider`` is who gets them (None: a restore took it away), ``live`` whether they are for people, and ``on_day``
    the business date.
    """

    id: UUID = Field(primary_key=True)
    channel: Channel = Field(sa_type=words(Channel))
    holder: str
    lease_until: float
    claimed_at: datetime = Field(sa_type=UtcTimestamp)
    provider: str | None = None
    live: bool = False
    on_day: date | None = None


class Pause(SQLModel, table=True):
    """Something that nothing may be claimed of: a journey, a touch (``journey/touch``), a channel, or all."""

    kind: PauseKind = Field(primary_key=True, sa_type=words(PauseKind))
    name: str = Field(primary_key=True)
    since: datetime = Field(sa_type=UtcTimestamp)
    mover: Mover = Field(sa_type=words(Mover))
    why: str


class Absence(SQLModel, table=True):
    """The proof that a message did not leave in the time that the last restore took away, and what proves it."""

    message_id: UUID = Field(primary_key=True)
    proved_at: datetime = Field(sa_type=UtcTimestamp)
    why: str


class Decision(SQLModel, table=True):
    """What one night decided about one due pair of a lead and a touch (or a notice), and why."""

    night: date = Field(primary_key=True)
    enrolment_id: UUID = Field(primary_key=True)
    touch: str = Field(primary_key=True)
    journey: str
    stage: str
    lead_id: UUID
    due: date
    verdict: Verdict = Field(sa_type=words(Verdict))
    reason: Reason = Field(sa_type=words(Reason))
    leg: int | None = None
    channel: Channel | None = Field(default=None, sa_type=words(Channel))
    not_before: datetime | None = Field(default=None, sa_type=UtcTimestamp)
    message_id: UUID | None = None
    kind: MessageKind = Field(default=MessageKind.TOUCH, primary_key=True, sa_type=words(MessageKind))
    subject: str = Field(default="", primary_key=True)


class DecisionHistory(SQLModel, table=True):
    """Decisions older than thirty nights, folded: the same reason for the same pair becomes one row."""

    __tablename__ = "decision_history"

    enrolment_id: UUID = Field(primary_key=True)
    touch: str = Field(primary_key=True)
    verdict: Verdict = Field(primary_key=True, sa_type=words(Verdict))
    reason: Reason = Field(primary_key=True, sa_type=words(Reason))
    journey: str
    lead_id: UUID
    first_night: date
    last_night: date
    nights: int
    kind: MessageKind = Field(default=MessageKind.TOUCH, primary_key=True, sa_type=words(MessageKind))
    subject: str = Field(default="", primary_key=True)
