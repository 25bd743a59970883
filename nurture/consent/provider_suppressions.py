"""Vetoes of a provider: addresses on its own lists are suppressed here too, before a night decides.

Our ledger is the master of who may be written to; a provider's lists only ever add to it. What we know already stays as
it is, with its reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from models import ConsentScope
from nurture.errors import TransientError
from nurture.keys.address_hashes import open_address_key
from nurture.people.contact_points import one_email
from nurture.settings import Settings
from nurture.steps import Told
from nurture.storage import meta
from nurture.storage.database import Database, Store
from nurture.storage.sql import literal
from nurture.storage.temp_tables import MOMENT, TEXT, RowTable

LISTED = RowTable("suppressions", "listed", {"address_hash": TEXT, "scope": TEXT, "reason": TEXT, "since": MOMENT})


@dataclass(frozen=True)
class Suppressed:
    """An address on a list: what for, of which scope, since when."""

    address: str
    reason: str
    scope: ConsentScope
    since: datetime


OVERLAP = timedelta(hours=2)
"""What was listed while the last pull ran is read again."""

BEGINNING = datetime(2009, 1, 1, tzinfo=UTC)


class Lists(Protocol):
    """A provider that keeps lists."""

    name: str

    def suppressed_since(self, moment: datetime) -> Iterable[Suppressed]:
        """What was put on them since then."""


@dataclass(frozen=True)
class Pulled:
    """How many addresses were on the lists, how many were new to us, or why they could not be read."""

    listed: int = 0
    added: int = 0
    trouble: str = ""


def pull(store: Store, settings: Settings, provider: Lists, now: datetime) -> Pulled:
    """Read what was listed since the last time, and write it down. No database is held while the provider is asked."""
    with store.open() as database:
        since = _last(database, provider.name)
    try:
        found = list(provider.suppressed_since(since - OVERLAP))
    except TransientError as error:
        return Pulled(trouble=str(error))
    with store.open() as database, database.transaction():
        added = _write(database, settings, provider.name, found)
        _remember(database, provider.name, now)
    return Pulled(len(found), added)


def told_of(pulled: Pulled) -> Told:
    """In a few words."""
    if pulled.trouble:
        return Told(f"the night goes on without them: {pulled.trouble}", trouble=True)
    return Told(f"{pulled.listed} listed, {pulled.added} new to us")


def _last(database: Database, provider: str) -> datetime:
    known = meta.get(database, f"pulled_{provider}")
    return datetime.fromisoformat(known) if known else BEGINNING + OVERLAP


def _remember(database: Database, provider: str, now: datetime) -> None:
    meta.put(database, f"pulled_{provider}", now.isoformat())


def _write(database: Database, settings: Settings, provider: str, found: Iterable[Suppressed]) -> int:
    key = open_address_key(database, settings)
    known = [(address, each) for each in found if (address := one_email(each.address))]
    LISTED.fill(database, [(key.hash(address), each.scope.value, each.reason, each.since) for address, each in known])
    return database.run(f"""
        INSERT OR IGNORE INTO suppression (address_hash, scope, reason, since, source)
        SELECT address_hash, scope, arg_min(reason, since), min(since), {literal(f"{provider}'s list")}
        FROM {LISTED} ANTI JOIN suppression s USING (address_hash, scope) GROUP BY address_hash, scope""")
