"""72 hours of provider events, in any order and as often as they like: the facts, suppressions and interactions stay.

What they must come to is worked out a second time here, event by event, in plain Python.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture.settings import Settings
from nurture.storage.database import Database, Store
from tests.support.homes.inbound import BOOK, SENT, House, house
from tests.support.small import MONDAY

NAMES = ("ann", "bob", "cy")
THURSDAY = MONDAY + timedelta(days=4)
ZONE_HOURS = 8
URLS = [f"https://us.example/{n}" for n in range(4)]
ANSWERS = {"user unknown": "gone", "Domain frequency limited": "throttled", "spam": "refused"}


@dataclass(frozen=True)
class Happened:
    """One event: about whom, what, seconds after the sending."""

    name: str
    kind: str
    after: int
    url: str = ""
    reason: str = ""
    machine: bool = False

    def told(self, home: House, again: int) -> dict[str, Any]:
        """As the provider tells it, the n-th time."""
        more: dict[str, Any] = {}
        if self.url:
            more["url"] = self.url
        if self.reason:
            more |= {"type": "bounce", "reason": self.reason}
        if self.machine:
            more["sg_machine_open"] = True
        event = home.event(self.name, self.kind, after=self.after, **more)
        return event | ({"sg_event_id": f"{event['sg_event_id']}-again-{again}"} if again % 2 else {})


def events() -> st.SearchStrategy[Happened]:
    name, hours = st.sampled_from(NAMES), st.integers(0, 72 * 3600)
    soon = st.one_of(hours, st.integers(0, 40), st.integers(3600, 3612))
    return st.one_of(
        st.builds(Happened, name, st.sampled_from(["processed", "delivered", "deferred"]), soon),
        st.builds(Happened, name, st.just("open"), soon, machine=st.booleans()),
        st.builds(Happened, name, st.just("click"), soon, st.sampled_from(URLS)),
        st.builds(Happened, name, st.just("click"), st.integers(3600, 3612), st.sampled_from(URLS)),
        st.builds(Happened, name, st.just("bounce"), hours, reason=st.sampled_from(sorted(ANSWERS))),
        st.builds(Happened, name, st.sampled_from(["spamreport", "unsubscribe"]), hours),
    )


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose letters were accepted on Monday."""
    folder = tmp_path_factory.mktemp("sent")
    with Store(folder / "home" / "nurture.duckdb", threads=1).open(create=True) as database:
        house(database, folder, *NAMES)
    return folder


def live(sent: Path, tmp: Path, happened: Sequence[Happened], goes: Sequence[int]) -> dict[str, Any]:
    """Bring events in, in this order, draining now and then; what the night of the fifth day knows."""
    shutil.rmtree(tmp, ignore_errors=True)
    shutil.copytree(sent, tmp)
    with Store(tmp / "home" / "nurture.duckdb").open() as database:
        home = House(database, Settings(home=tmp / "home"), BOOK)
        for place, each in enumerate(happened):
            home.tell(each.told(home, place))
            if place in goes:
                home.drain(SENT + timedelta(hours=73))
        home.drain(SENT + timedelta(hours=74))
        home.night(THURSDAY)
        return known(database)


def known(database: Database) -> dict[str, Any]:
    return {
        "facts": database.rows("FROM message_fact ORDER BY message_id"),
        "suppressed": database.rows("SELECT address_hash, scope, reason FROM suppression ORDER BY ALL"),
        "withdrawn": database.rows("""
            SELECT DISTINCT lead_id, scope FROM consent WHERE action = 'withdrawn' ORDER BY ALL"""),
        "interactions": database.rows("SELECT key, lead_id, kind, occurred_at FROM interaction ORDER BY key"),
    }


def human_clicks(happened: Sequence[Happened], name: str) -> set[str]:
    """The slow reading of docs/events.md: which links a person followed."""
    mine = {each for each in happened if each.name == name}
    clicks = {each for each in mine if each.kind == "click"}
    arrived = min((each.after for each in mine if each.kind == "delivered"), default=None)
    if arrived is None:
        arrived = min((each.after for each in mine if each.kind == "processed"), default=0)
    human = set()
    for click in clicks:
        bursts = [
            {other.url for other in clicks if start <= other.after <= start + 5}
            for start in range(click.after - 5, click.after + 1)
        ]
        over = (SENT + timedelta(seconds=click.after)).astimezone(UTC) + timedelta(hours=ZONE_HOURS)
        if max(len(burst) for burst in bursts) < 3 and click.after >= arrived + 10 and over.date() < THURSDAY:
            human.add(click.url)
    return human


def expected_reasons(happened: Sequence[Happened], name: str) -> set[tuple[str, str]]:
    """How a mailbox ends up suppressed."""
    mine = [each for each in happened if each.name == name]
    email = "gone" if any(ANSWERS.get(each.reason) == "gone" for each in mine) else ""
    email = email or ("left" if any(each.kind == "unsubscribe" for each in mine) else "")
    return {("email", email)} - {("email", "")} | {("all", "complained") for each in mine if each.kind == "spamreport"}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lives")


def check(sent: Path, workshop: Path, happened: list[Happened], data: st.DataObject) -> None:
    once = live(sent, workshop / "a", happened, ())
    again = data.draw(st.lists(st.sampled_from(happened), max_size=8)) if happened else []
    order = data.draw(st.permutations([*happened, *again]))
    goes = data.draw(st.sets(st.integers(0, len(order)), max_size=4))
    assert live(sent, workshop / "b", order, tuple(goes)) == once
    with Store(workshop / "a" / "home" / "nurture.duckdb").open() as database:
        for name in NAMES:
            found = database.rows(f"""
                SELECT s.scope, s.reason FROM suppression s JOIN lead ON lead.email_hash = s.address_hash
                WHERE lead.external_id = '{name}'""")
            assert set(found) == expected_reasons(happened, name)
            urls = database.rows(f"""
                SELECT count(*) FROM interaction i JOIN lead ON lead.id = i.lead_id
                WHERE i.kind = 'link.clicked' AND lead.external_id = '{name}'""")
            assert urls == [(len(human_clicks(happened, name)),)]


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(happened=st.lists(events(), max_size=25), data=st.data())
def test_56_in_any_order_and_with_any_duplicates_the_same(
    sent: Path, workshop: Path, happened: list[Happened], data: st.DataObject
) -> None:
    check(sent, workshop, happened, data)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(happened=st.lists(events(), max_size=60), data=st.data())
def test_56_the_same_for_many_more(sent: Path, workshop: Path, happened: list[Happened], data: st.DataObject) -> None:
    check(sent, workshop, happened, data)
