"""The schema, as numbered SQL files that are only ever added to.

``0001_initial.sql`` makes version 1, and so on. A file of an older version is brought up to date inside the
transaction that opens it; a file of a newer version is refused, because we cannot know what it means.
"""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

from nurture.errors import SchemaError, StoreError


class Sql(Protocol):
    """What a migration needs of a database."""

    def run(self, sql: str) -> int:
        """Execute one statement."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of one query."""


def migrations() -> dict[int, str]:
    """Every migration's SQL by its number, ascending."""
    found = {}
    for entry in files(__package__).iterdir():
        if number := re.match(r"(\d{4})_\w+\.sql$", entry.name):
            found[int(number[1])] = entry.read_text(encoding="utf-8")
    return dict(sorted(found.items()))


def migrate(database: Sql, path: Path, zone: str) -> None:
    """Bring the open database to the newest schema, and check that it is ours.

    Raises:
        SchemaError: it was made by a newer Nurture.
        StoreError: it is another program's file, or its business dates are of another zone.
    """
    known = migrations()
    current = _schema_version(database, path)
    if current > max(known):
        raise SchemaError(
            f"{path}: made by a newer Nurture (schema {current}, this one knows {max(known)}). "
            "Update Nurture; nothing was changed."
        )
    for number, sql in known.items():
        if number > current:
            database.run(sql)
            database.run(f"INSERT OR REPLACE INTO meta VALUES ('schema', '{number}')")
    if current == 0:
        database.run(f"INSERT INTO meta VALUES ('zone', '{zone}')")
    made_for = database.rows("SELECT value FROM meta WHERE name = 'zone'")[0][0]
    if made_for != zone:
        raise StoreError(
            f"{path}: its business dates are of {made_for}, NURTURE_ZONE says {zone}. Set NURTURE_ZONE={made_for}: "
            "the dates in the file cannot change their meaning."
        )


def _schema_version(database: Sql, path: Path) -> int:
    tables = {row[0] for row in database.rows("SELECT table_name FROM duckdb_tables() WHERE NOT temporary")}
    if not tables:
        return 0
    if "meta" not in tables:
        raise StoreError(f"{path}: a DuckDB file, but not Nurture's. Set NURTURE_HOME to another folder.")
    version = database.rows("SELECT value FROM meta WHERE name = 'schema'")
    return int(version[0][0])
