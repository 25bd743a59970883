"""The playbook: everything that marketing wrote, read once and handed on as one argument."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from models import Channel
from nurture.content.catalogue import ContentFile, read_content
from nurture.content.event_kinds import EventCatalogue, read_events
from nurture.content.policy import Policy, read_policy
from nurture.errors import InputError
from nurture.journey.definition import Journey
from nurture.journey.loader import load_journeys
from nurture.settings import Settings


@dataclass(frozen=True)
class Playbook:
    """Journeys, event weights, policy and content, and the business zone in which they are meant.

    ``channels`` are those that have a way out of this installation.
    """

    journeys: tuple[Journey, ...]
    events: EventCatalogue
    policy: Policy
    content: tuple[ContentFile, ...]
    zone: ZoneInfo
    channels: frozenset[Channel] = frozenset(Channel)

    def journey(self, name: str) -> Journey:
        """The journey of this name.

        Raises:
            InputError: there is none.
        """
        known = {journey.name: journey for journey in self.journeys}
        if name not in known:
            raise InputError(f"No journey is called {name!r}. Known: {', '.join(known)}.")
        return known[name]

    def ranked(self) -> tuple[Journey, ...]:
        """The journeys, the highest priority first, then by name."""
        return tuple(sorted(self.journeys, key=lambda journey: self.policy.rank(journey.name)))


def read_playbook(settings: Settings) -> Playbook:
    """Read and check it all.

    Raises:
        JourneyError: a journey file cannot be used; with file, line and remedy.
        ContentError: a file under ``content/`` cannot be used.
    """
    events = read_events(settings.content)
    journeys = load_journeys(settings.journeys, events)
    policy, content = read_policy(settings.content), read_content(settings.content)
    return Playbook(journeys, events, policy, content, ZoneInfo(settings.zone), settings.mode.channels)
