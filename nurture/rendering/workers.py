"""Renderers: the processes that render shards, and what happens when one of them dies.

A few messages are rendered right here: starting processes would take longer.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from threading import Lock

from nurture.errors import TransientError
from nurture.rendering.contexts import Shard
from nurture.rendering.shards import RenderedShard, Workshop, enter, render_shard

ALONE = 2_000
"""Up to so many messages, one shard, are rendered in this process: half a second, when starting others takes one."""

Render = Callable[[Shard], RenderedShard]


class Renderers:
    """Processes that have entered the workshop."""

    def __init__(self, workshop: Workshop, processes: int) -> None:
        self._workshop = workshop
        self._processes = processes
        self._lock = Lock()
        self._pool = self._started()

    def render(self, shard: Shard) -> RenderedShard:
        """Render one shard in one of them.

        Raises:
            TransientError: a process died; new ones stand ready, and the shard can be rendered again.
        """
        pool = self._pool
        try:
            return pool.submit(render_shard, shard).result()
        except BrokenProcessPool as error:
            self._replace(pool)
            raise TransientError("A process that renders died; the machine may be out of memory.") from error

    def close(self) -> None:
        """Let them go."""
        self._pool.shutdown()

    def _started(self) -> ProcessPoolExecutor:
        spawned = get_context("spawn")
        pool = ProcessPoolExecutor(self._processes, mp_context=spawned, initializer=enter, initargs=(self._workshop,))
        for _ in range(self._processes):
            pool.submit(int)
        return pool

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        """One of the threads that met the broken pool replaces it."""
        with self._lock:
            if self._pool is broken:
                broken.shutdown()
                self._pool = self._started()


@contextmanager
def open_renderers(workshop: Workshop, processes: int, messages: int) -> Iterator[Render]:
    """What renders a shard: this process for a few messages, others for many."""
    if messages <= ALONE:
        enter(workshop)
        yield render_shard
        return
    renderers = Renderers(workshop, processes)
    try:
        yield renderers.render
    finally:
        renderers.close()
