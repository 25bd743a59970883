"""What a person allowed us, with its proof, and the addresses we may never use again."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from models.enums import ConsentAction, ConsentScope
from models.types import UtcTimestamp, words


class Consent(SQLModel, table=True):
    """One act of consent or withdrawal; rows are only ever added. The current state is what they add up to.

    ``proven`` says that source, wording and time are all on record: a grant without proof permits nothing
    (PIPL art. 69 and GDPR art. 7(1) put the burden of proof on the sender). ``occurred_on`` is the business date.
    """

    id: UUID = Field(primary_key=True)
    lead_id: UUID
    scope: ConsentScope = Field(sa_type=words(ConsentScope))
    action: ConsentAction = Field(sa_type=words(ConsentAction))
    occurred_at: datetime = Field(sa_type=UtcTimestamp)
    occurred_on: date
    recorded_at: datetime = Field(sa_type=UtcTimestamp)
    source: str | None = None
    wording: str | None = None
    evidence: str | None = None
    proven: bool = False


class Suppression(SQLModel, table=True):
    """An address that must not be used, as a keyed hash, so that it outlives the erasure of the person."""

    address_hash: str = Field(primary_key=True)
    scope: ConsentScope = Field(primary_key=True, sa_type=words(ConsentScope))
    reason: str
    since: datetime = Field(sa_type=UtcTimestamp)
    source: str
