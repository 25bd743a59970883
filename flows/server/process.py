"""Processes of ours that serve others: started with a log file, healthy or not, stopped in order, never orphaned."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from nurture.errors import TransientError

STOPS_WITHIN = 15.0
"""Seconds between asking a process to stop and stopping it."""

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass
class Service:
    """One process: what it is called, how it starts, and how to tell that it is healthy."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    healthy: Callable[[], bool]
    url: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it; what it says goes to its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - a command of ours
                self.command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    def wait_until_healthy(self, seconds: float, tick: Callable[[], None] = lambda: None) -> None:
        """Wait for it.

        Raises:
            TransientError: it ended, or is not healthy in time; names its log.
        """
        deadline = time.monotonic() + seconds
        while not self.healthy():
            tick()
            if not self.running:
                raise TransientError(f"{self.name} ended at once. What it said stands in {self.log}.")
            if time.monotonic() > deadline:
                raise TransientError(f"{self.name} is not healthy after {seconds:g} s. See {self.log}.")
            time.sleep(0.2)

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask it to stop; after a while, stop it and all that it started."""
        if self.process is None or not self.running:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _die_with_parent() -> None:
    """Runs in the child: when we are killed, the kernel asks it to stop."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
