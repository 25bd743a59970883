"""What a stand-in does instead of its duty, and to whom: to an address, to the next ones, or to all."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

B = TypeVar("B")


class Script(Generic[B]):
    """Behaviours by address (first), by order (then), and for all (else)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_address: dict[str, deque[B]] = {}
        self._for_good: dict[str, B] = {}
        self._next: deque[B | None] = deque()
        self._always: B | None = None

    def next(self, *behaviours: B | None) -> None:
        """One each for the next ones, in this order; ``None``: as it should be."""
        with self._lock:
            self._next.extend(behaviours)

    def for_address(self, address: str, behaviour: B, times: int | None = None) -> None:
        """For this recipient, every time or so many times."""
        with self._lock:
            if times is None:
                self._for_good[address.lower()] = behaviour
            else:
                self._by_address.setdefault(address.lower(), deque()).extend([behaviour] * times)

    def always(self, behaviour: B | None) -> None:
        """For everybody from now on; ``None``: as it should be."""
        with self._lock:
            self._always = behaviour

    def clear(self) -> None:
        """From now on everything is as it should be."""
        with self._lock:
            self._by_address.clear()
            self._for_good.clear()
            self._next.clear()
            self._always = None

    def left(self) -> int:
        """How many of ``next`` nobody met yet."""
        return len(self._next)

    def take(self, addresses: Iterable[str], fits: Callable[[B], bool]) -> B | None:
        """What one request meets; what does not fit the moment stays for another."""
        if not (self._next or self._always or self._by_address or self._for_good):
            return None
        with self._lock:
            for address in addresses:
                queue = self._by_address.get(address.lower())
                if queue and fits(queue[0]):
                    return queue.popleft()
                if (found := self._for_good.get(address.lower())) is not None and fits(found):
                    return found
            if self._next and (self._next[0] is None or fits(self._next[0])):
                return self._next.popleft()
            return self._always if self._always is not None and fits(self._always) else None
