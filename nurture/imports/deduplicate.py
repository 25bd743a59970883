"""One row for each key: repeated rows count once, contradicting ones refuse the file."""

from nurture.errors import InputError
from nurture.imports.cells import nameable
from nurture.imports.sources.source import Source
from nurture.storage.database import Database


def settle(database: Database, source: Source, key: str, shown: str | None) -> int:
    """Part ``cleaned`` into ``accepted`` (id, and each good row once) and ``refused``; the number of repeated rows.

    ``key`` is SQL for the id of a row; ``shown`` the column by which people know it.

    Raises:
        InputError: two rows have one key and different contents; names both lines.
    """
    database.run(
        f"CREATE OR REPLACE TEMP TABLE accepted AS SELECT {key} AS id, * EXCLUDE (reason) "
        "FROM cleaned WHERE reason IS NULL"
    )
    database.run("CREATE OR REPLACE TEMP TABLE refused AS SELECT line, reason FROM cleaned WHERE reason IS NOT NULL")
    database.run("DROP TABLE cleaned")
    database.run("CREATE OR REPLACE TEMP TABLE twice AS SELECT id FROM accepted GROUP BY id HAVING count(*) > 1")
    if not database.one("SELECT count(*) FROM twice")[0]:
        return 0
    _refuse_contradictions(database, source, shown)
    return database.run(
        "DELETE FROM accepted WHERE line IN (SELECT line FROM accepted WHERE id IN (FROM twice) "
        "QUALIFY row_number() OVER (PARTITION BY id ORDER BY line) > 1)"
    )


def _refuse_contradictions(database: Database, source: Source, shown: str | None) -> None:
    contents = ", ".join(f'"{column.stored}"' for column in source.known)
    found = database.rows(
        f"SELECT id, min(line) AS first_line FROM accepted WHERE id IN (FROM twice) GROUP BY id, {contents} "
        "QUALIFY count(*) OVER (PARTITION BY id) > 1 ORDER BY min(min(line)) OVER (PARTITION BY id), first_line LIMIT 2"
    )
    if not found:
        return
    first, second = (int(row[1]) for row in found)
    named = nameable(f'"{shown}"') if shown else "''"
    name = database.one(f"SELECT {named} FROM accepted WHERE line = {first}")[0]
    same = f"id {name}" if name else "key "
    raise InputError(
        f"{source.provenance}:{second}: the same {same}as in line {first}, but different contents. "
        "Remove one of the two lines. Nothing was imported."
    )
