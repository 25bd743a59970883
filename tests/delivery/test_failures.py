"""Failures that we hold ourselves to, with their numbers in ``docs/failures.md``: full disks (31, 32), files (34)."""

import os
import resource
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb
import pytest

from nurture.channels.envelope import Envelope
from nurture.errors import NurtureError, SchemaError, StoreError
from nurture.storage.migrations import migrations
from tests.support.counting_channel import CountingChannel, Dies, accepted_by
from tests.support.homes.due import FORKS, build, dispatch, freeze_by_hand, lines, prove_all_went_once, states, store_of
from tests.support.small import one_in

LETTERS = 10


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built") / "home", LETTERS)


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Path:
    """A home of this test's own with ten letters due: two handfuls of five."""
    return Path(shutil.copytree(built, tmp_path / "home"))


@pytest.fixture
def log(home: Path) -> Path:
    return home / "provider.log"


# -- the disk is full: a limit on file sizes makes every write beyond it fail, as a full disk would --------------------


def limit_files(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@dataclass
class FillsTheDisk:
    """After the n-th letter the files of attempts can grow by so many bytes more, and no other file beyond that."""

    attempts: Path
    nth: int
    left: int = 0

    def __call__(self, envelope: Envelope) -> None:
        self.nth -= 1
        if not self.nth:
            limit_files(max(path.stat().st_size for path in self.attempts.rglob("*.ndjson")) + self.left)


def dispatch_and_tell(home: Path, channel: CountingChannel, limit: int | None, told: Connection) -> None:
    """What a process does that dispatches: errors of ours in one line, everything else as a traceback."""
    os.dup2(told.fileno(), 2)
    if limit is not None:
        limit_files(limit)
    try:
        dispatch(home, channel)
    except NurtureError as error:
        os.write(2, f"{type(error).__name__}: {error}".encode())


def told_by(home: Path, channel: CountingChannel, limit: int | None = None) -> str:
    """What a dispatching process wrote on stderr."""
    ours, theirs = FORKS.Pipe(duplex=False)
    child = FORKS.Process(target=dispatch_and_tell, args=(home, channel, limit, theirs), daemon=True)
    child.start()
    theirs.close()
    child.join()
    with open(ours.fileno(), closefd=False) as pipe:
        return pipe.read()


@pytest.mark.parametrize("limit", one_in(2, [1500, 0]), ids=["half of the commit", "nothing can be written"])
def test_31_disk_full_during_the_claim_and_the_channel_is_not_called(home: Path, log: Path, limit: int) -> None:
    told = told_by(home, CountingChannel(log, before=Dies(1)), limit)
    assert (accepted_by(log), lines(home), states(home)) == ([], [], Counter(planned=LETTERS))
    dispatch(home, CountingChannel(log))
    prove_all_went_once(home, LETTERS)
    assert told.startswith("StoreError: ")
    assert str(home / "nurture.duckdb") in told


def test_31_no_line_on_disk_no_letter(home: Path, log: Path) -> None:
    (home / "attempts").write_text("this is not a folder")
    report = dispatch(home, channel := CountingChannel(log))
    assert (channel.handed, report.healthy, states(home)) == ([], False, Counter(planned=LETTERS))
    assert str(home / "attempts") in report.broken[0]
    (home / "attempts").unlink()
    dispatch(home, CountingChannel(log))
    prove_all_went_once(home, LETTERS)


@pytest.mark.parametrize("left", [0, 200], ids=["no line", "a line and a torn one"])
def test_32_disk_full_between_acceptance_and_the_answer_line(home: Path, log: Path, left: int) -> None:
    told = told_by(home, CountingChannel(log, after=FillsTheDisk(home / "attempts", 10, left)))
    last = accepted_by(log)[5:]
    assert [f"message {each}: accepted p-{each}, not written down" in told for each in last] == [True] * 5
    assert "StoreError: " in told
    assert "run `nurture dispatch` again" in told
    report = dispatch(home, channel := CountingChannel(log))
    assert (report.swept, channel.handed) == (LETTERS, [])
    assert report.resolved + sum("fate" in line for line in lines(home)) == LETTERS
    prove_all_went_once(home, LETTERS)


def test_32_disk_full_when_the_answers_are_recorded(home: Path, log: Path) -> None:
    told = told_by(home, CountingChannel(log, after=FillsTheDisk(home / "attempts", 10, 700)))
    assert (states(home), len(accepted_by(log))) == (Counter(claimed=LETTERS), LETTERS)
    report = dispatch(home, channel := CountingChannel(log))
    assert (report.swept, report.resolved, channel.handed) == (LETTERS, 0, [])
    prove_all_went_once(home, LETTERS)
    assert told.startswith("StoreError: ")


# -- the database is not what it was -----------------------------------------------------------------------------------


def place_of_the_states(path: Path) -> int:
    """Where in the file the states of messages lie: it opens without them, and its first reader falls over the gap."""
    with duckdb.connect(str(path)) as connection:
        found = connection.execute("SELECT block_id FROM pragma_storage_info('message') WHERE column_name = 'state'")
        block = next(row[0] for row in found.fetchall() if row[0] >= 0)
    return int(3 * 4096 + block * 256 * 1024 + 64)


def cut(share: float) -> Callable[[Path], None]:
    return lambda path: os.truncate(path, int(path.stat().st_size * share))


def cut_at_the_states(path: Path) -> None:
    os.truncate(path, place_of_the_states(path))


def spoil(path: Path, place: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(b"\xff" * 64)


def spoil_the_header(path: Path) -> None:
    spoil(path, 4096 + 16)


def spoil_the_states(path: Path) -> None:
    spoil(path, place_of_the_states(path))


@pytest.mark.parametrize(
    "damage", [cut(0), cut(0.001), cut(0.5), cut_at_the_states, spoil_the_header, spoil_the_states]
)
def test_34_a_damaged_database_is_refused_with_what_to_do(
    home: Path, log: Path, damage: Callable[[Path], None]
) -> None:
    path = home / "nurture.duckdb"
    damage(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"nurture\.duckdb: .*restore a backup"):
        dispatch(home, CountingChannel(log))
    assert (accepted_by(log), path.read_bytes() == before) == ([], True)


def test_34_a_database_that_is_gone_is_not_made_again(home: Path, log: Path) -> None:
    (home / "nurture.duckdb").unlink()
    with pytest.raises(StoreError, match="no database yet"):
        dispatch(home, CountingChannel(log))
    assert not (home / "nurture.duckdb").exists()


def test_34_a_database_of_a_newer_version_is_refused(home: Path, log: Path) -> None:
    with store_of(home).open() as database:
        database.run("UPDATE meta SET value = '999' WHERE name = 'schema'")
    with pytest.raises(SchemaError, match=r"schema 999.*Update Nurture"):
        dispatch(home, CountingChannel(log))
    assert accepted_by(log) == []


def as_the_first_version_wrote_it(home: Path) -> None:
    """The same rows in a file of schema 1."""
    path, newer = home / "nurture.duckdb", home / "newer.duckdb"
    path.rename(newer)
    with duckdb.connect(str(path)) as connection:
        connection.execute(migrations()[1])
        connection.execute(f"ATTACH '{newer}' AS newer (READ_ONLY)")
        tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'nurture'").fetchall()
        for (table,) in tables:
            names = ", ".join(row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall())
            connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM newer.{table}")
        connection.execute("UPDATE meta SET value = '1' WHERE name = 'schema'")
    newer.unlink()


def test_34_a_database_of_the_first_version_is_brought_up_to_date_and_sends(home: Path, log: Path) -> None:
    as_the_first_version_wrote_it(home)
    assert states(home) == Counter(planned=LETTERS)
    assert dispatch(home, CountingChannel(log)).sent == Counter()  # nothing has its words yet
    with store_of(home).open() as database:
        freeze_by_hand(database, home / "rendered")
    dispatch(home, CountingChannel(log))
    prove_all_went_once(home, LETTERS)
