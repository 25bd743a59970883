"""Who holds a batch, and whether they still may: host, boot, pid, process start, and a lease in monotonic time.

A wall clock that jumps ends no lease: on one machine all processes share the monotonic clock. A holder that is dead on
this machine has lost its lease at once; one that is stopped keeps it until its time is over.
"""

import os
import socket
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import psutil

LEASE_SECONDS = 60.0
"""Three times the longest time that a provider may take to answer."""

MARGIN_SECONDS = 10.0
"""A holder begins nothing in the last seconds of its lease."""

OTHER_MACHINE = timedelta(minutes=10)
"""Of a holder on another machine nothing can be known but how long ago it claimed."""


@dataclass(frozen=True)
class Holder:
    """A process, as others can recognise it."""

    host: str
    boot: str
    pid: int
    started: float

    def __str__(self) -> str:
        return f"{self.host}|{self.boot}|{self.pid}|{self.started}"

    @classmethod
    def named(cls, text: str) -> "Holder":
        """The holder that ``str()`` wrote."""
        host, boot, pid, started = text.split("|")
        return cls(host, boot, int(pid), float(started))

    def lost(self, lease_until: float, claimed_at: datetime, now: datetime) -> bool:
        """Whether the lease is over: the process is dead, its time is up, or its machine is gone."""
        here = this_process()
        if self.boot != here.boot:
            return self.host == here.host or now - claimed_at > OTHER_MACHINE
        if self.host == here.host and not self._lives():
            return True
        return time.monotonic() > lease_until

    def _lives(self) -> bool:
        """Whether the process is there; one of which nothing can be told counts as alive, until its lease is over."""
        if not psutil.pid_exists(self.pid):
            return False
        started = _started(self.pid)
        return started is None or started == self.started


@cache
def this_process() -> Holder:
    """The holder that we are."""
    return Holder(f"{socket.gethostname()}:{_processes()}", _boot(), os.getpid(), _started(os.getpid()) or 0.0)


def _started(pid: int) -> float | None:
    """When a process began: in ticks since boot where the system tells, because what is derived from the wall clock
    changes when that is set. ``None`` when nothing can be told.
    """
    try:
        return float(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except OSError:
        pass
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def _boot() -> str:
    """What tells this start of the machine from the one before."""
    known = Path("/proc/sys/kernel/random/boot_id")
    return known.read_text().strip() if known.exists() else str(round(psutil.boot_time()))


def _processes() -> str:
    """What tells containers apart that share a host name: in another one a pid means another process."""
    return os.readlink("/proc/self/ns/pid") if Path("/proc/self/ns/pid").exists() else ""


def wall_clock() -> datetime:
    """The moment by the clock on the wall: all that machines have in common."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Lease:
    """Until when this process may begin to send a batch, and when it took it, by the wall clock."""

    until: float
    taken_at: datetime = field(default_factory=wall_clock)

    @classmethod
    def taken(cls) -> "Lease":
        """A fresh lease."""
        return cls(time.monotonic() + LEASE_SECONDS)

    def holds(self) -> bool:
        """Whether something may still be begun."""
        return time.monotonic() < self.until - MARGIN_SECONDS
