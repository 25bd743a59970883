"""The preview channel: delivers into a folder, and is the default for everything. Nobody outside gets anything.

``outbox/<night>/`` gets an ``.eml`` for each email and a ``.json`` for each WeCom message or staff card, and a gallery
(``index.html``) to look at them. A file is linked into place only when it is whole and on disk, and never replaced: so
the folder itself proves what was delivered.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import product
from pathlib import Path

from nurture.channels import Fate, Outcome, Question
from nurture.channels.envelope import Envelope
from nurture.channels.preview.files import written
from nurture.channels.preview.gallery import hang
from nurture.errors import PermanentError, TransientError
from nurture.storage.fsync import keep_on_disk

SUFFIXES = (".eml", ".json")


class Preview:
    """Writes messages into a folder a night."""

    name = "preview"
    batch = 2_000
    in_flight = 100

    def __init__(self, outbox: Path, rendered: Path, now: datetime, order: Sequence[str] = ()) -> None:
        self._outbox = outbox
        self._attachments = rendered / "attachments"
        self._now = now
        self._order = order
        self._touched: set[Path] = set()

    def send(self, envelopes: Sequence[Envelope]) -> Sequence[Outcome]:
        """Write a file for each message.

        Raises:
            TransientError: the first of them could not be written (the disk is full).
        """
        outcomes: list[Outcome] = []
        for envelope in envelopes:
            try:
                outcomes.append(self._deliver(envelope))
            except PermanentError as error:
                outcomes.append(Outcome(Fate.REJECTED, why=str(error)))
            except OSError as error:
                if not outcomes:
                    raise TransientError(f"{self._outbox}: cannot be written ({error.strerror}).") from error
                outcomes.append(Outcome(Fate.NOT_SENT, why=error.strerror or type(error).__name__))
        for folder in self._touched:
            keep_on_disk(folder)
        return outcomes

    def evidence(self, questions: Sequence[Question]) -> Mapping[str, Outcome]:
        """A file is there, or it is not: the folder knows of every message."""
        return {question.id: self._proof(question) for question in questions}

    def finish(self) -> None:
        """Hang what is new into the gallery."""
        for folder in sorted(self._touched):
            hang(folder, self._order)
        self._touched.clear()

    def _deliver(self, envelope: Envelope) -> Outcome:
        suffix, content = written(envelope, self._attachments, self._now)
        folder = self._folder(envelope.night)
        folder.mkdir(parents=True, exist_ok=True)
        self._touched.add(folder)
        descriptor, unnamed = tempfile.mkstemp(dir=folder, prefix=".")
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(unnamed, 0o644)
            os.link(unnamed, folder / f"{envelope.id}{suffix}")
        except FileExistsError:
            return Outcome(Fate.ACCEPTED, provider_id=f"{envelope.id}{suffix}", why="was there already")
        finally:
            os.unlink(unnamed)
        return Outcome(Fate.ACCEPTED, provider_id=f"{envelope.id}{suffix}")

    def _proof(self, question: Question) -> Outcome:
        for night, suffix in product((question.night, *question.nights), SUFFIXES):
            if (self._folder(night) / f"{question.id}{suffix}").exists():
                return Outcome(Fate.ACCEPTED, provider_id=f"{question.id}{suffix}", why="its file is there")
        return Outcome(Fate.NOT_SENT, why="there is no file of it")

    def _folder(self, night: str) -> Path:
        return self._outbox / night
