"""A source: rows below a header, and where they are from. Files are sources, and so are systems that tell us things.

Whatever a source is, its rows meet the same judging: what cannot be used is refused by its line, and kept.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from nurture.errors import InputError
from nurture.imports.layouts import LAYOUTS, Column, FileKind


class Row(NamedTuple):
    """One row: the line where it starts, its cells, and what is wrong with its shape ('' if nothing)."""

    line: int
    cells: list[str]
    fault: str


class Reading(Protocol):
    """One pass over a source: its rows; how many bytes were read so far, and their SHA-256 in hex."""

    @property
    def done(self) -> int:
        """Bytes."""

    @property
    def sha256(self) -> str:
        """Of these bytes."""

    def __iter__(self) -> Iterator[Row]: ...


@dataclass(frozen=True)
class Source(ABC):
    """Rows of a known kind; ``columns`` says what each cell of the header names, ``provenance`` where they are from."""

    provenance: str
    kind: FileKind
    header: tuple[str, ...]
    columns: tuple[Column | None, ...]

    @abstractmethod
    def read(self, progress: Callable[[int, int], None]) -> AbstractContextManager[Reading]:
        """Read it, from the beginning; the same rows each time."""

    @property
    def known(self) -> tuple[Column, ...]:
        """The columns that Nurture takes from it."""
        return tuple(column for column in self.columns if column)

    @property
    def ignored(self) -> tuple[str, ...]:
        """The header cells that name no column of this kind."""
        pairs = enumerate(zip(self.header, self.columns, strict=True), start=1)
        return tuple(cell.strip() or f"column {number}" for number, (cell, column) in pairs if not column)

    def refuse_header(self) -> None:
        """Unknown header cells are told by number: in a file without header they are somebody's data.

        Raises:
            InputError: a required column is missing, or one is there twice.
        """
        found = [column.name for column in self.known]
        missing = [column.name for column in LAYOUTS[self.kind] if column.required and column.name not in found]
        unknown = [str(number) for number, column in enumerate(self.columns, start=1) if not column]
        if missing:
            raise InputError(
                f"{self.provenance}:1: missing columns: {', '.join(missing)}. Found: {', '.join(found) or 'none'}"
                + (f"; not known: column {', '.join(unknown)}" if unknown else "")
                + f". The first line must name the columns of {self.kind}: "
                + f"{', '.join(column.name for column in LAYOUTS[self.kind])}."
            )
        for column in self.known:
            places = [str(number) for number, other in enumerate(self.columns, start=1) if other is column]
            if len(places) > 1:
                raise InputError(
                    f"{self.provenance}:1: columns {' and '.join(places)} are both {column.name}. Remove or rename one."
                )
