"""Nights and dispatches as Prefect runs them: the same ledger, honest states, and nothing personal told."""

import csv
import json
import os
import signal
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copytree
from threading import Thread
from time import sleep
from typing import Any

import psutil
import pytest
from prefect import State

from benchmarks.night import NIGHT as BIG_NIGHT
from benchmarks.night import make_company
from flows.dispatch_due import dispatch_due
from flows.journeys.product_trial import product_trial
from flows.nightly_nurture import nightly_nurture
from flows.server.prefect_server import PrefectHome
from nurture.night.run_night import run_night
from nurture.settings import read_settings
from nurture.storage.database import Store
from nurture.storage.locks import night_lease
from tests.support.prefect_server import ask, events, eventually, everything_prefect_knows, look, set_environment
from tests.support.sample_house import SAMPLE, copy_of

NIGHT = date(2026, 11, 20)
MOMENTS = {"closed_at", "moved_at", "seen_at", "since"}


@pytest.fixture(scope="module")
def home(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of(sample_home, tmp_path_factory.mktemp("flows") / "home")


@pytest.fixture(scope="module")
def night(home: Path, prefect_server: PrefectHome) -> State[Any]:
    """The night of the sample company, run once by its flow."""
    with pytest.MonkeyPatch.context() as patch:
        set_environment(home, prefect_server, patch.setenv)
        state: State[Any] = nightly_nurture(night=NIGHT, return_state=True)
        return state


@pytest.fixture(autouse=True)
def at_home(home: Path, prefect_server: PrefectHome, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test acts in this home, through this server."""
    set_environment(home, prefect_server, monkeypatch.setenv)


def ledger(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table, without the moments of the wall clock."""
    with Store(home / "nurture.duckdb").open() as database:
        names = [row[0] for row in database.rows("SELECT table_name FROM duckdb_tables() WHERE NOT temporary")]
        found = {}
        for name in names:
            columns = [row[0] for row in database.rows(f"SELECT column_name FROM (DESCRIBE {name})")]
            kept = ", ".join(f'"{column}"' for column in columns if column not in MOMENTS)
            found[name] = sorted(database.rows(f"SELECT {kept} FROM {name}"), key=repr)
        return found


def run_of(prefect: PrefectHome, state: State[Any]) -> dict[str, Any]:
    found: dict[str, Any] = look(prefect, f"flow_runs/{state.state_details.flow_run_id}")
    return found


def task_runs(prefect: PrefectHome, state: State[Any], at_least: int) -> dict[str, str]:
    """The task runs of a flow run by name, with their states."""
    wanted = {"id": {"any_": [str(state.state_details.flow_run_id)]}}

    def found() -> dict[str, str]:
        rows = ask(prefect, "task_runs/filter", flow_runs=wanted, limit=200)
        settled = {row["name"]: row["state_name"] for row in rows if row["state_type"] in ("COMPLETED", "FAILED")}
        return settled if len(settled) >= at_least else {}

    return eventually(found, 40)


def artifact(prefect: PrefectHome, key: str) -> Any:
    return eventually(lambda: ask(prefect, "artifacts/latest/filter", artifacts={"key": {"any_": [key]}}))[0]["data"]


def test_a_night_under_prefect_writes_what_the_engine_writes(
    night: State[Any], home: Path, sample_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = copy_of(sample_home, tmp_path / "plain")
    monkeypatch.setenv("NURTURE_HOME", str(plain))
    run_night(read_settings(), datetime.now(UTC), NIGHT)
    assert night.is_completed()
    assert ledger(home) == ledger(plain)


def test_its_run_is_called_by_its_night_and_its_tasks_by_what_they_do(
    night: State[Any], prefect_server: PrefectHome
) -> None:
    assert run_of(prefect_server, night)["name"] == "nightly-nurture 2026-11-20"
    found = task_runs(prefect_server, night, 16)
    walked = {
        f"{step} {each}" for step in ("leave", "enrol", "move") for each in ("product-trial", "renewal", "win-back")
    }
    around = {"reach the database", "take_in", "score", "choose", "fold_decisions", "render shard 1 of 1", "freeze"}
    assert set(found) == walked | around
    assert set(found.values()) == {"Completed"}


def test_its_tables_say_what_the_ledger_says(night: State[Any], home: Path, prefect_server: PrefectHome) -> None:
    places = artifact(prefect_server, "nurture-tonight")
    refusals = artifact(prefect_server, "nurture-refusals")
    with Store(home / "nurture.duckdb").open() as database:
        considered, planned = database.one("SELECT sum(considered)::INT, sum(planned)::INT FROM run")
        held = database.one("SELECT count(*) FROM decision WHERE verdict <> 'planned'")[0]
        standing = database.one("SELECT count(*) FROM enrolment WHERE left_on IS NULL")[0]
    rows = json.loads(places)
    assert (sum(row["considered"] for row in rows), sum(row["planned"] for row in rows)) == (considered, planned)
    assert sum(row["touches"] for row in json.loads(refusals)) == held
    funnel = [
        line.split("|") for line in artifact(prefect_server, "nurture-funnel").splitlines() if line.startswith("| ")
    ]
    assert sum(int(cells[3].replace(",", "")) for cells in funnel[1:]) == standing
    assert artifact(prefect_server, "nurture-rendering") == 100


def test_it_tells_once_that_it_is_complete_and_who_is_ready(
    night: State[Any], home: Path, prefect_server: PrefectHome
) -> None:
    again = nightly_nurture(night=NIGHT, return_state=True)
    assert (again.name, again.is_completed()) == ("ClosedBefore", True)
    (told,) = eventually(lambda: events(prefect_server, "nurture.night.completed"))
    with Store(home / "nurture.duckdb").open() as database:
        ready = {row[0] for row in database.rows("SELECT lead_id::VARCHAR FROM enrolment WHERE exit_reason = 'goal'")}
    leads = events(prefect_server, "nurture.lead.qualified")
    assert {each["resource"]["prefect.resource.id"].removeprefix("nurture.lead.") for each in leads} == ready
    assert told["payload"]["qualified"] == len(ready)


def test_a_dispatch_tells_what_went_out_and_where_to_look(
    night: State[Any], home: Path, prefect_server: PrefectHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NURTURE_GALLERY_URL", "http://127.0.0.1:4201")
    state = dispatch_due(return_state=True)
    with Store(home / "nurture.duckdb").open() as database:
        accepted = database.one("SELECT count(*) FROM message WHERE state = 'accepted'")[0]
    assert state.is_completed()
    if accepted:  # outside of the window of working days nothing is due
        assert f"{accepted} accepted" in (state.message or "")
        assert "http://127.0.0.1:4201/2026-11-20/index.html" in artifact(prefect_server, "nurture-gallery")


def test_nothing_that_prefect_keeps_is_personal(night: State[Any], prefect_server: PrefectHome) -> None:
    task_runs(prefect_server, night, 16)
    known = everything_prefect_knows(prefect_server)
    with (SAMPLE / "leads.csv").open(encoding="utf-8") as file:
        leads = list(csv.DictReader(file))[::3]  # searching for each of them takes seconds
    personal = {
        lead[field].encode() for lead in leads for field in ("name", "email", "mobile", "wecom_id") if lead[field]
    }
    assert len(personal) > 1_000
    assert [each for each in personal if len(each) > 5 and each in known] == []


@pytest.mark.slow
def test_a_dry_run_writes_nothing_and_shows_tables_of_its_own(
    night: State[Any], home: Path, prefect_server: PrefectHome
) -> None:
    before = ledger(home)
    state = product_trial(night=date(2026, 11, 21), dry_run=True, limit=500, return_state=True)
    assert state.is_completed()
    assert run_of(prefect_server, state)["name"] == "product-trial 2026-11-21 (dry run)"
    assert ledger(home) == before
    assert artifact(prefect_server, "nurture-tonight-dry-run")


def test_a_limit_is_for_looking_only(night: State[Any]) -> None:
    state = nightly_nurture(night=date(2026, 11, 21), limit=5, return_state=True)
    assert state.is_failed()
    assert "dry-run" in (state.message or "")


def test_a_second_night_at_once_is_cancelled_and_names_the_first(night: State[Any], home: Path) -> None:
    with night_lease(home, datetime(2026, 11, 21, tzinfo=UTC)):
        state = nightly_nurture(night=date(2026, 11, 21), return_state=True)
    assert state.is_cancelled()
    assert "already at work" in (state.message or "")


@pytest.mark.slow
def test_a_touch_that_is_halted_is_not_green(
    sample_home: Path, prefect_server: PrefectHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(copy_of(sample_home, tmp_path / "home"), prefect_server, monkeypatch.setenv)
    content = copytree("content", tmp_path / "content")
    for file in (content / "product-trial" / "awareness").glob("checklist.*.md"):
        file.write_text(
            file.read_text(encoding="utf-8").replace("{{ greeting }}", "{{ account.plan }}"), encoding="utf-8"
        )
    monkeypatch.setenv("NURTURE_CONTENT", str(content))
    state = nightly_nurture(night=NIGHT, return_state=True)
    assert (state.name, state.is_failed()) == ("Halted", True)
    assert "nurture resume touch product-trial/checklist" in (state.message or "")
    assert task_runs(prefect_server, state, 16)["freeze"] == "Failed"


@pytest.mark.slow
def test_a_renderer_that_is_killed_costs_a_second_try(
    prefect_server: PrefectHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_company(tmp_path / "home", 12_000)
    set_environment(tmp_path / "home", prefect_server, monkeypatch.setenv)

    def kill_one() -> None:
        while not (renderers := [each for each in psutil.Process().children() if "spawn_main" in str(each.cmdline())]):
            sleep(0.01)
        while all("contexts" in each.name for each in (tmp_path / "home" / "rendered").rglob("*.parquet")):
            sleep(0.01)
        os.kill(renderers[0].pid, signal.SIGKILL)

    killer = Thread(target=kill_one)
    killer.start()
    state = nightly_nurture(night=BIG_NIGHT, return_state=True)
    killer.join()
    assert state.is_completed(), state.message
    wanted = {"id": {"any_": [str(state.state_details.flow_run_id)]}}
    runs = eventually(lambda: ask(prefect_server, "task_runs/filter", flow_runs=wanted, limit=200))
    assert max(run["run_count"] for run in runs) == 2
    with Store(tmp_path / "home" / "nurture.duckdb").open() as database:
        assert database.one("SELECT count(*) FROM message WHERE payload_hash IS NOT NULL")[0] == 12_000
