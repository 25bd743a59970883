"""Consents and events: what people did. Such rows are only ever added, and each act once.

An act without an id of its own is known by its contents: the same person, kind, time, subject and source is
the same act, however often and in however many files it is told. An id is its source's: it is believed across
files only together with that source.
"""

from datetime import UTC, datetime

from models import ConsentAction
from nurture.imports.dates import timestamp_sql, utc_offset_sql
from nurture.imports.layouts import LAYOUTS, FileKind
from nurture.imports.report import Written
from nurture.storage.database import Database

TIME = "epoch_us(occurred_at)"
BETWEEN_PARTS = "chr(31)"  # no cell that makes a key keeps a control character: x| and y are not x and |y
OTHER_CONTENTS = "id: this event id is known with other contents"


def stamp(database: Database, now: datetime) -> datetime:
    """When this transaction's acts count as seen: now, but after all that is on record.

    A night may have closed between the caller's ``now`` and the lock; what it cannot have seen must not look seen.
    """
    found: datetime = database.one(
        f"SELECT greatest({timestamp_sql(now)}, (SELECT max(seen_at) FROM interaction) + INTERVAL 1 MICROSECOND, "
        "(SELECT max(closed_at) FROM run) + INTERVAL 1 MICROSECOND)"
    )[0]
    return found.replace(tzinfo=UTC)


def complete_acts(database: Database, kind: FileKind) -> None:
    """Give ``cleaned`` the columns that the file lacks, empty."""
    for column in LAYOUTS[kind]:
        database.run(f'ALTER TABLE cleaned ADD COLUMN IF NOT EXISTS "{column.stored}" VARCHAR')


def act_key(kind: FileKind) -> str:
    """SQL: the id that follows from what a row says; two rows of one file that share it are the same act."""
    if kind is FileKind.CONSENTS:
        return _derived("consent", "lead_id", "scope", "action", TIME, "source", "wording")
    told = _derived("interaction", "source", "event_id")
    return (
        f"CASE WHEN event_id IS NOT NULL THEN {told} "
        f"ELSE {_derived('interaction', 'lead_id', 'kind', TIME, 'about', 'source')} END"
    )


def write_consents(database: Database, zone: str, recorded_at: datetime) -> Written:
    """Add the consents of ``accepted`` that are not on record yet; says which of them have their proof."""
    _keep_unknown(database, "consent", "id")
    proven = f"action = '{ConsentAction.WITHDRAWN}' OR (source IS NOT NULL AND wording IS NOT NULL)"
    added = database.run(
        "INSERT INTO consent (id, lead_id, scope, action, occurred_at, occurred_on, recorded_at, source, wording, "
        f"evidence, proven) SELECT id, lead_id, scope, action, occurred_at, {_business_date(database, zone)}, "
        f"{timestamp_sql(recorded_at)}, source, wording, evidence, {proven} FROM unknown_act"
    )
    return _written(database, added)


def write_events(database: Database, zone: str, seen_at: datetime) -> Written:
    """Add the interactions of ``accepted`` whose key is not on record yet; refuse those that contradict the record."""
    _tell_files_apart(database)
    _keep_unknown(database, "interaction", "key", "lead_id", "kind", "occurred_at")
    _refuse_other_contents(database)
    added = database.run(
        "INSERT INTO interaction (key, lead_id, kind, about, source, occurred_at, occurred_on, seen_at) "
        f"SELECT id, lead_id, kind, about, source, occurred_at, {_business_date(database, zone)}, "
        f"{timestamp_sql(seen_at)} FROM unknown_act ORDER BY line"
    )
    return _written(database, added)


def _derived(kind: str, *parts: str) -> str:
    text = f" || {BETWEEN_PARTS} || ".join([f"'{kind}'", *(f"coalesce({part}::VARCHAR, '')" for part in parts)])
    return f"md5({text})::UUID"


def _tell_files_apart(database: Database) -> None:
    """An id without a source is only its file's: of two files that both count from 1, neither hides the other."""
    key = _derived("interaction", "source", "event_id", "lead_id", "kind", TIME)
    database.run(f"UPDATE accepted SET id = {key} WHERE event_id IS NOT NULL AND source IS NULL")


def _keep_unknown(database: Database, table: str, key: str, *contents: str) -> None:
    """Make ``unknown_act``, and ``on_record`` (id, contents) of the others.

    The big table is only probed; a hash table over its keys would not be small.
    """
    database.run(
        f"CREATE OR REPLACE TEMP TABLE on_record AS SELECT {', '.join([f'{key} AS id', *contents])} FROM {table} "
        f"WHERE {key} IN (SELECT id FROM accepted)"
    )
    database.run(
        "CREATE OR REPLACE TEMP TABLE unknown_act AS SELECT * FROM accepted WHERE id NOT IN (SELECT id FROM on_record)"
    )


def _refuse_other_contents(database: Database) -> None:
    """Part from ``accepted`` what says of a known act that it was another."""
    database.run(
        "CREATE OR REPLACE TEMP TABLE contradicting AS SELECT a.line FROM accepted AS a "
        "JOIN on_record AS r ON r.id = a.id "
        "WHERE a.lead_id <> r.lead_id OR a.kind <> r.kind OR a.occurred_at <> r.occurred_at"
    )
    database.run(f"INSERT INTO refused SELECT line, '{OTHER_CONTENTS}' FROM contradicting")
    database.run("DELETE FROM accepted WHERE line IN (SELECT line FROM contradicting)")


def _business_date(database: Database, zone: str) -> str:
    first, last, *_ = database.one("SELECT min(occurred_at), max(occurred_at) FROM unknown_act")
    if first is None:
        return "NULL::DATE"
    return f"(occurred_at + {utc_offset_sql('occurred_at', zone, first, last, local=False)})::DATE"


def _written(database: Database, added: int) -> Written:
    total = int(database.one("SELECT count(*) FROM accepted")[0])
    return Written(added, 0, total - added)
