"""A real `nurture up` for the tests: its processes, what its API says, and work that takes long enough to be killed."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import psutil

from benchmarks.night import make_company
from flows.server.prefect_server import PrefectHome, free_port
from nurture.content.send_windows import business_date
from nurture.journey.playbook import read_playbook
from nurture.settings import Settings
from tests.support.prefect_server import ask, eventually, look
from tests.support.sample_house import ROOT, environment

STOPS_WITHIN = 60
SETTLED_WITHIN = 90
LETTERS = 3_000
OPEN_ALL_DAY = """
[window]
opens = "00:00"
closes = "23:59"
spread_minutes = 1
"""
FLOWS = {"nightly": "nightly-nurture", "dispatch": "dispatch-due", "alarm": "raise-alarm"}
OVER = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}

Run = Mapping[str, Any]


@dataclass(frozen=True)
class Up:
    """A `nurture up` that was started, and where it is."""

    home: Path
    process: subprocess.Popen[bytes]
    prefect: PrefectHome
    gallery: int
    web: int

    @property
    def said(self) -> str:
        """What a person who started it has read so far."""
        return (self.home / "up.txt").read_text(encoding="utf-8")

    def deployment(self, name: str) -> Run:
        """A deployment as the API shows it."""
        found: Run = look(self.prefect, f"deployments/name/{FLOWS[name]}/{name}")
        return found

    def trigger(self, name: str, **parameters: Any) -> str:
        """A run as the button in the UI starts it; its id."""
        where = f"deployments/{self.deployment(name)['id']}/create_flow_run"
        return str(ask(self.prefect, where, parameters=parameters)["id"])

    def run(self, run: str) -> Run:
        """A run as the API shows it."""
        found: Run = look(self.prefect, f"flow_runs/{run}")
        return found

    def ended(self, run: str, seconds: float = 120) -> Run:
        """The run, when it is over."""
        eventually(lambda: self.run(run)["state_type"] in OVER, seconds)
        return self.run(run)

    def places_taken(self, name: str) -> float:
        """How many runs hold a place of this deployment."""
        limit = self.deployment(name)["global_concurrency_limit"]
        return float(look(self.prefect, f"v2/concurrency_limits/{limit['id']}")["active_slots"])

    def worker(self) -> psutil.Process:
        """The process that starts runs."""
        (found,) = (each for each in processes_of(self.home) if {"worker", "start"} <= set(each.cmdline()))
        return found


class Bell(ThreadingHTTPServer):
    """Where alarms arrive, as JSON over HTTP."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Ringer)
        self.told: list[str] = []
        self.address = f"json://127.0.0.1:{self.server_port}"


class Ringer(BaseHTTPRequestHandler):
    """Keeps what was told."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert isinstance(self.server, Bell)
        self.server.told.append(body["title"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the screen."""


@contextmanager
def listening_for_alarms() -> Iterator[Bell]:
    """A bell that rings until the end of the block."""
    with Bell() as bell:
        thread = Thread(target=bell.serve_forever)
        thread.start()
        try:
            yield bell
        finally:
            bell.shutdown()
            thread.join()


def business_today() -> date:
    """The night that a run started now closes; not around midnight, when it would change under our hands."""
    zone = read_playbook(Settings()).zone
    while (datetime.now(UTC) - timedelta(minutes=2)).astimezone(zone).date() != (
        datetime.now(UTC) + timedelta(minutes=8)
    ).astimezone(zone).date():
        time.sleep(5)
    return business_date(datetime.now(UTC), zone)


def processes_of(home: Path) -> list[psutil.Process]:
    """Everything that runs for a home, whoever started it."""
    found = []
    for process in psutil.process_iter(["environ", "status"]):
        of = (process.info["environ"] or {}).get("NURTURE_HOME", "")
        if of == str(home) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def processes_of_run(up: Up, run: str) -> list[psutil.Process]:
    """The processes that do the work of one run."""
    return [each for each in processes_of(up.home) if each.environ().get("PREFECT__FLOW_RUN_ID") == run]


@contextmanager
def started(home: Path, alarm_to: str = "") -> Iterator[Up]:
    """`nurture up` for a home, up and healthy; nothing of it is left after the block, whatever happened there."""
    ports = [free_port() for _ in range(3)]
    named = zip(("--port", "--gallery-port", "--web-port"), ports, strict=True)
    words = ["up", *(f"{name}={port}" for name, port in named)]
    with (home / "up.txt").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", *words], cwd=ROOT, stdout=said, stderr=subprocess.STDOUT,
            env=surroundings(home) | {"NURTURE_ALARM_TO": alarm_to},
        )  # fmt: skip
    up = Up(home, process, PrefectHome(home / "prefect", ports[0]), *ports[1:])
    try:
        eventually(lambda: "Up. Ctrl-C stops all of it." in up.said or process.poll() is not None, 120)
        assert process.poll() is None, up.said
        yield up
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOPS_WITHIN)
        finally:
            for each in processes_of(home):
                each.kill()


def surroundings(home: Path) -> dict[str, str]:
    """The environment of everything in a home."""
    ours = home / "content"
    content = {"NURTURE_CONTENT": str(ours)} if ours.exists() else {}
    return environment(home) | content | {"PYTHONUNBUFFERED": "1"}


def move_in(home: Path) -> Path:
    """A company whose letters are due today, at any hour, each to somebody else."""
    today = business_today()
    content = Path(shutil.copytree(ROOT / "content", home / "content"))
    text = (content / "policy.toml").read_text(encoding="utf-8")
    text = re.sub(r"\[window\].*?(?=\n\[)", OPEN_ALL_DAY.strip() + "\n", text, flags=re.DOTALL)
    text = text.replace('workdays = ["2026-01-04"', f'workdays = ["{today}", "2026-01-04"')
    (content / "policy.toml").write_text(text, encoding="utf-8")
    make_company(home, LETTERS, today)
    return home


def delivered(home: Path) -> int:
    """How many letters lie in the outbox."""
    return sum(1 for _ in (home / "outbox").rglob("*.eml"))
