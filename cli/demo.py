"""`nurture demo`: a company's month of nurturing in a minute: thirty nights on a virtual clock, the last under Prefect.

Everything lies in a folder of its own, which the next demo makes anew. No network, no server needed beforehand.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from flows.server.prefect_server import STARTS_WITHIN, PrefectHome, free_port, prefect_home
from nurture.errors import InputError, PermanentError
from nurture.settings import Settings, read_settings

FIRST, LAST = date(2026, 10, 22), date(2026, 11, 20)
"""The last month of the sample company."""

ONE_DAY = timedelta(days=1)
MARK = "made-by-nurture-demo"
LAST_NIGHT = [
    sys.executable,
    "-c",
    f"from datetime import date; from flows.nightly_nurture import nightly_nurture; nightly_nurture({LAST!r})".replace(
        "datetime.date", "date"
    ),
]
KINDS = ("staff", "accounts", "leads", "consents", "events")

Bar = Callable[[int, int], None]
ShowBar = Callable[[str], AbstractContextManager[Bar]]


@dataclass(frozen=True)
class Demo:
    """What the demo came to: where it lies, rows left out on purpose, and seconds by part."""

    home: Path
    gallery: Path
    refused: int
    seconds: dict[str, float]


def run_demo(show: ShowBar) -> Demo:
    """Import, live through thirty nights, and leave everything to be looked at.

    Args:
        show: Opens a progress bar with a title.

    Raises:
        InputError: the folder holds something that no demo made, or this is not the project's folder.
    """
    home = make_anew(read_settings().home / "demo")
    os.environ |= {"NURTURE_HOME": str(home), "NURTURE_THREADS": "1"}  # a small company: threads would only wait
    settings, seconds = read_settings(), dict[str, float]()
    prefect = prefect_home(settings, free_port())
    server = prefect.server()
    os.environ.update(prefect.environment())
    server.start()
    try:
        with timed(seconds, "import"), show("Importing the sample company") as bar:
            refused = import_sample(settings, bar)
        with timed(seconds, "29 nights, sent in between"), show("Nights on a virtual clock") as bar:
            live_through(settings, bar)
        with timed(seconds, "waiting for the Prefect server"), show("The Prefect server starts"):
            server.wait_until_healthy(STARTS_WITHIN)
        with timed(seconds, "the last night, under Prefect"), show(f"Night {LAST}, under Prefect"):
            run_last_night(prefect)
        with timed(seconds, "its messages, into the outbox"), show("Messages of the last night") as bar:
            send(settings, LAST, bar)
    finally:
        server.stop()
    return Demo(home, home / "outbox" / str(LAST) / "index.html", refused, seconds)


def make_anew(home: Path) -> Path:
    """An empty folder; what an earlier demo left in it is gone.

    Raises:
        InputError: something that no demo made lies there.
    """
    if home.exists() and any(home.iterdir()):
        if not (home / MARK).exists():
            raise InputError(
                f"{home} holds something that no demo made. Move it away, or set NURTURE_HOME to another folder."
            )
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    (home / MARK).touch()
    return home


def import_sample(settings: Settings, bar: Bar) -> int:
    """Bring in the five files; the number of rows that were left out."""
    from nurture.content.event_kinds import read_events
    from nurture.imports.import_file import import_file
    from nurture.imports.layouts import FileKind
    from nurture.storage.database import Store

    events, refused = frozenset(read_events(settings.content).events), 0
    for number, kind in enumerate(KINDS, start=1):
        file = settings.content / "sample" / f"{kind}.csv"
        report = import_file(
            Store.of(settings), settings, FileKind(kind), file, now=evening(LAST + ONE_DAY, settings), events=events
        )
        refused += report.refused_count
        bar(number, len(KINDS))
    return refused


def live_through(settings: Settings, bar: Bar) -> None:
    """Every night but the last, and what it sends in the morning."""
    from nurture.night.run_night import run_night
    from nurture.storage.database import Store

    nights = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days)]
    with Store.of(settings).open():  # while it is open here, opening it again in this process costs next to nothing
        for number, night in enumerate(nights, start=1):
            run_night(settings, evening(night, settings), night)
            send(settings, night, lambda done, of: None)
            bar(number, len(nights))


def run_last_night(prefect: PrefectHome) -> None:
    """The last night as `nurture up` runs it: a process of its own, each step a task run.

    Raises:
        PermanentError: it did not end well; names the file with what it said.
    """
    log = prefect.folder / "night.log"
    environment = prefect.environment() | {"NURTURE_HOME": os.environ["NURTURE_HOME"]}
    with log.open("wb") as said:
        done = subprocess.run(LAST_NIGHT, env=environment, stdout=said, stderr=said, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise PermanentError(f"Night {LAST} did not end well. What it said stands in {log}.")


def send(settings: Settings, night: date, bar: Bar) -> None:
    """What is due late in the morning, into the outbox."""
    from nurture.delivery.run_dispatch import send_due

    morning = datetime(night.year, night.month, night.day, 11, 30, tzinfo=ZoneInfo(settings.zone))
    send_due(settings, morning, progress=bar)


def evening(night: date, settings: Settings) -> datetime:
    """When a night closes: at two in the morning of its date."""
    return datetime(night.year, night.month, night.day, 2, tzinfo=ZoneInfo(settings.zone)).astimezone(UTC)


@contextmanager
def timed(seconds: dict[str, float], part: str) -> Iterator[None]:
    """Note how long a part took."""
    began = time.perf_counter()
    yield
    seconds[part] = round(time.perf_counter() - began, 1)
