"""SendGrid's events as signs. What we do not know is kept as ``other``: a new kind of event breaks nothing.

Two keys, because the provider's own id is said to change when an event is sent again: that id, and what the event says.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from models import Meaning, SignalKind
from nurture.channels.delivery_events import Sign
from nurture.content.bounce_rules import Answers
from nurture.storage.json_type import JSON

KINDS = {
    "processed": SignalKind.PROCESSED,
    "deferred": SignalKind.DEFERRED,
    "delivered": SignalKind.DELIVERED,
    "bounce": SignalKind.BOUNCED,
    "blocked": SignalKind.BOUNCED,
    "dropped": SignalKind.DROPPED,
    "open": SignalKind.OPENED,
    "click": SignalKind.CLICKED,
    "spamreport": SignalKind.COMPLAINED,
    "unsubscribe": SignalKind.LEFT,
    "group_unsubscribe": SignalKind.LEFT,
}
DROPPED = {
    "bounced address": Meaning.GONE,
    "invalid": Meaning.GONE,
    "unsubscribed address": Meaning.LEFT,
    "spam reporting address": Meaning.COMPLAINED,
}
MEANINGS = {SignalKind.COMPLAINED: Meaning.COMPLAINED, SignalKind.LEFT: Meaning.LEFT}
EARLIEST, LATEST = 1_000_000_000, 100_000_000_000


def sign_of(event: JSON, answers: Answers, zone: ZoneInfo) -> Sign:
    """One event as a sign.

    Raises:
        ValueError, TypeError, KeyError: it is no event.
    """
    if not isinstance(event, Mapping):
        raise TypeError("an event is an object")
    seconds = event["timestamp"]
    if not isinstance(seconds, int | float) or not EARLIEST < seconds < LATEST:
        raise ValueError("timestamp")
    name, at = str(event["event"]), datetime.fromtimestamp(int(seconds), UTC)
    kind, own = KINDS.get(name, SignalKind.OTHER), event.get("sg_event_id")
    return Sign(
        key=_key(event),
        kind=kind,
        at=at,
        on=at.astimezone(zone).date(),
        meaning=_meaning(kind, event, answers),
        event_key=_hashed(f"sendgrid|{own}") if own else None,
        named=_uuid(event.get("nurture_message")),
        provider_id=str(event.get("sg_message_id") or "").partition(".")[0] or None,
        address=str(event["email"])[:320] if event.get("email") else None,
        target=str(event["url"])[:2000] if event.get("url") else None,
        machine=_machine(kind, event),
    )


def _key(event: Mapping[str, JSON]) -> UUID:
    """What the event says, whatever id it comes with."""
    offset = event.get("url_offset")
    place = (offset.get("index"), offset.get("type")) if isinstance(offset, Mapping) else (None, None)
    seconds, email = int(float(str(event["timestamp"]))), str(event.get("email") or "").lower()
    said = (
        event["event"], event.get("sg_message_id"), email, seconds,
        event.get("url"), *place, event.get("attempt"), event.get("asm_group_id"), event.get("type"),
    )  # fmt: skip
    return _hashed("|".join("" if each is None else str(each) for each in said))


def _meaning(kind: SignalKind, event: Mapping[str, JSON], answers: Answers) -> Meaning:
    reason = str(event.get("reason") or event.get("response") or "")
    if kind is SignalKind.DROPPED:
        return DROPPED.get(reason.strip().lower(), Meaning.REFUSED)
    if kind is SignalKind.DEFERRED:
        return Meaning.THROTTLED
    if kind is not SignalKind.BOUNCED:
        return MEANINGS.get(kind, Meaning.NONE)
    form = "blocked" if event["event"] == "blocked" else str(event.get("type") or "bounce")
    classified, status = str(event.get("bounce_classification") or ""), str(event.get("status") or "")
    return answers.meaning(form, reason, classified, status)


def _machine(kind: SignalKind, event: Mapping[str, JSON]) -> bool | None:
    """An open that the provider calls a machine's; other opens and clicks are judged by the night."""
    return True if kind is SignalKind.OPENED and event.get("sg_machine_open") is True else None


def _uuid(value: JSON) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _hashed(text: str) -> UUID:
    return UUID(bytes=sha256(text.encode("utf-8", "backslashreplace")).digest()[:16])
