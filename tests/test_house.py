"""The house keeps its order: imports point one way, files stay small, every name on the outside is documented."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nurture.settings import Settings

ROOT = Path(__file__).parent.parent
LAYERS = {"models": 0, "nurture": 1, "tasks": 2, "flows": 3}
SOURCES = sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))
IDS = [str(path.relative_to(ROOT)) for path in SOURCES]


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_imports_point_one_way(path: Path) -> None:
    layer = LAYERS[path.relative_to(ROOT).parts[0]]
    above = {name for name, height in LAYERS.items() if height > layer}
    assert not imported(path) & above


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_only_flows_and_tasks_know_prefect(path: Path) -> None:
    assert path.relative_to(ROOT).parts[0] in ("flows", "tasks") or "prefect" not in imported(path)


def test_models_lean_on_sqlmodel_alone() -> None:
    allowed = {"models", "sqlmodel", "sqlalchemy"} | set(sys.stdlib_module_names)
    for path in (ROOT / "models").rglob("*.py"):
        assert imported(path) <= allowed, path


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_files_stay_under_three_hundred_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 300


def test_importing_everything_writes_nothing_and_opens_no_database(tmp_path: Path) -> None:
    everything = "nurture.night, nurture.intake, nurture.explaining, nurture.auditing, flows.cli"
    code = f"import {everything}, sys; print('prefect' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert run.stderr == ""
    assert run.stdout == "False\n"
    assert list(tmp_path.iterdir()) == []


def test_every_setting_says_what_it_is_for() -> None:
    for name, field in Settings.model_fields.items():
        assert (field.description or "").endswith("."), name


AT_THE_BORDER = {
    "store.py",
    "lease.py",
    "settings.py",
    "keyfile.py",
    "holder.py",
    "attempts.py",
    "spool.py",
    "letters.py",
}
"""The only modules of the core that may wait, name a process, read the environment or make a secret."""


@pytest.mark.parametrize("path", sorted((ROOT / "nurture").glob("*.py")), ids=lambda path: path.name)
def test_no_clock_no_environment_and_no_chance_in_a_decision(path: Path) -> None:
    if path.name not in AT_THE_BORDER:
        assert not re.search(r"\.(now|today|utcnow)\(", path.read_text())
        assert not imported(path) & {"time", "os", "random", "secrets", "uuid1", "socket"}


def test_the_clock_guard_sees_a_clock() -> None:
    assert re.search(r"\.(now|today|utcnow)\(", "datetime.now(UTC)")
