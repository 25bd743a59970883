"""What waits in the spool, seen from its folder: the database may be in use meanwhile."""

from dataclasses import dataclass
from datetime import datetime

from nurture.inbound.spool import Spool


@dataclass(frozen=True)
class Waiting:
    """How many lines wait and since when, how many were applied in the last days, what was set aside."""

    pending: int
    oldest: datetime | None
    applied: int
    quarantined: tuple[str, ...]


def look(spool: Spool) -> Waiting:
    """Look at a spool without touching it."""
    done = (spool.folder / "applied").glob("*.ndjson")
    applied = sum(sum(1 for _ in spool.read(path)) for path in done)
    return Waiting(spool.pending(), spool.oldest(), applied, tuple(str(path) for path in spool.quarantined()))
