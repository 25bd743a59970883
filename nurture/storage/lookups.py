"""Values that SQL cannot work out, worked out in Python: once for each distinct one, a slice at a time."""

from collections.abc import Callable, Sequence

import pyarrow as pa

from nurture.storage.database import Database

SLICE = 50_000


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
        database.table("answers", _text_table((*columns, "value"), answered))
        database.run(f"INSERT INTO {name} SELECT * FROM answers")
    database.run(f"DROP TABLE {todo}")


def _text_table(names: tuple[str, ...], rows: Sequence[tuple[str | None, ...]]) -> pa.Table:
    arrays = [pa.array(values, pa.string()) for values in zip(*rows, strict=True)]
    return pa.Table.from_arrays(arrays, names=list(names))
