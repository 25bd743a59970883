"""What people ask of us: to leave, to hear less or other things, to be written to."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from models import ConsentScope


@dataclass(frozen=True, slots=True)
class Leaving:
    """Somebody wants no more of us; ``how`` they said it."""

    message: UUID
    scope: ConsentScope
    at: datetime
    on: date
    how: str


@dataclass(frozen=True, slots=True)
class Wishing:
    """What a reader changed on the page; ``None`` stays as it is. ``wording`` is what they agreed to by coming back."""

    message: UUID
    at: datetime
    on: date
    topics_off: tuple[str, ...] | None = None
    channels_off: tuple[str, ...] | None = None
    pause: int | None = None
    language: str | None = None
    impersonal: bool | None = None
    wording: str | None = None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A lead proved that they want to hear from us."""

    lead: UUID
    scope: ConsentScope
    at: datetime
    on: date
    wording: str
    evidence: str
