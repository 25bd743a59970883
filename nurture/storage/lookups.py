"""Values that SQL cannot work out, worked out in Python: once for each distinct one, a slice at a time."""

from collections.abc import Callable

from nurture.storage.database import Database
from nurture.storage.sql import literal
from nurture.storage.temp_tables import TEXT, RowTable

SLICE = 50_000
FEW = 20
"""So many answers go in as text: for one lead that a person asks for, Arrow's own set-up would take longest."""


def build_lookup(
    database: Database, name: str, columns: tuple[str, ...], keys: str, answer: Callable[..., str | None]
) -> None:
    """Make the temporary table ``name`` (columns, value) with ``answer(*key)`` for each distinct key.

    ``keys`` is a query that gives the key columns as text.
    """
    todo = f"{name}_todo"
    database.run(
        f"CREATE OR REPLACE TEMP TABLE {todo} AS "
        f"SELECT row_number() OVER () AS n, * FROM (SELECT DISTINCT * FROM ({keys}))"
    )
    declared = ", ".join(f"{column} VARCHAR" for column in (*columns, "value"))
    database.run(f"CREATE OR REPLACE TEMP TABLE {name} ({declared})")
    total = int(database.one(f"SELECT count(*) FROM {todo}")[0])
    for start in range(0, total, SLICE):
        rows = database.rows(f"SELECT {', '.join(columns)} FROM {todo} WHERE n > {start} AND n <= {start + SLICE}")
        answered = [(*row, answer(*row)) for row in rows]
        if len(answered) <= FEW:
            lines = ", ".join("(" + ", ".join(map(literal, row)) + ")" for row in answered)
            database.run(f"INSERT INTO {name} VALUES {lines}")
        else:
            answers = RowTable("lookups", "answers", dict.fromkeys((*columns, "value"), TEXT))
            answers.fill(database, answered)
            database.run(f"INSERT INTO {name} SELECT * FROM {answers}")
    database.run(f"DROP TABLE {todo}")
