"""Temporary tables as values: each carries the name of its owner, so that no two owners write over each other's.

In SQL a table is written as itself (``f"SELECT id FROM {JUDGED}"``). Rows of Python go in through Arrow, in one piece:
bound one by one they would cost a thousand times as much.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from nurture.storage.database import Database


class Kind(StrEnum):
    """What stands in a column, as Arrow calls it."""

    TEXT = "string"
    TEXTS = "list"
    NUMBER = "int32"
    FLAG = "bool"
    DAY = "date32"
    MOMENT = "timestamp[us]"


TEXT, TEXTS, NUMBER, FLAG, DAY, MOMENT = Kind


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

    columns: Mapping[str, Kind]

    def fill(self, database: Database, rows: Iterable[Sequence[Any]]) -> None:
        """Make it of these rows, in place of an earlier one. Moments must be aware, and are kept in UTC."""
        import pyarrow as pa  # most commands fill no table, and would wait for it

        types = [pa.list_(pa.string()) if kind is TEXTS else pa.type_for_alias(kind) for kind in self.columns.values()]
        cells = list(zip(*rows, strict=True)) or [()] * len(self.columns)
        arrays = [
            pa.array(map(_naive, column) if kind is MOMENT else column, type_)
            for column, kind, type_ in zip(cells, self.columns.values(), types, strict=True)
        ]
        database.table(str(self), pa.Table.from_arrays(arrays, names=list(self.columns)))


def _naive(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment else None
