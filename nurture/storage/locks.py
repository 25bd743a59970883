"""Leases on a home: one process at a time works on its nights, or renders; and everybody else can read who.

A lock on a small file, held by the operating system for as long as the process lives: kill -9 releases it at
once, a stopped process keeps it, and no clock or process table has to be believed.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from nurture.errors import AlreadyUp, NightBusy


@contextmanager
def night_lease(home: Path, now: datetime) -> Iterator[None]:
    """Hold the lease for the block.

    Raises:
        NightBusy: another process works on the nights of this home; names it and since when.
    """
    with _lease(home, "night.lease", _who(now)) as holder:
        if holder:
            raise NightBusy(f"{holder} is already at work on the nights of {home}; nothing to do.")
        yield


@contextmanager
def up_lease(home: Path, now: datetime, where: str) -> Iterator[None]:
    """Hold the right to run the servers of a home for the block; ``where`` is told to whoever comes second.

    Raises:
        AlreadyUp: another process runs them; names it, since when, and where.
    """
    with _lease(home, "up.lease", f"{_who(now)}: {where}") as holder:
        if holder:
            raise AlreadyUp(f"Nurture is up already: {holder}")
        yield


@contextmanager
def _lease(home: Path, name: str, who: str) -> Iterator[str]:
    """Hold a lease for the block and get an empty name; or get the name of who holds it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / name).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            yield file.read().strip() or "another process"
            return
        file.truncate(0)
        file.write(who)
        file.flush()
        yield ""


def _who(now: datetime) -> str:
    return f"process {os.getpid()} on {socket.gethostname()} (since {now:%Y-%m-%d %H:%M:%S} UTC)"


@contextmanager
def render_lease(home: Path) -> Iterator[None]:
    """Hold the right to render for the block; whoever comes second waits, because rendering is short."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "render.lease").open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
