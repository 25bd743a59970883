"""Which channel takes what: the preview channel takes everything until another is set up."""

from collections.abc import Sequence
from datetime import datetime

from models import Channel as ChannelKind
from nurture.channels import Channel
from nurture.channels.preview import Preview
from nurture.journey import Journey
from nurture.playbook import Playbook
from nurture.settings import Settings


def places(journeys: Sequence[Journey]) -> tuple[str, ...]:
    """Every touch as ``journey/stage/touch``, in the order in which leads meet them."""
    return tuple(
        f"{journey.name}/{stage.key}/{touch.key}" for journey in journeys for stage, touch in journey.touches()
    )


def open_channels(settings: Settings, playbook: Playbook, now: datetime) -> dict[ChannelKind, Channel]:
    """The channel of each kind of touch."""
    preview = Preview(settings.outbox, settings.rendered, now, places(playbook.ranked()))
    return dict.fromkeys(ChannelKind, preview)
