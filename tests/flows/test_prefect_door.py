"""Prefect runs what its API is told to: only programs of ours and whoever read the key may tell it something (74)."""

import httpx
import pytest

from flows.server.prefect_server import PrefectHome
from tests.support.prefect_server import everything_prefect_knows

FLOWS = "/api/flows/filter"
UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "prefect",
}  # fmt: skip


def ask(home: PrefectHome, method: str = "POST", path: str = FLOWS, **headers: str) -> int:
    """The status of an answer to somebody who sends these headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.request(method, home.url + path, headers=named, json={} if method == "POST" else None).status_code


def test_74_without_the_key_nothing_is_told_and_nothing_is_done(prefect_server: PrefectHome) -> None:
    assert ask(prefect_server) == 401
    assert ask(prefect_server, Authorization="Basic YWRtaW46YWRtaW4=") == 401
    assert ask(prefect_server, "GET", "/api/health") == 200
    assert ask(prefect_server, **prefect_server.authorization()) == 200


def test_74_a_name_that_is_not_this_machines_gets_nothing(prefect_server: PrefectHome) -> None:
    login = prefect_server.authorization()
    assert ask(prefect_server, Host="evil.example", **login) == 400
    assert ask(prefect_server, "GET", "/", Host="evil.example:4200") == 400
    assert ask(prefect_server, Host=f"localhost:{prefect_server.port}", **login) == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_74_a_page_of_another_site_gets_nothing(prefect_server: PrefectHome, origin: str) -> None:
    assert ask(prefect_server, Origin=origin, **prefect_server.authorization()) == 403
    assert ask(prefect_server, "GET", "/api/events/in", Origin=origin, **UPGRADE) == 403


def test_the_ui_itself_is_let_in(prefect_server: PrefectHome) -> None:
    assert ask(prefect_server, Origin=prefect_server.url, **prefect_server.authorization()) == 200
    assert ask(prefect_server, "GET", "/api/events/in", Origin=prefect_server.url, **UPGRADE) == 101


def test_the_key_is_its_owners_alone_and_nowhere_in_what_prefect_keeps(prefect_server: PrefectHome) -> None:
    assert prefect_server.key_file.stat().st_mode & 0o777 == 0o600
    assert prefect_server.key.encode() not in everything_prefect_knows(prefect_server)
    assert prefect_server.key.encode() not in (prefect_server.folder / "server.log").read_bytes()
