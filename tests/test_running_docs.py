"""What the guides to running say exists: commands, options, settings, files, states, ports."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from cli.main import app
from flows.server.deployments import read_deployments
from nurture.settings import Settings

GUIDES = [Path("docs/running.md"), Path("docs/running.zh-CN.md")]
DEPLOY = [path for path in sorted(Path("deploy").iterdir()) if path.is_file() and path.suffix != ".pyc"]
TEXTS = [*GUIDES, *DEPLOY]
COMMANDS = get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", TEXTS, ids=str)
def test_every_command_that_is_named_exists(path: Path) -> None:
    named = re.findall(r"(?:`|bin/|^)nurture ([a-z][a-z-]+)((?: --[a-z-]+)*)", path.read_text(), re.MULTILINE)
    for command, options in named:
        assert command in COMMANDS, command
        known = {option for each in COMMANDS[command].params for option in each.opts}
        assert set(options.split()) <= known, command


@pytest.mark.parametrize("path", TEXTS, ids=str)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"NURTURE_([A-Z_]+[A-Z])", path.read_text()))
    assert named <= {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("path", GUIDES, ids=str)
def test_every_deployment_and_state_is_named(path: Path) -> None:
    text = path.read_text()
    ours = {each.name for each in read_deployments()} - {"product-trial", "renewal", "win-back"}
    assert {name for name in ours if f"`{name}`" not in text} == set()
    code = "".join(file.read_text() for file in Path("flows").glob("*.py"))
    states = set(re.findall(r'name="([A-Z][A-Za-z]+)"', code))
    assert {state for state in states if state not in text} == set()


def test_every_file_for_deployment_is_told_of() -> None:
    told = GUIDES[0].read_text()
    assert [path.name for path in DEPLOY if path.name not in told and path.name != ".dockerignore"] == []


def test_the_ports_are_those_of_the_command() -> None:
    defaults = {option.name: option.default for option in COMMANDS["up"].params if option.name.endswith("port")}
    for path in GUIDES:
        assert {f"127.0.0.1:{port}" for port in defaults.values()} <= set(
            re.findall(r"127\.0\.0\.1:\d+", path.read_text())
        )


@pytest.mark.parametrize("unit", [path for path in DEPLOY if path.suffix in (".service", ".timer")], ids=str)
def test_every_unit_is_one_that_systemd_understands(unit: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd here")
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert "Unknown" not in done.stderr


def test_the_shell_script_can_be_read_by_a_shell() -> None:
    subprocess.run(["sh", "-n", "deploy/nurture.sh"], check=True)
