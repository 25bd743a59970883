"""A restore: the home as a backup says, with everything kept that tells what was sent since.

Nothing is touched before every byte is proved. The database gets its name last, and with it stands the guard: nothing
is claimed until `nurture reconcile` has run. What is in the way is moved aside, never deleted. Attempt logs of the lost
time and the outbox stay: they are the evidence.
"""

import filecmp
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from nurture.errors import InputError, NurtureError, StoreBusy, StoreError
from nurture.keys.address_hashes import AddressKey
from nurture.keys.key_file import read_key, write_key
from nurture.keys.signed_links import Tokens
from nurture.ledger.states import IN_FLIGHT
from nurture.recovery.archive import ADDRESS_KEY, DATABASE, FOLDERS, WEB_KEY, Bar, unpack
from nurture.recovery.database_facts import Facts, read_facts
from nurture.safeguards.restore_guard import guard
from nurture.settings import Settings
from nurture.storage.database import Database, Store
from nurture.storage.fsync import keep_on_disk
from nurture.storage.locks import night_lease, render_lease
from nurture.storage.process_lease import Holder, wall_clock
from nurture.storage.sql import texts

APPENDED = ("attempts", "spool")
"""Folders whose files only grow: of two versions the longer one holds the other."""


@dataclass(frozen=True)
class RestoreReport:
    """A finished restore. ``replaced`` is where lies what was in the way; ``keys`` says which keys must be brought."""

    file: Path
    made_at: datetime
    facts: Facts
    replaced: Path | None
    keys: tuple[str, ...]


def restore(
    settings: Settings, archive: Path, now: datetime, *, replacing: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> RestoreReport:  # fmt: skip
    """Bring a home back to what a backup holds.

    Raises:
        InputError: the archive is damaged or not ours, or there is a database and ``replacing`` is false.
        StoreBusy: somebody works in this home, or sends.
        NightBusy: somebody works on its nights.
        StoreError: the backup is of another business zone or a newer schema, or the disk fails.
    """
    with night_lease(settings.home, now), render_lease(settings.home), _staging(settings.home) as staged:
        if settings.paths.database.exists() and not replacing:
            raise InputError(
                f"{settings.paths.database}: there is a database already. Add --replace to move it aside, or set "
                "NURTURE_HOME to another folder. Nothing was changed."
            )
        manifest = unpack(archive, staged, Bar(progress))
        _prepare(settings, staged / DATABASE, manifest.facts, manifest.made_at, now)
        moving = _Moving(settings, staged, settings.home / f"replaced-{now.astimezone(UTC):%Y-%m-%dT%H%M%SZ}")
        try:
            keys = moving.move_in(manifest.facts, manifest.made_at, now)
        except OSError as error:
            raise StoreError(
                f"{settings.home}: {error.strerror or error}. Run the restore again, with --replace."
            ) from error
    return RestoreReport(archive, manifest.made_at, manifest.facts, moving.used, keys)


@contextmanager
def _staging(home: Path) -> Iterator[Path]:
    """A folder beside what will be replaced, on the same disk; what a killed restore left there goes."""
    staged = home / "restoring"
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(mode=0o700)
    try:
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _prepare(settings: Settings, path: Path, facts: Facts, made_at: datetime, now: datetime) -> None:
    """Open the database as it came out, migrate it if it is older, and put the guard up."""
    if not path.exists():
        raise InputError("There is no database in this backup. Take another one; nothing was changed.")
    with replace(Store.of(settings), path=path).open() as database:
        found = read_facts(database)
        if found.schema_version == facts.schema_version and found != facts:
            raise StoreError("The database in the backup does not hold what its manifest says. Take another one.")
        guard(database, made_at, now)
        database.run("CHECKPOINT")


@dataclass(frozen=True)
class _Moving:
    """Moves what was unpacked into a home. ``aside`` takes what is in the way."""

    settings: Settings
    staged: Path
    aside: Path

    @property
    def used(self) -> Path | None:
        """Where something was moved aside."""
        return self.aside if self.aside.exists() else None

    def move_in(self, facts: Facts, made_at: datetime, now: datetime) -> tuple[str, ...]:
        """The folders, the keys, and last the database, whose name is the moment at which the restore has happened."""
        if self.settings.paths.database.exists():
            self._close_the_old(made_at, now)
        for folder in FOLDERS:
            for path in sorted((self.staged / folder).rglob("*")):
                if path.is_file():
                    self._merge(path, self.settings.home / path.relative_to(self.staged), appended=folder in APPENDED)
        keys = tuple(filter(None, (self._key(*each) for each in self._keys(facts))))
        self._swap_database()
        return keys

    def _close_the_old(self, made_at: datetime, now: datetime) -> None:
        """Nobody may send from the old database any more, not even from where it will lie. One that cannot be opened
        is no hindrance: perhaps it is why there is a restore."""
        try:
            with Store.of(self.settings).open() as database:
                if senders := _senders(database):
                    raise StoreBusy(f"{senders} is sending. Stop it or wait a minute; nothing was changed.")
                guard(database, made_at, now)
                database.run("CHECKPOINT")
        except StoreBusy:
            raise
        except NurtureError:
            return

    def _merge(self, new: Path, to: Path, *, appended: bool) -> None:
        if to.exists():
            if filecmp.cmp(new, to, shallow=False) or (appended and to.stat().st_size >= new.stat().st_size):
                return
            self._put_aside(to)
        to.parent.mkdir(parents=True, exist_ok=True)
        os.replace(new, to)
        keep_on_disk(to.parent)

    def _put_aside(self, path: Path) -> None:
        there = self.aside / (
            path.relative_to(self.settings.home) if path.is_relative_to(self.settings.home) else path.name
        )
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, there)

    def _swap_database(self) -> None:
        """At every moment there is a database under the name: the old one or the new one."""
        path = self.settings.paths.database
        if path.exists():
            self.aside.mkdir(exist_ok=True)
            os.link(path, self.aside / DATABASE)
            if (log := path.with_name(f"{DATABASE}.wal")).exists():
                self._put_aside(log)
        os.replace(self.staged / DATABASE, path)
        keep_on_disk(path.parent)

    def _keys(self, facts: Facts) -> Iterator[tuple[str, Path, str | None, Callable[[bytes], str]]]:
        yield (
            ADDRESS_KEY,
            self.settings.paths.address_key_file,
            facts.address_key,
            lambda secret: AddressKey(secret).fingerprint,
        )
        yield WEB_KEY, self.settings.paths.web_key_file, facts.web_key, lambda secret: Tokens(secret, "").fingerprint

    def _key(self, name: str, path: Path, wanted: str | None, fingerprint: Callable[[bytes], str]) -> str:
        """Bring a key in if the archive has it and the home has not; what is wrong with it, in words."""
        if wanted is None or _is(path, wanted, fingerprint):
            return ""
        if _is(self.staged / name, wanted, fingerprint):
            if path.exists():
                self._put_aside(path)
            write_key(path, read_key(self.staged / name))
            return ""
        fault = "is another key than this database was made with" if path.exists() else "is missing"
        return f"{path} {fault} ({wanted}): bring it from where you keep your keys."


def _is(path: Path, wanted: str, fingerprint: Callable[[bytes], str]) -> bool:
    """Whether a file holds the key of this fingerprint."""
    try:
        return fingerprint(read_key(path)) == wanted
    except (FileNotFoundError, InputError):
        return False


def _senders(database: Database) -> str:
    """A process that holds messages and may still send them; empty: there is none."""
    rows = database.rows(f"""
        SELECT DISTINCT b.holder, b.lease_until, b.claimed_at FROM batch b
        JOIN message m ON m.batch_id = b.id AND m.state IN {texts(*IN_FLIGHT)}""")
    alive = [
        Holder.named(holder).pid
        for holder, lease_until, claimed_at in rows
        if not Holder.named(holder).lost(lease_until, claimed_at.replace(tzinfo=UTC), wall_clock())
    ]
    return f"process {alive[0]}" if alive else ""
