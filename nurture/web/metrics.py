"""How much there was of what, for whoever watches: numbers only, in the form that Prometheus reads."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 5)


class Counters:
    """The counters of one process; they begin at zero with it."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._answers = Counter(
            "nurture_web_answers", "Answers by route and status.", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "nurture_web_seconds", "Seconds until the answer.", ["route"], registry=self._registry, buckets=SECONDS
        )
        self._lines = Counter("nurture_web_lines", "Lines put into the spool.", ["kind"], registry=self._registry)
        self._refused = Counter(
            "nurture_web_refused", "What was not taken, and why.", ["route", "why"], registry=self._registry
        )

    def answered(self, route: str, status: int, seconds: float) -> None:
        """An answer went out."""
        self._answers.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def kept(self, kind: str, lines: int = 1) -> None:
        """Lines are on disk."""
        self._lines.labels(kind).inc(lines)

    def refused(self, route: str, why: str, times: int = 1) -> None:
        """Something was not taken."""
        self._refused.labels(route, why).inc(times)

    def text(self) -> bytes:
        """All of them."""
        return generate_latest(self._registry)
