"""A house with a content folder of its own, in which a night has planned a letter for Ann and one for Bob."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from models import Channel
from models.types import derived_id
from nurture.audit.night_checks import audit
from nurture.channels import Outcome
from nurture.channels.registry import Outlet
from nurture.channels.routing import Lane
from nurture.content.catalogue import read_content
from nurture.delivery.dispatch import Dispatch, DispatchReport
from nurture.journey import Stage, days, email
from nurture.journey.playbook import Playbook
from nurture.rendering.freeze import FrozenNight, freeze
from nurture.rendering.frozen import Rendered
from nurture.safeguards.operator import Operator, Selection
from nurture.settings import Settings
from nurture.storage.database import Database, Store
from tests.support.counting_channel import CountingChannel
from tests.support.small import CONTENT, EVENTS, MONDAY, STAFF, ZONE, at, consent, journey, lead, night, policy, put

NOON = at(MONDAY)
TUESDAY = MONDAY + timedelta(days=1)
LATER = at(TUESDAY)
WELCOME = journey(stages=[Stage("only", asks="?", touches=[email("hello", after=days(0))])])
LETTER = "---\nsubject: Hello\npreheader: A letter\nsender: expert\n---\n{{ greeting }}\n\n"
SIGNED = "{{ sender.name }}\n"
EVERYBODY = Selection(touch="hello")


@dataclass(frozen=True)
class House:
    """A home with its own content folder."""

    home: Path

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home, content=self.home / "content")

    @property
    def book(self) -> Playbook:
        """Read anew each time, as each command does."""
        return Playbook((WELCOME,), EVENTS, policy(), read_content(self.settings.content), ZONE)

    @contextmanager
    def open(self) -> Iterator[Database]:
        with Store.of(self.settings).open() as database:
            yield database

    @contextmanager
    def operator(self, now: datetime = NOON) -> Iterator[Operator]:
        with self.open() as database:
            yield Operator(database, self.book, now)

    def write(self, body: str) -> None:
        (self.settings.content / "welcome" / "only" / "hello.email.md").write_text(f"{LETTER}{body}\n\n{SIGNED}")

    def freeze(self, now: datetime = NOON) -> FrozenNight:
        return freeze(Store.of(self.settings), self.settings, self.book, now.astimezone(ZONE).date(), now)

    def dispatch(self, now: datetime = NOON, *, answer: Outcome | None = None, when: str = "") -> DispatchReport:
        """Send what is due; the provider answers this to everybody, or to one lead's messages only."""
        channel = CountingChannel(self.home / "provider.log")
        channel.answer = lambda envelope: answer if when in ("", envelope.lead) else None
        return Dispatch(
            Store.of(self.settings), self.settings, self.book, [Outlet(Lane(Channel.EMAIL), channel)], now
        ).run()

    def resend(self, message: UUID, now: datetime = NOON, *, again: bool = False) -> UUID:
        with self.operator(now) as hand:
            return hand.resend(message, again=again)

    def states(self) -> str:
        with self.open() as database:
            rows = database.rows("""SELECT external_id, state FROM message m JOIN lead ON lead.id = lead_id
                ORDER BY external_id, resend""")
        return " ".join(f"{name}:{state}" for name, state in rows)

    def words(self, message: UUID) -> tuple[int, str, str]:
        """The revision of a message, the address it goes to, and what it says after the greeting."""
        with self.open() as database:
            file, revision, digest = database.one(
                f"SELECT payload_file, revision, payload_hash FROM message WHERE id = '{message}'"
            )
        found = Rendered(self.settings.paths.rendered).find(file, message.hex)
        assert found is not None
        assert found.digest() == digest
        return revision, found.to, found.text.split("\n\n")[1].strip()

    def breaches(self) -> list[str]:
        with self.open() as database:
            return [each.promise for each in audit(database, self.settings.paths.rendered) if each.breaches]


def message_of(name: str, number: int = 0) -> UUID:
    """The id of a lead's message, or of its n-th copy."""
    return derived_id("message", "welcome", derived_id("lead", name), "hello", 1, 0, *([number] if number else []))


ANN, COPY = message_of("ann"), message_of("ann", 1)


def build(home: Path, empty_database: Path) -> Path:
    """Ann and Bob have a frozen letter that is due at noon on Monday."""
    house = House(home)
    (house.settings.content / "welcome" / "only").mkdir(parents=True)
    for name in ("company.toml", "senders.toml", "links.toml", "wording.toml"):
        shutil.copy(CONTENT / name, house.settings.content)
    shutil.copytree(CONTENT / "layout", house.settings.content / "layout")
    shutil.copy(empty_database, house.settings.paths.database)
    house.write("First words.")
    with house.open() as database:
        put(database, STAFF, lead("ann"), lead("bob"), consent("ann"), consent("bob"))
        night(database, house.book, MONDAY)
    assert house.freeze(at(MONDAY, 2)).rendered == 2
    return house.home
