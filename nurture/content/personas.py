"""Personas: example readers for looking at texts, from ``content/personas.toml``, owned by marketing."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, RootModel

from models import BuyingRole
from nurture.content.files import read_toml

STRICT = ConfigDict(frozen=True, extra="forbid")


class PersonaLead(BaseModel):
    """The person."""

    model_config = STRICT

    name: str
    role: BuyingRole | None = None
    language: str | None = None
    source: str | None = None
    email: str | None = None
    mobile: str | None = None
    wecom_id: str | None = None
    depth: Decimal | None = None


class PersonaAccount(BaseModel):
    """Their company."""

    model_config = STRICT

    name: str | None = None
    industry: str | None = None
    employees: int | None = None
    city: str | None = None
    country: str | None = None
    plan: str | None = None
    maintenance_ends: date | None = None


class PersonaOwner(BaseModel):
    """Our employee who looks after them."""

    model_config = STRICT

    name: str | None = None
    title: str | None = None
    email: str | None = None


class Persona(BaseModel):
    """An example reader; what is left out is not known, as it would be in life."""

    model_config = STRICT

    title: str
    lead: PersonaLead
    account: PersonaAccount = Field(default_factory=PersonaAccount)
    owner: PersonaOwner = Field(default_factory=PersonaOwner)


def read_personas(content: Path) -> dict[str, Persona]:
    """The personas of a content folder, by their key.

    Raises:
        ContentError: the file is missing or an entry is wrong; names the file and the entry.
    """
    return read_toml(content / "personas.toml", RootModel[dict[str, Persona]]).root
