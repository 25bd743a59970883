"""Facts about a database file itself, by name: which keys it was made with, what was pulled and restored when."""

from nurture.storage.database import Database
from nurture.storage.sql import literal


def get(database: Database, name: str) -> str | None:
    """A fact; nothing when it was never put."""
    rows = database.rows(f"SELECT value FROM meta WHERE name = {literal(name)}")
    return str(rows[0][0]) if rows else None


def put(database: Database, name: str, value: str) -> None:
    """Remember a fact, in place of what was known."""
    database.run(f"INSERT OR REPLACE INTO meta VALUES ({literal(name)}, {literal(value)})")


def drop(database: Database, *names: str) -> None:
    """Forget facts."""
    for name in names:
        database.run(f"DELETE FROM meta WHERE name = {literal(name)}")


def everything(database: Database) -> dict[str, str]:
    """All facts."""
    return dict(database.rows("SELECT name, value FROM meta"))
