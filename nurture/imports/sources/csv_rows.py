"""A CSV file as rows: its delimiter, its header, and each row with the physical line where it starts."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from nurture.errors import InputError
from nurture.imports.layouts import LAYOUTS, Column, FileKind, recognise
from nurture.imports.sources.encoding import (
    LONGEST_CELL,
    NEVER_CLOSED,
    READ_BYTES,
    WatchedFile,
    find_encoding,
    unwatched,
)

DELIMITERS = ",;\t|"


class FileRow(NamedTuple):
    """One row: where it starts, its cells, and what is wrong with its shape ('' if nothing)."""

    line: int
    cells: list[str]
    fault: str


@dataclass(frozen=True)
class Source:
    """A readable file of a known kind; ``columns`` says what each header cell names."""

    path: Path
    kind: FileKind
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    columns: tuple[Column | None, ...]

    @property
    def known(self) -> tuple[Column, ...]:
        """The columns that Nurture takes from this file."""
        return tuple(column for column in self.columns if column)

    @property
    def ignored(self) -> tuple[str, ...]:
        """The header cells that name no column of this kind."""
        pairs = enumerate(zip(self.header, self.columns, strict=True), start=1)
        return tuple(cell.strip() or f"column {number}" for number, (cell, column) in pairs if not column)


def open_source(path: Path, kind: FileKind) -> Source:
    """The file, its encoding and its columns known.

    Raises:
        InputError: it is not a readable text file, or lacks a required column, or has one twice.
    """
    encoding = find_encoding(path)
    with WatchedFile(path, unwatched) as file:
        line = next((line for line in _lines(file, encoding) if line.strip("\ufeff \t\r\n")), "")
    headers = {mark: _split_header(path, line.lstrip("\ufeff"), mark) for mark in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda mark: sum(map(bool, recognise(kind, headers[mark]))))
    header = headers[delimiter]
    source = Source(path, kind, encoding, delimiter, header, recognise(kind, header))
    _refuse_header(source)
    return source


def read_rows(source: Source, file: WatchedFile) -> Iterator[FileRow]:
    """Every row below the header; blank ones are passed over.

    A row of the wrong shape is given with its fault, and with its raw text where cells cannot be told.

    Raises:
        InputError: a quote is not closed, or a cell is over 1 MB.
    """
    text: list[str] = []
    width, start, header_seen = len(source.header), 1, False
    with _long_cells():
        rows = csv.reader(_kept(_lines(file, source.encoding), text), delimiter=source.delimiter, strict=True)
        while True:
            text.clear()
            start = rows.line_num + 1
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                if not header_seen:
                    raise InputError(f"{source.path}:{start}: the header is misquoted. Nothing was imported.") from None
                fault = _misquoted(source.path, start, rows.line_num, error)
                yield FileRow(start, ["".join(text).rstrip("\r\n")], fault)
                continue
            if _blank(cells):
                continue
            if not header_seen:
                header_seen = True
            elif len(cells) == width:
                yield FileRow(start, cells, "")
            else:
                yield FileRow(start, cells, f"{len(cells)} cells, but the header has {width}")


def _split_header(path: Path, line: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader([line], delimiter=delimiter)))
    except csv.Error as error:
        raise InputError(f"{path}:1: the first line does not look like a header ({error}).") from None


def _blank(cells: list[str]) -> bool:
    return not cells or (not cells[0] and not any(map(str.strip, cells)))


def _lines(file: WatchedFile, encoding: str) -> Iterator[str]:
    buffered: io.BufferedIOBase = io.BufferedReader(file, READ_BYTES)
    with io.TextIOWrapper(buffered, encoding=encoding, newline="") as text:  # type: ignore[type-var]
        yield from text


def _kept(lines: Iterator[str], text: list[str]) -> Iterator[str]:
    """The same lines, each also appended to ``text``: the raw form of the row that is being read."""
    keep = text.append
    for line in lines:
        keep(line)
        yield line


@contextmanager
def _long_cells() -> Iterator[None]:
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _misquoted(path: Path, start: int, end: int, error: csv.Error) -> str:
    """What to say of one row that csv cannot split; what spoils the rest of the file as well is raised."""
    if "field limit" in str(error):
        raise InputError(f"{path}:{start}: {NEVER_CLOSED}") from None
    if "end of data" in str(error):
        raise InputError(
            f"{path}:{start}: a quote in the row that starts here is never closed. Nothing was imported."
        ) from None
    reach = f" (the row runs to line {end})" if end > start else ""
    return f"a quote inside a quoted cell must be written twice{reach}"


def _refuse_header(source: Source) -> None:
    """Unknown header cells are told by number: in a file without header they are somebody's data."""
    found = [column.name for column in source.known]
    missing = [column.name for column in LAYOUTS[source.kind] if column.required and column.name not in found]
    unknown = [str(number) for number, column in enumerate(source.columns, start=1) if not column]
    if missing:
        raise InputError(
            f"{source.path}:1: missing columns: {', '.join(missing)}. Found: {', '.join(found) or 'none'}"
            + (f"; not known: column {', '.join(unknown)}" if unknown else "")
            + f". The first line must name the columns of {source.kind}: "
            + f"{', '.join(column.name for column in LAYOUTS[source.kind])}."
        )
    for column in source.known:
        places = [str(number) for number, other in enumerate(source.columns, start=1) if other is column]
        if len(places) > 1:
            raise InputError(
                f"{source.path}:1: columns {' and '.join(places)} are both {column.name}. Remove or rename one."
            )
