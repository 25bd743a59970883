"""Temporary tables as values: each carries the name of its owner, so that no two owners write over each other's.

In SQL a table is written as itself (``f"SELECT id FROM {JUDGED}"``). Rows of Python go in through Arrow, in one piece:
bound one by one they would cost a thousand times as much.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from nurture.storage.database import Database

TEXT, NUMBER, FLAG, DAY, MOMENT = pa.string(), pa.int32(), pa.bool_(), pa.date32(), pa.timestamp("us")


@dataclass(frozen=True)
class TempTable:
    """A temporary table that one owner makes of queries."""

    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.owner}_{self.name}"

    def make(self, database: Database, query: str) -> int:
        """Make it of a query's rows, in place of an earlier one; how many rows."""
        return database.make(str(self), query)


@dataclass(frozen=True)
class RowTable(TempTable):
    """A temporary table that is filled with rows of Python; ``columns`` are its columns and their types, in order."""

    columns: Mapping[str, pa.DataType]

    def fill(self, database: Database, rows: Iterable[Sequence[Any]]) -> None:
        """Make it of these rows, in place of an earlier one. Moments must be aware, and are kept in UTC."""
        cells = list(zip(*rows, strict=True)) or [()] * len(self.columns)
        arrays = [
            pa.array(map(_naive, column) if kind == MOMENT else column, kind)
            for column, kind in zip(cells, self.columns.values(), strict=True)
        ]
        database.table(str(self), pa.Table.from_arrays(arrays, names=list(self.columns)))


def _naive(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment else None
