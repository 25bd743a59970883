"""Lines of the spool, sorted by what they tell, in typed rows; what makes no sense is set apart.

The kinds and their fields stand in ``docs/spool.md``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from models import ConsentScope, SignalKind
from models.types import derived_id
from nurture.channels.delivery_events import Sign
from nurture.channels.sendgrid.events import sign_of
from nurture.consent.requests import Confirmed, Leaving, Wishing
from nurture.content.bounce_rules import Answers
from nurture.inbound.spool import Found, SpoolKind, SpoolLine, Torn
from nurture.storage.json_type import JSON

SCANNERS = (
    "bot", "crawler", "spider", "scanner", "safelinks", "proofpoint", "mimecast", "barracuda", "urldefense", "headless",
    "python-requests", "curl/", "wget/", "go-http-client", "microsoft office", "trendmicro", "symantec", "fireeye",
)  # fmt: skip
LONGEST_TEXT = 2000
MOST_PAUSE = 366


@dataclass(frozen=True, slots=True)
class MailIn:
    """A mail that came in: where it lies, and the envelope it came in."""

    line: str
    file: str
    sender: str
    to: tuple[str, ...]
    at: datetime
    on: date


@dataclass(frozen=True, slots=True)
class Told:
    """Something that our systems tell of a lead, as cells of the file that could tell it."""

    identifies: bool
    cells: Mapping[str, str]
    at: datetime


@dataclass
class Inbox:
    """The lines of one go, sorted; ``links`` are the keys of ``links.toml`` by address."""

    zone: ZoneInfo
    trap: str
    answers: Answers
    links: Mapping[str, str]
    signs: list[Sign] = field(default_factory=list)
    leaving: list[Leaving] = field(default_factory=list)
    wishing: list[Wishing] = field(default_factory=list)
    confirmed: list[Confirmed] = field(default_factory=list)
    mails: list[MailIn] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    bad: list[Torn] = field(default_factory=list)

    def take(self, found: Iterable[Found]) -> None:
        """Sort some lines in."""
        for each in found:
            try:
                self._take(each)
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
                self.bad.append(_torn(each, f"{each.line.kind}: {type(error).__name__}"))

    def _take(self, found: Found) -> None:
        line, on = found.line, found.line.at.astimezone(self.zone).date()
        match line.kind:
            case SpoolKind.LEAVE:
                self.leaving.append(_leaving(line, on))
            case SpoolKind.PREFER:
                self.wishing.append(_wishing(line, on))
            case SpoolKind.CONFIRM:
                self.confirmed.append(_confirmed(line, on))
            case SpoolKind.CLICK:
                self.signs.append(self._click(line, on))
            case SpoolKind.SENDGRID:
                self._take_batch(found)
            case SpoolKind.REPLY:
                to = tuple(_text(each) for each in _list(line.data["to"]))
                sender = _text(line.data.get("from") or "")
                self.mails.append(MailIn(line.id, _text(line.data["file"]), sender, to, line.at, on))
            case SpoolKind.EVENT:
                self.told.append(_told(line))

    def _click(self, line: SpoolLine, on: date) -> Sign:
        target, agent = _text(line.data["target"]), _text(line.data.get("agent") or "").lower()
        scanned = line.data.get("method") == "HEAD" or any(name in agent for name in SCANNERS)
        return Sign(
            derived_id("click", line.id),
            SignalKind.TRAPPED if target == self.trap else SignalKind.CLICKED,
            line.at,
            on,
            named=UUID(_text(line.data["message"])),
            target=self.links.get(target, target),
            machine=True if scanned or target == self.trap else None,
        )

    def _take_batch(self, found: Found) -> None:
        for event in _list(found.line.data["events"]):
            try:
                self.signs.append(sign_of(event, self.answers, self.zone))
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
                raw = repr(event).encode("utf-8", "backslashreplace")
                number = len(self.bad)
                self.bad.append(Torn(found.file, found.offset + number, raw, f"event: {type(error).__name__}"))


def _leaving(line: SpoolLine, on: date) -> Leaving:
    scope = ConsentScope(_text(line.data.get("scope") or "email"))
    return Leaving(UUID(_text(line.data["message"])), scope, line.at, on, _text(line.data.get("how") or "page"))


def _wishing(line: SpoolLine, on: date) -> Wishing:
    data = line.data
    channels = (
        tuple(ConsentScope(_text(each)).value for each in _list(data["channels_off"]))
        if "channels_off" in data
        else None
    )
    topics = tuple(_text(each) for each in _list(data["topics_off"])) if "topics_off" in data else None
    pause = data.get("pause")
    return Wishing(
        UUID(_text(data["message"])),
        line.at,
        on,
        topics,
        channels,
        max(0, min(int(pause), MOST_PAUSE)) if isinstance(pause, int | float) else None,
        _text(data["language"])[:35] if data.get("language") else None,
        bool(data["impersonal"]) if data.get("impersonal") is not None else None,
        _text(data["wording"]) if data.get("back") else None,
    )


def _confirmed(line: SpoolLine, on: date) -> Confirmed:
    data = line.data
    evidence = f"asked at {_text(data['asked_at'])}, confirmed by the link"
    scope = ConsentScope(_text(data["scope"]))
    return Confirmed(UUID(_text(data["lead"])), scope, line.at, on, _text(data["wording"]), evidence)


def _told(line: SpoolLine) -> Told:
    data = line.data
    if data["type"] == "identify":
        traits = data.get("traits") or {}
        if not isinstance(traits, Mapping):
            raise TypeError("traits")
        cells = {name: _cell(value) for name, value in traits.items()}
        return Told(True, cells | {"id": _text(data["lead"])}, line.at)
    occurred = _text(data.get("occurred_at") or line.at.astimezone(UTC).isoformat())
    cells = {"lead": _text(data["lead"]), "kind": _text(data["kind"]), "occurred_at": occurred}
    others = {"about": data.get("about"), "source": data.get("source"), "id": data.get("event_id")}
    return Told(False, cells | {name: _cell(value) for name, value in others.items()}, line.at)


def _cell(value: JSON) -> str:
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        return str(value)
    raise TypeError("a cell is text or a number")


def _text(value: JSON) -> str:
    if not isinstance(value, str):
        raise TypeError("text is wanted")
    return value[:LONGEST_TEXT].replace("\0", "")


def _list(value: JSON) -> Sequence[JSON]:
    if not isinstance(value, list):
        raise TypeError("a list is wanted")
    return value


def _torn(found: Found, why: str) -> Torn:
    return Torn(found.file, found.offset, repr(found.line).encode("utf-8", "backslashreplace"), why)
