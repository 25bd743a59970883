"""Steps: what the core asks of whoever runs it.

The order of a night and of a dispatch stands in the core and in ``flows/``; who runs each step, names it and shows it
is handed in. ``Plainly`` just calls; under Prefect every step is a task run (``tasks/step_runs.py``).
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
S = TypeVar("S")

SHARDS_AT_ONCE = 3
"""One more than the processes that work on them, so that none of these waits."""


@dataclass(frozen=True)
class Told:
    """What a step came to, in a few words without personal data; ``trouble`` when a person should look."""

    words: str = ""
    trouble: bool = False


def nothing_told(result: Any) -> Told:
    """Nothing worth saying."""
    return Told()


class Steps(Protocol):
    """Who runs the steps."""

    def reach(self, work: Callable[[], T]) -> T:
        """Reach the database. May be tried again later: whoever holds it lets go some time."""

    def step(self, name: str, work: Callable[[], T], tell: Callable[[T], Told] = nothing_told) -> T:
        """Run one step, once."""

    def shards(
        self, name: str, work: Callable[[S], T], shards: Sequence[S], tell: Callable[[T], Told] = nothing_told
    ) -> Iterable[T]:
        """Run a step for each shard, some at once, in order. A ``TransientError`` may be answered by another try."""


class Plainly:
    """Calls each step, and shows nothing."""

    def reach(self, work: Callable[[], T]) -> T:
        """Call it."""
        return work()

    def step(self, name: str, work: Callable[[], T], tell: Callable[[T], Told] = nothing_told) -> T:
        """Call it."""
        return work()

    def shards(
        self, name: str, work: Callable[[S], T], shards: Sequence[S], tell: Callable[[T], Told] = nothing_told
    ) -> Iterable[T]:
        """Call it for each, in threads."""
        with ThreadPoolExecutor(SHARDS_AT_ONCE) as threads:
            yield from threads.map(work, shards)
