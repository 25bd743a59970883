"""The demo on a machine without a network: a month that keeps every promise, and nothing left behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from cli.demo import FIRST, LAST, MARK, make_anew
from nurture.audit.night_checks import audit
from nurture.errors import InputError
from nurture.storage.database import Store
from tests.support.sample_house import ROOT, environment

DEMO = [sys.executable, "-m", "cli.main", "demo", "--json"]


def cut_off(command: list[str]) -> list[str]:
    """The command where there is no network but the loopback, if this machine lets us."""
    unshare = shutil.which("unshare")
    if unshare is None or os.geteuid() != 0:
        return command
    return [unshare, "--net", "sh", "-c", 'ip link set lo up 2>/dev/null; exec "$@"', "sh", *command]


def processes_in(home: Path) -> list[str]:
    """What still runs for this home."""
    return [
        " ".join(process.info["cmdline"] or [])
        for process in psutil.process_iter(["cmdline", "environ"])
        if str(home) in ((process.info["environ"] or {}).get("PREFECT_HOME") or "")
    ]


@pytest.mark.slow
@pytest.mark.alone
def test_the_demo_lives_through_a_month_and_leaves_nothing_behind(tmp_path: Path) -> None:
    outside = environment(tmp_path / "home") | {"HOME": str(tmp_path / "me")}
    (tmp_path / "me").mkdir()
    done = subprocess.run(cut_off(DEMO), cwd=ROOT, env=outside, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert sum(told["seconds"].values()) <= 60, told["seconds"]
    home = tmp_path / "home" / "demo"
    with Store(home / "nurture.duckdb").open() as database:
        assert [finding for finding in audit(database, home / "rendered") if finding.breaches] == []
        closed = database.rows("SELECT night FROM run WHERE step = 'fold_decisions' ORDER BY night")
        assert [row[0] for row in closed] == [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
        accepted = database.one("SELECT count(*) FROM message WHERE state = 'accepted'")[0]
    assert sum(line["messages"] for line in told["journeys"]) == sum(count for _, count in told["sent"]) == accepted
    assert (home / "outbox" / str(LAST) / "index.html").exists()
    assert list((tmp_path / "me").iterdir()) == []
    assert processes_in(home) == []


@pytest.mark.alone
@pytest.mark.slow
def test_a_demo_that_is_interrupted_leaves_nothing_running(tmp_path: Path) -> None:
    home = tmp_path / "home"
    child = subprocess.Popen(DEMO, cwd=ROOT, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while not (home / "demo" / "outbox").exists():
        assert child.poll() is None
        time.sleep(0.1)
    assert processes_in(home) != []
    child.send_signal(signal.SIGINT)
    said, _ = child.communicate(timeout=60)
    assert child.returncode == 130
    assert b"Traceback" not in said
    assert processes_in(home) == []


def test_only_what_a_demo_made_is_made_anew(tmp_path: Path) -> None:
    ours = tmp_path / "demo"
    ours.mkdir()
    (ours / "nurture.duckdb").write_text("somebody's month of work")
    with pytest.raises(InputError, match="no demo made"):
        make_anew(ours)
    assert (ours / "nurture.duckdb").exists()
    (ours / MARK).touch()
    make_anew(ours)
    assert [path.name for path in ours.iterdir()] == [MARK]
