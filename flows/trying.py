"""Sending one test, in order."""

from datetime import UTC, datetime

from nurture.channels.registry import open_provider
from nurture.content.personas import read_personas
from nurture.content.send_windows import business_date
from nurture.errors import InputError
from nurture.journey.playbook import read_playbook
from nurture.rendering.preview import Who, lead_reader, persona_reader
from nurture.settings import Settings, read_settings
from nurture.storage.database import Store
from nurture.trying import Tried, may_be_reached, provider_for
from nurture.trying import send_test as try_out


def send_test(touch: str, to: str, *, lead: str | None = None, persona: str | None = None) -> Tried:
    """Send a touch as one person would get it to an address of ours; without a person, as the first persona.

    Raises:
        InputError: there is no such touch or person, or the address may not be written to.
        TransientError: the provider cannot be reached.
    """
    settings = read_settings()
    playbook, now = read_playbook(settings), datetime.now(UTC)
    address = may_be_reached(settings, to)
    if lead is not None and persona is not None:
        raise InputError("Say who reads: --lead ID, or --persona NAME, not both.")
    who = _lead(settings, lead) if lead is not None else _persona(settings, persona, now)
    channel = open_provider(provider_for(playbook, who, address), settings)
    return try_out(settings, playbook, touch, who, address, channel, now)


def _lead(settings: Settings, lead: str) -> Who:
    with Store.of(settings).open() as database:
        return lead_reader(database, read_playbook(settings), lead)


def _persona(settings: Settings, persona: str | None, now: datetime) -> Who:
    personas = read_personas(settings.content)
    return persona_reader(persona or next(iter(personas)), personas, business_date(now, read_playbook(settings).zone))
