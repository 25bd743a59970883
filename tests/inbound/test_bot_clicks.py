"""Who follows links: people are remembered, machines are counted and say nothing about a lead (64)."""

from datetime import timedelta
from pathlib import Path

import pytest

from nurture.content.brand import read_voice
from nurture.storage.database import Database
from tests.support.homes.inbound import SENT, TUESDAY, House, house
from tests.support.small import one_in

HOUR = 3600.0


def click(home: House, name: str, after: float, target: str = "https://us.example/a", **more: str) -> None:
    """Seconds after the letter was accepted."""
    home.say("click", SENT + timedelta(seconds=after), message=home.message(name).hex, target=target, **more)


def judged(home: House) -> dict[str, int]:
    home.drain(SENT + timedelta(hours=12))
    home.night()
    rows = home.rows("SELECT machine, count(*) FROM signal WHERE kind IN ('clicked', 'trapped') GROUP BY ALL")
    return {"machines": dict(rows).get(True, 0), "people": dict(rows).get(False, 0)}


def test_a_person_who_follows_a_link_is_known_to_the_next_night(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    click(home, "ann", HOUR)
    click(home, "ann", 2 * HOUR)
    assert judged(home) == {"machines": 0, "people": 2}
    assert home.did("ann") == ["link.clicked"]
    assert home.rows("SELECT depth > 0 FROM lead") == [(True,)]
    known = "seen_at <= (SELECT seen_until FROM run WHERE night = '2026-11-10' AND step = 'take_in')"
    first = (SENT + timedelta(seconds=HOUR)).replace(tzinfo=None)
    assert home.rows(f"SELECT occurred_at, {known} FROM interaction") == [(first, True)]


def test_a_link_of_ours_is_known_by_its_key(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    key, urls = next(iter(read_voice(home.settings.content).links.items()))
    click(home, "ann", HOUR, next(iter(urls.values())))
    judged(home)
    assert home.rows("SELECT about FROM interaction") == [(key,)]


def test_64_three_links_within_five_seconds_were_a_machine(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    for n in range(3):
        click(home, "ann", HOUR + 2 * n, f"https://us.example/{n}")
    click(home, "ann", 3 * HOUR, "https://us.example/0")
    assert judged(home) == {"machines": 3, "people": 1}
    assert home.did("ann") == ["link.clicked"]


@pytest.mark.parametrize(
    ("seconds", "targets"),
    one_in(3, [((0, 2, 6), "abc"), ((0, 1, 2), "aaa"), ((0, 1, 2), "aab")]),
    ids=["within six seconds", "one link three times", "two links"],
)
def test_64_a_person_in_a_hurry_is_no_machine(
    database: Database, tmp_path: Path, seconds: tuple[int, ...], targets: str
) -> None:
    home = house(database, tmp_path, "ann")
    for second, target in zip(seconds, targets, strict=True):
        click(home, "ann", HOUR + second, f"https://us.example/{target}")
    assert judged(home)["machines"] == 0


def test_64_two_people_who_follow_links_at_once_are_no_machine(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann", "bob")
    click(home, "ann", HOUR, "https://us.example/a")
    click(home, "ann", HOUR + 1, "https://us.example/b")
    click(home, "bob", HOUR + 2, "https://us.example/c")
    assert judged(home) == {"machines": 0, "people": 3}


@pytest.mark.parametrize(("after", "machines"), [(9, 1), (10, 0)])
def test_64_less_than_ten_seconds_after_delivery_nobody_has_read_it(
    database: Database, tmp_path: Path, after: int, machines: int
) -> None:
    home = house(database, tmp_path, "ann")
    home.tell(home.event("ann", "delivered", after=300))
    click(home, "ann", 300 + after)
    assert judged(home)["machines"] == machines


@pytest.mark.slow
def test_64_without_word_of_the_delivery_the_acceptance_counts(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    click(home, "ann", 5)
    assert judged(home)["machines"] == 1


def test_64_who_follows_the_link_that_nobody_sees_is_a_machine_with_all_it_follows_then(
    database: Database, tmp_path: Path
) -> None:
    home = house(database, tmp_path, "ann")
    click(home, "ann", HOUR, home.tokens.trap_target)
    click(home, "ann", HOUR + 30)
    click(home, "ann", HOUR + 90)
    assert judged(home) == {"machines": 2, "people": 1}


@pytest.mark.parametrize(
    "how",
    one_in(
        3, [{"method": "HEAD"}, {"agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, {"agent": "python-requests/2"}]
    ),
)
def test_64_a_known_scanner_is_a_machine(database: Database, tmp_path: Path, how: dict[str, str]) -> None:
    home = house(database, tmp_path, "ann")
    click(home, "ann", HOUR, **how)
    assert judged(home) == {"machines": 1, "people": 0}
    assert home.did("ann") == []


def test_64_a_scanner_that_follows_every_link_of_a_mail_changes_nothing(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    stood = home.rows("SELECT stage, left_on FROM enrolment")
    for n in range(6):
        click(home, "ann", 60 + n / 2, f"https://us.example/{n}")
    assert judged(home) == {"machines": 6, "people": 0}
    assert home.did("ann") == []
    assert home.rows("SELECT stage, left_on FROM enrolment") == stood


@pytest.mark.slow
def test_a_click_after_midnight_waits_for_the_night_in_which_its_day_is_over(
    database: Database, tmp_path: Path
) -> None:
    home = house(database, tmp_path, "ann")
    click(home, "ann", 15 * HOUR)  # one o'clock on Tuesday
    home.drain(SENT + timedelta(hours=15.5))
    home.night(TUESDAY)
    assert home.did("ann") == []
    home.night(TUESDAY + timedelta(days=1))
    assert home.did("ann") == ["link.clicked"]


def test_an_open_by_a_machine_is_none(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    home.tell(home.event("ann", "open", after=60, sg_machine_open=True), home.event("ann", "open", after=900))
    home.drain()
    home.night()
    assert home.did("ann") == ["email.opened"]
    assert home.rows("SELECT machine, count(*) FROM signal GROUP BY ALL ORDER BY ALL") == [(False, 1), (True, 1)]


@pytest.mark.slow
def test_a_click_in_a_shared_text_is_counted_for_nobody(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    home.say("click", message="f" * 32, target="https://us.example/")
    home.drain()
    home.night()
    assert home.rows("SELECT message_id, machine FROM signal") == [(None, None)]
