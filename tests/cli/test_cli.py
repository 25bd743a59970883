"""The command as a person meets it: what it says, what it ends with, and that help teaches."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.main import get_command

from cli.main import app, main
from cli.views import night as show
from nurture.settings import Settings
from tests.support.sample_house import ROOT, SAMPLE, copy_of, environment
from tests.support.sample_house import nurture as nurture_process

NIGHT = "2026-10-12"


@dataclass(frozen=True)
class Answer:
    """What a person sees of a command."""

    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Answer]


@pytest.fixture(scope="module")
def home(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company after one night, closed by a process of its own."""
    made = copy_of(sample_home, tmp_path_factory.mktemp("cli") / "home")
    done = nurture_process(made, "run", "--night", NIGHT)
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture
def nurture(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command inside this process: a new one would import Prefect each time."""

    def run(at: Path, *words: str) -> Answer:
        monkeypatch.setenv("NURTURE_HOME", str(at))
        monkeypatch.chdir(ROOT)
        monkeypatch.setattr(sys, "argv", ["nurture", *words])
        monkeypatch.setattr(show.out, "width", 120)
        with pytest.raises(SystemExit) as ended:
            main()
        seen = capsys.readouterr()
        return Answer(int(ended.value.code or 0), seen.out, seen.err)

    return run


def test_every_command_and_option_teaches() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert set(commands) == {"import", "run", "status", "explain", "audit", "check", "settings"} | {
        "dispatch", "preview", "hold", "release", "cancel", "resend", "pause", "resume",
        "backup", "restore", "reconcile", "up", "demo", "serve", "spool", "approve", "send-test", "stop", "go",
        "doctor",
    }  # fmt: skip
    for name, command in {**commands, **commands["doctor"].commands}.items():
        assert len(command.help) > 40, name
        for option in command.params:
            assert option.help, f"{name} {option.name}"


def test_help_needs_no_database(tmp_path: Path) -> None:
    done = nurture_process(tmp_path, "--help")
    assert done.returncode == 0
    assert "nurture import staff" in done.stdout


def test_a_night_on_the_command_line_tells_what_it_did(nurture: Command, home: Path) -> None:
    again = nurture(home, "run", "--night", NIGHT)
    assert again.returncode == 0
    assert "closed before" in again.stdout
    assert "product-trial" in again.stdout


def test_the_answer_as_json_adds_up(nurture: Command, home: Path) -> None:
    report = json.loads(nurture(home, "run", "--night", "2026-10-13", "--dry-run", "--json").stdout)
    assert report["dry_run"] is True
    for line in report["journeys"]:
        counts = line["counts"]
        parts = ("planned", "postponed", "refused", "superseded")
        assert counts["considered"] == sum(counts[part] for part in parts)


def test_without_the_address_key_no_night_runs(nurture: Command, home: Path, tmp_path: Path) -> None:
    locked_out = copy_of(home, tmp_path / "locked-out")
    (locked_out / "address.key").unlink()
    done = nurture(locked_out, "run", "--night", "2026-10-13")
    assert done.returncode == 2
    assert "Restore it from your backup" in done.stderr


def test_an_earlier_night_is_bad_usage(nurture: Command, home: Path) -> None:
    done = nurture(home, "run", "--night", "2026-10-01")
    assert done.returncode == 2
    assert "only move forward" in done.stderr


def test_a_limit_without_a_dry_run_is_bad_usage(nurture: Command, home: Path) -> None:
    done = nurture(home, "run", "--limit", "10")
    assert done.returncode == 2
    assert "--dry-run" in done.stderr


def test_explain_tells_a_leads_whole_story_in_both_languages(nurture: Command, home: Path) -> None:
    rows = json.loads(nurture(home, "explain", "--night", NIGHT, "--touch", "checklist", "--json").stdout)
    planned = next(row for row in rows if row["verdict"] == "planned")
    name = planned["examples"][0]
    story = nurture(home, "explain", name)
    assert story.returncode == 0, story.stderr
    for words in ("Interaction depth", "checklist", "awareness", "Next", "not yet", "leaves the journey as dormant"):
        assert words in story.stdout, words
    assert "互动深度不低于 5" in nurture(home, "explain", name, "--language", "zh").stdout


def test_explain_finds_a_lead_by_address_and_shows_none(nurture: Command, home: Path) -> None:
    lines = (SAMPLE / "leads.csv").read_text(encoding="utf-8").splitlines()
    columns = lines[0].split(",")
    lead = next(
        dict(zip(columns, line.split(","), strict=True)) for line in lines[1:] if "@" in line and "info@" not in line
    )
    by_address, by_id = (nurture(home, "explain", lead[column]).stdout for column in ("email", "id"))
    assert by_address == by_id
    assert lead["name"] not in by_id
    assert lead["email"] not in by_id


@pytest.mark.parametrize(
    "words",
    [
        ("explain",),
        ("explain", "nobody@nowhere.example"),
        ("explain", "--night", NIGHT, "--touch", "no-such-touch"),
        ("explain", "--touch", "checklist"),
        ("import", "leeds", "x.csv"),
        ("import", "leads", "no-such-file.csv"),
        ("run", "--journey", "no-such-journey"),
        ("run", "--night", "yesterday"),
        ("frobnicate",),
    ],
)
def test_bad_usage_ends_with_two_and_a_message_without_a_traceback(
    nurture: Command, home: Path, words: tuple[str, ...]
) -> None:
    done = nurture(home, *words)
    assert done.returncode == 2, done.stdout
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr + done.stdout


def test_status_tells_who_stands_where(nurture: Command, home: Path) -> None:
    done = nurture(home, "status", "--now", f"{NIGHT} 09:00")
    assert done.returncode == 0
    assert f"Newest night: {NIGHT}" in done.stdout
    assert "2,000 leads in 300 accounts" in done.stdout


@pytest.mark.parametrize(
    ("now", "trouble"),
    [
        (f"{NIGHT} 02:59", ""),
        (f"{NIGHT} 23:59", ""),
        ("2026-10-13 02:59", ""),
        ("2026-10-13 03:00", "Night 2026-10-13 is missing"),
    ],
)
def test_status_ends_with_one_when_last_night_is_missing(nurture: Command, home: Path, now: str, trouble: str) -> None:
    done = nurture(home, "status", "--now", now)
    assert done.returncode == (1 if trouble else 0)
    assert trouble in done.stdout


@pytest.mark.parametrize(
    ("lost", "trouble"),
    [("step = 'fold_decisions'", "failed"), ("step = 'render'", "texts are not rendered")],
)
def test_status_ends_with_one_when_last_night_failed(
    nurture: Command, home: Path, tmp_path: Path, lost: str, trouble: str
) -> None:
    from nurture.storage.database import Store

    hurt = copy_of(home, tmp_path / "home")
    with Store(hurt / "nurture.duckdb").open() as database:
        database.run(f"DELETE FROM run WHERE {lost}")
    done = nurture(hurt, "status", "--now", f"{NIGHT} 09:00")
    assert done.returncode == 1
    assert trouble in done.stdout


def test_commands_without_a_database_say_how_to_begin(nurture: Command, tmp_path: Path) -> None:
    done = nurture(tmp_path / "nothing", "status")
    assert done.returncode == 2
    assert "nurture import staff" in done.stderr
    assert not (tmp_path / "nothing").exists()


def test_a_clean_audit_ends_with_zero_and_a_broken_one_with_one(nurture: Command, home: Path, tmp_path: Path) -> None:
    from nurture.storage.database import Store

    assert nurture(home, "audit").returncode == 0
    broken = copy_of(home, tmp_path / "broken")
    with Store(broken / "nurture.duckdb").open() as database:
        database.run("DELETE FROM decision WHERE verdict = 'planned'")
    done = nurture(broken, "audit")
    assert done.returncode == 1
    assert re.search(r"broken a planned message has its decision", done.stdout)


def test_check_is_content_with_what_is_shipped(nurture: Command, home: Path) -> None:
    done = nurture(home, "check")
    assert done.returncode == 0, done.stdout
    assert "3 journeys" in done.stdout


def test_settings_lists_every_variable_and_no_secret(nurture: Command, home: Path) -> None:
    done = nurture(home, "settings")
    for name in Settings.model_fields:
        assert f"NURTURE_{name.upper()}" in done.stdout
    assert (home / "address.key").read_text().strip() not in done.stdout


def test_a_wrong_setting_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nurture.errors import InputError
    from nurture.settings import read_settings

    monkeypatch.setenv("NURTURE_ZONE", "Mars/Olympus")
    with pytest.raises(InputError, match=r"NURTURE_ZONE: .*no time zone"):
        read_settings()


def test_an_import_with_refused_rows_ends_with_one_and_names_the_lines(nurture: Command, tmp_path: Path) -> None:
    (tmp_path / "staff.csv").write_text("id,name\nS1,Ann\n,Bob\n")
    done = nurture(tmp_path / "home", "import", "staff", str(tmp_path / "staff.csv"))
    assert done.returncode == 1
    assert "line 3: id: missing" in done.stdout


def test_a_page_named_csv_imports_nothing_and_ends_with_two(nurture: Command, tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("<!doctype html><html><body>404</body></html>")
    done = nurture(tmp_path / "home", "import", "leads", str(tmp_path / "leads.csv"))
    assert done.returncode == 2
    assert "HTML" in done.stderr


def test_77_what_a_command_makes_is_its_users_alone_whatever_the_umask(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-m", "cli.main", "import", "staff", str(SAMPLE / "staff.csv")]
    done = subprocess.run(command, env=environment(home), cwd=ROOT, capture_output=True, umask=0o022, check=False)
    assert done.returncode == 0
    made = [home, *home.rglob("*")]
    assert home / "nurture.duckdb" in made
    assert [path.name for path in made if path.stat().st_mode & 0o077] == []
