"""The rows on their way into the database: read before it is opened, loaded as one set.

The rows wait in an unnamed temporary file (Arrow), so that memory stays small, the database is not locked
while a slow file is read, and a killed import leaves nothing behind.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from nurture.imports.sources.source import Reading, Row, Source
from nurture.storage.database import Database

BATCH_ROWS = 2_000  # more would keep Python's garbage collector busy
BATCH_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Staged:
    """A file's rows outside the database, and the SHA-256 of the bytes they came from."""

    file: IO[bytes]
    sha256: str


@contextmanager
def staged(source: Source, folder: Path, progress: Callable[[int, int], None]) -> Iterator[Staged]:
    """Read the whole file into a temporary one in this folder, gone at the end of the block.

    Raises:
        InputError: the file cannot be read to its end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as spool:
        with source.read(progress) as rows:
            _write_batches(spool, source, rows)
            sha256 = rows.sha256
        spool.seek(0)
        yield Staged(spool, sha256)


def load(database: Database, rows: Staged) -> int:
    """Make the temporary table ``staged``: line, fault, and each known column as text; the number of rows."""
    connection: Any = database.connection.connection.dbapi_connection
    with pa.ipc.open_stream(rows.file) as stream:
        connection.register("staged_rows", stream)
        database.run("CREATE OR REPLACE TEMP TABLE staged AS SELECT * FROM staged_rows")
        connection.unregister("staged_rows")
    return int(database.one("SELECT count(*) FROM staged")[0])


def _write_batches(spool: IO[bytes], source: Source, rows: Reading) -> None:
    known = [(place, column.name) for place, column in enumerate(source.columns) if column]
    schema = pa.schema([("line", pa.int64()), ("fault", pa.string()), *((name, pa.string()) for _, name in known)])
    with pa.ipc.new_stream(spool, schema) as stream:
        for batch in _batches(rows):
            stream.write_batch(_arrow(batch, [place for place, _ in known], schema))


def _batches(rows: Reading) -> Iterator[list[Row]]:
    """Batches bounded in rows and in bytes: a file may have long cells."""
    batch: list[Row] = []
    begun = 0
    for row in rows:
        batch.append(row)
        if len(batch) >= BATCH_ROWS or rows.done - begun >= BATCH_BYTES:
            yield batch
            batch, begun = [], rows.done
    if batch:
        yield batch


def _arrow(batch: list[Row], places: list[int], schema: pa.Schema) -> pa.RecordBatch:
    lines, cells, faults = zip(*batch, strict=True)
    empty = [None] * (max(places) + 1)
    columns = list(zip(*(empty if fault else row for row, fault in zip(cells, faults, strict=True)), strict=False))
    values = [lines, faults, *(columns[place] for place in places)]
    arrays = [pa.array(value, field.type) for value, field in zip(values, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
