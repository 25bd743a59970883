"""`nurture up`: all of it or nothing of it, and whatever is killed in the middle is finished by the next run, once."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from nurture.audit.night_checks import audit
from nurture.settings import Settings
from nurture.storage.database import Store
from tests.support.nurture_up import (
    LETTERS,
    SETTLED_WITHIN,
    STOPS_WITHIN,
    Bell,
    Up,
    delivered,
    listening_for_alarms,
    move_in,
    processes_of,
    processes_of_run,
    started,
    surroundings,
)
from tests.support.prefect_server import ask, eventually
from tests.support.sample_house import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.alone]


@pytest.fixture(scope="module")
def bell() -> Iterator[Bell]:
    with listening_for_alarms() as bell:
        yield bell


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, bell: Bell) -> Iterator[Up]:
    home = move_in(tmp_path_factory.mktemp("up") / "home")
    with started(home, bell.address) as running:
        yield running


def kill(up: Up, run: str) -> None:
    """kill -9 of the worker and of the process that does the work of a run."""
    for process in (up.worker(), *processes_of_run(up, run)):
        process.send_signal(signal.SIGKILL)


def prove_settled(up: Up, bell: Bell, name: str, run: str) -> None:
    """The UI says that it crashed, its place is free, the worker is back, and somebody was told."""
    assert up.ended(run, SETTLED_WITHIN)["state_type"] == "CRASHED"
    eventually(lambda: up.places_taken(name) == 0, SETTLED_WITHIN)
    eventually(lambda: "Worker runs again." in up.said, SETTLED_WITHIN)
    eventually(lambda: any(up.run(run)["name"] in title for title in bell.told), SETTLED_WITHIN)


def test_everything_answers_and_the_schedules_are_set(up: Up) -> None:
    for url in (f"{up.prefect.url}/api/health", f"http://127.0.0.1:{up.web}/healthz", f"http://127.0.0.1:{up.gallery}"):
        assert httpx.get(url, follow_redirects=True).status_code < 500, url  # an empty outbox is 404
    eventually(lambda: ask(up.prefect, "flow_runs/filter", flow_runs={"state": {"type": {"any_": ["SCHEDULED"]}}}), 60)
    names = {each["name"] for each in ask(up.prefect, "deployments/filter")}
    assert names == {"nightly", "dispatch", "approve", "product-trial", "renewal", "win-back", "alarm"}
    assert len(ask(up.prefect, "automations/filter")) == 4


def test_a_second_up_says_who_runs_and_harms_nothing(up: Up) -> None:
    command = [sys.executable, "-m", "cli.main", "up", "--port", "1", "--gallery-port", "2", "--web-port", "3"]
    done = subprocess.run(command, cwd=ROOT, env=surroundings(up.home), capture_output=True, text=True, check=False)
    assert (done.returncode, str(up.process.pid) in done.stdout, up.prefect.url in done.stdout) == (0, True, True)
    assert up.process.poll() is None


def test_a_night_that_is_killed_is_finished_by_the_next_and_of_two_at_once_one_runs(up: Up, bell: Bell) -> None:
    first = up.trigger("nightly")
    eventually(lambda: up.run(first)["state_type"] == "RUNNING" and processes_of_run(up, first), 60)
    kill(up, first)
    prove_settled(up, bell, "nightly", first)
    both = [up.trigger("nightly") for _ in range(2)]
    states = sorted(up.ended(run)["state_type"] for run in both)
    assert states == ["CANCELLED", "COMPLETED"]
    with Store.of(Settings(home=up.home)).open() as database:
        assert database.one("SELECT count(*) FROM message WHERE payload_hash IS NOT NULL")[0] == LETTERS


def test_a_dispatch_that_is_killed_is_finished_by_the_next_and_nothing_goes_twice(up: Up, bell: Bell) -> None:
    first = up.trigger("dispatch")
    eventually(lambda: delivered(up.home) > 100, 120)
    kill(up, first)
    prove_settled(up, bell, "dispatch", first)
    assert 100 < delivered(up.home) < LETTERS
    assert up.ended(up.trigger("dispatch"), 240)["state_type"] == "COMPLETED"
    assert delivered(up.home) == LETTERS
    with Store.of(Settings(home=up.home)).open() as database:
        assert database.rows("SELECT state, count(*) FROM message GROUP BY state") == [("accepted", LETTERS)]
        assert [found.promise for found in audit(database, up.home / "rendered") if found.breaches] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_it_leaves_no_process_behind(tmp_path: Path, number: signal.Signals) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with Store.of(Settings(home=home)).open(create=True):
        pass
    with started(home) as running:
        assert len(processes_of(home)) > 3
        os.kill(running.process.pid, number)
        running.process.wait(STOPS_WITHIN)
        eventually(lambda: not processes_of(home), 20)
