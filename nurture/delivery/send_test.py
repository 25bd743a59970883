"""Trying: one touch, as one person would get it, really sent to a mailbox of ours. The ledger learns nothing of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from models import Channel as ChannelKind
from nurture.channels import Channel, Fate
from nurture.channels.registry import open_provider
from nurture.content.email_policy import via
from nurture.content.personas import read_personas
from nurture.content.send_windows import business_date
from nurture.errors import InputError
from nurture.journey.playbook import Playbook, read_playbook
from nurture.keys.signed_links import tokens_of
from nurture.people.contact_points import one_email
from nurture.rendering.freeze import open_workshop
from nurture.rendering.preview import Who, lead_reader, persona_reader, row_of
from nurture.rendering.shards import Failure
from nurture.settings import Mode, Settings
from nurture.storage.database import Store, in_memory
from nurture.storage.sql import literal


@dataclass(frozen=True)
class Tried:
    """What became of a test: by whom it went, and what the provider said."""

    touch: str
    provider: str
    fate: str
    why: str
    subject: str

    @property
    def accepted(self) -> bool:
        """Whether the provider took it."""
        return self.fate == Fate.ACCEPTED


def provider_for(playbook: Playbook, who: Who, to: str) -> str:
    """By whom mail to such a person at such an address goes."""
    policy = playbook.policy
    lead = f"SELECT {literal(who.row.get('country'))}::VARCHAR AS country, {literal(to)} AS email"
    with in_memory() as database:
        return str(database.one(f"SELECT {via(policy.email, policy.country)} FROM ({lead}) lead")[0])


def may_be_reached(settings: Settings, to: str) -> str:
    """The address in its normal form, if a test may go there.

    Raises:
        InputError: it is no address, or this installation may not write to it.
    """
    address = one_email(to)
    if address is None:
        raise InputError("--to: this is no email address.")
    if settings.mode is not Mode.LIVE and address not in map(one_email, settings.only_to.split()):
        raise InputError("--to: not live, and NURTURE_ONLY_TO does not name this address. Add it there first.")
    return address


def send_test(
    settings: Settings, playbook: Playbook, touch: str, who: Who, to: str, channel: Channel, now: datetime
) -> Tried:
    """Render a touch for a person, and send it to an address of ours.

    Raises:
        InputError: there is no such touch by email, or this person would not get it, or it cannot be rendered.
        TransientError: the provider cannot be reached.
    """
    row = row_of(playbook, touch, ChannelKind.EMAIL, who) | {"id": uuid4().hex, "night": str(now.date())}
    if row["template"] is None:
        raise InputError(f"{touch}: no content for this person.")
    failures: list[Failure] = []
    workshop = open_workshop(settings, playbook, tokens_of(settings), [row["template"]])
    envelopes = list(workshop.envelopes([row], failures))
    if failures:
        raise InputError(f"{touch}: {failures[0].why}")
    envelope = envelopes[0]._replace(to=to, to_name="")
    outcome = channel.send([envelope])[0]
    channel.finish()
    return Tried(touch, channel.name, outcome.fate.value, outcome.why, envelope.subject)


def run_send_test(
    settings: Settings, now: datetime, touch: str, to: str, *, lead: str | None = None, persona: str | None = None
) -> Tried:
    """Send a touch as one person would get it to an address of ours; without a person, as the first persona.

    Raises:
        InputError: there is no such touch or person, or the address may not be written to.
        TransientError: the provider cannot be reached.
    """
    playbook = read_playbook(settings)
    address = may_be_reached(settings, to)
    if lead is not None and persona is not None:
        raise InputError("Say who reads: --lead ID, or --persona NAME, not both.")
    who = _lead(settings, lead) if lead is not None else _persona(settings, persona, now)
    channel = open_provider(provider_for(playbook, who, address), settings)
    return send_test(settings, playbook, touch, who, address, channel, now)


def _lead(settings: Settings, lead: str) -> Who:
    with Store.of(settings).open() as database:
        return lead_reader(database, read_playbook(settings), lead)


def _persona(settings: Settings, persona: str | None, now: datetime) -> Who:
    personas = read_personas(settings.content)
    return persona_reader(persona or next(iter(personas)), personas, business_date(now, read_playbook(settings).zone))
