"""What other systems may tell of a lead: an event, or what they know about the person. Segment's names are understood.

Shape only: whether there is such a lead is found out when the line is applied.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from nurture.imports.layouts import LAYOUTS, FileKind
from nurture.storage.json_type import JSON

MOST = 1_000
"""Events in one request."""

AHEAD = timedelta(minutes=10)
"""How far the clocks of others may be ahead of ours."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""What is older is a mistake; some of it has no moment in UTC at all."""

TRAITS = tuple(column.name for column in LAYOUTS[FileKind.LEADS] if column.name != "id")
NO_CONTROL = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
Id = Annotated[str, Field(min_length=1, max_length=200, pattern=NO_CONTROL)]
Text = Annotated[str, Field(max_length=500, pattern=NO_CONTROL)]
STRICT = ConfigDict(frozen=True, extra="forbid")


class Track(BaseModel):
    """Something that a lead did."""

    model_config = STRICT

    type: Literal["track"] = "track"
    lead: Id = Field(description="The id of the lead in your CRM.")
    kind: Id = Field(description="One of the kinds in content/events.toml.", examples=["content.downloaded"])
    occurred_at: AwareDatetime = Field(description="With its offset from UTC.", examples=["2026-11-20T10:00:00+08:00"])
    about: Text | None = Field(None, description="What it was about: a piece of content, a webinar.")
    source: Text | None = Field(None, description="Where it happened; without it, the name of your API key.")
    id: Id | None = Field(None, description="Yours: the same event sent twice counts once.")


class Identify(BaseModel):
    """What is known of a lead: the columns of ``nurture import leads``."""

    model_config = STRICT

    type: Literal["identify"]
    lead: Id = Field(description="The id of the lead in your CRM.")
    traits: dict[Literal[TRAITS], Text] = Field(min_length=1)  # type: ignore[valid-type]
    occurred_at: AwareDatetime | None = None


FIELDS = {*Track.model_fields, *Identify.model_fields}
"""All that may be named in an answer: what others call a field may hold what must not be told."""


@dataclass(frozen=True)
class Understood:
    """One thing that was told, and its id at whoever told it."""

    data: Mapping[str, JSON]
    id: str | None


@dataclass(frozen=True)
class NotTaken:
    """One thing that was not taken, and why; never with its contents."""

    index: int
    why: str


def items(body: object) -> list[Any]:
    """The single things that a request tells: of a list, of ``events`` or ``batch``, or itself.

    Raises:
        ValueError: there is none, or too many.
    """
    if isinstance(body, dict):
        body = body.get("events", body.get("batch", [body]))
    if not isinstance(body, list) or not 1 <= len(body) <= MOST:
        raise ValueError(f"1 to {MOST} events: an object, a list, or a list in `events` or `batch`")
    return body


def understand(
    told: list[Any], kinds: Mapping[str, object], caller: str, now: datetime
) -> Iterator[Understood | NotTaken]:
    """Each thing in turn, as the spool wants it, or why not."""
    for index, item in enumerate(told):
        try:
            yield _understood(item, kinds, caller, now)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = first["loc"][0] if first["loc"] and first["loc"][0] in FIELDS else "a field of another name"
            yield NotTaken(index, f"{place}: {first['msg']}")
        except ValueError as error:
            yield NotTaken(index, str(error))


def _understood(item: Any, kinds: Mapping[str, object], caller: str, now: datetime) -> Understood:
    if not isinstance(item, dict):
        raise ValueError("event: an object is wanted")
    ours = _from_segment(item, now) if "userId" in item or "anonymousId" in item else item
    if ours.get("type") == "identify":
        known = Identify.model_validate(ours)
        return Understood(
            {"type": "identify", "lead": known.lead, "traits": dict(known.traits),
             "occurred_at": _moment(known.occurred_at or now, now)}, None,
        )  # fmt: skip
    event = Track.model_validate(ours)
    if event.kind not in kinds:
        raise ValueError("kind: content/events.toml declares no such event")
    optional = {"about": event.about, "event_id": event.id}
    return Understood(
        {"type": "track", "lead": event.lead, "kind": event.kind, "occurred_at": _moment(event.occurred_at, now),
         "source": event.source or caller, **{name: value for name, value in optional.items() if value}}, event.id,
    )  # fmt: skip


def _from_segment(item: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What Segment calls userId, event, timestamp, messageId and properties; of traits, those that we know."""
    moment, lead = item.get("timestamp", now), item.get("userId")
    if item.get("type") == "identify":
        traits = item.get("traits")
        known = {key: value for key, value in traits.items() if key in TRAITS} if isinstance(traits, dict) else {}
        return {"type": "identify", "lead": lead, "traits": known, "occurred_at": moment}
    properties = item.get("properties")
    about = properties.get("about") if isinstance(properties, dict) else None
    return {
        "type": item.get("type", "track"), "lead": lead, "kind": item.get("event"), "occurred_at": moment,
        "about": about, "id": item.get("messageId"),
    }  # fmt: skip


def _moment(moment: datetime, now: datetime) -> str:
    if moment < EARLIEST:
        raise ValueError("occurred_at: lies before 1970")
    if moment > now + AHEAD:
        raise ValueError("occurred_at: lies in the future")
    return moment.astimezone(UTC).isoformat()
