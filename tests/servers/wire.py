"""HTTP/1.1 on a socket, as little of it as an API needs, and every way in which an answer can go wrong.

Small because it is measured against: a stand-in that is slower than the client times itself.
"""

import asyncio
import json
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

MOST_HEADERS = 64 * 1024


class Manner(Enum):
    """How an answer leaves."""

    WHOLE = "whole"
    THEN_CLOSES = "whole, without a word that the connection ends"
    HANGS = "never"
    RESETS = "instead of it the connection is reset"
    TRUNCATED = "half of it, then the connection ends"
    DRIPS = "byte after byte"
    UNREAD = "the connection ends before the request is read"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request gets, after ``after`` seconds; ``drip`` are the seconds between two bytes."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    manner: Manner = Manner.WHOLE
    after: float = 0.0
    drip: float = 0.05

    def bytes(self) -> bytes:
        """As they would leave."""
        lines = [f"HTTP/1.1 {self.status} {_reason(self.status)}", "Server: nginx"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines += [f"Content-Length: {len(self.body)}", "\r\n"]
        return "\r\n".join(lines).encode("latin-1") + self.body


def _reason(status: int) -> str:
    return HTTPStatus(status).phrase


@dataclass(slots=True)
class Request:
    """What was asked; names of headers are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    connection: int
    body: bytes = b""

    @property
    def path(self) -> str:
        """Without the query, decoded."""
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        """The last value of each name."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


def as_json(status: int, value: Any, *headers: tuple[str, str]) -> Answer:
    """An answer in JSON."""
    return Answer(status, json.dumps(value).encode(), (("Content-Type", "application/json"), *headers))


class Site:
    """What is served: two questions about each request, and the connections so far."""

    largest = 30 * 1024 * 1024

    def __init__(self) -> None:
        self.connections = 0
        self.most_at_once = 0
        self.open: set[Connection] = set()

    def before_the_body(self, request: Request) -> Answer | None:
        """An answer that needs no body; the connection ends with it."""
        raise NotImplementedError

    def answer(self, request: Request) -> Answer:
        """The answer to a whole request."""
        raise NotImplementedError


@dataclass(eq=False)
class Connection(asyncio.Protocol):
    """One connection, kept alive: request after request, each answered before the next is looked at."""

    site: Site
    number: int = 0
    buffer: bytearray = field(default_factory=bytearray)
    request: Request | None = None
    missing: int = 0
    busy: bool = False
    transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.site.connections += 1
        self.number = self.site.connections
        self.site.open.add(self)
        self.site.most_at_once = max(self.site.most_at_once, len(self.site.open))

    def connection_lost(self, exc: Exception | None) -> None:
        self.site.open.discard(self)
        self.transport = None

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self._go_on()

    def close(self) -> None:
        """Say goodbye."""
        if self.transport is not None:
            self.transport.close()

    def _go_on(self) -> None:
        while not self.busy and self.transport is not None:
            if self.request is None and not self._read_head():
                return
            if self.request is None or len(self.buffer) < self.missing:
                return
            self.request.body = bytes(self.buffer[: self.missing])
            del self.buffer[: self.missing]
            request, self.request, self.busy = self.request, None, True
            self._give(self.site.answer(request))

    def _read_head(self) -> bool:
        """Whether a request begins here; what cannot be one is answered, and the connection ends."""
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return len(self.buffer) > MOST_HEADERS and self._refuse(431)
        request = head(bytes(self.buffer[:end]), self.number)
        del self.buffer[: end + 4]
        if request is None:
            return self._refuse(400)
        if not (length := request.headers.get("content-length", "" if request.method == "POST" else "0")).isdecimal():
            return self._refuse(411)
        if int(length) > self.site.largest:
            return self._refuse(413)
        if (early := self.site.before_the_body(request)) is not None:
            self.busy = True
            self._give(early)
            return False
        if request.headers.get("expect") == "100-continue" and self.transport is not None:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.request, self.missing = request, int(length)
        return True

    def _refuse(self, status: int) -> bool:
        self.busy = True
        errors = {"errors": [{"message": _reason(status).lower(), "field": None, "help": None}]}
        told = as_json(status, errors, ("Connection", "close"))
        self._write(Answer(told.status, told.body, told.headers, Manner.THEN_CLOSES))
        return False

    def _give(self, answer: Answer) -> None:
        if answer.after > 0:
            asyncio.get_running_loop().call_later(answer.after, self._give_late, answer)
        else:
            self._write(answer)

    def _give_late(self, answer: Answer) -> None:
        self._write(answer)
        self._go_on()

    def _write(self, answer: Answer) -> None:
        if self.transport is None:
            return
        if answer.manner is Manner.WHOLE:
            self.transport.write(answer.bytes())
            self.busy = False
        else:
            _MISBEHAVE[answer.manner](self, answer)

    def _then_close(self, answer: Answer) -> None:
        assert self.transport is not None
        self.transport.write(answer.bytes())
        self.transport.close()

    def _hang(self, answer: Answer) -> None:
        """The request stays unanswered until somebody closes the connection."""

    def _reset(self, answer: Answer) -> None:
        assert self.transport is not None
        port: socket.socket = self.transport.get_extra_info("socket")
        port.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _truncate(self, answer: Answer) -> None:
        assert self.transport is not None
        whole = answer.bytes()
        self.transport.write(whole[: len(whole) // 2])
        self.transport.close()

    def _drip(self, answer: Answer, sent: int = 0) -> None:
        whole = answer.bytes()
        if self.transport is None:
            return
        self.transport.write(whole[sent : sent + 1])
        if sent + 1 < len(whole):
            asyncio.get_running_loop().call_later(answer.drip, self._drip, answer, sent + 1)
        else:
            self.busy = False
            self._go_on()


_MISBEHAVE: Mapping[Manner, Callable[[Connection, Answer], None]] = {
    Manner.THEN_CLOSES: Connection._then_close,
    Manner.HANGS: Connection._hang,
    Manner.RESETS: Connection._reset,
    Manner.UNREAD: Connection._reset,
    Manner.TRUNCATED: Connection._truncate,
    Manner.DRIPS: Connection._drip,
}


def head(raw: bytes, connection: int) -> Request | None:
    """The request line and headers; ``None`` if this is no HTTP/1.1, or a header is there twice or in two lines."""
    line, *lines = raw.decode("latin-1").split("\r\n")
    parts = line.split(" ")
    if len(parts) != 3 or parts[2] != "HTTP/1.1" or not parts[1].startswith("/"):
        return None
    headers: dict[str, str] = {}
    for each in lines:
        name, colon, value = each.partition(":")
        name = name.lower()
        if not colon or not name or name.strip() != name or name in headers:
            return None
        headers[name] = value.strip()
    return Request(parts[0], parts[1], headers, connection)
