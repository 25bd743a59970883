"""The benchmark compares like with like: both sides write the same rows, and a side that does not is caught."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import decide
from benchmarks.generate import generate
from nurture.storage.database import Store


@pytest.mark.slow
def test_engine_and_floor_write_the_same_rows() -> None:
    command = [sys.executable, "-m", "benchmarks.decide", "--leads", "3000", "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    measured = json.loads(done.stdout)
    assert measured["rows"]["message"] > 500
    assert measured["rows"]["lead"] == 3000


@pytest.mark.slow
def test_a_night_counts_only_what_was_accepted_with_the_words_that_were_frozen() -> None:
    command = [sys.executable, "-m", "benchmarks.night", "--messages", "300"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    measured = json.loads(done.stdout)
    assert measured["messages"] == 300
    assert measured["bytes"].keys() == {"database", "rendered", "attempts"}
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_webhook_benchmark_counts_what_lies_on_disk() -> None:
    command = [sys.executable, "-m", "benchmarks.webhook", "--events", "1050", "--callers", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["events"] == 1050, done.stderr


@pytest.mark.slow
@pytest.mark.alone
def test_commands_start_in_a_few_times_what_importing_the_database_takes() -> None:
    command = [sys.executable, "-m", "benchmarks.startup", "--rounds", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    ratio = json.loads(done.stdout)["ratio"]
    assert ratio["help"] < 4
    assert max(ratio["status"], ratio["explain"]) < 12


@pytest.mark.slow
def test_a_night_under_prefect_sends_what_the_engine_alone_sends() -> None:
    command = [sys.executable, "-m", "benchmarks.prefect_night", "--messages", "200", "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 0 < json.loads(done.stdout)["task_runs"] <= 200


def test_a_difference_between_the_sides_is_caught(tmp_path: Path) -> None:
    files = [tmp_path / "engine.duckdb", tmp_path / "floor.duckdb"]
    for file in files:
        generate(file, 50)
    assert decide.equal_rows(*files)["lead"] == 50
    with Store(files[1]).open() as database:
        database.run("UPDATE lead SET depth = depth + 0.001 WHERE external_id = 'L7'")
    with pytest.raises(SystemExit, match="lead: 2 rows differ"):
        decide.equal_rows(*files)


def test_the_generator_makes_the_same_company_from_the_same_seed(tmp_path: Path) -> None:
    files = [tmp_path / "one.duckdb", tmp_path / "two.duckdb"]
    for file in files:
        generate(file, 100, seed=3)
    rows = []
    for file in files:
        with Store(file).open() as database:
            rows.append(sorted(database.rows("SELECT key, kind, occurred_at FROM interaction")))
    assert rows[0] == rows[1]
    assert len(rows[0]) == 1000


@pytest.mark.slow
def test_the_dispatch_benchmark_counts_what_the_server_accepted_once() -> None:
    command = [sys.executable, "-m", "benchmarks.dispatch", "--messages", "120", "--latency-ms", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    measured = json.loads(done.stdout)
    assert (measured["messages"], measured["ratio"], done.returncode) == (120, None, 0)
