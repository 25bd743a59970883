"""Who carries what: the preview channel everything, unless settings and policy send mail by a provider."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import SecretStr

from nurture.channels import Channel, Outcome, Question
from nurture.channels.email.headers import Letterhead
from nurture.channels.email.smtp import Smtp, read_relays
from nurture.channels.envelope import Envelope
from nurture.channels.preview import Preview
from nurture.channels.routing import PREVIEW, Lane, lanes
from nurture.channels.sendgrid import SendGrid
from nurture.content.bounce_rules import read_answers
from nurture.errors import InputError, TransientError
from nurture.journey.definition import Journey
from nurture.journey.playbook import Playbook
from nurture.keys.address_hashes import read_address_key
from nurture.keys.signed_links import tokens_of
from nurture.people.contact_points import one_email
from nurture.settings import Mode, Settings, entries

SENDGRID = "sendgrid"


@dataclass(frozen=True)
class Outlet:
    """A lane with the channel that carries it."""

    lane: Lane
    channel: Channel


def places(journeys: Sequence[Journey]) -> tuple[str, ...]:
    """Every touch as ``journey/stage/touch``, in the order in which leads meet them."""
    return tuple(
        f"{journey.name}/{stage.key}/{touch.key}" for journey in journeys for stage, touch in journey.touches()
    )


def open_outlets(settings: Settings, playbook: Playbook, now: datetime) -> tuple[Outlet, ...]:
    """The lanes of an installation, each with its channel.

    Raises:
        InputError: an address of NURTURE_ONLY_TO is none, the address key is missing, or a provider cannot be opened.
    """
    preview = Preview(settings.paths.outbox, settings.paths.rendered, now, places(playbook.ranked()))
    found = lanes(settings.mode, playbook.policy, _only_to(settings))
    providers = {name: open_provider(name, settings) for name in {lane.provider for lane in found} - {PREVIEW}}
    return tuple(Outlet(lane, providers.get(lane.provider, preview)) for lane in found)


def _only_to(settings: Settings) -> tuple[str, ...]:
    """The hashes of the addresses that preview mode may reach."""
    if settings.mode is Mode.LIVE or not settings.only_to.split():
        return ()
    key = read_address_key(settings.paths.address_key_file)
    addresses = [one_email(typed) for typed in settings.only_to.split()]
    if None in addresses:
        raise InputError(f"NURTURE_ONLY_TO: entry {addresses.index(None) + 1} is no email address.")
    return tuple(key.hash(address) for address in addresses if address)


def open_provider(name: str, settings: Settings) -> Channel:
    """The channel of a mail provider, by the name that the policy's routes use."""
    letterhead = Letterhead(tokens_of(settings), settings.reply_domain, settings.paths.rendered / "attachments")
    if name == SENDGRID:
        keys = entries("NURTURE_SENDGRID_API_KEY", settings.sendgrid_api_key)
        if len(keys) != 1:
            return NotSetUp(name, "policy.toml sends mail by it, and NURTURE_SENDGRID_API_KEY is not set.")
        return SendGrid(SecretStr(keys[0]), settings.sendgrid_url, letterhead, _clock)
    relays = read_relays(settings)
    if name not in relays:
        return NotSetUp(name, "policy.toml sends mail by it, and NURTURE_SMTP_RELAYS has no relay of this name.")
    return Smtp(relays[name], letterhead, read_answers(settings.content), _clock)


def open_lists(settings: Settings, playbook: Playbook) -> SendGrid | None:
    """The provider that keeps lists of addresses which it will not write to; None when it is not set up."""
    if SENDGRID not in playbook.policy.email.names:
        return None
    provider = open_provider(SENDGRID, settings)
    return provider if isinstance(provider, SendGrid) else None


def _clock() -> datetime:
    return datetime.now(UTC)


@dataclass(eq=False)
class NotSetUp:
    """A provider that the policy names and the settings do not: what it should carry waits, and says so."""

    name: str
    why: str
    batch: int = 1
    in_flight: int = 1

    def send(self, envelopes: Sequence[Envelope]) -> Sequence[Outcome]:
        """Nothing can be sent.

        Raises:
            TransientError: always.
        """
        raise TransientError(f"{self.name}: {self.why}")

    def evidence(self, questions: Sequence[Question]) -> Mapping[str, Outcome]:
        """Nothing is known."""
        return {}

    def finish(self) -> None:
        """Nothing to do."""
