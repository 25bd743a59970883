"""One event loop in one thread of its own, for channels that talk to many at once; callable from any thread."""

import asyncio
import threading
from collections.abc import Coroutine
from functools import cached_property
from typing import Any, TypeVar

T = TypeVar("T")


class Loop:
    """Runs coroutines while the caller waits. The thread begins with the first one and dies with the process."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of the work."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    @cached_property
    def _loop(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=_run, args=(loop,), name="nurture-posting", daemon=True)
        self._thread.start()
        return loop

    def close(self) -> None:
        """End the thread; the next ``run`` begins another."""
        loop: asyncio.AbstractEventLoop | None = self.__dict__.pop("_loop", None)
        if loop is not None:
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
        loop.run_until_complete(asyncio.sleep(0))  # connections that were closed say goodbye
    finally:
        loop.close()
