"""What a doctor finds: each thing that was looked at, how it stands, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a thing stands. A warning lets mail go; what is bad loses mail, or good people."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Examined:
    """One thing that was looked at; ``do`` is what a person should do, empty when it is good."""

    subject: str
    verdict: Verdict
    found: str
    do: str = ""


Examination = Iterator[Examined]


def good(subject: str, found: str) -> Examined:
    """Nothing to do."""
    return Examined(subject, Verdict.GOOD, found)


def warning(subject: str, found: str, do: str) -> Examined:
    """It works, and could be better."""
    return Examined(subject, Verdict.WARNING, found, do)


def bad(subject: str, found: str, do: str) -> Examined:
    """It has to be put right before mail goes out."""
    return Examined(subject, Verdict.BAD, found, do)


def unknown(subject: str, found: str, do: str) -> Examined:
    """It could not be looked at."""
    return Examined(subject, Verdict.UNKNOWN, found, do)
