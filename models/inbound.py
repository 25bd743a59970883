"""What came back: signals about messages, replies, wishes, and how far the spool was applied."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from models.enums import Meaning, SignalKind
from models.types import UtcTimestamp, words


class Signal(SQLModel, table=True):
    """One thing that a provider, a page or a mail told of a message; rows are only added, and add up to facts.

    ``key`` follows from what it says, ``event_key`` from the provider's own id: either makes it the same signal when it
    comes again. ``named``, ``provider_id`` and ``address_hash`` are how it names its message; ``message_id`` is the one
    found by them, ``sure`` unless it was only the last one to that address. ``machine`` is null until a night judged.
    """

    key: UUID = Field(primary_key=True)
    event_key: UUID | None = None
    kind: SignalKind = Field(sa_type=words(SignalKind))
    meaning: Meaning = Field(sa_type=words(Meaning))
    named: UUID | None = None
    provider_id: str | None = None
    address_hash: str | None = None
    message_id: UUID | None = None
    sure: bool = False
    target: str | None = None
    machine: bool | None = None
    occurred_at: datetime = Field(sa_type=UtcTimestamp)
    occurred_on: date
    seen_at: datetime = Field(sa_type=UtcTimestamp)


class Reply(SQLModel, table=True):
    """A mail that a person wrote back; ``card_id`` is the message that tells the lead's owner of it.

    ``sender_known`` is false when it did not come from the address that we wrote to.
    """

    id: UUID = Field(primary_key=True)
    message_id: UUID
    lead_id: UUID
    received_at: datetime = Field(sa_type=UtcTimestamp)
    subject: str
    body: str
    sender_known: bool
    card_id: UUID | None = None


class Preference(SQLModel, table=True):
    """What a lead wants to hear, and how; a lead without a row wishes nothing.

    ``paused_until`` is the first business date on which they want to hear from us again.
    """

    lead_id: UUID = Field(primary_key=True)
    email_off: bool = False
    wecom_off: bool = False
    phone_off: bool = False
    paused_until: date | None = None
    language: str | None = None
    impersonal: bool = False
    asked_at: datetime = Field(sa_type=UtcTimestamp)


class TopicOff(SQLModel, table=True):
    """A topic (a journey's name) that a lead does not want to hear about."""

    __tablename__ = "topic_off"

    lead_id: UUID = Field(primary_key=True)
    topic: str = Field(primary_key=True)


class SpoolFile(SQLModel, table=True):
    """How far a file of the spool was applied, in bytes; written in the transaction of its effects."""

    __tablename__ = "spool_file"

    name: str = Field(primary_key=True)
    read_until: int = Field(sa_type=BigInteger)


class SpoolLineSeen(SQLModel, table=True):
    """A line of the spool that was applied, so that it is not applied again from another file."""

    __tablename__ = "spool_line"

    id: str = Field(primary_key=True)
    applied_at: datetime = Field(sa_type=UtcTimestamp)
