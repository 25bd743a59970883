"""Explanations are read from the history and the same facts as the night's decisions."""

from datetime import timedelta
from decimal import Decimal

import pytest

from models import Identity, IdentityKind
from models.types import derived_id
from nurture.errors import InputError
from nurture.journey import Stage, days, depth, did, email, staff
from nurture.journey import lead as lead_column
from nurture.reporting.explain import DepthPart, NotSent, explain_lead, explain_touch
from nurture.reporting.outlook import Condition
from nurture.storage.database import Database
from tests.support.small import (
    ACCOUNT,
    MONDAY,
    STAFF,
    at,
    consent,
    deliver,
    interaction,
    journey,
    lead,
    night,
    playbook,
    put,
)

TUESDAY = MONDAY + timedelta(days=1)
BOOK = playbook(journey())


@pytest.fixture(autouse=True)
def company(database: Database) -> None:
    put(database, STAFF, ACCOUNT, lead("ann", account_id=ACCOUNT.id), consent("ann"))


def test_depth_is_explained_as_a_sum(database: Database) -> None:
    put(
        database,
        interaction("ann", "webinar.attended", MONDAY - timedelta(days=45)),  # 12 points, one half-life ago: 6
        interaction("ann", "content.downloaded", MONDAY - timedelta(days=30)),  # 5, one half-life ago: 2.5
        interaction("ann", "email.opened", MONDAY - timedelta(days=1)),  # not human: nothing
    )
    night(database, BOOK, MONDAY)
    story = explain_lead(database, BOOK, "ann", MONDAY)
    assert story.depth == Decimal("8.500")
    assert story.depth_parts == (
        DepthPart("webinar.attended", 1, Decimal("6.000")),
        DepthPart("content.downloaded", 1, Decimal("2.500")),
    )
    assert database.one("SELECT depth FROM account") == (Decimal("8.500"),)


def test_the_story_has_moves_messages_and_what_comes_next(database: Database) -> None:
    night(database, BOOK, MONDAY)
    deliver(database)
    story = explain_lead(database, BOOK, "ann", MONDAY)
    assert [(row.move, row.to_stage, row.why) for row in story.history] == [
        ("enrolled", "first", "the interaction depth is at least 0")
    ]
    assert [(row.touch, row.state) for row in story.messages] == [("hello", "accepted")]
    assert story.outlook is not None
    assert story.outlook.falls_back_on == MONDAY + timedelta(days=30)
    assert [(touch.touch, touch.due) for touch in story.outlook.coming] == [
        ("second-letter", MONDAY + timedelta(days=3))
    ]
    assert story.outlook.advances_if is not None
    assert story.outlook.advances_if.parts == (Condition("downloaded material during the journey", False, 0, 1),)


def test_what_was_not_sent_is_told_with_its_nights(database: Database) -> None:
    database.run("DELETE FROM consent")
    night(database, BOOK, MONDAY)
    night(database, BOOK, TUESDAY)
    story = explain_lead(database, BOOK, "ann", MONDAY)
    assert story.not_sent == (NotSent("welcome", "hello", "refused", "no_consent", MONDAY, TUESDAY, 2),)


def test_a_silent_lead_leaves_the_first_stage_and_falls_back_from_a_later_one(database: Database) -> None:
    night(database, BOOK, MONDAY)
    first = explain_lead(database, BOOK, "ann", MONDAY).outlook
    assert first is not None
    assert (first.falls_back_on, first.then) == (MONDAY + timedelta(days=30), "leaves")
    put(database, interaction("ann", "content.downloaded", MONDAY))
    night(database, BOOK, TUESDAY)
    later = explain_lead(database, BOOK, "ann", MONDAY).outlook
    assert later is not None
    assert (later.stage, later.falls_back_on, later.then) == ("last", TUESDAY + timedelta(days=10), "falls back")


@pytest.mark.parametrize("needed", ["any", "all"])
def test_conditions_say_whether_all_are_needed_or_any(database: Database, needed: str) -> None:
    meeting, trial = did("meeting.booked"), did("trial.started", times=2)
    book = playbook(journey(goal=meeting | trial if needed == "any" else meeting & trial))
    night(database, book, MONDAY)
    outlook = explain_lead(database, book, "ann", MONDAY).outlook
    assert outlook is not None
    assert outlook.goal.needed == needed
    assert [(part.count, part.needed) for part in outlook.goal.parts] == [(0, 1), (0, 2)]


def test_a_stage_without_an_end_says_nothing_of_one(database: Database) -> None:
    endless = playbook(journey(stages=[Stage("only", asks="?", touches=[email("hello", after=days(0))])]))
    night(database, endless, MONDAY)
    outlook = explain_lead(database, endless, "ann", MONDAY).outlook
    assert outlook is not None
    assert (outlook.falls_back_on, outlook.then) == (None, None)


def test_an_end_that_no_night_saw_in_time_comes_in_the_next_night(database: Database) -> None:
    night(database, BOOK, MONDAY)
    database.run(f"UPDATE enrolment SET stage_since = DATE '{MONDAY - timedelta(days=90)}'")
    outlook = explain_lead(database, BOOK, "ann", MONDAY).outlook
    assert outlook is not None
    assert outlook.falls_back_on == TUESDAY


def test_what_a_later_touch_has_passed_over_is_not_coming(database: Database) -> None:
    touches = [email("hello", after=days(0)), email("second-letter", after=days(3)), staff("call", after=days(1))]
    book = playbook(journey(stages=[Stage("only", asks="?", touches=touches)]))
    night(database, book, MONDAY)
    told = explain_lead(database, book, "ann", MONDAY).outlook
    assert told is not None
    assert [touch.touch for touch in told.coming] == ["call", "second-letter"]
    database.run("DELETE FROM message")
    database.run("DELETE FROM decision")
    night(database, book, MONDAY + timedelta(days=3))
    deliver(database)
    database.run("DELETE FROM message WHERE internal")
    told = explain_lead(database, book, "ann", MONDAY).outlook
    assert told is not None
    assert [touch.touch for touch in told.coming] == ["call"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("lifecycle = 'customer'", "welcome: serves only lead"),
        ("on_hold = true", "welcome: the owner put the lead on hold"),
        ("disqualified = true", "welcome: the lead is disqualified"),
        ("name = name", f"welcome: nothing forbids it; the night {MONDAY} may enter the lead"),
    ],
)
def test_who_is_in_no_journey_learns_why(database: Database, change: str, reason: str) -> None:
    database.run(f"UPDATE lead SET {change}")
    assert explain_lead(database, BOOK, "ann", MONDAY).not_entered == (reason,)


def test_who_misses_the_audience_learns_which_part(database: Database) -> None:
    book = playbook(journey(audience=(lead_column.source != "partner") & (depth() >= 5)))
    story = explain_lead(database, book, "ann", MONDAY)
    assert story.not_entered == ("welcome: it needs: the interaction depth is at least 5",)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("lifecycle = 'customer'", "welcome：只面向生命周期为“线索”的联系人"),
        ("on_hold = true", "welcome：负责人暂停了该线索"),
        ("disqualified = true", "welcome：线索已被判定不合格"),
        ("name = name", f"welcome：没有阻碍，{MONDAY} 当晚可能进入"),
    ],
)
def test_in_chinese_the_reason_for_being_in_no_journey_is_chinese(database: Database, change: str, reason: str) -> None:
    database.run(f"UPDATE lead SET {change}")
    assert explain_lead(database, BOOK, "ann", MONDAY, "zh").not_entered == (reason,)


def test_in_chinese_the_missing_parts_of_the_audience_are_chinese(database: Database) -> None:
    book = playbook(journey(audience=(did("trial.started") | did("visit.held")) & (depth() >= 5)))
    (reason,) = explain_lead(database, book, "ann", MONDAY, "zh").not_entered
    assert reason == ("welcome：尚未满足“（旅程期间开始试用，或者旅程期间接受我们上门拜访），并且互动深度不低于 5”")


def test_whose_colleague_converted_learns_so(database: Database) -> None:
    book = playbook(journey(goal_scope="account"))
    put(database, lead("bob", account_id=ACCOUNT.id))
    database.run("UPDATE lead SET lifecycle = 'customer' WHERE external_id = 'bob'")
    night(database, book, MONDAY)
    put(database, interaction("ann", "meeting.booked", MONDAY))
    night(database, book, TUESDAY)
    database.run("UPDATE lead SET lifecycle = 'lead' WHERE external_id = 'bob'")
    story = explain_lead(database, book, "bob", MONDAY)
    assert story.not_entered == ("welcome: a colleague at the account reached its goal",)


def test_a_walked_journey_is_told_with_its_end(database: Database) -> None:
    night(database, BOOK, MONDAY)
    database.run("UPDATE lead SET on_hold = true")
    night(database, BOOK, TUESDAY)
    database.run("UPDATE lead SET on_hold = false")
    story = explain_lead(database, BOOK, "ann", MONDAY)
    assert story.not_entered == (f"welcome: left on {TUESDAY}, and the journey is walked once",)


def test_a_lead_is_found_by_its_address_and_two_behind_one_are_named(database: Database) -> None:
    put(database, lead("bob"))
    for name in ("ann", "bob"):
        put(
            database,
            Identity(
                kind=IdentityKind.EMAIL, value="info@a1.example", lead_id=derived_id("lead", name), seen_at=at(MONDAY)
            ),
        )
    with pytest.raises(InputError, match="ann, bob"):
        explain_lead(database, BOOK, "Info@A1.example", MONDAY)
    database.run("DELETE FROM identity WHERE lead_id = (SELECT id FROM lead WHERE external_id = 'bob')")
    assert explain_lead(database, BOOK, "Info@A1.example", MONDAY).lead == "ann"


def test_nobody_is_said_plainly_and_without_repeating_the_address(database: Database) -> None:
    with pytest.raises(InputError, match="No lead") as refusal:
        explain_lead(database, BOOK, "nobody@a1.example", MONDAY)
    assert "nobody@" not in str(refusal.value)


def test_a_touch_is_explained_by_reason_with_examples(database: Database) -> None:
    put(database, lead("bob"))
    night(database, BOOK, MONDAY)
    told = [(row.verdict, row.reason, row.leads, row.examples) for row in explain_touch(database, MONDAY, "hello")]
    assert told == [("planned", "", 1, ["ann"]), ("refused", "no_consent", 1, ["bob"])]
    with pytest.raises(InputError, match="decided nothing"):
        explain_touch(database, TUESDAY, "hello")
