"""The guard after a restore: until what was sent since the backup is known, nothing is claimed and no night decides.

It stands in the database itself, from the moment at which the restored file has its name. `nurture reconcile` lifts it;
no pause and no resume touches it. What the lost nights had planned may be planned again, under the same ids: as long as
that may happen (``doubts``), a message is claimed only when it is proved that it did not leave before.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from nurture.errors import NightRefused
from nurture.storage import meta
from nurture.storage.database import Database

AFTERWARDS = timedelta(days=30)
"""What was lost is planned again as late after its stage entry as before; meanwhile its causes are imported again."""


WHY_FIRST = "it finds out what was sent since"


@dataclass(frozen=True)
class Restored:
    """The last restore of a database: of a backup made when, when, and whether the guard still stands.

    ``vouched`` are the channels for which a person vouches: what they prove nothing about was not sent.
    """

    made_at: datetime
    restored_at: datetime
    guarded: bool
    vouched: tuple[str, ...] = ()

    def doubts(self, now: datetime) -> bool:
        """Whether something that is planned now may have been sent in the lost time."""
        return now < self.restored_at + (self.restored_at - self.made_at) + AFTERWARDS

    @cached_property
    def lost_nights(self) -> tuple[str, ...]:
        """The dates of the lost time, in any zone."""
        first = self.made_at.date() - timedelta(days=1)
        days = (self.restored_at.date() - first).days + 2
        return tuple(str(first + timedelta(days=n)) for n in range(days))

    def __str__(self) -> str:
        return f"restored at {self.restored_at:%Y-%m-%d %H:%M} UTC from a backup of {self.made_at:%Y-%m-%d %H:%M} UTC"


def read_restored(database: Database) -> Restored | None:
    """The last restore; None when there never was one."""
    found = meta.everything(database)
    if "restored_at" not in found:
        return None
    made_at, restored_at = (datetime.fromisoformat(found[name]) for name in ("restored_from", "restored_at"))
    return Restored(made_at, restored_at, "reconciled_at" not in found, tuple(found.get("vouched", "").split()))


def refuse_guarded(database: Database) -> None:
    """Decide nothing while the guard stands.

    Raises:
        NightRefused: what was sent is not known: what looks unsent would expire, or go again another way.
    """
    restored = read_restored(database)
    if restored and restored.guarded:
        raise NightRefused(f"This database was {restored}. Run `nurture reconcile` first: {WHY_FIRST}.")


def guard(database: Database, made_at: datetime, now: datetime) -> None:
    """Put the guard up: the database is now one of ``made_at``. Lost time in which there are doubts is added to it."""
    before = read_restored(database)
    since = min(made_at, before.made_at) if before and (before.guarded or before.doubts(now)) else made_at
    with database.transaction():
        database.run("DELETE FROM absence")
        meta.drop(database, "reconciled_at", "vouched")
        meta.put(database, "restored_from", since.isoformat())
        meta.put(database, "restored_at", now.isoformat())


def vouch(database: Database, channels: tuple[str, ...]) -> None:
    """Take a person's word for what these channels prove nothing about."""
    if (restored := read_restored(database)) and channels:
        meta.put(database, "vouched", " ".join(sorted({*restored.vouched, *channels})))


def lift(database: Database, now: datetime) -> None:
    """Take the guard down."""
    meta.put(database, "reconciled_at", now.isoformat())
