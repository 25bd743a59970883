"""Going live: which nights may go to people, which texts somebody approved, and what is asked or let go by hand."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from models.enums import Channel, Mover, PauseKind
from models.types import UtcTimestamp, words


class Clearance(SQLModel, table=True):
    """A night whose messages may go to people: it needed no approval, or got one."""

    night: date = Field(primary_key=True)
    cleared_at: datetime = Field(sa_type=UtcTimestamp)
    mover: Mover = Field(sa_type=words(Mover))


class Awaiting(SQLModel, table=True):
    """A touch of a night that waits for an approval, and why; ``digest`` stands for the texts that it was made from."""

    night: date = Field(primary_key=True)
    journey: str = Field(primary_key=True)
    touch: str = Field(primary_key=True)
    channel: Channel = Field(primary_key=True, sa_type=words(Channel))
    digest: str
    why: str


class ApprovedText(SQLModel, table=True):
    """The texts of a touch that somebody approved last."""

    __tablename__ = "approved_text"

    journey: str = Field(primary_key=True)
    touch: str = Field(primary_key=True)
    channel: Channel = Field(primary_key=True, sa_type=words(Channel))
    digest: str
    approved_at: datetime = Field(sa_type=UtcTimestamp)


class Released(SQLModel, table=True):
    """When a person last let something go on that was paused: breakers count anew from there."""

    kind: PauseKind = Field(primary_key=True, sa_type=words(PauseKind))
    name: str = Field(primary_key=True)
    released_at: datetime = Field(sa_type=UtcTimestamp)


class Silence(SQLModel, table=True):
    """A message in doubt that its provider did not know of when it was first asked."""

    message_id: UUID = Field(primary_key=True)
    fence: int
    since: datetime = Field(sa_type=UtcTimestamp)
