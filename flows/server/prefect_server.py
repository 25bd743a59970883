"""A Prefect server of our own: on this machine only, all its files in our folder, nothing told to anybody.

Imports no Prefect, so that the server starts while Prefect is still being imported.
"""

import os
import socket
import sys
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from flows.server.process import Service
from nurture.keys.key_file import keys_of
from nurture.settings import Settings

HOST = "127.0.0.1"
STARTS_WITHIN = 120.0
"""Seconds; a cold start takes 12 on two cores, and much longer on a busy machine."""


@dataclass(frozen=True)
class PrefectHome:
    """Where a server of ours keeps its files and listens."""

    folder: Path
    port: int
    database: str = field(default="", repr=False)
    """Where the server keeps its records; without it, in a SQLite file in the folder."""

    @property
    def url(self) -> str:
        """The UI."""
        return f"http://{HOST}:{self.port}"

    @property
    def key_file(self) -> Path:
        """Where the key of the API lies, readable by its owner alone: the UI asks for it once."""
        return self.folder / "api.key"

    @property
    def key(self) -> str:
        """The key of the API, made the first time."""
        return keys_of(self.key_file)[-1].hex()

    def authorization(self) -> dict[str, str]:
        """The header with which a program of ours is let in."""
        return {"Authorization": f"Basic {b64encode(self.key.encode()).decode()}"}

    def environment(self) -> dict[str, str]:
        """For the server and for whoever talks to it. What the caller's shell says of Prefect does not count."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        return kept | {
            "PREFECT_HOME": str(self.folder),
            "PREFECT_API_URL": f"{self.url}/api",
            "PREFECT_API_AUTH_STRING": self.key,
            "PREFECT_SERVER_API_AUTH_STRING": self.key,
            "PREFECT_SERVER_API_HOST": HOST,
            "PREFECT_SERVER_API_PORT": str(self.port),
            "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": f"{self.url},http://localhost:{self.port}",
            # the default of the next is among the installed packages, and of the one above any site
            "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(self.folder / "ui"),
            "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
            "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
            "PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS": "600",
            "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
            "DO_NOT_TRACK": "1",
        }

    def server(self) -> Service:
        """The server, not started yet."""
        command = [
            sys.executable, "-m", "uvicorn", "--factory", "flows.server.prefect_app:create_app",
            "--host", HOST, "--port", str(self.port), "--log-level", "warning", "--timeout-graceful-shutdown", "5",
        ]  # fmt: skip
        log, environment = self.folder / "server.log", self.environment()
        if self.database:
            environment["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = self.database
        return Service("Prefect server", command, environment, log, lambda: answers(f"{self.url}/api/health"),
                       self.url)  # fmt: skip


def prefect_home(settings: Settings, port: int) -> PrefectHome:
    """The Prefect of this installation."""
    return PrefectHome(settings.home.resolve() / "prefect", port, settings.prefect_database.get_secret_value())


def answers(url: str) -> bool:
    """Whether somebody answers there, and is well."""
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310 - a fixed address of this machine
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        return int(listening.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            asking.bind((HOST, port))
        except OSError:
            return False
        return True
