"""What leads did, and how far they have walked."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from models.enums import ExitReason, Move
from models.types import UtcTimestamp, words


class Interaction(SQLModel, table=True):
    """Something a lead did, or that happened with them.

    ``occurred_on`` is the business date of ``occurred_at``; the night compares dates. ``seen_at`` is when we
    learned of it: attendance lists arrive late. ``key`` is what makes it the same event when it comes again.
    """

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    key: UUID
    lead_id: UUID
    kind: str
    about: str | None = None
    source: str | None = None
    occurred_at: datetime = Field(sa_type=UtcTimestamp)
    occurred_on: date
    seen_at: datetime = Field(sa_type=UtcTimestamp)


class Enrolment(SQLModel, table=True):
    """One walk of a lead through a journey; at most one is open (``left_on`` is null) for a lead.

    ``stage`` and ``stage_since`` are the last stage entry; ``entries`` counts all of its stage entries.
    """

    id: UUID = Field(primary_key=True)
    journey: str
    lead_id: UUID
    number: int
    entered_on: date
    stage: str
    stage_since: date
    entries: int
    left_on: date | None = None
    exit_reason: ExitReason | None = Field(default=None, sa_type=words(ExitReason))
    fingerprint: str


class StageEntry(SQLModel, table=True):
    """One move of the stage history: who, from where, to where, which night, and the rule in words."""

    __tablename__ = "stage_entry"

    enrolment_id: UUID = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    journey: str
    lead_id: UUID
    night: date
    move: Move = Field(sa_type=words(Move))
    from_stage: str | None = None
    to_stage: str | None = None
    why: str
    why_zh: str
    fingerprint: str
