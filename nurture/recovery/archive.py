"""The archive: a gzipped tar whose last member, the manifest, says what is in it and proves every byte.

It is read from front to back and believed only as a whole: an archive that is cut off has no manifest, one in which a
byte turned has another hash. Members are plain files below the home; anything else is refused.
"""

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from nurture.errors import InputError, StoreError
from nurture.recovery.database_facts import Facts

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "nurture.duckdb"
ADDRESS_KEY, WEB_KEY = "address.key", "web.key"
FOLDERS = ("rendered", "attempts", "spool")
TOP = (MANIFEST, DATABASE, ADDRESS_KEY, WEB_KEY)
PIECE = 1 << 20
TAKE_ANOTHER = "Take another one; nothing was changed."

Progress = Callable[[int], None]
"""Told how many bytes more are done."""


@dataclass
class Bar:
    """What is done of what is to do, in bytes."""

    tell: Callable[[int, int], None]
    total: int = 0
    done: int = 0

    def __call__(self, more: int) -> None:
        """So many bytes more."""
        self.done += more
        self.tell(self.done, max(self.total, self.done))


class Entry(BaseModel):
    """What proves one member."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    size: int


class Manifest(BaseModel):
    """The last member."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    nurture: str
    made_at: datetime
    facts: Facts
    members: dict[str, Entry]


@dataclass
class _Measured:
    """A file that is hashed while it is read."""

    file: IO[bytes]
    progress: Progress
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def read(self, size: int = -1) -> bytes:
        piece = self.file.read(size)
        self.digest.update(piece)
        self.progress(len(piece))
        return piece


@dataclass
class Packer:
    """Packs files into an archive that is being written."""

    tar: tarfile.TarFile
    progress: Progress
    members: dict[str, Entry] = field(default_factory=dict)

    def pack(self, name: str, path: Path) -> None:
        """Add a file, as long as it is now: what others append meanwhile is of the next backup."""
        with path.open("rb") as file:
            info = _described(name, os.fstat(file.fileno()).st_size)
            measured = _Measured(file, self.progress)
            self.tar.addfile(info, measured)
        self.members[name] = Entry(sha256=measured.digest.hexdigest(), size=info.size)

    def seal(self, manifest: Manifest) -> None:
        """Add the manifest."""
        text = manifest.model_dump_json(indent=1).encode()
        self.tar.addfile(_described(MANIFEST, len(text)), io.BytesIO(text))


def _described(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


@contextmanager
def packing(path: Path, progress: Progress) -> Iterator[Packer]:
    """A new archive that only its owner can read; whole and on disk at the end of the block."""
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        with (
            gzip.GzipFile("", "wb", compresslevel=1, fileobj=file) as pressed,
            tarfile.open(fileobj=pressed, mode="w") as tar,
        ):
            yield Packer(tar, progress)
        file.flush()
        os.fsync(file.fileno())


def unpack(archive: Path, into: Path, progress: Progress) -> Manifest:
    """Unpack an archive below an empty folder and prove every byte; the files are on disk when it returns.

    Raises:
        InputError: it is damaged, cut off, of a newer Nurture, or not ours.
    """
    try:
        with gzip.open(archive) as raw:
            with tarfile.open(fileobj=raw, mode="r|") as tar:
                found, text = _unpack(tar, into, progress)
            while raw.read(PIECE):  # to its end: there lies the checksum that proves the manifest, too
                pass
    except FileNotFoundError as error:
        raise InputError(f"{archive}: there is no such file.") from error
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, UnicodeError) as error:
        raise InputError(f"{archive}: damaged, or not a backup ({error}). {TAKE_ANOTHER}") from error
    except OSError as error:
        raise StoreError(f"{archive}: cannot be unpacked into {into} ({error.strerror or error}).") from error
    manifest = _manifest(archive, text)
    if wrong := found.items() ^ manifest.members.items():
        raise InputError(f"{archive}: damaged at {min(name for name, _ in wrong)}. {TAKE_ANOTHER}")
    return manifest


def _unpack(tar: tarfile.TarFile, into: Path, progress: Progress) -> tuple[dict[str, Entry], bytes]:
    found: dict[str, Entry] = {}
    text = b""
    for info in tar:
        stream = tar.extractfile(info) if info.isreg() and _is_ours(info.name) else None
        if stream is None:
            raise tarfile.ReadError(f"{info.name!r} does not belong into it")
        if info.name == MANIFEST:
            text = stream.read()
        else:
            found[info.name] = _write(_Measured(stream, progress), into / info.name)
    return found, text


def _is_ours(name: str) -> bool:
    parts = name.split("/")
    return name in TOP or (parts[0] in FOLDERS and len(parts) > 1 and not {"", ".", ".."} & set(parts))


def _write(member: _Measured, path: Path) -> Entry:
    path.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with path.open("xb") as file:
        while piece := member.read(PIECE):
            size += file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return Entry(sha256=member.digest.hexdigest(), size=size)


def _manifest(archive: Path, text: bytes) -> Manifest:
    if not text:
        raise InputError(f"{archive}: cut off, its manifest is missing. {TAKE_ANOTHER}")
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        raise InputError(f"{archive}: damaged, or made by another Nurture: its manifest cannot be read.") from error
    if manifest.format != FORMAT:
        raise InputError(f"{archive}: of format {manifest.format}, this Nurture reads {FORMAT}. Update Nurture.")
    return manifest
