"""The kill switch: a file beside the database that stops all sending before the next handful of messages.

It needs no database and no server, so that it works while a night or a dispatch holds them; ``touch var/STOP`` does
too. What was handed over stays so; what was claimed goes back to where it was.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class KillSwitch:
    """One installation's."""

    path: Path

    def pull(self, why: str, now: datetime) -> None:
        """Stop all sending until it is released."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(f"{why or 'by hand'} ({now:%Y-%m-%d %H:%M} UTC)\n", encoding="utf-8")

    def release(self) -> bool:
        """Let sending go on; whether it was stopped."""
        was_there = self.path.exists()
        self.path.unlink(missing_ok=True)
        return was_there

    @property
    def pulled(self) -> str:
        """Why and since when sending is stopped; empty when it is not."""
        if not self.path.exists():
            return ""
        return self.path.read_text(encoding="utf-8", errors="replace").strip() or "by hand"
