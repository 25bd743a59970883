"""Pasting a command feels instant: none waits for what it does not need (``benchmarks/startup.py`` measures it)."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sample_house import ROOT, copy_of, environment

HEAVY = ("duckdb", "prefect", "pyarrow", "pydantic_settings", "sqlalchemy", "sqlmodel")


def loaded(home: Path, *words: str) -> set[str]:
    """Which heavy packages a command loads."""
    code = (
        f"import sys; sys.argv = {['nurture', *words]!r}\n"
        "from cli.main import app\n"
        "try:\n    app()\nexcept SystemExit:\n    pass\n"
        f"print('LOADED', *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(home), cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.rsplit("LOADED", 1)[1].split())


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    assert loaded(tmp_path, "--help") == set()
    assert loaded(tmp_path, "dispatch", "--help") == set()


@pytest.mark.parametrize("words", [["status"], ["explain", "L9001"]], ids=lambda words: words[0])
def test_a_look_loads_neither_prefect_nor_tables(sample_home: Path, tmp_path: Path, words: list[str]) -> None:
    home = copy_of(sample_home, tmp_path / "home")
    assert loaded(home, *words) == {"duckdb", "pydantic_settings", "sqlalchemy"}


def test_a_journeys_function_is_a_flow_where_prefect_is_and_when_it_is_asked_for() -> None:
    code = (
        "import sys\n"
        "from flows.journeys.win_back import win_back as later\n"
        "assert 'prefect' not in sys.modules and later.name == 'win-back'\n"
        "import prefect\n"
        "for name in ('flows.journeys.win_back', 'flows.journeys'): sys.modules.pop(name)\n"
        "from flows.journeys.win_back import win_back as at_once\n"
        "print(type(at_once).__name__, type(later.flow).__name__, later.description == at_once.description)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["Flow", "Flow", "True"], done.stderr
