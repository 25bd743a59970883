"""Signs: what came in about a message, on its way into the table ``signal``."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from models import Meaning, SignalKind


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign, before its message is found; ``address`` is as the provider wrote it and is never stored."""

    key: UUID
    kind: SignalKind
    at: datetime
    on: date
    meaning: Meaning = Meaning.NONE
    event_key: UUID | None = None
    named: UUID | None = None
    provider_id: str | None = None
    address: str | None = None
    target: str | None = None
    machine: bool | None = None
