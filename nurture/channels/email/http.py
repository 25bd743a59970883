"""HTTP/1.1 to one host over kept connections, many requests at once, each written once.

At most once needs a client that says of every failure whether the request may have arrived, and that never tries again
by itself. ``docs/adr/0011-posting-mail.md`` says which clients do not. No redirects, no proxies, no cookies, nothing is
unpacked; one deadline for all of a request.
"""

import asyncio
import select
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpResponseParser

from nurture.errors import NurtureError

DEADLINE, CONNECTS_WITHIN = 20.0, 5.0
KEPT_ALIVE = 4.0
"""Seconds: shorter than any server keeps an idle connection, so that none is closed under our hands."""

LONGEST_ANSWER = 65_536


class Unreached(NurtureError):  # noqa: N818 - an answer, not a fault
    """The request certainly did not leave: there was no connection."""


class BrokenOff(NurtureError):  # noqa: N818 - an answer, not a fault
    """The request may have arrived, and there is no whole answer."""


@dataclass(frozen=True)
class Reply:
    """A status, its headers by lower-case names, and the beginning of its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Line(asyncio.Protocol):
    """One connection: one request at a time."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self.is_open = False
        self.idle_since = 0.0
        self._answer: asyncio.Future[Reply] | None = None
        self._begin()

    def ask(self, request: bytes) -> "asyncio.Future[Reply]":
        """Write a request; the future is its answer, or what became of it."""
        self._answer = asyncio.get_running_loop().create_future()
        self._begin()
        self._transport.write(request)
        return self._answer

    def is_ready(self) -> bool:
        """Whether it is open, and nothing waits to be read: that would be its end, or nothing to trust."""
        if not self.is_open or self._transport.is_closing():
            return False
        waiting = select.poll()
        waiting.register(self._transport.get_extra_info("socket"), select.POLLIN)
        return not waiting.poll(0)

    def close(self) -> None:
        """Let go of the connection at once."""
        self.is_open = False
        self._transport.abort()

    def _begin(self) -> None:
        self._parser = HttpResponseParser(self)
        self._status, self._headers, self._body, self._heard = 0, dict[str, str](), bytearray(), 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        self._transport, self.is_open = cast(asyncio.Transport, transport), True

    def data_received(self, data: bytes) -> None:
        """A piece of an answer; to no question, it ends the connection."""
        if self._answer is None or self._answer.done():
            return self.close()
        self._heard += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self._fail(error)
        if self._heard > 2 * LONGEST_ANSWER:
            self._fail(OverflowError())
        return None

    def connection_lost(self, error: Exception | None) -> None:
        """The connection has ended, with or without a whole answer."""
        self.is_open = False
        if self._status and not {"content-length", "transfer-encoding"} & self._headers.keys():
            self._finish()  # the end of the connection is the end of such a body (RFC 9112, 6.3)
        self._fail(error or EOFError())

    def on_message_begin(self) -> None:
        """The parser: an answer begins; a second one to the same question ends the connection."""
        if self._answer and self._answer.done():
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser: a header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The parser: a status, and all of its headers."""
        self._status = self._parser.get_status_code()

    def on_body(self, piece: bytes) -> None:
        """The parser: a piece of the body; whoever sends more than is wanted is not listened to."""
        self._body += piece[: LONGEST_ANSWER - len(self._body)]
        if len(self._body) == LONGEST_ANSWER:
            self.close()
            self._finish()

    def on_message_complete(self) -> None:
        """The parser: the answer is whole."""
        if self._status < 200:  # an interim answer; the real one follows
            self._status = 0
            self._headers.clear()
            return
        if not self._parser.should_keep_alive():
            self.close()
        self._finish()

    def _finish(self) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_result(Reply(self._status, self._headers, bytes(self._body)))

    def _fail(self, error: Exception) -> None:
        self.close()
        if self._answer and not self._answer.done():
            broken = BrokenOff(type(error).__name__)
            broken.__cause__ = error
            self._answer.set_exception(broken)


class Wire:
    """As many connections to one host as there are requests at once; ``headers`` go with each."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        fixed = {"Host": parts.netloc} | dict(headers)
        self._head = "".join(f"{name}: {value}\r\n" for name, value in fixed.items()).encode("latin-1", "replace")
        self._idle: list[Line] = []

    async def ask(self, method: str, target: str, body: bytes = b"") -> Reply:
        """One request, once.

        Raises:
            Unreached: there was no connection.
            BrokenOff: there was one, and no whole answer in time.
        """
        line = self._kept() or await self._connected()
        request = b"%s %s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s" % (
            method.encode(), target.encode(), self._head, len(body), body,
        )  # fmt: skip
        try:
            async with asyncio.timeout(DEADLINE):
                reply = await line.ask(request)
        except TimeoutError as error:
            line.close()
            raise BrokenOff(type(error).__name__) from error
        if line.is_open:
            line.idle_since = asyncio.get_running_loop().time()
            self._idle.append(line)
        return reply

    def _kept(self) -> Line | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            line = self._idle.pop()
            if line.is_ready() and now - line.idle_since < KEPT_ALIVE:
                return line
            line.close()
        return None

    async def _connected(self) -> Line:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECTS_WITHIN):
                _, line = await loop.create_connection(Line, self._host, self._port, ssl=self._tls)
        except (OSError, TimeoutError) as error:  # an SSLError is an OSError
            raise Unreached(type(error).__name__) from error
        return line

    async def close(self) -> None:
        """Let go of all connections."""
        while self._idle:
            self._idle.pop().close()
        await asyncio.sleep(0)
