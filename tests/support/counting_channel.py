"""A stand-in channel and, behind it, its provider: the provider keeps its own log, and that log is the truth.

One line a message is in the provider's file, and on its disk, before the provider answers. What the answer then says is
the channel's to spoil: refuse, keep silent, raise, die. ``evidence`` reads the provider's log, as a real one would.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from nurture.channels import Fate, Outcome, Question
from nurture.channels.envelope import Envelope

Hook = Callable[[Envelope], None]
Answer = Callable[[Envelope], Outcome | None]
"""What the provider says to a message; ``None``: it accepts it."""


def nothing(envelope: Envelope) -> None:
    """Neither pauses nor objects."""


@dataclass(eq=False)
class CountingChannel:
    """Hands messages to a provider that counts them.

    ``before`` and ``after`` are called with each envelope around its line in the provider's log; ``answer`` may say
    something else than accepted, and then there is no line. ``handed`` are the ids that came in here, in order.
    """

    log: Path
    before: Hook = nothing
    after: Hook = nothing
    answer: Answer = nothing
    batch: int = 20
    in_flight: int = 5
    name: str = "counting"
    handed: list[str] = field(default_factory=list)
    finished: int = 0

    def send(self, envelopes: Sequence[Envelope]) -> Sequence[Outcome]:
        assert len(envelopes) <= self.in_flight
        return [self._hand_over(envelope) for envelope in envelopes]

    def evidence(self, questions: Sequence[Question]) -> Mapping[str, Outcome]:
        known = set(accepted_by(self.log))
        return {
            question.id: Outcome(Fate.ACCEPTED, f"p-{question.id}", "in its log")
            if question.id in known
            else Outcome(Fate.NOT_SENT, why="not in its log")
            for question in questions
        }

    def finish(self) -> None:
        self.finished += 1

    def _hand_over(self, envelope: Envelope) -> Outcome:
        self.handed.append(envelope.id)
        self.before(envelope)
        if (said := self.answer(envelope)) is not None:
            return said
        write_line(self.log, envelope.id)
        self.after(envelope)
        return Outcome(Fate.ACCEPTED, provider_id=f"p-{envelope.id}")


def write_line(log: Path, line: str) -> None:
    """One line, whole and on disk."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{line}\n".encode())
    os.fsync(descriptor)
    os.close(descriptor)


def accepted_by(log: Path) -> list[str]:
    """The ids that the provider accepted, as often as it did."""
    return log.read_text().splitlines() if log.exists() else []


@dataclass(frozen=True)
class NowAndThen:
    """A small pause of random length."""

    random: Random
    longest: float

    def __call__(self, envelope: Envelope) -> None:
        time.sleep(self.random.random() * self.longest)


@dataclass(frozen=True)
class Mixed:
    """Mostly accepted; one address in sixteen is refused for good, and now and then the line is dead."""

    random: Random
    dead: float = 0.03

    def __call__(self, envelope: Envelope) -> Outcome | None:
        if envelope.id.startswith("0"):
            return Outcome(Fate.REJECTED, why="no such user")
        return Outcome(Fate.NOT_SENT, why="no line") if self.random.random() < self.dead else None


@dataclass
class Dies:
    """``kill -9`` of this very process at the n-th message."""

    nth: int

    def __call__(self, envelope: Envelope) -> None:
        self.nth -= 1
        if not self.nth:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Waits:
    """Until a file is there."""

    file: Path

    def __call__(self, envelope: Envelope) -> None:
        while not self.file.exists():
            time.sleep(0.005)
