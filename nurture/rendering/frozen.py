"""The frozen words on disk: finds the envelope of a message in its shard, and proves its attachments."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nurture.channels.envelope import Envelope, from_table

SHARDS_KEPT = 4
"""Batches follow the order of shards; a journey that was rendered apart lies between them."""


@dataclass
class Rendered:
    """The files under ``rendered/``. Keeps the shards that it read last."""

    folder: Path
    _shards: dict[str, dict[str, Envelope]] = field(default_factory=dict)
    _proved: set[str] = field(default_factory=set)

    def find(self, file: str, message: str) -> Envelope | None:
        """The envelope of a message; None when its file is gone or damaged, or it is not in it."""
        if file not in self._shards:
            if len(self._shards) == SHARDS_KEPT:
                del self._shards[next(iter(self._shards))]
            self._shards[file] = self._read(self.folder / file)
        return self._shards[file].get(message)

    def has_attachments(self, envelope: Envelope) -> bool:
        """Whether each attachment is there, byte for byte."""
        for digest, _ in envelope.attached():
            if digest not in self._proved and not has_attachment(self.folder / "attachments", digest):
                return False
            self._proved.add(digest)
        return True

    def _read(self, path: Path) -> dict[str, Envelope]:
        try:
            return {each.id: each for each in from_table(pq.read_table(path))}
        except (OSError, pa.ArrowException, KeyError):
            return {}


def has_attachment(folder: Path, digest: str) -> bool:
    """Whether the file of this SHA-256 is there, and is what it says."""
    path = folder / digest
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest
