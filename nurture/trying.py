"""Trying: one touch, as one person would get it, really sent to a mailbox of ours. The ledger learns nothing of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from models import Channel as ChannelKind
from nurture.channels import Channel, Fate
from nurture.content.email_policy import via
from nurture.errors import InputError
from nurture.journey.playbook import Playbook
from nurture.keys.signed_links import tokens_of
from nurture.people.contact_points import one_email
from nurture.rendering.freeze import open_workshop
from nurture.rendering.preview import Who, row_of
from nurture.rendering.shards import Failure
from nurture.settings import Mode, Settings
from nurture.storage.database import in_memory
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
