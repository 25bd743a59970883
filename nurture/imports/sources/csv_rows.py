"""A CSV file as rows: its delimiter, its header, and each row with the physical line where it starts."""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nurture.errors import InputError
from nurture.imports.layouts import FileKind, recognise
from nurture.imports.sources.encoding import (
    LONGEST_CELL,
    NEVER_CLOSED,
    READ_BYTES,
    WatchedFile,
    find_encoding,
    unwatched,
)
from nurture.imports.sources.source import Reading, Row, Source

DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class CsvFile(Source):
    """A readable text file of a known kind."""

    path: Path
    encoding: str
    delimiter: str

    @contextmanager
    def read(self, progress: Callable[[int, int], None]) -> Iterator[Reading]:
        """Read it; ``progress`` is told how many of how many bytes are read."""
        with WatchedFile(self.path, progress) as file:
            yield _Open(self, file)


@dataclass(frozen=True)
class _Open:
    source: CsvFile
    file: WatchedFile

    @property
    def done(self) -> int:
        return self.file.done

    @property
    def sha256(self) -> str:
        return self.file.sha256

    def __iter__(self) -> Iterator[Row]:
        return read_rows(self.source, self.file)


def open_source(path: Path, kind: FileKind) -> CsvFile:
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
    source = CsvFile(str(path), kind, header, recognise(kind, header), path, encoding, delimiter)
    source.refuse_header()
    return source


def read_rows(source: CsvFile, file: WatchedFile) -> Iterator[Row]:
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
                yield Row(start, ["".join(text).rstrip("\r\n")], fault)
                continue
            if _blank(cells):
                continue
            if not header_seen:
                header_seen = True
            elif len(cells) == width:
                yield Row(start, cells, "")
            else:
                yield Row(start, cells, f"{len(cells)} cells, but the header has {width}")


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
