"""What an audit asks, and what it finds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One promise, and the query that finds what breaks it: one row each, the first column names it."""

    promise: str
    breaches: str


@dataclass(frozen=True)
class Finding:
    """One promise, how often it is broken, and where to look first."""

    promise: str
    breaches: int
    examples: tuple[str, ...]
