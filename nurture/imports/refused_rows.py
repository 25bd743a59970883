"""The rows that were left out, in a file of their own: nothing that somebody exported is lost."""

import csv
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from nurture.errors import InputError
from nurture.imports.report import REFUSALS_KEPT, RefusedRow
from nurture.imports.sources.encoding import unwatched
from nurture.imports.sources.source import Source
from nurture.storage.database import Database

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
FETCHED_AT_ONCE = 10_000


def first_refusals(database: Database) -> tuple[RefusedRow, ...]:
    """As many as a report holds, in the order of the file."""
    rows = database.rows(f"SELECT line, reason FROM refused ORDER BY line LIMIT {REFUSALS_KEPT}")
    return tuple(RefusedRow(int(line), str(reason)) for line, reason in rows)


def write_refused_file(database: Database, source: Source, sha256: str, path: Path) -> None:
    """Every refused row with its line, its reason and its cells as they were; whole or not at all.

    The rows are read from the source again, so that only the refused ones are ever held.

    Raises:
        InputError: the source has changed since it was read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("w", encoding="utf-8-sig", newline="") as target:
        sheet = csv.writer(target)
        sheet.writerow(["line", "reason", *map(harmless, source.header)])
        with source.read(unwatched) as rows:
            refusals = _refusals(database)
            refused = next(refusals, None)
            for row in rows:
                if refused and row.line == refused.line:
                    sheet.writerow([row.line, refused.reason, *map(harmless, row.cells)])
                    refused = next(refusals, None)
            unchanged = rows.sha256 == sha256
    if not unchanged:
        unfinished.unlink()
        raise InputError(f"{source.provenance}: the file changed while it was read. Nothing was imported; try again.")
    os.replace(unfinished, path)


def harmless(cell: str) -> str:
    """The cell as text that no spreadsheet takes for a formula."""
    return "'" + cell if cell.startswith(FORMULA_STARTS) else cell


def _refusals(database: Database) -> Iterator[RefusedRow]:
    found = database.connection.exec_driver_sql("SELECT line, reason FROM refused ORDER BY line")
    rows = chain.from_iterable(found.partitions(FETCHED_AT_ONCE))
    return (RefusedRow(int(line), str(reason)) for line, reason in rows)
