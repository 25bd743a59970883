"""What a database says of itself, so that a copy of it can be compared."""

from datetime import date

from pydantic import BaseModel, ConfigDict

from nurture.storage import meta
from nurture.storage.database import Database


class Facts(BaseModel):
    """What a database says of itself: its rows by table, its schema, its newest night, its keys' fingerprints."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int
    zone: str
    newest_night: date | None
    rows: dict[str, int]
    address_key: str | None
    web_key: str | None


def read_facts(database: Database) -> Facts:
    """What an open database says of itself."""
    names = database.rows("SELECT table_name FROM duckdb_tables() WHERE NOT temporary ORDER BY table_name")
    known = meta.everything(database)
    return Facts(
        schema_version=int(known["schema"]),
        zone=known["zone"],
        newest_night=database.one("SELECT max(night) FROM run")[0],
        rows={row[0]: database.one(f'SELECT count(*) FROM "{row[0]}"')[0] for row in names},
        address_key=known.get("address_key"),
        web_key=known.get("web_key"),
    )
