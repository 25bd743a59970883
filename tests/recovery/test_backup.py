"""Backup and restore on real files: whole or not at all, and nothing that was there is lost."""

import gzip
import io
import os
import shutil
import signal
import stat
import tarfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from nurture.errors import InputError, NightBusy, StoreBusy, StoreError
from nurture.keys.address_hashes import open_address_key
from nurture.keys.signed_links import open_tokens
from nurture.recovery.restore import restore
from nurture.settings import Settings
from nurture.storage.database import Store
from nurture.storage.locks import night_lease
from tests.storage.test_database import hold_store, stop
from tests.support.counting_channel import CountingChannel, Waits
from tests.support.homes.due import FORKS, NOON, breaches, build, dispatch, start, started, store_of
from tests.support.homes.recovery import EVENING, MORNING, bring_back, copied, everything, query, save

LETTERS = 12
KILLED = -signal.SIGKILL


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night has closed, its letters are planned, and both keys are made."""
    home = build(tmp_path_factory.mktemp("built") / "home", LETTERS)
    with store_of(home).open() as database:
        open_address_key(database, Settings(home=home))
        open_tokens(database, Settings(home=home))
    return home


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Path:
    return copied(built, tmp_path / "home")


def members(file: Path) -> set[str]:
    with tarfile.open(file) as tar:
        return set(tar.getnames())


# -- there and back ----------------------------------------------------------------------------------------------------


def test_a_home_comes_back_as_it_was(home: Path, tmp_path: Path) -> None:
    dispatch(home, CountingChannel(home / "provider.log"))
    (home / "spool").mkdir()
    (home / "spool" / "000001.ndjson").write_text('{"id": "1"}\n')
    before, report = everything(home), save(home, EVENING)
    found = restore(Settings(home=tmp_path / "new"), report.file, EVENING)
    assert everything(tmp_path / "new") == before
    assert (found.facts.rows["message"], found.facts.newest_night, report.broken) == (LETTERS, NOON.date(), ())
    for file in [path for name in ("rendered", "attempts", "spool") for path in (home / name).rglob("*.*")]:
        assert (tmp_path / "new" / file.relative_to(home)).read_bytes() == file.read_bytes()
    assert breaches(tmp_path / "new") == []


def test_a_backup_is_for_its_owners_eyes_and_leaves_nothing_else_behind(home: Path) -> None:
    file = save(home).file
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["nurture-2026-11-09T010000Z.tar.gz"]
    assert breaches(home) == []


def test_keys_stay_out_and_a_home_without_them_says_which_it_needs(home: Path, tmp_path: Path) -> None:
    file = save(home).file
    content = gzip.decompress(file.read_bytes())
    for key in ("address.key", "web.key"):
        assert (home / key).read_text().strip().encode() not in content
    report = restore(Settings(home=tmp_path / "new"), file, EVENING)
    assert [fault.split(" (")[0] for fault in report.keys] == [
        f"{tmp_path / 'new' / key} is missing" for key in ("address.key", "web.key")
    ]


def test_keys_that_were_asked_for_come_back(home: Path, tmp_path: Path) -> None:
    file, new = save(home, with_keys=True).file, tmp_path / "new"
    new.mkdir()
    (new / "web.key").write_text("ab" * 32)
    report = restore(Settings(home=new), file, EVENING)
    assert report.keys == ()
    assert report.replaced is not None
    assert (report.replaced / "web.key").read_text() == "ab" * 32
    for key in ("address.key", "web.key"):
        assert (new / key).read_text() == (home / key).read_text()
        assert stat.S_IMODE((new / key).stat().st_mode) == 0o600


def test_the_outbox_and_what_is_half_written_are_left_out(home: Path) -> None:
    for name in ("outbox/2026-11-09/1.eml", "rendered/2026-11-09/1.contexts.parquet", "rendered/1.new", "preview/x"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("-")
    assert members(save(home).file) == {"manifest.json", "nurture.duckdb", "rendered/by-hand.parquet"}


def test_a_home_without_a_database_cannot_be_backed_up(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no database yet"):
        save(tmp_path / "nowhere")


# -- what is damaged is refused ----------------------------------------------------------------------------------------


def refused(home: Path, file: Path) -> None:
    before = (home / "nurture.duckdb").read_bytes()
    with pytest.raises(InputError, match=r"damaged|cut off"):
        bring_back(home, file)
    assert (home / "nurture.duckdb").read_bytes() == before
    assert [path.name for path in home.glob("re*") if path.is_dir()] == ["rendered"]


@pytest.mark.slow
def test_a_bit_that_turned_anywhere_is_found(home: Path) -> None:
    """But where nothing changes by it: in a run of zeros it is all the same from where they are copied."""
    whole = (file := save(home).file).read_bytes()
    random, found = Random(1), 0
    for place in [*random.sample(range(10, len(whole)), 40), *range(len(whole) - 60, len(whole), 6)]:
        turned = bytearray(whole)
        turned[place] ^= 1 << random.randrange(8)
        if unpacked(bytes(turned)) != unpacked(whole):
            file.write_bytes(turned)
            refused(home, file)
            found += 1
    assert found > 15


def unpacked(archive: bytes) -> bytes:
    try:
        return gzip.decompress(archive)
    except (OSError, EOFError, zlib.error):
        return b""


def test_an_archive_that_was_cut_off_is_refused(home: Path) -> None:
    whole = (file := save(home).file).read_bytes()
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 9, len(whole) - 1):
        file.write_bytes(whole[:length])
        refused(home, file)


@pytest.mark.parametrize("name", ["../evil", "/evil", "rendered/../../evil", "night.lease", "rendered"])
def test_nothing_is_written_outside_of_the_home(home: Path, name: str) -> None:
    file = home.parent / "made-up.tar.gz"
    with tarfile.open(file, "w:gz") as tar:
        info = tarfile.TarInfo(name)
        info.size = 1
        tar.addfile(info, io.BytesIO(b"x"))
    with pytest.raises(InputError, match="does not belong into it"):
        bring_back(home, file)
    assert not list(home.parent.rglob("evil"))


def test_a_backup_of_another_zone_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="NURTURE_ZONE"):
        restore(Settings(home=tmp_path / "new", zone="Europe/Berlin"), save(home).file, EVENING)
    assert not (tmp_path / "new" / "nurture.duckdb").exists()


# -- what is there is kept ---------------------------------------------------------------------------------------------


def test_a_home_with_a_database_is_left_alone_unless_asked(home: Path) -> None:
    file = save(home).file
    with pytest.raises(InputError, match="--replace"):
        restore(Settings(home=home), file, EVENING)
    assert query(home, "SELECT count(*) FROM meta WHERE name = 'restored_at'") == [(0,)]


@pytest.mark.slow
def test_what_was_there_is_moved_aside_and_can_send_nothing_either(home: Path) -> None:
    file = save(home).file
    dispatch(home, CountingChannel(home / "provider.log"))
    after = everything(home)
    report = bring_back(home, file)
    assert report.replaced is not None
    assert everything(report.replaced) == after
    assert query(home, "SELECT DISTINCT state FROM message") == [("planned",)]
    assert query(report.replaced, "SELECT count(*) FROM meta WHERE name = 'restored_at'") == [(1,)]


def test_a_database_that_nobody_can_open_any_more_is_moved_aside_as_well(home: Path) -> None:
    file = save(home).file
    (home / "nurture.duckdb").write_bytes(b"not a database")
    (home / "nurture.duckdb.wal").write_bytes(b"nor its log")
    report = bring_back(home, file)
    assert report.replaced is not None
    assert sorted(path.name for path in report.replaced.iterdir()) == ["nurture.duckdb", "nurture.duckdb.wal"]
    assert query(home, "SELECT count(*) FROM message") == [(LETTERS,)]


def test_newer_attempt_logs_and_the_outbox_stay_and_other_words_are_moved_aside(home: Path) -> None:
    log, words = home / "attempts" / "2026-11-09" / "b.ndjson", home / "rendered" / "by-hand.parquet"
    log.parent.mkdir(parents=True)
    log.write_text("one\n")
    file, frozen = save(home).file, words.read_bytes()
    log.write_text("one\ntwo\n")
    (log.parent / "c.ndjson").write_text("three\n")
    words.write_bytes(b"other words")
    (home / "outbox").mkdir()
    report = bring_back(home, file)
    assert (log.read_text(), (log.parent / "c.ndjson").read_text()) == ("one\ntwo\n", "three\n")
    assert (home / "outbox").is_dir()
    assert words.read_bytes() == frozen
    assert report.replaced is not None
    assert (report.replaced / "rendered" / "by-hand.parquet").read_bytes() == b"other words"


# -- who is at work ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_restore_waits_for_nobody_who_is_at_work(home: Path) -> None:
    file = save(home).file
    with night_lease(home, NOON), pytest.raises(NightBusy):
        bring_back(home, file)
    holder = hold_store(home / "nurture.duckdb")
    try:
        with pytest.raises(StoreBusy):
            restore(Settings(home=home, lock_wait=0.1), file, EVENING, replacing=True)
    finally:
        stop(holder)
    assert query(home, "SELECT count(*) FROM meta WHERE name = 'restored_at'") == [(0,)]


@pytest.mark.slow
def test_a_restore_is_refused_while_a_process_sends(home: Path) -> None:
    file, go_on = save(home).file, home / "go-on"
    child = start(home, CountingChannel(home / "provider.log", before=Waits(go_on)))
    while not started(home):
        assert child.is_alive()
        time.sleep(0.005)
    with pytest.raises(StoreBusy, match="is sending"):
        bring_back(home, file)
    go_on.touch()
    child.join()
    assert child.exitcode == 0
    bring_back(home, file)


def test_nobody_gets_at_the_database_while_it_is_copied(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing any handle of a file gives up a process's locks on it: another process must still find it locked."""
    seen: list[str] = []
    copy = shutil.copyfileobj

    def look(*files: object) -> None:
        copy(*files)  # type: ignore[arg-type]
        child = FORKS.Process(target=_open, args=(home,))
        child.start()
        child.join()
        seen.append("in" if child.exitcode == 0 else "out")

    monkeypatch.setattr(shutil, "copyfileobj", look)
    save(home)
    assert seen == ["out"]


def _open(home: Path) -> None:
    with Store(home / "nurture.duckdb", lock_wait=0).open():
        pass


# -- kill -9 -----------------------------------------------------------------------------------------------------------


def _die_after(work: Callable[..., object], home: Path, pieces: int) -> None:
    def progress(done: int, of: int) -> None:
        nonlocal pieces
        pieces -= 1
        if not pieces:
            os.kill(os.getpid(), signal.SIGKILL)

    work(home, progress)


def _save(home: Path, progress: Callable[[int, int], None]) -> None:
    save(home, progress=progress)


def _restore(home: Path, progress: Callable[[int, int], None]) -> None:
    file = next((home.parent / "backups").glob("*.gz"))
    restore(Settings(home=home), file, EVENING, replacing=True, progress=progress)


def killed(work: Callable[..., object], home: Path, pieces: int) -> None:
    child = FORKS.Process(target=_die_after, args=(work, home, pieces))
    child.start()
    child.join()
    assert child.exitcode == KILLED


@pytest.mark.slow
@pytest.mark.parametrize("pieces", [1, 40, 150])
def test_a_killed_backup_leaves_no_file_and_the_next_one_clears_up(home: Path, pieces: int) -> None:
    killed(_save, home, pieces)
    assert [path.name[:16] for path in (home.parent / "backups").iterdir()] == [".nurture-backup-"]
    file = save(home).file
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.slow
@pytest.mark.parametrize("pieces", [1, 5])
def test_a_killed_restore_leaves_the_home_as_it_was(home: Path, pieces: int) -> None:
    save(home, MORNING)
    before = everything(home)
    killed(_restore, home, pieces)
    assert everything(home) == before
    assert query(home, "SELECT count(*) FROM meta WHERE name = 'restored_at'") == [(0,)]
    bring_back(home, next((home.parent / "backups").glob("*.gz")))
    assert not (home / "restoring").exists()
