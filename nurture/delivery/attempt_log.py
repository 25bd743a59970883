"""The attempt log: one line on disk before a message leaves the house, and one after the answer.

A file a batch, under ``attempts/<day>/``. After a crash it tells what happened: no line, and the message was never
attempted; a start without an answer, and nobody knows; an answer, and it is that. Ids only, no personal data.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from nurture.channels import Fate, Outcome
from nurture.storage.fsync import keep_on_disk

FURTHEST = (Fate.ACCEPTED, Fate.WAITING, Fate.GONE, Fate.REJECTED, Fate.UNKNOWN, Fate.NOT_SENT)
"""Fates, those first after which nothing is attempted any more."""


@dataclass(frozen=True)
class AttemptLog:
    """The log of one batch."""

    path: Path

    @classmethod
    def of(cls, folder: Path, batch: UUID, claimed_at: datetime) -> "AttemptLog":
        """Where the log of a batch lies."""
        return cls(folder / f"{claimed_at.astimezone(UTC):%Y-%m-%d}" / f"{batch}.ndjson")

    def started(self, ids: Sequence[str]) -> None:
        """Say that these messages are about to leave; on disk when it returns.

        Raises:
            OSError: it could not be written; then nothing may leave.
        """
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch()
            keep_on_disk(self.path.parent)
            keep_on_disk(self.path.parent.parent)
        self._append(f'{{"id": "{each}"}}\n' for each in ids)

    def answered(self, outcomes: Mapping[str, Outcome]) -> None:
        """Say what became of them; on disk when it returns.

        Raises:
            OSError: it could not be written.
        """
        self._append(json.dumps(_line(*each)) + "\n" for each in outcomes.items())

    def read(self) -> dict[str, Outcome]:
        """What is known of every message that was attempted; one without an answer is ``UNKNOWN``."""
        found: dict[str, Outcome] = {}
        if not self.path.exists():
            return found
        for text in self.path.read_text(encoding="utf-8", errors="replace").split("\n"):
            with suppress(ValueError, KeyError, TypeError):  # a torn last line was never acted upon
                line = json.loads(text)
                found[line["id"]] = _outcome(line)
        return found

    @staticmethod
    def read_since(folder: Path, day: date) -> dict[str, Outcome]:
        """What all logs from a UTC day on know of every message: of several attempts the one that went furthest."""
        found: dict[str, Outcome] = {}
        for path in sorted(folder.glob("????-??-??/*.ndjson")):
            if path.parent.name >= str(day):
                for message, outcome in AttemptLog(path).read().items():
                    if message not in found or FURTHEST.index(outcome.fate) < FURTHEST.index(found[message].fate):
                        found[message] = outcome
        return found

    def _append(self, lines: Iterable[str]) -> None:
        text = "".join(lines).encode()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        try:
            written = 0
            while written < len(text):
                written += os.write(descriptor, text[written:])
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _line(message: str, outcome: Outcome) -> dict[str, str]:
    line = {"id": message, "fate": outcome.fate.value, "provider_id": outcome.provider_id, "why": outcome.why}
    return line | ({"retry_at": outcome.retry_at.astimezone(UTC).isoformat()} if outcome.retry_at else {})


def _outcome(line: Mapping[str, str]) -> Outcome:
    if "fate" not in line:
        return Outcome(Fate.UNKNOWN, why="no answer was recorded")
    retry_at = datetime.fromisoformat(line["retry_at"]) if "retry_at" in line else None
    return Outcome(Fate(line["fate"]), line["provider_id"], line["why"], retry_at)
