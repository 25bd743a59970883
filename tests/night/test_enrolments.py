"""Walking: who leaves, who enters, who moves on, who falls back, and why; one history row each."""

from datetime import timedelta

import pytest

from models import Lifecycle
from nurture.journey import Stage, days, did, in_stage
from nurture.journey import lead as lead_columns
from nurture.storage.database import Database
from tests.support.small import (
    ACCOUNT,
    MONDAY,
    consent,
    interaction,
    journey,
    lead,
    night,
    playbook,
    policy,
    put,
    stages,
)

TUESDAY = MONDAY + timedelta(days=1)
BEFORE = MONDAY - timedelta(days=1)


def three_stages(**changes: object) -> list[Stage]:
    return [
        Stage("one", asks="?", advance_if=did("content.downloaded"), fall_back_after=days(20)),
        Stage("two", asks="?", advance_if=did("webinar.attended"), fall_back_after=days(10)),
        Stage("three", asks="?", fall_back_after=days(5)),
    ]


BOOK = playbook(journey(stages=three_stages()))


def test_a_lead_of_the_audience_enters_the_first_stage(database: Database) -> None:
    put(database, lead("ann"))
    night(database, BOOK, MONDAY)
    assert stages(database, "ann") == [(MONDAY, "enrolled", "one")]


@pytest.mark.parametrize(
    "ann",
    [
        lead("ann", lifecycle=Lifecycle.CUSTOMER),
        lead("ann", on_hold=True),
        lead("ann", disqualified=True),
        lead("ann", source="partner"),
    ],
)
def test_who_is_not_meant_does_not_enter(database: Database, ann: object) -> None:
    put(database, ann)
    night(database, playbook(journey(audience=lead_columns.source != "partner")), MONDAY)
    assert stages(database, "ann") == []


def test_who_reached_the_goal_already_does_not_enter(database: Database) -> None:
    put(database, lead("ann"), interaction("ann", "meeting.booked", BEFORE))
    night(database, BOOK, MONDAY)
    assert stages(database, "ann") == []


def test_a_lead_passes_every_stage_whose_question_it_answered_in_one_night(database: Database) -> None:
    put(
        database,
        lead("ann"),
        *(interaction("ann", kind, BEFORE) for kind in ("content.downloaded", "webinar.attended")),
    )
    night(database, BOOK, MONDAY)
    assert stages(database, "ann") == [
        (MONDAY, "enrolled", "one"),
        (MONDAY, "advanced", "two"),
        (MONDAY, "advanced", "three"),
    ]
    assert database.rows("SELECT why, why_zh FROM stage_entry ORDER BY sequence")[1] == (
        "downloaded material during the journey",
        "旅程期间下载资料",
    )


def test_what_happened_today_counts_tomorrow(database: Database) -> None:
    put(database, lead("ann"), interaction("ann", "content.downloaded", MONDAY))
    night(database, BOOK, MONDAY)
    assert stages(database, "ann") == [(MONDAY, "enrolled", "one")]
    night(database, BOOK, TUESDAY)
    assert stages(database, "ann")[-1] == (TUESDAY, "advanced", "two")


def test_a_silent_lead_falls_back_and_in_the_end_leaves_as_dormant(database: Database) -> None:
    put(database, lead("ann"), interaction("ann", "content.downloaded", BEFORE))
    for offset in range(0, 31):
        night(database, BOOK, MONDAY + timedelta(days=offset))
    assert stages(database, "ann") == [
        (MONDAY, "enrolled", "one"),
        (MONDAY, "advanced", "two"),
        (MONDAY + timedelta(days=10), "fell_back", "one"),
        (MONDAY + timedelta(days=30), "left", None),
    ]
    assert database.one("SELECT exit_reason FROM enrolment") == ("dormant",)


def test_falling_back_asks_for_new_signs(database: Database) -> None:
    put(database, lead("ann"), interaction("ann", "content.downloaded", BEFORE))
    day_10, day_12 = MONDAY + timedelta(days=10), MONDAY + timedelta(days=12)
    for offset in range(0, 12):
        night(database, BOOK, MONDAY + timedelta(days=offset))
    assert stages(database, "ann")[-1] == (day_10, "fell_back", "one")
    put(database, interaction("ann", "content.downloaded", MONDAY + timedelta(days=11)))
    night(database, BOOK, day_12)
    assert stages(database, "ann")[-1] == (day_12, "advanced", "two")


def test_a_late_attendance_list_still_counts_for_the_stage(database: Database) -> None:
    in_stage_only = [
        Stage("one", asks="?", advance_if=did("content.downloaded")),
        Stage("two", asks="?", advance_if=did("webinar.attended", since="stage")),
        Stage("three", asks="?"),
    ]
    book = playbook(journey(stages=in_stage_only))
    put(
        database,
        lead("ann"),
        lead("bob"),
        *(interaction(name, "content.downloaded", BEFORE) for name in ("ann", "bob")),
    )
    put(database, interaction("bob", "webinar.attended", BEFORE))  # known before the stage began: does not count
    night(database, book, MONDAY)
    put(database, interaction("ann", "webinar.attended", BEFORE, seen=TUESDAY))  # happened before, learned of after
    night(database, book, TUESDAY + timedelta(days=1))
    assert stages(database, "ann")[-1][1:] == ("advanced", "three")
    assert stages(database, "bob")[-1][1:] == ("advanced", "two")


def test_an_old_list_that_arrives_very_late_does_not(database: Database) -> None:
    book = playbook(
        journey(
            stages=[Stage("one", asks="?", advance_if=did("webinar.attended", since="stage")), Stage("two", asks="?")]
        )
    )
    put(database, lead("ann"))
    night(database, book, MONDAY)
    put(database, interaction("ann", "webinar.attended", MONDAY - timedelta(days=8), seen=TUESDAY))
    night(database, book, TUESDAY + timedelta(days=1))
    assert stages(database, "ann") == [(MONDAY, "enrolled", "one")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("lifecycle = 'customer'", "lifecycle"),
        ("disqualified = true", "disqualified"),
        ("on_hold = true", "on_hold"),
    ],
)
def test_who_must_not_go_on_leaves_with_the_reason(database: Database, change: str, reason: str) -> None:
    put(database, lead("ann"))
    night(database, BOOK, MONDAY)
    database.run(f"UPDATE lead SET {change}")
    night(database, BOOK, TUESDAY)
    assert stages(database, "ann")[-1] == (TUESDAY, "left", None)
    assert database.one("SELECT exit_reason FROM enrolment") == (reason,)


def test_the_goal_is_asked_before_every_other_reason(database: Database) -> None:
    put(database, lead("ann"))
    night(database, BOOK, MONDAY)
    put(database, interaction("ann", "meeting.booked", MONDAY), consent("ann", "withdrawn", "all", MONDAY))
    night(database, BOOK, TUESDAY)
    assert database.one("SELECT exit_reason FROM enrolment") == ("goal",)
    assert database.one("SELECT lifecycle FROM lead") == ("qualified",)


def test_withdrawing_one_channel_of_two_is_not_leaving(database: Database) -> None:
    put(database, lead("ann"), consent("ann"), consent("ann", scope="wecom"))
    night(database, BOOK, MONDAY)
    put(database, consent("ann", "withdrawn", "email", MONDAY))
    night(database, BOOK, TUESDAY)
    assert stages(database, "ann") == [(MONDAY, "enrolled", "one")]


def test_one_buyer_who_converts_stops_the_whole_group(database: Database) -> None:
    book = playbook(journey(stages=three_stages(), goal_scope="account"))
    put(database, ACCOUNT, *(lead(name, account_id=ACCOUNT.id) for name in ("ann", "bob")), lead("eve"))
    night(database, book, MONDAY)
    put(database, interaction("ann", "meeting.booked", MONDAY), lead("newcomer", account_id=ACCOUNT.id))
    night(database, book, TUESDAY)
    night(database, book, TUESDAY + timedelta(days=1))
    reasons = database.rows(
        "SELECT l.external_id, e.exit_reason FROM enrolment e JOIN lead l ON l.id = e.lead_id ORDER BY 1"
    )
    assert reasons == [("ann", "goal"), ("bob", "account_goal"), ("eve", None)]


def test_a_lead_walks_one_journey_at_a_time_the_higher_priority_first(database: Database) -> None:
    rules = policy().model_copy(update={"priorities": {"b": 5}})
    put(database, lead("ann"))
    night(database, playbook(journey("a"), journey("b"), rules=rules), MONDAY)
    assert database.rows("SELECT journey FROM enrolment") == [("b",)]


def test_a_journey_of_higher_rank_waits_unless_it_interrupts(database: Database) -> None:
    rules = policy().model_copy(update={"priorities": {"urgent": 5}})
    put(database, lead("ann"))
    night(database, playbook(journey("calm"), rules=rules), MONDAY)
    waits = playbook(journey("calm"), journey("urgent"), rules=rules)
    night(database, waits, TUESDAY)
    assert database.rows("SELECT journey, left_on FROM enrolment") == [("calm", None)]
    interrupts = playbook(journey("calm"), journey("urgent", interrupts=True), rules=rules)
    wednesday = TUESDAY + timedelta(days=1)
    night(database, interrupts, wednesday)
    assert database.rows("SELECT journey, exit_reason FROM enrolment ORDER BY journey") == [
        ("calm", "interrupted"),
        ("urgent", None),
    ]


def test_a_lead_that_left_tonight_enters_another_journey_tomorrow(database: Database) -> None:
    book = playbook(journey("first", goal_makes="lead"), journey("second", goal=did("trial.started")))
    put(database, lead("ann"))
    night(database, book, MONDAY)
    put(database, interaction("ann", "meeting.booked", MONDAY))
    night(database, book, TUESDAY)
    assert database.rows("SELECT journey FROM enrolment") == [("first",)]
    night(database, book, TUESDAY + timedelta(days=1))
    assert database.rows("SELECT journey FROM enrolment ORDER BY entered_on") == [("first",), ("second",)]


def test_entering_again_takes_time_and_gets_a_new_number(database: Database) -> None:
    book = playbook(journey(stages=[Stage("only", asks="?", fall_back_after=days(2))], reenter_after=days(3)))
    put(database, lead("ann"))
    for offset in range(6):
        night(database, book, MONDAY + timedelta(days=offset))
    assert database.rows("SELECT number, entered_on, left_on FROM enrolment ORDER BY number") == [
        (1, MONDAY, MONDAY + timedelta(days=2)),
        (2, MONDAY + timedelta(days=5), None),
    ]


def test_a_rule_about_a_stage_means_where_the_lead_stood_when_the_night_began(database: Database) -> None:
    goal_in_two = did("meeting.booked") & in_stage("two")
    book = playbook(journey(stages=three_stages(), goal=goal_in_two))
    put(
        database,
        lead("ann"),
        interaction("ann", "content.downloaded", BEFORE),
        interaction("ann", "meeting.booked", BEFORE),
    )
    night(database, book, MONDAY)
    assert stages(database, "ann")[-1] == (MONDAY, "advanced", "two")
    night(database, book, TUESDAY)
    assert stages(database, "ann")[-1] == (TUESDAY, "left", None)
