"""Signs: what came in about a message, on its way into the table ``signal``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import pyarrow as pa

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


def as_arrow(signs: Sequence[Sign], hashes: Sequence[str | None]) -> pa.Table:
    """The signs as a table, each with the hash of its address."""
    text, uuid = pa.string(), pa.string()
    columns = {
        "key": pa.array([str(each.key) for each in signs], uuid),
        "event_key": pa.array([str(each.event_key) if each.event_key else None for each in signs], uuid),
        "kind": pa.array([each.kind.value for each in signs], text),
        "meaning": pa.array([each.meaning.value for each in signs], text),
        "named": pa.array([str(each.named) if each.named else None for each in signs], uuid),
        "provider_id": pa.array([each.provider_id for each in signs], text),
        "address_hash": pa.array(list(hashes), text),
        "target": pa.array([each.target for each in signs], text),
        "machine": pa.array([each.machine for each in signs], pa.bool_()),
        "occurred_at": pa.array([each.at.astimezone(UTC).replace(tzinfo=None) for each in signs], pa.timestamp("us")),
        "occurred_on": pa.array([each.on for each in signs], pa.date32()),
    }
    return pa.table(columns)
