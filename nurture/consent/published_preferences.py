"""What pages must know, in a file of its own: flows publish it whole, the web process only reads it.

Ids and wishes, no names and no addresses; only of leads who ever wished anything or left. Of all others the page knows
what everybody begins with.
"""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from models import ConsentScope
from nurture.consent.preferences import Preferences

SCHEMA = """
CREATE TABLE reader (
    lead TEXT PRIMARY KEY, topics_off TEXT, channels_off TEXT, paused_until TEXT, language TEXT, impersonal INTEGER,
    withdrawn TEXT
) WITHOUT ROWID;
CREATE TABLE written (message TEXT PRIMARY KEY, lead TEXT) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Known:
    """What is known of one reader; ``left`` are the scopes from which they withdrew."""

    lead_id: str
    preferences: Preferences
    left: tuple[ConsentScope, ...] = ()


@dataclass(frozen=True)
class WebState:
    """The published file, for reading and for publishing a new one."""

    path: Path

    def of_message(self, message_id: str) -> Known | None:
        """What is known of the reader of a message; ``None``: nothing was ever wished, or nothing published yet."""
        if not self.path.exists():
            return None
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            row = connection.execute(
                "SELECT reader.* FROM written JOIN reader USING (lead) WHERE message = ?", (message_id,)
            ).fetchone()
        return _known(row) if row else None

    def publish(self, readers: Iterable[Known], written: Iterable[tuple[str, str]]) -> None:
        """Put a new file in the place of the old one: ``written`` are pairs (message, lead) of those readers."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f".{self.path.name}")
        fresh.unlink(missing_ok=True)
        with closing(sqlite3.connect(fresh)) as connection, connection:
            connection.executescript(SCHEMA)
            connection.executemany("INSERT INTO reader VALUES (?, ?, ?, ?, ?, ?, ?)", map(_row, readers))
            connection.executemany("INSERT INTO written VALUES (?, ?)", written)
        fresh.replace(self.path)


def _row(known: Known) -> tuple[object, ...]:
    wishes = known.preferences
    return (
        known.lead_id,
        json.dumps(wishes.topics_off),
        json.dumps(wishes.channels_off),
        wishes.paused_until.isoformat() if wishes.paused_until else None,
        wishes.language,
        wishes.impersonal,
        json.dumps(known.left),
    )


def _known(row: tuple[str, str, str, str | None, str | None, int, str]) -> Known:
    lead, topics, channels, paused, language, impersonal, left = row
    wishes = Preferences(
        tuple(json.loads(topics)),
        tuple(ConsentScope(each) for each in json.loads(channels)),
        date.fromisoformat(paused) if paused else None,
        language,
        bool(impersonal),
    )
    return Known(lead, wishes, tuple(ConsentScope(each) for each in json.loads(left)))
