"""A house that goes live: its policy sends mail by two providers that count what they get."""

import shutil
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from models import Channel
from nurture.channels.registry import Outlet
from nurture.channels.routing import Lane, lanes
from nurture.content.email_policy import Mailing
from nurture.delivery.dispatch import Dispatch, DispatchReport
from nurture.journey import Journey, Stage, days, email
from nurture.journey.playbook import Playbook
from nurture.safeguards.approval import approve
from nurture.settings import Mode, Settings
from tests.support.counting_channel import CountingChannel, accepted_by
from tests.support.homes import words
from tests.support.homes.words import letter
from tests.support.small import CONTENT, MONDAY, ZONE, at, consent, journey, lead

HELLO = journey(stages=[Stage("only", asks="?", touches=[email("hello", after=days(0)), email("more", after=days(1))])])
TUESDAY = MONDAY + timedelta(days=1)


@dataclass(frozen=True)
class LiveHouse(words.House):
    """A house with a mode and a mailing of its own."""

    mode: Mode = Mode.LIVE
    mailing: dict[str, Any] = field(default_factory=dict)
    law: dict[str, Any] = field(default_factory=dict)
    connected: frozenset[Channel] = frozenset()
    """Channels that reach people in live mode besides mail; a counting one called ``preview`` carries them."""

    @property
    def settings(self) -> Settings:
        return Settings(home=self.root / "home", content=self.root / "content", mode=self.mode)

    @property
    def playbook(self) -> Playbook:
        book = super().playbook
        law = type(book.policy).model_validate(book.policy.model_dump() | {"law": self.law}).law
        rules = book.policy.model_copy(update={"email": Mailing.model_validate(self.mailing), "law": law})
        return Playbook(book.journeys, book.events, rules, book.content, book.zone, self.mode.channels | self.connected)

    def channel(self, provider: str) -> CountingChannel:
        return CountingChannel(self.settings.home / f"{provider}.log", name=provider)

    def send(
        self, day: date = MONDAY, hour: int = 15, only_to: tuple[str, ...] = (), **channels: CountingChannel
    ) -> DispatchReport:
        """Dispatch, each provider a counting one."""
        playbook, now = self.playbook, at(day, hour).astimezone(UTC)
        made = {lane: channels.get(lane.provider) for lane in self.lanes(playbook, only_to)}
        outlets = [Outlet(lane, channel or self.channel(lane.provider)) for lane, channel in made.items()]
        return Dispatch(self.store, self.settings, playbook, outlets, now).run()

    def lanes(self, playbook: Playbook, only_to: tuple[str, ...] = ()) -> tuple[Lane, ...]:
        """The lanes of the mode, and one for each channel that is connected besides."""
        return (*lanes(self.mode, playbook.policy, only_to), *map(Lane, sorted(self.connected)))

    def approve(self, day: date = MONDAY, messages: int | None = None) -> int:
        with self.store.open() as database:
            return approve(database, [Channel.EMAIL], day, datetime.combine(day, time(8), ZONE), messages=messages)

    def got(self, provider: str) -> list[str]:
        """The leads whose messages a provider accepted."""
        ids = accepted_by(self.settings.home / f"{provider}.log")
        known = "SELECT replace(m.id::VARCHAR, '-', ''), external_id FROM message m JOIN lead ON lead.id = m.lead_id"
        names = dict(self.ask(known))
        return sorted(names[each] for each in ids)

    def states(self) -> dict[str, int]:
        return dict(self.ask("SELECT state, count(*) FROM message GROUP BY state"))


def build(
    root: Path, empty: Path, *people: str, mode: Mode = Mode.LIVE, journeys: tuple[Journey, ...] = (HELLO,),
    mailing: dict[str, Any] | None = None, law: dict[str, Any] | None = None,
    connected: frozenset[Channel] = frozenset(), **changes: Any,
) -> LiveHouse:  # fmt: skip
    """A house in which so many people may be written to."""
    house = LiveHouse(root, journeys, mode, mailing or {}, law or {}, connected)
    shutil.copytree(CONTENT, house.settings.content, ignore=shutil.ignore_patterns("sample", "attachments", "*.md"))
    house.settings.home.mkdir()
    shutil.copy(empty, house.settings.paths.database)
    house.write("welcome/only/hello.email.md", letter("Good morning."))
    house.write("welcome/only/more.email.md", letter("Good evening."))
    for name in people:
        house.put(lead(name, **changes), consent(name))
    return house
