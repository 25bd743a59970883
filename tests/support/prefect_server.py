"""A real Prefect server for the tests, and what stands in it afterwards, asked through its API."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from flows.server.prefect_server import STARTS_WITHIN, PrefectHome, free_port
from tests.support.sample_house import ROOT

Answer = Any
T = TypeVar("T")


@contextmanager
def served(folder: Path) -> Iterator[PrefectHome]:
    """A server of its own for the block."""
    home = PrefectHome(folder, free_port())
    server = home.server()
    server.start()
    try:
        server.wait_until_healthy(STARTS_WITHIN)
        yield home
    finally:
        server.stop()


def ask(home: PrefectHome, what: str, **wanted: Any) -> Answer:
    """What the API answers to a POST; while its database is locked it says 503, and is asked again."""
    for _ in range(20):
        answer = httpx.post(f"{home.url}/api/{what}", json=wanted, headers=home.authorization(), timeout=30)
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(0.5)
    answer.raise_for_status()
    return answer.json()


def look(home: PrefectHome, where: str) -> Answer:
    """What the API answers to a GET."""
    answer = httpx.get(f"{home.url}/api/{where}", headers=home.authorization(), timeout=30)
    answer.raise_for_status()
    return answer.json()


def eventually(found: Callable[[], T], seconds: float = 20) -> T:
    """The first answer that is something; events and artifacts take a moment to arrive."""
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.1)
    return answer


def events(home: PrefectHome, *names: str) -> list[Mapping[str, Any]]:
    """Events of these names, the newest first."""
    found: list[Mapping[str, Any]] = ask(home, "events/filter", filter={"event": {"name": names}}, limit=50)["events"]
    return found


def environment(home: Path, prefect: PrefectHome) -> dict[str, str]:
    """What a child process needs to work in a home with this server."""
    kept = {name: value for name, value in prefect.environment().items() if not name.startswith("NURTURE_")}
    return kept | {"NURTURE_HOME": str(home), "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "120"}


def everything_prefect_knows(prefect: PrefectHome) -> bytes:
    """Every byte of its database, with what is still in the write-ahead log."""
    with sqlite3.connect(prefect.folder / "prefect.db", timeout=30) as connection:
        connection.execute("PRAGMA wal_checkpoint(FULL)")
    connection.close()
    return b"".join(path.read_bytes() for path in sorted(prefect.folder.glob("prefect.db*")))


def set_environment(home: Path, prefect: PrefectHome, put: Callable[[str, str], None]) -> None:
    """The same for this process."""
    for name, value in environment(home, prefect).items():
        if name.startswith(("PREFECT_", "NURTURE_")) and os.environ.get(name) != value:
            put(name, value)


@contextmanager
def at_server(home: PrefectHome) -> Iterator[None]:
    """Prefect in this process talks to this server, and says the rest while it still listens."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker
    from prefect.settings import (
        PREFECT_API_AUTH_STRING,
        PREFECT_API_URL,
        PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
        temporary_settings,
    )

    there = {
        PREFECT_API_URL: f"{home.url}/api", PREFECT_API_AUTH_STRING: home.key,
        PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False,
    }  # fmt: skip
    with temporary_settings(there):
        yield
        EventsWorker.drain_all()
        APILogWorker.drain_all()
