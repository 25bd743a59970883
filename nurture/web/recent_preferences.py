"""What readers said in the last while and flows have not published yet, so that a page shows what was just saved.

Only a courtesy: it is lost with the process; what counts is in the spool.
"""

import sqlite3
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from models import ConsentScope
from nurture.consent.preferences import Preferences
from nurture.consent.published_preferences import WebState

REMEMBERED = 10_000
PUBLISHED_WITHIN = timedelta(hours=1)
"""A file published that long after somebody spoke has it in it."""

LEFT_EMAIL = {ConsentScope.EMAIL, ConsentScope.ALL}


@dataclass(frozen=True)
class Reader:
    """How things stand with the reader of a message; ``left`` says that they want no email."""

    wishes: Preferences = field(default_factory=Preferences)
    left: bool = False


@dataclass(frozen=True)
class Lately:
    """What the last few thousand readers said to this process, by message."""

    _said: OrderedDict[str, tuple[datetime, Reader]] = field(default_factory=OrderedDict)

    def says(self, message: str, reader: Reader, now: datetime) -> None:
        """Remember how things stand from now on."""
        self._said.pop(message, None)
        self._said[message] = (now, reader)
        if len(self._said) > REMEMBERED:
            self._said.popitem(last=False)

    def reader(self, message: str, state: WebState) -> Reader:
        """How things stand: as they said here, as was published since, or as everybody begins.

        What was published may be damaged; a page that knows less is better than one that nobody can leave by.
        """
        spoke_at, said = self._said.get(message, (None, Reader()))
        try:
            if spoke_at and _published_at(state) - spoke_at < PUBLISHED_WITHIN:
                return said
            known = state.of_message(message)
        except (OSError, sqlite3.Error, ValueError):
            return said
        return Reader(known.preferences, bool(LEFT_EMAIL & {*known.left})) if known else Reader()


def _published_at(state: WebState) -> datetime:
    return datetime.fromtimestamp(state.path.stat().st_mtime, UTC)
