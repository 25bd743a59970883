"""The bytes of a file: what encoding they are in, and whether they are text at all.

One pass over the whole file before anything else, so that a broken byte on the last line refuses the file
before its first row is read.
"""

import codecs
import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nurture.errors import InputError

READ_BYTES = 64 * 1024
LONGEST_CELL = 1_000_000
LONGEST_LINE = 4 * LONGEST_CELL
NEVER_CLOSED = "a cell of over 1 MB; a quote is probably not closed. Nothing was imported."

BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
NOT_TEXT = (
    (b"PK\x03\x04", "an Excel workbook or zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"PAR1", "a Parquet file"),
)
MARKUP = re.compile(r"\s*<(!doctype|html|head|meta|body|table|\?xml)", re.IGNORECASE)


def unwatched(done: int, total: int) -> None:
    """Nobody wants to know how far it is."""


class WatchedFile(io.FileIO):
    """A file that tells how far it has been read, and knows the SHA-256 of what was read."""

    def __init__(self, path: Path, progress: Callable[[int, int], None]) -> None:
        super().__init__(path)
        self._progress = progress
        self._size = path.stat().st_size
        self.done = 0
        self._digest = hashlib.sha256()

    def readinto(self, buffer: Any) -> int:
        """Read, and report."""
        count = super().readinto(buffer) or 0
        self._digest.update(memoryview(buffer)[:count])
        self.done += count
        self._progress(self.done, self._size)
        return count

    @property
    def sha256(self) -> str:
        """Of the bytes read so far, in hex."""
        return self._digest.hexdigest()


def find_encoding(path: Path) -> str:
    """The encoding in which the whole file can be read.

    Raises:
        InputError: missing, empty, not text, in no supported encoding, or with a NUL or an endless line.
    """
    head = _head(path)
    marked = next((encoding for mark, encoding in BYTE_ORDER_MARKS if head.startswith(mark)), None)
    _refuse_other_formats(path, head, marked or "latin-1")
    furthest = UnreadableByte(-1, 0)
    for encoding in (marked,) if marked else ("utf-8", "gb18030"):
        try:
            _read_through(path, encoding)
        except UnreadableByte as fault:
            furthest = max(furthest, fault, key=lambda each: each.offset)
        else:
            return encoding
    raise InputError(
        f"{path}:{furthest.line}: byte {furthest.offset} is neither UTF-8 nor GBK. "
        "Save the file as “CSV UTF-8” and import that. Nothing was imported."
    )


class UnreadableByte(Exception):  # noqa: N818 - a place, caught in this module
    """Where a file stopped being text in one encoding."""

    def __init__(self, offset: int, line: int) -> None:
        super().__init__(f"byte {offset}, line {line}")
        self.offset = offset
        self.line = line


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file.") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from error
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise InputError(f"{path}: the file is empty.")
    return head


def _refuse_other_formats(path: Path, head: bytes, encoding: str) -> None:
    for signature, what in NOT_TEXT:
        if head.startswith(signature):
            raise InputError(f"{path}: this is {what}, not CSV. Open it and save it as CSV (UTF-8).")
    if MARKUP.match(head.decode(encoding, errors="ignore")):
        raise InputError(
            f"{path}: this is a web page (HTML or XML), not CSV; probably a login or error page was saved. "
            "Export the data again, as CSV."
        )


def _read_through(path: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = io.IncrementalNewlineDecoder(decoder, translate=True)
    fed, line, tail, letters = 0, 1, 0, set[str]()
    with path.open("rb") as file:
        while True:
            chunk = file.read(READ_BYTES)
            fed += len(chunk)
            try:
                text = lines.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                before = bytes(error.object[: error.start]).decode(encoding, errors="replace")
                place = fed - len(error.object) + error.start
                raise UnreadableByte(place, line + before.count("\n")) from None
            _refuse_nul(path, text, line)
            line, tail = _count_lines(path, text, line, tail)
            if encoding == "gb18030":
                letters.update(text)
            if not chunk:
                break
    if letters:
        _refuse_western(path, letters)


def _refuse_nul(path: Path, text: str, line: int) -> None:
    if (place := text.find("\0")) >= 0:
        raise InputError(
            f"{path}:{line + text.count(chr(10), 0, place)}: a NUL character. The file is damaged, or UTF-16 without "
            "its mark: save it as “CSV UTF-8”. Nothing was imported."
        )


def _count_lines(path: Path, text: str, line: int, tail: int) -> tuple[int, int]:
    """The line after this text, and how much of it was already seen; no line may outgrow the memory."""
    breaks = text.count("\n")
    tail = len(text) - text.rfind("\n") - 1 if breaks else tail + len(text)
    if tail > LONGEST_LINE:
        raise InputError(f"{path}:{line + breaks}: {NEVER_CLOSED}")
    return line + breaks, tail


def _refuse_western(path: Path, letters: set[str]) -> None:
    """``Müller`` in Latin-1 happens to be valid GBK (``M黮ler``): a high byte, then an ASCII letter."""
    pairs = [letter.encode("gb18030") for letter in letters if not letter.isascii()]
    western = sum(pair[1:].isalpha() for pair in pairs)
    if western * 2 > len(pairs):
        raise InputError(
            f"{path}: the file seems to be in a Western encoding (Latin-1, Windows-1252), which cannot be told from "
            "GBK with certainty. Save it as “CSV UTF-8” and import that. Nothing was imported."
        )
