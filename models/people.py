"""Who there is: companies, the people in them, the names that point at a person, and our own staff."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Numeric
from sqlmodel import Field, SQLModel

from models.enums import BuyingRole, IdentityKind, Lifecycle
from models.types import UtcTimestamp, words


class Account(SQLModel, table=True):
    """A company. ``depth`` is the sum of its leads' depths."""

    id: UUID = Field(primary_key=True)
    external_id: str
    name: str
    industry: str | None = None
    employees: int | None = None
    country: str | None = None
    city: str | None = None
    plan: str | None = None
    maintenance_ends: date | None = None
    depth: Decimal = Field(default=Decimal(0), sa_type=Numeric(18, 3))


class Lead(SQLModel, table=True):
    """A person at a company, as the CRM knows them, and where we stand with them.

    ``*_hash`` are keyed hashes (HMAC-SHA256) of the normalised addresses: the form in which suppressions
    survive erasure. ``mark`` is what a stage last said of the lead (``nearly-qualified``).
    """

    id: UUID = Field(primary_key=True)
    external_id: str
    account_id: UUID | None = None
    owner_id: UUID | None = None
    name: str
    email: str | None = None
    mobile: str | None = None
    wecom_id: str | None = None
    email_hash: str | None = None
    mobile_hash: str | None = None
    wecom_hash: str | None = None
    role: BuyingRole | None = Field(default=None, sa_type=words(BuyingRole))
    language: str | None = None
    country: str | None = None
    timezone: str | None = None
    source: str | None = None
    lifecycle: Lifecycle = Field(default=Lifecycle.LEAD, sa_type=words(Lifecycle))
    on_hold: bool = False
    disqualified: bool = False
    mark: str | None = None
    marked_on: date | None = None
    depth: Decimal = Field(default=Decimal(0), sa_type=Numeric(18, 3))


class Identity(SQLModel, table=True):
    """A name that points at a lead; one value of a kind may point at several (a shared mailbox)."""

    kind: IdentityKind = Field(primary_key=True, sa_type=words(IdentityKind))
    value: str = Field(primary_key=True)
    lead_id: UUID = Field(primary_key=True)
    seen_at: datetime = Field(sa_type=UtcTimestamp)


class Staff(SQLModel, table=True):
    """An employee who owns leads and gets tasks."""

    id: UUID = Field(primary_key=True)
    external_id: str
    name: str
    email: str | None = None
    wecom_userid: str | None = None
    title: str | None = None
    country: str | None = None
    timezone: str | None = None
