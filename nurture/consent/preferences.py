"""What a lead wants to hear, and how: the wishes that planning and claiming obey."""

from dataclasses import dataclass
from datetime import date

from models import ConsentScope

PAUSE_DAYS = 30
"""How long a pause lasts that is asked for on the page."""


@dataclass(frozen=True)
class Preferences:
    """The wishes of one lead; the default is what everybody begins with.

    ``paused_until`` is the first business date on which they want to hear from us again.
    """

    topics_off: tuple[str, ...] = ()
    channels_off: tuple[ConsentScope, ...] = ()
    paused_until: date | None = None
    language: str | None = None
    impersonal: bool = False
