"""Staff, accounts and leads: new ones are added, changed ones changed, the rest left alone.

A column that the file lacks leaves the stored value alone; an empty cell clears it.
"""

from datetime import datetime

from models import IdentityKind, Lifecycle
from nurture.imports.dates import timestamp_sql
from nurture.imports.layouts import FileKind
from nurture.imports.report import Written
from nurture.imports.sources.source import Source
from nurture.keys.address_hashes import AddressKey
from nurture.storage.database import Database
from nurture.storage.lookups import build_lookup

TABLES = {FileKind.STAFF: "staff", FileKind.ACCOUNTS: "account", FileKind.LEADS: "lead"}
HASHES = {"email": "email_hash", "mobile": "mobile_hash", "wecom_id": "wecom_hash"}
NEVER_EMPTY = {"lifecycle": f"'{Lifecycle.LEAD}'", "on_hold": "false", "disqualified": "false"}
DEFAULTS: dict[FileKind, dict[str, str]] = {
    FileKind.STAFF: {},
    FileKind.ACCOUNTS: {"depth": "0"},
    FileKind.LEADS: NEVER_EMPTY | {"depth": "0"},
}


def person_key(kind: FileKind) -> str:
    """SQL: the id that follows from a row's external id."""
    return f"md5('{TABLES[kind]}|' || external_id)::UUID"


def write_people(database: Database, source: Source, key: AddressKey | None) -> Written:
    """Add and change what ``accepted`` says of staff, accounts or leads; ``key`` hashes the leads' addresses."""
    table, columns = TABLES[source.kind], [column.stored for column in source.known]
    _compare(database, table, columns)
    if key:
        columns += _hash_addresses(database, columns, key)
    added = _add(database, table, columns, DEFAULTS[source.kind])
    changed = _change(database, table, columns)
    total = int(database.one("SELECT count(*) FROM accepted")[0])
    return Written(added, changed, total - added - changed)


def write_identities(database: Database, source: Source, seen_at: datetime) -> None:
    """Remember every name under which the file's leads are known; older names stay."""
    present = {column.stored for column in source.known}
    named = " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, {kind} AS value, id AS lead_id FROM accepted"
        for kind in IdentityKind
        if kind in present
    )
    database.run(
        f"INSERT INTO identity SELECT kind, value, lead_id, {timestamp_sql(seen_at)} "
        f"FROM ({named}) AS named WHERE value IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM identity AS old WHERE old.kind = named.kind "
        "AND old.value = named.value AND old.lead_id = named.lead_id)"
    )


def _compare(database: Database, table: str, columns: list[str]) -> None:
    """Make ``incoming``: the rows that would add or change something."""
    values = ", ".join(f'{_settled(column)} AS "{column}"' for column in columns)
    differs = " OR ".join(f'{_settled(column)} IS DISTINCT FROM t."{column}"' for column in columns)
    database.run(
        f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT c.id, t.id IS NULL AS fresh, {values} "
        f"FROM accepted AS c LEFT JOIN {table} AS t ON t.id = c.id WHERE t.id IS NULL OR {differs}"
    )


def _settled(column: str) -> str:
    """What will stand in this column: the file's value, except where the night or a default knows better."""
    if column not in NEVER_EMPTY:
        return f'c."{column}"'
    settled = f"coalesce(c.{column}, t.{column}, {NEVER_EMPTY[column]})"
    if column != "lifecycle":
        return settled
    earlier = f"('{Lifecycle.SUBSCRIBER}', '{Lifecycle.LEAD}', '{Lifecycle.LAPSED}')"
    return (
        f"CASE WHEN t.lifecycle = '{Lifecycle.QUALIFIED}' AND c.lifecycle IN {earlier} "
        f"THEN t.lifecycle ELSE {settled} END"
    )


def _hash_addresses(database: Database, columns: list[str], key: AddressKey) -> list[str]:
    """Add the keyed hashes to ``incoming``; the names of their columns."""
    present = [column for column in HASHES if column in columns]
    if not present:
        return []
    texts = " UNION ALL ".join(f"SELECT {column} AS text FROM incoming" for column in present)
    build_lookup(database, "address_hash", ("text",), f"SELECT text FROM ({texts}) WHERE text IS NOT NULL", key.hash)
    hashes = ", ".join(f"of_{column}.value AS {HASHES[column]}" for column in present)
    joins = " ".join(f"LEFT JOIN address_hash AS of_{column} ON of_{column}.text = i.{column}" for column in present)
    database.run(f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT i.*, {hashes} FROM incoming AS i {joins}")
    return [HASHES[column] for column in present]


def _add(database: Database, table: str, columns: list[str], defaults: dict[str, str]) -> int:
    constant = {column: value for column, value in defaults.items() if column not in columns}
    names = ", ".join(f'"{column}"' for column in ["id", *columns, *constant])
    values = ", ".join([f'"{column}"' for column in ["id", *columns]] + list(constant.values()))
    return database.run(f"INSERT INTO {table} ({names}) SELECT {values} FROM incoming WHERE fresh")


def _change(database: Database, table: str, columns: list[str]) -> int:
    changes = ", ".join(f'"{column}" = i."{column}"' for column in columns)
    return database.run(f"UPDATE {table} SET {changes} FROM incoming AS i WHERE {table}.id = i.id AND NOT i.fresh")
