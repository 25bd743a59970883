"""A backup: the home as it was at one moment, in one file that was read back before it got its name.

The database is copied while it is ours, so it is whole; the attempt logs after it, so they know at least what it knows;
the words while nobody renders. Keys stay out unless asked for: who has the file and the keys has the addresses too.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from nurture.audit.night_checks import audit
from nurture.errors import InputError, StoreError
from nurture.recovery.archive import ADDRESS_KEY, DATABASE, FOLDERS, FORMAT, WEB_KEY, Bar, Manifest, packing, unpack
from nurture.recovery.database_facts import Facts, read_facts
from nurture.settings import Settings
from nurture.storage.database import Store
from nurture.storage.fsync import keep_on_disk
from nurture.storage.locks import render_lease

WORK = ".nurture-backup-"
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class BackupReport:
    """A finished backup. ``broken`` are promises that do not hold in it, as in the home that it was made of."""

    file: Path
    size: int
    made_at: datetime
    facts: Facts
    files: int
    with_keys: bool
    broken: tuple[str, ...]


def back_up(
    settings: Settings, folder: Path, now: datetime, *, with_keys: bool = False,
    progress: Progress = lambda done, of: None,
) -> BackupReport:  # fmt: skip
    """Make a backup in a folder.

    Raises:
        StoreError: there is no database, or the folder cannot be written.
        StoreBusy: another process held the database for too long.
        InputError: a key is wanted and missing, or the folder has a backup of this second already.
    """
    final = folder / f"nurture-{now.astimezone(UTC):%Y-%m-%dT%H%M%SZ}.tar.gz"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _workplace(folder) as work:
            manifest = _pack(settings, work, now, with_keys, bar := Bar(progress))
            broken = _prove(settings, work, bar)
            if final.exists():
                raise InputError(f"{final}: there already. Nothing was written.")
            os.rename(work / "archive", final)
        keep_on_disk(folder)
    except OSError as error:
        raise StoreError(f"{folder}: the backup cannot be written ({error.strerror}). None was made.") from error
    members = len(manifest.members)
    return BackupReport(final, final.stat().st_size, now, manifest.facts, members, with_keys, broken)


@contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    """A folder that only we can read, gone at the end. What a killed backup left is cleared away."""
    for left_over in folder.glob(f"{WORK}*"):
        with ExitStack() as lock:
            if _ours(lock, left_over):
                shutil.rmtree(left_over)
    with ExitStack() as lock, tempfile.TemporaryDirectory(prefix=WORK, dir=folder) as work:
        _ours(lock, Path(work))
        yield Path(work)


def _ours(lock: ExitStack, work: Path) -> bool:
    """Whether nobody else works there; then nobody will until the lock is closed."""
    descriptor = os.open(work, os.O_RDONLY)
    lock.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pack(settings: Settings, work: Path, now: datetime, with_keys: bool, bar: Bar) -> Manifest:
    copy = work / DATABASE
    keys = {ADDRESS_KEY: settings.paths.address_key_file, WEB_KEY: settings.paths.web_key_file} if with_keys else {}
    if missing := [path for path in keys.values() if not path.exists()]:
        raise InputError(f"{missing[0]}: there is no such key. Without --with-keys the backup does not need it.")
    with render_lease(settings.home):
        facts = _copy_database(settings, copy)
        files = {DATABASE: copy} | keys | dict(_files(settings.home))
        bar.total = 2 * sum(path.stat().st_size for path in files.values())
        with packing(work / "archive", bar) as packer:
            for name, path in files.items():
                packer.pack(name, path)
            manifest = Manifest(
                format=FORMAT, nurture=version("nurture"), made_at=now, facts=facts, members=packer.members
            )
            packer.seal(manifest)
    return manifest


def _copy_database(settings: Settings, to: Path) -> Facts:
    """The bytes of the database while nobody else has it.

    Our own handle is closed after the database: closing any handle of a file gives up the locks of the whole process.
    """
    with ExitStack() as afterwards, Store.of(settings).open() as database:
        source = afterwards.enter_context(settings.paths.database.open("rb"))
        database.run("CHECKPOINT")
        with to.open("xb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
        return read_facts(database)


def _files(home: Path) -> Iterator[tuple[str, Path]]:
    """What is kept besides the database; files that are only half written have no place in it."""
    for folder in FOLDERS:
        for path in sorted((home / folder).rglob("*")):
            if path.is_file() and not path.name.endswith((".new", ".contexts.parquet")):
                yield path.relative_to(home).as_posix(), path


def _prove(settings: Settings, work: Path, bar: Bar) -> tuple[str, ...]:
    """Read the archive back, open the database that comes out of it, and audit it; the promises that do not hold."""
    back = work / "back"
    (work / DATABASE).unlink()
    manifest = unpack(work / "archive", back, bar)
    with replace(Store.of(settings), path=back / DATABASE).open() as database:
        if read_facts(database) != manifest.facts:
            raise StoreError("The backup does not hold what the database held. None was made; try again.")
        return tuple(finding.promise for finding in audit(database) if finding.breaches)
