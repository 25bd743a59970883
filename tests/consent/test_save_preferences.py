"""What readers chose on the preferences page is obeyed, by the night and at the claim, and the reason is on record."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from models import BuyingRole, Channel
from nurture.channels.routing import Lane
from nurture.delivery.claim import START, Claiming
from nurture.storage.database import Database
from nurture.storage.json_type import JSON
from tests.support.homes.inbound import BOOK, SENT, House, house
from tests.support.small import MONDAY, at, verdicts

THURSDAY = MONDAY + timedelta(days=3)


def wish(home: House, name: str = "ann", **data: JSON) -> None:
    home.say("prefer", message=home.message(name).hex, **data)
    home.drain()


def decided(home: House, database: Database) -> tuple[str, str]:
    """What Thursday's night decides about the second letter."""
    home.night(THURSDAY)
    ((_, verdict, reason),) = verdicts(database, "ann", THURSDAY)
    return verdict, reason


@pytest.mark.parametrize(
    ("wished", "expected"),
    [
        ({"pause": 30}, ("postponed", "lead_paused")),
        ({"pause": 3}, ("planned", "")),
        ({"pause": 0}, ("planned", "")),
        ({"channels_off": ["email"]}, ("refused", "no_consent")),
        ({"channels_off": ["wecom", "phone"]}, ("planned", "")),
        ({"topics_off": ["welcome"]}, ("refused", "topic_off")),
        ({"topics_off": ["another"]}, ("planned", "")),
        ({"impersonal": True, "language": "en"}, ("planned", "")),
    ],
)
def test_the_night_obeys(
    database: Database, tmp_path: Path, wished: dict[str, JSON], expected: tuple[str, str]
) -> None:
    home = house(database, tmp_path, "ann")
    wish(home, **wished)
    assert decided(home, database) == expected


@pytest.mark.parametrize(
    ("wished", "stopped"),
    [
        ({"pause": 30}, {"lead_paused": 1}),
        ({"channels_off": ["email"]}, {"no_consent": 1}),
        ({"topics_off": ["welcome"]}, {"topic_off": 1}),
        ({"channels_off": []}, {}),
    ],
)
def test_the_claim_obeys(database: Database, tmp_path: Path, wished: dict[str, JSON], stopped: dict[str, int]) -> None:
    home = house(database, tmp_path, "ann", sent=False)
    database.run("UPDATE message SET payload_hash = 'h', payload_file = 'f', not_before = TIMESTAMP '2026-11-09 02:00'")
    wish(home, **wished)
    claim = Claiming(database, BOOK, Lane(Channel.EMAIL), at(MONDAY)).claim(START, 10)
    assert (claim.stopped, len(claim.messages)) == (stopped, 0 if stopped else 1)


def test_a_wish_says_nothing_about_what_it_does_not_name(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    wish(home, channels_off=["wecom"], topics_off=["welcome"], language="en")
    wish(home, pause=30)
    wish(home, impersonal=True)
    known = "wecom_off, email_off, language, paused_until IS NOT NULL, impersonal"
    assert home.rows(f"SELECT {known} FROM preference") == [(True, False, "en", True, True)]
    assert home.rows("SELECT topic FROM topic_off") == [("welcome",)]


def test_the_last_word_of_one_go_stays(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    message = home.message("ann").hex
    home.say("prefer", SENT + timedelta(minutes=2), message=message, topics_off=["b"], pause=0)
    home.say("prefer", SENT + timedelta(minutes=1), message=message, topics_off=["a"], pause=30)
    home.drain()
    assert home.rows("SELECT topic FROM topic_off") == [("b",)]
    home.night()
    assert home.rows("SELECT paused_until FROM preference") == [(MONDAY,)]


def test_the_language_that_somebody_asked_for_survives_the_next_import(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    wish(home, language="en")
    database.run("UPDATE lead SET language = 'zh-CN'")
    assert home.rows("SELECT wished_language, language FROM reader") == [("en", "zh-CN")]


def test_who_wants_nothing_made_for_them_gets_the_text_for_everybody(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann", "bob", role=BuyingRole.USER)
    (second,) = [file for file in BOOK.content if file.touch == "second-letter"]
    home.book = replace(BOOK, content=(replace(second, roles=("user",)),))
    wish(home, impersonal=True)
    home.night(THURSDAY)
    assert verdicts(database, "ann", THURSDAY) == [("second-letter", "refused", "no_content")]
    assert verdicts(database, "bob", THURSDAY) == [("second-letter", "planned", "")]
