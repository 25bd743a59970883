"""Who carries what: the preview channel everything, unless settings and policy send mail by a provider."""

from collections.abc import Sequence
from datetime import datetime

from nurture.channels import Channel
from nurture.channels.preview import Preview
from nurture.errors import InputError
from nurture.journey import Journey
from nurture.lanes import Outlet, lanes
from nurture.playbook import Playbook
from nurture.settings import Settings


def places(journeys: Sequence[Journey]) -> tuple[str, ...]:
    """Every touch as ``journey/stage/touch``, in the order in which leads meet them."""
    return tuple(
        f"{journey.name}/{stage.key}/{touch.key}" for journey in journeys for stage, touch in journey.touches()
    )


def open_outlets(settings: Settings, playbook: Playbook, now: datetime) -> tuple[Outlet, ...]:
    """The lanes of an installation, each with its channel."""
    preview = Preview(settings.outbox, settings.rendered, now, places(playbook.ranked()))
    return tuple(Outlet(lane, preview) for lane in lanes(settings.mode, playbook.policy))


def open_provider(name: str, settings: Settings) -> Channel:
    """The channel of a mail provider, by the name that the policy's routes use."""
    raise InputError(f"No provider is called {name!r}: only `sendgrid` and the relays of NURTURE_SMTP_RELAYS are.")
