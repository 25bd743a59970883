"""Lanes: which messages go together, and who carries them.

Nobody outside is reached unless this says so: in preview mode only the addresses of ``NURTURE_ONLY_TO``, in live mode
those whose night was approved.
"""

from dataclasses import dataclass

from models import Channel as ChannelKind
from nurture.content.email_policy import via
from nurture.content.policy import Policy
from nurture.settings import Mode
from nurture.storage.sql import literal, texts

PREVIEW = "preview"


@dataclass(frozen=True)
class Lane:
    """Messages of one kind that one provider carries.

    ``takes`` is a predicate on a ``message`` m and its ``lead``. ``live`` ones reach everybody who is due: only of
    approved nights, along the provider's ramp and the hourly limits of recipients.
    """

    kind: ChannelKind
    provider: str = PREVIEW
    takes: str = "true"
    live: bool = False


def lanes(mode: Mode, policy: Policy, only_to: tuple[str, ...] = ()) -> tuple[Lane, ...]:
    """The lanes of an installation; ``only_to`` are the hashes of addresses that preview mode may reach.

    A channel without a lane has no way out: nothing of it is ever booked as sent because it lies in a folder.
    """
    if mode is Mode.LIVE:
        return tuple(_by(policy, name, live=True) for name in policy.email.names)
    others = tuple(Lane(kind) for kind in ChannelKind if kind is not ChannelKind.EMAIL)
    if not only_to:
        return (Lane(ChannelKind.EMAIL), *others)
    ours = f"coalesce(m.address_hash IN {texts(*only_to)}, false)"
    seeds = (_by(policy, name, ours) for name in policy.email.names)
    return (*seeds, Lane(ChannelKind.EMAIL, takes=f"NOT ({ours})"), *others)


def live_kinds(mode: Mode, policy: Policy) -> tuple[ChannelKind, ...]:
    """What reaches people without anybody's further doing, and so needs approved nights."""
    return tuple(dict.fromkeys(lane.kind for lane in lanes(mode, policy) if lane.live))


def _by(policy: Policy, name: str, besides: str = "true", *, live: bool = False) -> Lane:
    routed = f"{via(policy.email, policy.country)} = {literal(name)}"
    return Lane(ChannelKind.EMAIL, name, f"{routed} AND {besides}", live)
