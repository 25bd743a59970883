"""A house with content of its own: texts are written into it, whole nights run in it, and its outbox is read."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from nurture.audit.night_checks import audit
from nurture.channels.envelope import Envelope
from nurture.channels.preview.files import written
from nurture.channels.registry import open_outlets
from nurture.content.catalogue import read_content
from nurture.delivery.dispatch import Dispatch, DispatchReport
from nurture.journey import Journey
from nurture.journey.playbook import Playbook
from nurture.keys.signed_links import Tokens
from nurture.rendering.freeze import FrozenNight, freeze, open_workshop
from nurture.rendering.shards import OF_PERSON, Failure
from nurture.settings import Settings
from nurture.storage.database import Store
from tests.support.small import CONTENT, EVENTS, MONDAY, ZONE, at, journey, night, policy, put

FRONT = "---\nsubject: {subject}\npreheader: '-'\nsender: expert\n---\n"
ROOMY = {"lead_per_day": 9, "lead_per_7_days": 9, "account_per_day": 999}
STRANGER: dict[str, Any] = dict.fromkeys(OF_PERSON) | {
    "id": "0123456789abcdef" * 2, "night": "2026-11-09", "revision": 1, "external_id": "ann", "name": "Ann",
    "country": "DE", "email": "ann@company.example", "wecom_id": "wm-ann", "owner_wecom": "owner",
    "owner_name": "Li",
    "why": "", "why_zh": "", "recent": None,
}  # fmt: skip


def letter(body: str, subject: str = "Hello") -> str:
    """A content file for an email."""
    return FRONT.format(subject=repr(subject)) + body + "\n"


@dataclass(frozen=True)
class House:
    """A home, a content folder and some journeys."""

    root: Path
    journeys: tuple[Journey, ...]

    @property
    def settings(self) -> Settings:
        return Settings(home=self.root / "home", content=self.root / "content")

    @property
    def store(self) -> Store:
        return Store.of(self.settings)

    @property
    def playbook(self) -> Playbook:
        rules = policy(**ROOMY).model_copy(update={"render_errors_halt": 0.02})
        return Playbook(self.journeys, EVENTS, rules, read_content(self.settings.content), ZONE)

    def write(self, name: str, text: str) -> None:
        path = self.settings.content / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def put(self, *rows: Any) -> None:
        with self.store.open() as database:
            put(database, *rows)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with self.store.open() as database:
            return [tuple(row) for row in database.rows(sql)]

    def breaches(self) -> list[str]:
        with self.store.open() as database:
            return [found.promise for found in audit(database) if found.breaches]

    def night(self, day: date = MONDAY) -> FrozenNight:
        """Close a night and freeze its words."""
        playbook = self.playbook
        with self.store.open() as database:
            night(database, playbook, day)
        return freeze(self.store, self.settings, playbook, day, at(day, 3).astimezone(UTC))

    def dispatch(self, day: date = MONDAY) -> DispatchReport:
        """Send what is due in the afternoon."""
        now, playbook = at(day, 15).astimezone(UTC), self.playbook
        return Dispatch(self.store, self.settings, playbook, open_outlets(self.settings, playbook, now), now).run()

    def envelopes(self, *people: Mapping[str, Any]) -> tuple[list[Envelope], list[Failure]]:
        """What readers get of the first content file (or of another, by its number), and who gets nothing."""
        playbook, failures = self.playbook, list[Failure]()
        content = playbook.content[0]
        place = {"journey": content.journey, "stage": content.stage, "touch": content.touch}
        rows = [STRANGER | place | {"channel": content.channel.value, "template": 0} | dict(who) for who in people]
        everything = range(len(playbook.content))
        workshop = open_workshop(self.settings, playbook, Tokens(b"k" * 32, self.settings.public_url), everything)
        return list(workshop.envelopes(rows, failures)), failures

    def papers(self, *people: Mapping[str, Any]) -> list[EmailMessage]:
        """The emails that readers get, parsed again from their bytes."""
        envelopes, failures = self.envelopes(*people)
        assert failures == []
        return [
            parsed(written(each, self.settings.paths.rendered / "attachments", at(MONDAY))[1]) for each in envelopes
        ]

    def outbox(self, suffix: str) -> Iterator[bytes]:
        """What was delivered."""
        return (path.read_bytes() for path in sorted(self.settings.paths.outbox.rglob(f"*{suffix}")))


def build(root: Path, empty: Path, *journeys: Journey) -> House:
    """A house without texts or people, but with our voice; ``empty`` is a database without rows."""
    house = House(root, journeys or (journey(),))
    shutil.copytree(CONTENT, house.settings.content, ignore=shutil.ignore_patterns("sample", "attachments", "*.md"))
    house.settings.home.mkdir()
    shutil.copy(empty, house.settings.paths.database)
    return house


def parsed(raw: bytes) -> EmailMessage:
    """A message as a mail client reads it."""
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, kind: str) -> str:
    """The ``plain`` or the ``html`` part."""
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


class Seen(HTMLParser):
    """What stands in HTML: its tags with the names of their attributes, and all that a person can read."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data
