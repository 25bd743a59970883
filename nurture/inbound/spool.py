"""The spool: what came in from outside, on disk before anybody is thanked for it, and read when the database is free.

The web process appends to ``current.ndjson`` and never opens the database; whoever holds the database rotates that
file (renames it to a name that is never used again) and reads rotated files, which never change. One lock file orders
the two; a killed process leaves no lock. ``docs/spool.md`` says what the lines mean.
"""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from threading import Condition

from nurture.errors import StoreBusy
from nurture.inbound.mail_file import Letter
from nurture.storage.fsync import keep_on_disk
from nurture.storage.json_type import JSON

CURRENT = "current.ndjson"
KEPT_DAYS = 7
"""Applied files are kept that long: with a database from a backup, they are applied again."""


class SpoolKind(StrEnum):
    """What a line tells."""

    LEAVE = "leave"
    PREFER = "prefer"
    CONFIRM = "confirm"
    CLICK = "click"
    SENDGRID = "sendgrid"
    REPLY = "reply"
    EVENT = "event"


@dataclass(frozen=True)
class SpoolLine:
    """One thing that happened: ``id`` makes it the same line when it comes again, ``at`` is when we heard of it."""

    id: str
    kind: SpoolKind
    at: datetime
    data: Mapping[str, JSON]


@dataclass(frozen=True)
class Found:
    """A line of a file, and the offset behind it."""

    file: str
    offset: int
    line: SpoolLine


@dataclass(frozen=True)
class Torn:
    """Bytes of a file that are no line, the offset behind them, and what is wrong."""

    file: str
    offset: int
    raw: bytes
    why: str


@dataclass
class _Group:
    """Lines that share an fsync, and what became of it."""

    text: list[bytes] = field(default_factory=list)
    written: bool = False
    error: OSError | None = None


class Spool:
    """The spool in a folder: the writing half (``append``, ``keep``) and the reading half. Safe for threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._waiting = Condition()
        self._next = _Group()
        self._writing = False

    # -- writing ----------------------------------------------------------------------------------------------------

    def append(self, lines: Iterable[SpoolLine]) -> None:
        """Put lines on disk; they are there when this returns, all of them.

        Whoever comes while an fsync runs shares the next one.

        Raises:
            OSError: they could not be made durable: say so to whoever sent them, and they will come again.
        """
        text = b"".join(_written(line) for line in lines)
        with self._waiting:
            group = self._next
            group.text.append(text)
            self._waiting.wait_for(lambda: group.written or not self._writing)
            if not group.written:
                self._lead(group)
        if group.error:
            raise group.error

    def _lead(self, group: _Group) -> None:
        """Write a group on behalf of all who joined it; called, and left, with the condition held."""
        self._writing, self._next = True, _Group()
        self._waiting.release()
        try:
            self._write(b"".join(group.text))
        except OSError as error:
            group.error = error
        finally:
            self._waiting.acquire()
            self._writing, group.written = False, True
            self._waiting.notify_all()

    def _write(self, text: bytes) -> None:
        """Append and fsync. What an earlier writer left torn gets its end of line first, so that only it is lost."""
        with self._locked():
            path = self.folder / CURRENT
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                size = os.fstat(descriptor).st_size
                torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
                _write_all(descriptor, b"\n" + text if torn else text)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if size == 0:
                keep_on_disk(self.folder)

    def keep(self, raw: bytes) -> str:
        """Put something large (a mail) on disk beside the lines; its name, for the line that tells of it.

        Raises:
            OSError: it could not be made durable.
        """
        letter = self.letter()
        try:
            letter.write(raw)
            return letter.keep()
        finally:
            letter.drop()

    def letter(self) -> Letter:
        """A mail that comes in pieces, for the folder in which ``keep`` puts them.

        Raises:
            OSError: the disk takes no more.
        """
        return Letter(self.folder / "inbound")

    # -- reading ----------------------------------------------------------------------------------------------------

    def is_empty(self) -> bool:
        """Whether nothing waits; costs a look at the folder."""
        return not self.rotated() and not self._current_size()

    def rotate(self, patience: float = 10.0) -> None:
        """Give what was appended a name of its own, after which it never changes.

        Raises:
            StoreBusy: a process held the spool for longer than ``patience`` seconds.
        """
        if not self._current_size():
            return
        with self._locked(patience):
            if self._current_size():
                name = f"{time.time_ns():020d}-{secrets.token_hex(4)}.ndjson"
                (self.folder / CURRENT).rename(self.folder / name)
                keep_on_disk(self.folder)

    def rotated(self) -> list[Path]:
        """The files that may be read, oldest first."""
        return sorted(path for path in self.folder.glob("*.ndjson") if path.name != CURRENT)

    def read(self, path: Path, offset: int = 0) -> Iterator[Found | Torn]:
        """The lines of a rotated file from an offset on; what is no line is told apart, and blocks nothing."""
        with path.open("rb") as file:
            file.seek(offset)
            for raw in file:
                offset += len(raw)
                if raw.strip():
                    yield _read_line(path.name, offset, raw)

    def quarantine(self, torn: Iterable[Torn]) -> None:
        """Set bytes aside for a person to look at; the same bytes twice make one file."""
        for each in torn:
            folder = self.folder / "quarantine"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{each.file.removesuffix('.ndjson')}-{each.offset}").write_bytes(each.raw)

    def quarantined(self) -> list[Path]:
        """What was set aside."""
        return sorted((self.folder / "quarantine").glob("*"))

    def applied(self, path: Path) -> None:
        """Take a file whose lines are all in the ledger out of the way, and delete those that lay there for long."""
        folder = self.folder / "applied"
        folder.mkdir(parents=True, exist_ok=True)
        path.rename(folder / path.name)
        oldest = f"{time.time_ns() - KEPT_DAYS * 86_400 * 10**9:020d}"
        for old in folder.glob("*.ndjson"):
            if old.name < oldest:
                old.unlink(missing_ok=True)

    def oldest(self) -> datetime | None:
        """When the oldest line that waits was heard of."""
        for path in [*self.rotated(), self.folder / CURRENT]:
            if path.exists():
                first = next((each for each in self.read(path) if isinstance(each, Found)), None)
                if first:
                    return first.line.at
        return None

    def pending(self) -> int:
        """How many lines wait to be applied, whatever is in them."""
        paths = [path for path in [*self.rotated(), self.folder / CURRENT] if path.exists()]
        return sum(sum(1 for _ in self.read(path)) for path in paths)

    def _current_size(self) -> int:
        try:
            return (self.folder / CURRENT).stat().st_size
        except FileNotFoundError:
            return 0

    @contextmanager
    def _locked(self, patience: float | None = None) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor, patience, self.folder)
            yield
        finally:
            os.close(descriptor)  # and with it the lock


def _lock(descriptor: int, patience: float | None, folder: Path) -> None:
    if patience is None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return
    deadline = time.monotonic() + patience
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise StoreBusy(
                    f"{folder}: a process has been writing to the spool for {patience:g} s. Look whether `nurture "
                    "serve` hangs or its disk does; nothing is sent until what came in can be read."
                ) from error
        time.sleep(0.005)


def _write_all(descriptor: int, text: bytes) -> None:
    written = 0
    while written < len(text):
        written += os.write(descriptor, text[written:])


def _written(line: SpoolLine) -> bytes:
    moment = line.at.astimezone(UTC).isoformat()
    told = {"id": line.id, "kind": line.kind.value, "at": moment, "data": line.data}
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def _read_line(file: str, offset: int, raw: bytes) -> Found | Torn:
    try:
        told = json.loads(raw)
        if b"\\ud" in raw.lower():  # half a character may be said in JSON, and nowhere else
            told = json.loads(json.dumps(told, ensure_ascii=False).encode("utf-8", "replace"))
        line = SpoolLine(told["id"], SpoolKind(told["kind"]), datetime.fromisoformat(told["at"]), told["data"])
        if not (isinstance(line.id, str) and line.id and line.at.tzinfo and isinstance(line.data, dict)):
            return Torn(file, offset, raw, "a field is missing or of another kind")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        return Torn(file, offset, raw, type(error).__name__)
    return Found(file, offset, line)
