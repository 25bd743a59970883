"""How often somebody may knock: a bucket of drops for each of the last few thousand who did."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

REMEMBERED = 10_000


@dataclass
class RateLimit:
    """At most ``burst`` at once and ``per_second`` in the long run, for each of those who are told apart.

    ``clock`` gives seconds that only go forward.
    """

    burst: float
    per_second: float
    clock: Callable[[], float]
    _levels: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def allows(self, who: str) -> bool:
        """Count one more knock; false when it is one too many."""
        now = self.clock()
        level, since = self._levels.pop(who, (0.0, now))
        level = max(0.0, level - (now - since) * self.per_second)
        allowed = level + 1 <= self.burst
        self._levels[who] = (level + 1 if allowed else level, now)
        if len(self._levels) > REMEMBERED:
            self._levels.popitem(last=False)
        return allowed
