"""May this go? Asked here and nowhere else: of a lead on a channel, of a pair by the night, of a message by the claim.

Every answer is SQL that yields a ``Reason``, empty when nothing forbids it. It is asked over the evidence of an as-of
date: ``lead``, its ``standing`` s and the facts of a journey, which ``facts.py`` takes for the moment that is meant.
Who may be refused for how long is decided by the sets below; the words for a person stand in ``vocabulary.py``.
"""

from collections.abc import Iterable

from models import Channel, Lifecycle, Reason
from nurture.consent.effective_consent import suppressed
from nurture.content.email_policy import leaves_the_country
from nurture.journey.definition import Journey
from nurture.journey.playbook import Playbook
from nurture.people.channel_addresses import WAYS, Way
from nurture.storage.sql import literal, texts

FAULTS = (
    Reason.SUPPRESSED,
    Reason.NO_CONSENT,
    Reason.NO_CROSS_BORDER,
    Reason.NO_CHANNEL,
    Reason.NO_CONTENT,
    Reason.NO_QUOTA,
    Reason.NO_ADDRESS,
)
"""When every leg of a pair has a fault, the first of these that occurs is the reason."""

SUPPRESSING = (Reason.SUPPRESSED, Reason.NO_CONSENT, Reason.TOPIC_OFF, Reason.NO_CROSS_BORDER)
CANCELLING = (
    Reason.ADDRESS_CHANGED, Reason.LEFT, Reason.GOAL, Reason.LIFECYCLE, Reason.DISQUALIFIED, Reason.ONLY_IF,
)  # fmt: skip
"""Why a planned message ends at its claim, and how; for every other reason it waits."""


def ends(reason: str) -> bool:
    """Whether a message that is stopped for this reason never goes."""
    return reason in (*SUPPRESSING, *CANCELLING)


# -- a lead on a channel -----------------------------------------------------------------------------------------------


def channel_fault(way: Way, playbook: Playbook, address: str) -> str:
    """What forbids a ``lead`` with its standing ``s`` to be written to on a channel, at the hash of an address."""
    unwanted = _unwanted(way, playbook, address)
    return f"CASE WHEN {address} IS NULL THEN {literal(Reason.NO_ADDRESS)} ELSE {unwanted} END"


def _unwanted(way: Way, playbook: Playbook, address: str) -> str:
    abroad = f"WHEN {_leaves_unasked(playbook)} THEN {literal(Reason.NO_CROSS_BORDER)}"
    return f"""CASE WHEN {suppressed(way, address)} THEN {literal(Reason.SUPPRESSED)}
        WHEN lead.{way.scope}_off OR NOT s.{way.scope}_ok THEN {literal(Reason.NO_CONSENT)}
        {abroad if way.channel is Channel.EMAIL else ""} ELSE '' END"""


def _leaves_unasked(playbook: Playbook) -> str:
    """The predicate that mail to a ``lead`` would leave the country, and they did not consent to that (``s``)."""
    policy = playbook.policy
    return f"({leaves_the_country(policy.email, policy.law, policy.country)} AND NOT s.cross_border_ok)"


def quota_used_up(way: Way, playbook: Playbook) -> str:
    """The predicate that a lead had its messages of the month on a channel (``used_…``)."""
    quota = playbook.policy.quota.get(way.channel)
    return f"coalesce(used_{way.scope}.messages >= {quota}, false)" if quota is not None else "false"


def served(lifecycles: Iterable[str]) -> str:
    """The predicate that a lead's lifecycle is one of these."""
    return f"lead.lifecycle IN {texts(*(Lifecycle(value) for value in lifecycles))}"


# -- a pair in a night -------------------------------------------------------------------------------------------------


def leg_fault(playbook: Playbook, leg: int) -> str:
    """What forbids a leg of a due pair ``d``, its lead as ``reach`` r says; NULL when it is not the leg's turn."""
    channel = f"d.channel_{leg}"
    forbids = " ".join(f"WHEN {literal(way.channel)} THEN r.{way.channel}_fault" for way in WAYS)
    full = " ".join(f"WHEN {literal(way.channel)} THEN r.{way.channel}_full" for way in WAYS)
    return f"""CASE WHEN {channel} IS NULL OR {leg} < d.next_leg THEN NULL
        WHEN d.internal AND r.handler_id IS NULL THEN {literal(Reason.NO_ADDRESS)}
        WHEN NOT d.internal AND CASE {channel} {forbids} END <> '' THEN CASE {channel} {forbids} END
        WHEN {channel} NOT IN {texts(*sorted(playbook.channels))} THEN {literal(Reason.NO_CHANNEL)}
        WHEN NOT d.fits_{leg} THEN {literal(Reason.NO_CONTENT)}
        WHEN NOT d.internal AND CASE {channel} {full} END THEN {literal(Reason.NO_QUOTA)} ELSE '' END"""


def topic_off(lead: str, journey: str) -> str:
    """The predicate that a lead does not want to hear about a journey's topic."""
    return f"(({lead}, {journey}) IN (SELECT (lead_id, topic) FROM topic_off))"


# -- a message at its claim --------------------------------------------------------------------------------------------


def message_fault(playbook: Playbook, journey: Journey, channel: Channel, reached: str, paused: str) -> str:
    """What stops a due message ``c`` of a journey, whose ``lead``, standing ``s`` and enrolment ``e`` are joined.

    What ends a message is asked before what delays it. Notices are for colleagues, who are told in the end.

    Args:
        reached: The predicate that the journey's goal is reached.
        paused: The predicate that a person or a breaker paused it.
    """
    way = next(way for way in WAYS if way.channel is channel)
    only_if = {touch.key: touch.only_if for _, touch in journey.touches() if touch.only_if is not None}
    wanted = " ".join(f"WHEN {literal(key)} THEN {rule.sql()}" for key, rule in only_if.items())
    unwanted, is_touch = _unwanted(way, playbook, "c.address_hash"), "c.kind = 'touch'"
    return f"""CASE
        WHEN NOT c.internal AND {unwanted} <> '' THEN {unwanted}
        WHEN NOT c.internal AND {topic_off("c.lead_id", "c.journey")} THEN {literal(Reason.TOPIC_OFF)}
        WHEN NOT c.internal AND lead.{way.hash} IS DISTINCT FROM c.address_hash THEN {literal(Reason.ADDRESS_CHANGED)}
        WHEN e.left_on IS NOT NULL AND {is_touch} THEN {literal(Reason.LEFT)}
        WHEN {reached} AND {is_touch} THEN {literal(Reason.GOAL)}
        WHEN NOT {served(journey.serves)} AND {is_touch} THEN {literal(Reason.LIFECYCLE)}
        WHEN lead.disqualified AND {is_touch} THEN {literal(Reason.DISQUALIFIED)}
        WHEN NOT {f"CASE c.touch {wanted} ELSE true END" if wanted else "true"} THEN {literal(Reason.ONLY_IF)}
        WHEN lead.on_hold AND {is_touch} THEN {literal(Reason.ON_HOLD)}
        WHEN s.reply_open AND NOT c.internal THEN {literal(Reason.REPLY_OPEN)}
        WHEN lead.paused_until > c.today AND NOT c.internal THEN {literal(Reason.LEAD_PAUSED)}
        WHEN {paused} THEN {literal(Reason.PAUSED)} ELSE '' END"""
