"""A night of many messages and its dispatch, under Prefect and by the engine alone, in turns on equal homes.

    python -m benchmarks.prefect_night --messages 20000

Each side is a process of its own, timed from its start to its end, imports and all; the Prefect server is started
before and timed apart. Both decide, render and deliver every message into the preview outbox. The best round counts.
"""

import argparse
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.night import NIGHT, NOON, make_company
from flows.server.prefect_server import STARTS_WITHIN, PrefectHome, free_port

MOST_RATIO, MOST_TASK_RUNS, MOST_MB = 1.25, 200, 20.0
FROM_HERE_ON = 20_000
"""Fewer messages are not held to the ratio: a flow run costs two seconds, however little it does."""

ENGINE = f"""
from nurture.night.run_night import run_night
from nurture.settings import read_settings
from nurture.delivery.run_dispatch import send_due
import datetime
settings = read_settings()
night = run_night(settings, {NOON!r}, {NIGHT!r})
print(night.rendered.rendered, send_due(settings, {NOON!r}).sent["accepted"])
"""
UNDER_PREFECT = f"""
import datetime
from prefect import flow
from flows.nightly_nurture import nightly_nurture
from nurture.delivery.run_dispatch import send_due
from tasks.artifacts import Bar
from tasks.step_runs import TaskSteps
from nurture.settings import read_settings

@flow(name="dispatch-at", persist_result=False)
def dispatch_at():
    bar = Bar("nurture-sending", "Messages handled")
    return send_due(read_settings(), {NOON!r}, progress=bar.move, steps=TaskSteps())

nightly_nurture({NIGHT!r})
print("{{}} {{}}".format(*[dispatch_at().sent["accepted"]] * 2))
"""


@dataclass(frozen=True)
class Measured:
    """One line of JSON: seconds of both sides and of the server's start, task runs, and the server's files."""

    benchmark: str
    messages: int
    engine_seconds: float
    prefect_seconds: float
    ratio: float
    server_start_seconds: float
    task_runs: int
    server_mb: float


def main() -> None:
    """Measure, print one line, and fail beyond the limits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000, help="(default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=2, help="(default: %(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        found = measure(Path(folder), arguments.messages, arguments.rounds)
    print(json.dumps(asdict(found)))
    slow = found.ratio > MOST_RATIO and found.messages >= FROM_HERE_ON
    if slow or found.task_runs > MOST_TASK_RUNS or found.server_mb > MOST_MB:
        raise SystemExit(
            f"beyond the limit: <= {MOST_RATIO} ratio, <= {MOST_TASK_RUNS} task_runs, <= {MOST_MB} server_mb"
        )


def measure(folder: Path, messages: int, rounds: int) -> Measured:
    """Both sides in turns; the server's files are those of one night and its dispatch."""
    company = folder / "company"
    make_company(company, messages)
    engine, prefect = [], []
    for number in range(rounds):
        server_home = PrefectHome(folder.resolve() / f"prefect-{number}", free_port())
        server = server_home.server()
        began = time.perf_counter()
        server.start()
        server.wait_until_healthy(STARTS_WITHIN)
        started = time.perf_counter() - began
        try:
            prefect.append(_run(UNDER_PREFECT, company, folder / "home", messages, server_home))
            time.sleep(2)  # what is still on its way to the server belongs to its files
        finally:
            server.stop()
        engine.append(_run(ENGINE, company, folder / "home", messages, server_home))
        database = server_home.folder / "prefect.db"
    return Measured(
        "prefect_night", messages, round(min(engine), 2), round(min(prefect), 2),
        round(min(prefect) / min(engine), 3), round(started, 1), _task_runs(database), _megabytes(database),
    )  # fmt: skip


def _run(code: str, company: Path, home: Path, messages: int, prefect: PrefectHome) -> float:
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(company, home)
    environment = prefect.environment() | {"NURTURE_HOME": str(home), "PREFECT_LOGGING_LEVEL": "WARNING"}
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=True, stdout=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - began
    counted = done.stdout.split()[-2:]
    if counted != [str(messages)] * 2:
        raise SystemExit(f"{messages} leads, but rendered and accepted were {counted}")
    return seconds


def _task_runs(database: Path) -> int:
    with sqlite3.connect(database) as connection:
        return int(connection.execute("SELECT count(*) FROM task_run").fetchone()[0])


def _megabytes(database: Path) -> float:
    """All its files, the write-ahead log included."""
    return round(sum(file.stat().st_size for file in database.parent.glob("prefect.db*")) / 1e6, 1)


if __name__ == "__main__":
    main()
