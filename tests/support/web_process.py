"""The web process on a real port, and people, providers and other systems that knock at it."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from nurture.inbound.spool import Found, Spool, SpoolKind
from nurture.keys.signed_links import Tokens, tokens_of
from nurture.settings import Settings
from nurture.web.context import Reception, open_reception
from nurture.web.server import listen, make_server
from tests.servers import webhook
from tests.servers.webhook import PROVIDER, public_key
from tests.support.sample_house import ROOT

MESSAGE = "00000000000000000000000000000a01"
API_KEY = "an-api-key-of-a-shop"
INBOUND = "a-secret-of-inbound-parse"
SERVE = [sys.executable, "-c", "from cli.main import main; main()", "serve"]
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)


def signed(body: bytes, now: datetime = NOW, key: ec.EllipticCurvePrivateKey = PROVIDER) -> dict[str, str]:
    """The headers with which SendGrid posts a body; at noon, unless it says when."""
    return webhook.signed(body, now, key)


def delivered(number: int) -> dict[str, Any]:
    """One event."""
    return {"event": "delivered", "email": "a@b.example", "timestamp": 1795580000 + number, "sg_event_id": f"e{number}"}


@dataclass
class WebHouse:
    """A running web process, and what it put on disk."""

    url: str
    desk: Reception

    @property
    def tokens(self) -> Tokens:
        return self.desk.tokens

    def lines(self, *kinds: SpoolKind) -> list[dict[str, Any]]:
        """What the lines of the spool say."""
        found = read_spool(self.desk.settings.paths.spool)
        assert all(isinstance(each, Found) for each in found)
        return [dict(each.line.data) for each in found if not kinds or each.line.kind in kinds]

    def ask(self, method: str, address: str, **how: Any) -> httpx.Response:
        """Knock once."""
        with httpx.Client(base_url=self.url, timeout=10, trust_env=False, verify=False) as client:
            return client.request(method, address, **how)

    def tell(self, body: object, key: str = API_KEY, **headers: str) -> httpx.Response:
        """Post to the event API."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", "/v1/events", content=content, headers={"Authorization": f"Bearer {key}", **headers})

    def post_events(self, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
        """Post as SendGrid does."""
        return self.ask(
            "POST", "/hooks/sendgrid/events", content=body, headers=signed(body) if headers is None else headers
        )


def read_spool(folder: Path) -> Sequence[Found]:
    """All lines, oldest first, without changing anything."""
    spool = Spool(folder)
    current = folder / "current.ndjson"
    found = [line for path in [*spool.rotated(), *([current] if current.exists() else [])] for line in spool.read(path)]
    assert all(isinstance(each, Found) for each in found), found
    return [each for each in found if isinstance(each, Found)]


def settings_of(home: Path, port: int, **others: Any) -> Settings:
    """The settings of a house in a folder."""
    given = {
        "home": home, "content": ROOT / "content", "public_url": f"http://127.0.0.1:{port}", "web_port": port,
        "sendgrid_webhook_keys": public_key(PROVIDER), "inbound_secret": SecretStr(INBOUND),
        "api_keys": SecretStr(f"shop:{API_KEY}"),
    }  # fmt: skip
    return Settings(**(given | others))


@contextmanager
def serving(home: Path, now: Callable[[], datetime] = lambda: NOW, **others: Any) -> Iterator[WebHouse]:
    """The web process in a thread, on a port of its own; without a clock, at a moment that does not pass."""
    with listen(Settings(web_port=0)) as port:
        number = port.getsockname()[1]
        desk = replace(open_reception(settings_of(home, number, **others)), now=now)
        server = make_server(desk)
        thread = threading.Thread(target=server.run, args=([port],))
        thread.start()
        try:
            yield WebHouse(f"http://127.0.0.1:{number}", desk)
        finally:
            server.should_exit = True
            thread.join()


@dataclass
class Child:
    """A web process of its own, that can be stopped, starved and killed."""

    process: subprocess.Popen[bytes]
    settings: Settings

    @property
    def url(self) -> str:
        return self.settings.public_url

    @property
    def tokens(self) -> Tokens:
        return tokens_of(self.settings)


@contextmanager
def child(home: Path) -> Iterator[Child]:
    """`nurture serve` on a free port, until the end or until it is killed."""
    with listen(Settings(web_port=0)) as free:
        settings = settings_of(home, free.getsockname()[1])
    home.mkdir(exist_ok=True)
    with (home / "log").open("ab") as log:
        process = subprocess.Popen(SERVE, cwd=ROOT, env=environment(settings), stdout=log, stderr=log)
    try:
        wait_until_it_answers(settings.public_url, process)
        yield Child(process, settings)
    finally:
        process.kill()
        process.wait()


def environment(settings: Settings) -> dict[str, str]:
    """The settings of a house, as a process is told them."""
    values = {name: getattr(settings, name) for name in settings.model_fields_set}
    plain = {name: each.get_secret_value() if isinstance(each, SecretStr) else each for name, each in values.items()}
    return dict(os.environ) | {f"NURTURE_{name.upper()}": str(value) for name, value in plain.items()}


def wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    """Up to half a minute: many machines are slow to start Python."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(httpx.TransportError):
            httpx.get(f"{url}/healthz", trust_env=False, verify=False)
            return
        time.sleep(0.02)
    raise AssertionError(f"nurture serve does not answer (exit code {process.poll()})")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebHouse]:
    """A web process of this test's own."""
    with serving(tmp_path / "home") as house:
        yield house
