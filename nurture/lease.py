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

from nurture.errors import NightBusy


@contextmanager
def night_lease(home: Path, now: datetime) -> Iterator[None]:
    """Hold the lease for the block.

    Raises:
        NightBusy: another process works on the nights of this home; names it and since when.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "night.lease").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise NightBusy(f"{holder} is already at work on the nights of {home}; nothing to do.") from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()} (since {now:%Y-%m-%d %H:%M:%S} UTC)")
        file.flush()
        yield


@contextmanager
def render_lease(home: Path) -> Iterator[None]:
    """Hold the right to render for the block; whoever comes second waits, because rendering is short."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "render.lease").open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
