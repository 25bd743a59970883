"""What ran: the marker row of every closed step, and the facts about the database itself."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from models.enums import Step
from models.types import UtcTimestamp, words


class Run(SQLModel, table=True):
    """The marker of one closed step of one night, with its counts; ``journey`` is ``*`` for a step of all.

    It is written in the step's own transaction: the step happened if and only if the row is there.
    ``seen_until`` (take_in only) is the newest ``seen_at`` that the night could know; the caps (choose only) are those
    of the policy that was in force.
    """

    night: date = Field(primary_key=True)
    journey: str = Field(primary_key=True)
    step: Step = Field(primary_key=True, sa_type=words(Step))
    closed_at: datetime = Field(sa_type=UtcTimestamp)
    seen_until: datetime | None = Field(default=None, sa_type=UtcTimestamp)
    lead_per_day: int | None = None
    lead_per_7_days: int | None = None
    account_per_day: int | None = None
    employee_per_day: int | None = None
    left_journey: int = 0
    enrolled: int = 0
    advanced: int = 0
    fell_back: int = 0
    considered: int = 0
    planned: int = 0
    postponed: int = 0
    refused: int = 0
    superseded: int = 0
    stale: int = 0
    expired: int = 0
    rendered: int = 0
    render_errors: int = 0


class Meta(SQLModel, table=True):
    """Facts about this database: its schema version, its keys' fingerprints, its business zone, its last restore."""

    name: str = Field(primary_key=True)
    value: str
