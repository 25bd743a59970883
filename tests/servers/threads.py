"""A server of asyncio in a thread of its own, so that a plain test can talk to it."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Self

HOST = "127.0.0.1"


def listening(port: int = 0) -> socket.socket:
    """A socket that listens on a port of this machine; 0: a free one."""
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((HOST, port))
    server.listen(1024)
    return server


class ThreadedServer:
    """Serves ``protocol()`` on a port from ``with`` to its end; ``down()`` refuses connections for a while."""

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.port = port
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None

    def protocol(self) -> asyncio.BaseProtocol:
        """What talks on a new connection; called in the thread of the loop."""
        raise NotImplementedError

    def drop_connections(self) -> None:
        """Close what is open; called in the thread of the loop."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @contextmanager
    def down(self) -> Iterator[None]:
        """Nobody answers: every open connection is closed, new ones are refused."""
        self._run(self._close())
        try:
            yield
        finally:
            self._run(self._open())

    def finish_what_was_begun(self) -> None:
        """Return when what this server was about to do is done: a connection that it closes is closed."""
        self._run(asyncio.sleep(0))

    def soon(self, what: Callable[[], object]) -> None:
        """Call it in the thread of the loop."""
        self._loop.call_soon_threadsafe(what)

    def _run(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _open(self) -> None:
        port = listening(self.port)
        self.port = port.getsockname()[1]
        self._server = await self._loop.create_server(self.protocol, sock=port, ssl=self._tls)

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        self.drop_connections()
        await asyncio.sleep(0.01)  # the connections say goodbye
