"""`nurture up`: a Prefect server, a worker and the gallery on this machine, kept running until somebody stops them."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import httpx

from flows.server.deployments import deploy_all
from flows.server.prefect_server import HOST, STARTS_WITHIN, PrefectHome, answers, is_free, prefect_home
from flows.server.process import Service
from nurture.errors import InputError, TransientError
from nurture.settings import Settings
from nurture.storage.locks import up_lease

POOL = "nurture"
RUNS_AT_ONCE = 4
LOOKS_EVERY = 2.0
SETTLES_EVERY = 30.0
LONGEST_PAUSE = 60.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Ports:
    """Where the servers listen."""

    prefect: int
    gallery: int
    web: int


@contextmanager
def stopped_by_signal() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def keep_up(settings: Settings, ports: Ports, say: Say) -> None:
    """Start everything, say where it is, and keep it running until Ctrl-C or SIGTERM; then stop all of it.

    Raises:
        AlreadyUp: somebody does this for this home already.
        InputError: a port is taken, or ``prefect.yaml`` cannot be applied.
        TransientError: something does not start; names its log.
    """
    home = prefect_home(settings, ports.prefect)
    with up_lease(settings.home, datetime.now(UTC), f"Prefect UI {home.url}"), stopped_by_signal():
        options = ((ports.prefect, "--port"), (ports.gallery, "--gallery-port"), (ports.web, "--web-port"))
        for port, name in options:
            if not is_free(port):
                raise InputError(f"Port {port} is taken by another program. Choose another one with {name}.")
        supervisor = Supervisor(home, _services(settings, home, ports), say)
        with suppress(KeyboardInterrupt):
            try:
                supervisor.start()
                supervisor.watch()
            finally:
                supervisor.stop()


def _services(settings: Settings, home: PrefectHome, ports: Ports) -> tuple[Service, ...]:
    gallery_url, web_url = f"http://{HOST}:{ports.gallery}", f"http://{HOST}:{ports.web}"
    environment = home.environment() | {
        "NURTURE_HOME": str(settings.home.resolve()), "NURTURE_GALLERY_URL": gallery_url,
        "NURTURE_WEB_PORT": str(ports.web),
    }  # fmt: skip
    worker = [
        "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process", "--name", worker_name(),
        "--limit", str(RUNS_AT_ONCE),
    ]  # fmt: skip
    gallery = [
        "-m", "uvicorn", "--factory", "nurture.web.outbox_site:create_gallery", "--host", HOST,
        "--port", str(ports.gallery), "--log-level", "warning",
    ]  # fmt: skip

    def ours(name: str, log: str, command: list[str], healthy: Callable[[], bool], url: str = "") -> Service:
        return Service(name, [sys.executable, *command], environment, home.folder / log, healthy, url)

    return (
        home.server(),
        ours("Worker", "worker.log", worker, lambda: worker_is_online(home)),
        ours("Web pages", "web.log", ["-m", "cli.main", "serve"], lambda: answers(f"{web_url}/healthz"), web_url),
        ours("Outbox", "gallery.log", gallery, lambda: not is_free(ports.gallery), gallery_url),
    )


def worker_name() -> str:
    """What this machine's worker is called."""
    return f"nurture on {socket.gethostname()}"


def worker_is_online(home: PrefectHome) -> bool:
    """Whether our worker asked the server for work just now."""
    try:
        answer = httpx.post(
            f"{home.url}/api/work_pools/{POOL}/workers/filter", json={}, headers=home.authorization(), timeout=5
        )
        workers = answer.json() if answer.status_code == httpx.codes.OK else []
    except (httpx.HTTPError, ValueError):
        return False
    return any(each["name"] == worker_name() and each["status"] == "ONLINE" for each in workers)


@dataclass
class Supervisor:
    """Starts services in order, starts again what ends, settles runs that nobody works on, stops all in reverse."""

    home: PrefectHome
    services: Sequence[Service]
    say: Say
    pauses: dict[str, float] = field(default_factory=dict)
    settled_at: float = 0.0

    def start(self) -> None:
        """One after the other, each healthy before the next."""
        server, *others = self.services
        self._start(server)
        os.environ.update(self.home.environment())
        self.settle()
        for service in others:
            self._start(service)
        self.say("Deployments, schedules and automations of prefect.yaml ...")
        deploy_all(self.home.environment(), self.home.folder / "deploy.log")
        for service in self.services:
            self.say(f"{service.name:<14} {service.url or 'running'}   (log: {_short(service.log)})")
        self.say(f"The Prefect UI asks once for a password: it stands in {_short(self.home.key_file)}.")
        self.say("Up. Ctrl-C stops all of it.")

    def _start(self, service: Service) -> None:
        self.say(f"{service.name} ...")
        service.start()
        service.wait_until_healthy(STARTS_WITHIN)

    def watch(self) -> None:
        """Look after them until interrupted."""
        while True:
            for service in self.services:
                if not service.running:
                    self._revive(service)
            if time.monotonic() - self.settled_at > SETTLES_EVERY:
                self.settle()
            time.sleep(LOOKS_EVERY)

    def _revive(self, service: Service) -> None:
        pause = self.pauses.get(service.name, 0.0)
        self.pauses[service.name] = min(LONGEST_PAUSE, pause * 2 or 1.0)
        self.say(f"{service.name} ended; starting it again in {pause:g} s (see {_short(service.log)}).")
        time.sleep(pause)
        self.settle()
        try:
            service.start()
            service.wait_until_healthy(STARTS_WITHIN)
            self.say(f"{service.name} runs again.")
        except TransientError as error:
            self.say(str(error))

    def settle(self) -> None:
        """Settle flow runs that nobody works on; when the server cannot be asked, next time."""
        from prefect.client.orchestration import get_client
        from prefect.exceptions import PrefectException

        from flows.server.orphaned_runs import settle

        self.settled_at = time.monotonic()
        try:
            with get_client(sync_client=True) as client:
                for settled in settle(client, datetime.now(UTC)):
                    self.say(settled)
        except (httpx.HTTPError, PrefectException) as error:
            self.say(f"The Prefect server could not be asked about dead runs ({type(error).__name__}).")

    def stop(self) -> None:
        """In reverse, so that the worker can still tell the server; a second Ctrl-C leaves no half of it running."""
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            for service in reversed(self.services):
                service.stop()
            self.say("Stopped.")
        finally:
            signal.signal(signal.SIGINT, before)


def _short(path: Path) -> str:
    return os.path.relpath(path)
