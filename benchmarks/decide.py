"""A night's decisions for a company of any size, against a hand-written SQL script that writes the same rows.

    python -m benchmarks.decide --leads 1000000

Both sides run in turns, each time in a process of their own on a copy of the same file, with everything imported and
the file's blocks read once.

Both write enrolments, stage entries, messages, decisions and depths; the rows are compared. One JSON line.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.generate import NIGHT, describe, generate
from nurture.journey.playbook import Playbook, read_playbook
from nurture.night.close_steps import close_night
from nurture.settings import Settings
from nurture.storage.database import Database, Store

NOW = datetime(2026, 10, 13, 2, 0, tzinfo=UTC)
FLOOR = Path(__file__).with_name("decide_floor.sql")
MOST_RATIO, MOST_RSS_MB = 2.0, 3000
"""What we promise; beyond it the benchmark fails."""
COMPARED = {
    "enrolment": "*",
    "stage_entry": "*",
    "message": "*",
    "decision": "*",
    "lead": "id, depth, lifecycle, mark, marked_on",
    "account": "id, depth",
}


@dataclass(frozen=True)
class Measured:
    """One comparison: the best seconds and the worst memory of each side, and the rows that both wrote."""

    benchmark: str
    leads: int
    seconds: float
    floor_seconds: float
    ratio: float
    peak_rss_mb: int
    floor_peak_rss_mb: int
    rounds: int
    rows: dict[str, int]


def main() -> None:
    """Generate, run both sides, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=100_000, help="ten interactions each (default: %(default)s)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="runs of each side; the best counts (default: %(default)s)"
    )
    parser.add_argument("--side", choices=("engine", "floor"), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        print(json.dumps(run_side(arguments.side, arguments.file)))
        return
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        measured = compare(Path(folder), arguments.leads, arguments.rounds)
    print(json.dumps(asdict(measured)))
    if measured.ratio > MOST_RATIO or measured.peak_rss_mb > MOST_RSS_MB:
        raise SystemExit(f"over the limit: ratio <= {MOST_RATIO}, peak_rss_mb <= {MOST_RSS_MB}")


def compare(folder: Path, leads: int, rounds: int) -> Measured:
    """Both sides in turns on fresh copies of one generated company; the best of each counts."""
    company = folder / "company.duckdb"
    generate(company, leads)
    files = {side: folder / f"{side}.duckdb" for side in ("floor", "engine")}
    measured: dict[str, list[dict[str, float]]] = {side: [] for side in files}
    for _ in range(rounds):
        for side, file in files.items():
            shutil.copy(company, file)
            measured[side].append(_in_process(side, file))
    seconds = {side: min(each["seconds"] for each in found) for side, found in measured.items()}
    memory = {side: max(each["peak_rss_mb"] for each in found) for side, found in measured.items()}
    return Measured(
        "decide",
        leads,
        round(seconds["engine"], 2),
        round(seconds["floor"], 2),
        round(seconds["engine"] / seconds["floor"], 2),
        round(memory["engine"]),
        round(memory["floor"]),
        rounds,
        equal_rows(files["engine"], files["floor"]),
    )


def _in_process(side: str, file: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.decide", "--side", side, "--file", str(file)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def run_side(side: str, file: Path) -> dict[str, float]:
    """One side: seconds and peak memory of this process."""
    playbook = read_playbook(Settings())
    with Store(file).open() as database:
        describe(database)
        began = time.perf_counter()
        if side == "engine":
            close_night(database, playbook, NIGHT, now=NOW)
        else:
            run_floor(database, playbook)
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def run_floor(database: Database, playbook: Playbook) -> None:
    """The script, on the driver's own connection."""
    cases = " ".join(f"WHEN '{journey.name}' THEN '{journey.fingerprint}'" for journey in playbook.journeys)
    script = FLOOR.read_text(encoding="utf-8").replace("{fingerprint}", f"CASE w.journey {cases} END")
    raw = database.connection.connection.dbapi_connection
    assert raw is not None
    raw.cursor().execute(script)


def equal_rows(engine: Path, floor: Path) -> dict[str, int]:
    """The numbers of rows of both sides, which must be the same rows."""
    counts = {}
    with Store(engine).open() as database:
        database.run(f"ATTACH '{floor}' AS floor (READ_ONLY)")
        for table, columns in COMPARED.items():
            ours, theirs = f"SELECT {columns} FROM {table}", f"SELECT {columns} FROM floor.{table}"
            both_ways = f"({ours} EXCEPT ALL {theirs}) UNION ALL ({theirs} EXCEPT ALL {ours})"
            differing = database.one(f"SELECT count(*) FROM ({both_ways})")[0]
            if differing:
                raise SystemExit(f"{table}: {differing} rows differ between the engine and the floor")
            counts[table] = database.one(f"SELECT count(*) FROM {table}")[0]
    return counts


if __name__ == "__main__":
    main()
