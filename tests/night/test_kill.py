"""kill -9 at any moment, then run again: the audit is clean and the tables are those of an undisturbed run."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest

from nurture.audit.night_checks import audit
from nurture.journey.playbook import Playbook, read_playbook
from nurture.settings import Settings
from nurture.storage.database import Store
from tests.storage.test_database import start_holder, stop
from tests.support.sample_house import ROOT, copy_of, environment, nurture

NIGHTS = [date(2026, 10, day) for day in (12, 13, 14)]
NOW = datetime(2026, 10, 14, 2, tzinfo=UTC)
CHILD = (
    f"""
from datetime import UTC, date, datetime
from nurture.night.run_night import run_night
from nurture.journey.playbook import read_playbook
from nurture.settings import Settings
read_playbook(Settings())
print("ready", flush=True)
for night in {NIGHTS!r}:
    run_night(Settings(), {NOW!r}, night)
print("done", flush=True)
""".replace("datetime.date", "date")
    .replace("datetime.datetime", "datetime")
    .replace("datetime.timezone.utc", "UTC")
)


@dataclass(frozen=True)
class Undisturbed:
    """What a run that nobody killed leaves, and how long it took after its imports."""

    tables: dict[str, list[str]]
    seconds: float


def start(home: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], env=environment(home), cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def finish(home: Path) -> float:
    child = start(home)
    began = time.monotonic()
    out, _ = child.communicate()
    assert out == "done\n"
    return time.monotonic() - began


def tables(home: Path) -> dict[str, list[str]]:
    with Store(home / "nurture.duckdb").open() as database:
        names = [row[0] for row in database.rows("SELECT table_name FROM duckdb_tables() WHERE NOT temporary")]
        return {name: sorted(map(repr, database.rows(f"SELECT * FROM {name}"))) for name in names}


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return read_playbook(Settings())


@pytest.fixture(scope="module")
def undisturbed(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    home = copy_of(sample_home, tmp_path_factory.mktemp("undisturbed") / "home")
    seconds = finish(home)
    return Undisturbed(tables(home), seconds)


def moments() -> Iterator[object]:
    """Thirty moments, spread over the whole run."""
    random = Random(20261012)
    for number in range(30):
        share = (number * 7 % 30 + random.random()) / 30
        yield pytest.param(share, id=f"{share:.3f}")


@pytest.mark.slow
@pytest.mark.parametrize("share", list(moments()))
def test_a_killed_night_ends_like_an_undisturbed_one(
    sample_home: Path, undisturbed: Undisturbed, playbook: Playbook, tmp_path: Path, share: float
) -> None:
    home = copy_of(sample_home, tmp_path / "home")
    child = start(home)
    time.sleep(share * undisturbed.seconds)
    child.kill()
    child.communicate()
    finish(home)
    with Store(home / "nurture.duckdb").open() as database:
        assert [finding for finding in audit(database) if finding.breaches] == []
    assert tables(home) == undisturbed.tables


@pytest.mark.slow
def test_two_nights_at_once_one_works_and_the_other_names_it(sample_home: Path, tmp_path: Path) -> None:
    home = copy_of(sample_home, tmp_path / "home")
    imports = "from datetime import datetime, UTC\nfrom nurture.storage.locks import night_lease"
    worker = start_holder(imports, f"night_lease(Path({str(home)!r}), datetime(2026, 10, 12, tzinfo=UTC))")
    try:
        other = nurture(home, "run", "--night", "2026-10-12")
    finally:
        stop(worker)
    assert other.returncode == 0, other.stderr
    assert f"process {worker.pid} on " in other.stdout


@pytest.mark.slow
def test_two_commands_started_together_both_end_well(sample_home: Path, tmp_path: Path) -> None:
    home = copy_of(sample_home, tmp_path / "home")
    command = [sys.executable, "-m", "cli.main", "run", "--night", "2026-10-12"]
    both = [
        subprocess.Popen(
            command, env=environment(home), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(2)
    ]
    told = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    with Store(home / "nurture.duckdb").open() as database:
        assert database.one("SELECT count(*) FROM run WHERE step = 'fold_decisions'") == (1,)
