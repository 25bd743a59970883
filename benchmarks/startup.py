"""How long a command takes before it says something: CPU seconds of whole processes, against a bare ``import duckdb``.

Usage: python -m benchmarks.startup [--rounds N]

Asks ``nurture --help``, and ``status`` and ``explain LEAD`` on a small home (200 leads, three nights). One JSON line;
the best of the rounds counts. Fails beyond 0.4 s of CPU for help and 0.8 s for the others.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks.generate import generate
from nurture.journey.playbook import read_playbook
from nurture.night.close_steps import close_night
from nurture.settings import Settings
from nurture.storage.database import Store

LEADS = 200
NIGHT = date(2026, 10, 12)
FLOOR = [sys.executable, "-c", "import duckdb"]
NURTURE = [sys.executable, "-m", "cli.main"]
COMMANDS = {"help": ["--help"], "status": ["status"], "explain": ["explain", "L7"]}
MOST = {"help": 0.4, "status": 0.8, "explain": 0.8}


@dataclass(frozen=True)
class Measured:
    """CPU seconds: of the bare import, and of each command; and their ratio."""

    benchmark: str
    rounds: int
    import_duckdb: float
    seconds: dict[str, float]
    ratio: dict[str, float]


def main() -> None:
    """Measure, and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="the best counts (default: %(default)s)")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        measured = measure(small_home(Path(folder) / "home"), rounds)
    print(json.dumps(asdict(measured)))
    if slow := [name for name, most in MOST.items() if measured.seconds[name] > most]:
        raise SystemExit(f"over the limit: {', '.join(f'{name} <= {MOST[name]} s' for name in slow)}")


def small_home(home: Path) -> Path:
    """A company of a few leads after three nights."""
    home.mkdir()
    generate(home / "nurture.duckdb", LEADS)
    playbook = read_playbook(Settings())
    with Store(home / "nurture.duckdb").open() as database:
        for number in range(3):
            close_night(database, playbook, NIGHT + timedelta(days=number), now=datetime(2026, 10, 15, tzinfo=UTC))
    return home


def measure(home: Path, rounds: int) -> Measured:
    """Each command in turns with the bare import, so that a busy moment hurts all of them."""
    commands = {"import": FLOOR} | {name: [*NURTURE, *words] for name, words in COMMANDS.items()}
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            taken[name].append(cpu_seconds(command, home))
    best = {name: round(min(seconds), 3) for name, seconds in taken.items()}
    floor = best.pop("import")
    return Measured("startup", rounds, floor, best, {name: round(each / floor, 1) for name, each in best.items()})


def cpu_seconds(command: list[str], home: Path) -> float:
    """User and system time of a process and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"NURTURE_HOME": str(home)}
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode > 1:  # status ends with 1 when the last night is missing
        raise SystemExit(done.stderr.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
