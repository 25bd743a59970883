"""The wire to a provider: each request is written once, and what failed says whether it may have arrived."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from nurture.channels.email import http as wire
from nurture.channels.email.http import LONGEST_ANSWER, BrokenOff, Reply, Unreached, Wire
from tests.servers.certificate import certified
from tests.servers.threads import listening

OK = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: m1\r\nContent-Length: 0\r\n\r\n"
RESET, CLOSE, SILENCE = b"reset", b"close", b"silence"


class Host:
    """Answers each request on any connection with the next bytes; counts connections and keeps what it was asked."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.says: list[tuple[bytes, ...]] = []
        self.asked: list[bytes] = []
        self.connections = 0
        self._listening = listening()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _wrapped(self, connection: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection

    def _converse(self, connection: socket.socket) -> None:
        # who was listened to enough, or is not trusted, is hung up on
        with suppress(OSError), self._wrapped(connection) as connection, connection.makefile("rb") as read:
            while line := read.readline():
                length = 0
                while (header := read.readline()) != b"\r\n":
                    if header.lower().startswith(b"content-length:"):
                        length = int(header.split(b":")[1])
                self.asked.append(line.strip() + b" " + read.read(length))
                for piece in self.says.pop(0) if self.says else (OK,):
                    if piece == RESET:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    if piece in (RESET, CLOSE):
                        return
                    if piece != SILENCE:
                        connection.sendall(piece)


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    yield host
    host.close()


@pytest.fixture
def tls_host(tmp_path: Path) -> Iterator[tuple[Host, Path]]:
    """A host that speaks TLS, and the certificate that it shows."""
    tls, certificate = certified(tmp_path)
    host = Host(tls)
    yield host, certificate
    host.close()


def talk(url: str, times: int = 1, between: float = 0.0) -> list[Reply | Exception]:
    """Requests one after another over one wire."""

    async def all_of_it() -> list[Reply | Exception]:
        line, found = Wire(url, {"Authorization": "Bearer key"}), list[Reply | Exception]()
        for number in range(times):
            try:
                found.append(await line.ask("POST", "/send", b"%d" % number))
            except (Unreached, BrokenOff) as error:
                found.append(error)
            await asyncio.sleep(between)
        await line.close()
        await asyncio.sleep(0.01)  # what broke off in the middle of a handshake says goodbye
        return found

    return asyncio.run(all_of_it())


def test_many_requests_take_one_connection_and_say_all_of_what_they_should(host: Host) -> None:
    assert [reply.status for reply in talk(host.url, 5) if isinstance(reply, Reply)] == [202] * 5
    assert host.connections == 1
    assert host.asked == [b"POST /send HTTP/1.1 %d" % number for number in range(5)]


def test_a_hundred_at_once_take_a_hundred_connections_and_each_gets_its_own_answer(host: Host) -> None:
    async def at_once() -> list[Reply]:
        line = Wire(host.url, {})
        found = await asyncio.gather(*(line.ask("POST", "/send", b"%d" % number) for number in range(100)))
        await line.close()
        return found

    assert {reply.headers["x-message-id"] for reply in asyncio.run(at_once())} == {"m1"}
    assert len(set(host.asked)) == len(host.asked) == 100


@pytest.mark.parametrize("end", [RESET, CLOSE])
@pytest.mark.parametrize("begun", [b"", OK[:9], OK[:40], b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
def test_19_a_kept_connection_that_dies_takes_no_request_with_it_twice(host: Host, begun: bytes, end: bytes) -> None:
    host.says = [(OK,), (begun or SILENCE, end), (OK,)]
    first, second, third = talk(host.url, 3)
    assert (isinstance(first, Reply), isinstance(second, BrokenOff), isinstance(third, Reply)) == (True, True, True)
    assert [asked[-1:] for asked in host.asked] == [b"0", b"1", b"2"]
    assert host.connections == 2


async def busy_in_between(url: str, turns: int) -> list[int]:
    """Two answers; between them the loop hears of nothing but in so many of its turns."""
    line = Wire(url, {})
    statuses = [(await line.ask("POST", "/send")).status]
    time.sleep(0.1)
    for _ in range(turns):
        await asyncio.sleep(0)
    statuses.append((await line.ask("POST", "/send")).status)
    await line.close()
    return statuses


@pytest.mark.parametrize("turns", range(6))
def test_19_a_connection_that_ended_while_this_process_was_busy_takes_no_request(host: Host, turns: int) -> None:
    host.says = [(OK, CLOSE)]
    assert asyncio.run(busy_in_between(host.url, turns)) == [202, 202]


@pytest.mark.parametrize("turns", range(6))
def test_19_nor_does_one_with_tls(tls_host: tuple[Host, Path], monkeypatch: pytest.MonkeyPatch, turns: int) -> None:
    host, certificate = tls_host
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    host.says = [(OK, CLOSE)]
    assert asyncio.run(busy_in_between(host.url, turns)) == [202, 202]


def test_with_tls_one_connection_is_kept_as_well(tls_host: tuple[Host, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    host, certificate = tls_host
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert [reply.status for reply in talk(host.url, 5) if isinstance(reply, Reply)] == [202] * 5
    assert host.connections == 1


def test_20_who_shows_a_certificate_that_nobody_vouches_for_is_told_nothing(tls_host: tuple[Host, Path]) -> None:
    host, _ = tls_host
    assert isinstance(talk(host.url)[0], Unreached)
    assert host.asked == []


def test_27_silence_ends_at_the_deadline(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "DEADLINE", 0.2)
    host.says = [(SILENCE,), (b"HTTP/1.1 202", SILENCE)]
    assert [str(error) for error in talk(host.url, 2)] == ["TimeoutError", "TimeoutError"]
    assert host.connections == 2


def test_20_who_was_never_reached_got_nothing(host: Host) -> None:
    with listening() as free:
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert isinstance(talk(nobody)[0], Unreached)
    assert isinstance(talk("http://no.such.host.invalid")[0], Unreached)


def test_20_a_host_without_tls_is_not_spoken_to(monkeypatch: pytest.MonkeyPatch, host: Host) -> None:
    monkeypatch.setattr(wire, "CONNECTS_WITHIN", 0.5)
    assert isinstance(talk(host.url.replace("http:", "https:"))[0], Unreached)
    assert host.asked == []


Shape = tuple[bytes, ...]
BODY = b'{"errors":[]}'


@pytest.mark.parametrize(
    ("shape", "connections"),
    [
        ((b"HTTP/1.1 400 No\r\nContent-Length: 13\r\n\r\n", BODY), 1),
        (tuple(bytes([one]) for one in b"HTTP/1.1 400 No\r\ncontent-length: 13\r\n\r\n" + BODY), 1),
        ((b"HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n" + BODY[:6],
          b"\r\n7\r\n" + BODY[6:] + b"\r\n0\r\n\r\n"), 1),
        ((b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 400 No\r\nContent-Length: 13\r\n\r\n" + BODY), 1),
        ((b"HTTP/1.1 400 No\r\nConnection: close\r\nContent-Length: 13\r\n\r\n" + BODY, CLOSE), 2),
        ((b"HTTP/1.0 400 No\r\n\r\n" + BODY, CLOSE), 2),
    ],
    ids=["whole", "byte by byte", "chunked", "after an interim one", "the last one", "until the end"],
)  # fmt: skip
def test_an_answer_is_understood_in_whatever_shape_it_comes(host: Host, shape: Shape, connections: int) -> None:
    host.says = [shape]
    first, second = talk(host.url, 2)
    assert isinstance(first, Reply)
    assert (first.status, first.body) == (400, BODY)
    assert (isinstance(second, Reply), host.connections) == (True, connections)


def test_26_more_than_anybody_wants_to_read_is_not_read(host: Host) -> None:
    host.says = [(b"HTTP/1.1 500 No\r\nContent-Length: 999999999\r\n\r\n", b" " * (LONGEST_ANSWER + 5))]
    first, second = talk(host.url, 2)
    assert isinstance(first, Reply)
    assert (first.status, len(first.body)) == (500, LONGEST_ANSWER)
    assert (isinstance(second, Reply), host.connections) == (True, 2)


def test_26_headers_without_end_are_not_listened_to(host: Host) -> None:
    host.says = [(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * LONGEST_ANSWER)]
    (found,) = talk(host.url)
    assert (isinstance(found, BrokenOff), str(found)) == (True, "OverflowError")


@pytest.mark.parametrize("nonsense", [b"220 mail.example ESMTP\r\n", b"\0\1\2\3", b"HTTP/1.1 2x2\r\n\r\n"])
def test_26_what_is_no_http_leaves_it_in_doubt(host: Host, nonsense: bytes) -> None:
    host.says = [(nonsense,)]
    assert isinstance(talk(host.url)[0], BrokenOff)


@pytest.mark.parametrize("unasked", [(OK, CLOSE), (OK, b"HTTP/1.1 408 Request Timeout\r\n\r\n")])
def test_what_happens_between_two_requests_costs_none(host: Host, unasked: Shape) -> None:
    host.says = [unasked]
    assert all(isinstance(reply, Reply) for reply in talk(host.url, 2, between=0.1))
    assert (len(host.asked), host.connections) == (2, 2)


def test_a_connection_that_was_idle_for_long_is_not_trusted(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "KEPT_ALIVE", 0.05)
    talk(host.url, 2, between=0.1)
    assert host.connections == 2
