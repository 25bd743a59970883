"""Mails that came in, as they came: written in pieces beside the spool, named by their contents once they are whole."""

import hashlib
import os
import secrets
from pathlib import Path

from nurture.storage.fsync import keep_on_disk


class Letter:
    """One mail on its way to disk. ``keep`` gives it its name; without that, ``drop`` takes it away again."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._unnamed = folder / f".{secrets.token_hex(8)}"
        self._file = os.fdopen(os.open(self._unnamed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, piece: bytes) -> None:
        """The next bytes.

        Raises:
            OSError: the disk takes no more.
        """
        self._file.write(piece)
        self._digest.update(piece)
        self.size += len(piece)

    def keep(self) -> str:
        """Make it durable; the name under which it lies in its folder. The same mail twice lies there once.

        Raises:
            OSError: it could not be.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        name = f"{self._digest.hexdigest()}.eml"
        self._unnamed.rename(self._unnamed.with_name(name))
        keep_on_disk(self._unnamed.parent)
        return name

    def drop(self) -> None:
        """Leave nothing behind but what was kept."""
        try:
            self._file.close()
        finally:
            self._unnamed.unlink(missing_ok=True)
