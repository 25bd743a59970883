"""At the claim the caps, the quota and the window of this moment hold; and colleagues are told what concerns them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from models import Channel, ConsentScope, Suppression
from models.types import derived_id
from nurture.journey import days, did, staff, wecom
from nurture.journey.playbook import Playbook
from nurture.storage.database import Database
from tests.delivery import test_claim
from tests.delivery.test_claim import BOOK, HELLO, claim, copied, one_stage, plan, state
from tests.support.small import ACCOUNT, MONDAY, STAFF, at, consent, interaction, journey, playbook, policy, put

planned, due = test_claim.planned, test_claim.due

ANN = derived_id("lead", "ann")
FRIDAY, SATURDAY = MONDAY - timedelta(days=3), MONDAY - timedelta(days=2)


def earlier(database: Database, *send_days: date, **changes: str) -> None:
    """Messages like Ann's that went out on these days, with changes in SQL."""
    for day in send_days:
        other = {"id": "uuid()", "touch": f"'on-{day}'", "state": "'accepted'", "send_day": f"DATE '{day}'"} | changes
        replaced = ", ".join(f"{value} AS {name}" for name, value in other.items())
        database.run(f"""
            INSERT INTO message SELECT * REPLACE ({replaced}) FROM message
            WHERE id = (SELECT message_id FROM decision WHERE lead_id = '{ANN}' AND message_id IS NOT NULL)""")


def outcome(database: Database, book: Playbook, **how: Any) -> str | int:
    """How many were claimed; or, when none was, why."""
    found = claim(database, book, **how)
    return len(found.messages) or "/".join(found.stopped)


def book(*touches: Any, **caps: int) -> Playbook:
    return playbook(one_stage(*(touches or (HELLO,))), rules=policy(**caps))


def ago(*numbers: int) -> list[date]:
    return [MONDAY - timedelta(days=n) for n in numbers]


@pytest.mark.parametrize(
    ("caps", "send_days", "expected"),
    [
        ({}, [], 1),
        ({}, ago(0), "lead_day_cap"),
        ({"lead_per_day": 2}, ago(0), 1),
        ({}, ago(1, 2, 6), "lead_week_cap"),
        ({}, ago(1, 2, 7), 1),
        ({"lead_per_7_days": 4}, ago(1, 2, 6), 1),
    ],
)
def test_what_went_out_meanwhile_counts_against_the_caps_of_a_lead(
    due: Database, caps: dict[str, int], send_days: list[date], expected: str | int
) -> None:
    earlier(due, *send_days)
    assert outcome(due, book(**caps)) == expected
    assert state(due) == ("claimed" if expected == 1 else "planned")


@pytest.mark.parametrize("counted", ["claimed", "attempting", "waiting", "accepted", "unknown"])
def test_what_was_or_may_have_been_sent_counts(due: Database, counted: str) -> None:
    earlier(due, MONDAY, state=f"'{counted}'")
    assert outcome(due, BOOK) == "lead_day_cap"


@pytest.mark.parametrize("state", ["rejected", "declined", "expired", "cancelled", "suppressed", "abandoned"])
def test_what_was_never_sent_does_not_count(due: Database, state: str) -> None:
    earlier(due, MONDAY, state=f"'{state}'")
    assert outcome(due, BOOK) == 1


def test_two_letters_for_one_lead_in_one_batch_only_the_earlier_goes(due: Database) -> None:
    earlier(due, MONDAY, state="'planned'", not_before="not_before - INTERVAL 1 MINUTE", touch="'earlier'")
    found = claim(due)
    assert (len(found.messages), found.stopped, state(due)) == (1, {"lead_day_cap": 1}, "planned")


def belongs_to_an_account(database: Database) -> None:
    put(database, ACCOUNT)
    for table in ("lead", "message"):
        database.run(f"UPDATE {table} SET account_id = '{ACCOUNT.id}'")


@pytest.mark.parametrize(("cap", "expected"), [(3, 1), (2, "account_day_cap")])
def test_an_account_hears_from_us_only_so_often_on_this_day(due: Database, cap: int, expected: str | int) -> None:
    belongs_to_an_account(due)
    earlier(due, MONDAY, MONDAY, *ago(1), lead_id="uuid()")
    assert outcome(due, book(account_per_day=cap)) == expected


def test_tasks_about_a_lead_do_not_count_as_letters_to_it(due: Database) -> None:
    belongs_to_an_account(due)
    earlier(due, MONDAY, internal="true")
    assert outcome(due, book(account_per_day=1)) == 1


def test_a_letter_that_waits_takes_no_place_of_its_account(database: Database) -> None:
    put(database, ACCOUNT)
    plan(database, BOOK, "ann", "bob", account_id=ACCOUNT.id)
    earlier(database, FRIDAY, account_id="NULL")
    assert claim(database, book(account_per_day=1, lead_per_7_days=1)).stopped == {"lead_week_cap": 1}
    assert (state(database, "ann"), state(database, "bob")) == ("planned", "claimed")


@pytest.mark.parametrize(
    ("send_days", "expected"),
    [
        (ago(0, 8), "no_quota"),  # the 9th and the 1st of November
        (ago(7, 8), "no_quota"),
        (ago(8, 9), 1),  # the 31st of October counts for October
        (ago(0), 1),
    ],
)
def test_a_monthly_quota_counts_the_month_of_sending(due: Database, send_days: list[date], expected: str | int) -> None:
    rules = policy(lead_per_day=9, lead_per_7_days=9).model_copy(update={"quota": {Channel.WECOM: 2}})
    greeting = playbook(one_stage(wecom("hello", after=days(0))), rules=rules)
    due.run("UPDATE lead SET wecom_hash = 'w'")
    due.run("UPDATE message SET channel = 'wecom', address_hash = 'w'")
    earlier(due, *send_days)
    earlier(due, MONDAY, channel="'email'")
    assert outcome(due, greeting, channel=Channel.WECOM) == expected


@pytest.mark.parametrize(
    ("zone", "country", "now", "claimed"),
    [
        (None, None, "2026-11-09T08:59:59+08:00", 0),
        (None, None, "2026-11-09T09:00+08:00", 1),
        (None, None, "2026-11-09T17:59:59+08:00", 1),
        (None, None, "2026-11-09T18:00+08:00", 0),
        (None, None, "2026-11-14T12:00+08:00", 0),  # a Saturday
        ("Asia/Kolkata", "IN", "2026-11-09T08:59+05:30", 0),
        ("Asia/Kolkata", "IN", "2026-11-09T09:00+05:30", 1),
        ("Asia/Kathmandu", "NP", "2026-11-09T17:59+05:45", 1),
        ("Asia/Kathmandu", "NP", "2026-11-09T18:00+05:45", 0),
        ("Pacific/Auckland", "NZ", "2026-11-10T09:00+13:00", 1),
        ("America/New_York", "US", "2026-11-09T12:00+08:00", 0),  # late on Sunday there
        ("America/New_York", "US", "2026-11-09T09:00-05:00", 1),
        ("Asia/Shanghai", "US", "2026-11-11T12:00+08:00", 1),  # Veterans' Day is worked in our calendar
        ("Mars/Olympus", None, "2026-11-09T08:59+08:00", 0),  # no such zone: the house's
        ("Mars/Olympus", None, "2026-11-09T09:00+08:00", 1),
    ],
)
def test_38_a_letter_goes_only_inside_its_readers_window(
    due: Database, zone: str | None, country: str | None, now: str, claimed: int
) -> None:
    due.run("UPDATE message SET not_before = TIMESTAMP '2026-11-08 00:00:00'")
    place = ", ".join(f"{name} = {value!r}" for name, value in (("timezone", zone), ("country", country)) if value)
    if place:
        due.run(f"UPDATE lead SET {place}")
    found = claim(due, now=datetime.fromisoformat(now))
    assert (len(found.messages), found.stopped) == (claimed, {})
    assert state(due) == ("claimed" if claimed else "planned")


@pytest.mark.parametrize(
    ("country", "now", "claimed"),
    [
        ("CN", "2026-10-05T12:00+08:00", 0),  # a Monday of the National Day week
        ("CN", "2026-10-10T12:00+08:00", 1),  # a Saturday that is worked (调休)
        ("DE", "2026-10-10T12:00+08:00", 0),  # the same Saturday elsewhere
        ("US", "2026-11-26T12:00+08:00", 0),  # Thanksgiving
        ("CN", "2026-11-26T12:00+08:00", 1),
    ],
)
def test_nobody_is_written_to_on_a_day_that_is_not_worked(due: Database, country: str, now: str, claimed: int) -> None:
    due.run("UPDATE message SET not_before = TIMESTAMP '2026-10-01 00:00:00', expires_on = DATE '2026-12-01'")
    due.run(f"UPDATE lead SET country = '{country}', timezone = 'Asia/Shanghai'")
    assert len(claim(due, now=datetime.fromisoformat(now)).messages) == claimed


def test_the_day_that_counts_is_the_readers_day_of_sending(due: Database) -> None:
    """Planned for Monday and sent on Tuesday counts on Tuesday."""
    claim(due, now=at(MONDAY + timedelta(days=1)))
    assert due.rows("SELECT send_day FROM message") == [(MONDAY + timedelta(days=1),)]


CALL = staff("call", after=days(0), only_if=~did("webinar.attended"))


@pytest.fixture(scope="module")
def tasks(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with copied(empty_database, tmp_path_factory) as database:
        put(database, STAFF)
        plan(database, book(CALL), "ann", mobile="13800000000", mobile_hash="m")
        yield database


@pytest.fixture
def task(tasks: Database) -> Iterator[Database]:
    """An internal task about Ann; what a test does to it is undone after it."""
    with tasks.trial():
        yield tasks


@pytest.mark.parametrize(("cap", "expected"), [(3, 1), (2, "employee_day_cap")])
def test_a_colleague_gets_only_so_many_tasks_a_day(task: Database, cap: int, expected: str | int) -> None:
    earlier(task, MONDAY, MONDAY, lead_id="uuid()")
    earlier(task, MONDAY, owner_id="uuid()")
    earlier(task, *ago(1), lead_id="uuid()")
    assert outcome(task, book(CALL, employee_per_day=cap), channel=Channel.STAFF) == expected


def test_a_colleague_is_told_whatever_the_lead_forbids_us(task: Database) -> None:
    blocked = Suppression(address_hash="m", scope=ConsentScope.ALL, reason="x", since=at(MONDAY), source="test")
    put(task, blocked, consent("ann", "withdrawn", "phone", MONDAY), interaction("ann", "email.replied", MONDAY))
    task.run("UPDATE lead SET mobile_hash = 'other'")
    assert outcome(task, book(CALL), channel=Channel.STAFF) == 1


@pytest.mark.parametrize(
    ("change", "why", "ends_in"),
    [
        ("UPDATE lead SET disqualified = true", "disqualified", "cancelled"),
        ("UPDATE lead SET lifecycle = 'customer'", "lifecycle", "cancelled"),
        (f"UPDATE enrolment SET left_on = DATE '{MONDAY}', exit_reason = 'dormant'", "left", "cancelled"),
        ("UPDATE lead SET on_hold = true", "on_hold", "planned"),
    ],
)
def test_a_task_of_a_journey_ends_with_it(task: Database, change: str, why: str, ends_in: str) -> None:
    task.run(change)
    assert (outcome(task, book(CALL), channel=Channel.STAFF), state(task)) == (why, ends_in)


def test_a_task_keeps_the_hours_of_the_colleague(task: Database) -> None:
    task.run("UPDATE staff SET timezone = 'Europe/Berlin', country = 'DE'")
    noon = {"channel": Channel.STAFF, "now": at(MONDAY)}  # five in the morning in Berlin
    assert outcome(task, book(CALL), **noon) == ""
    assert outcome(task, book(CALL), channel=Channel.STAFF, now=datetime(2026, 11, 9, 8, tzinfo=UTC)) == 1


MARKED = playbook(journey(goal_scope="account"))


@pytest.fixture(scope="module")
def marks(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Ann downloaded something, which sales is to be told."""
    with copied(empty_database, tmp_path_factory) as database:
        put(database, STAFF, ACCOUNT, interaction("ann", "content.downloaded", MONDAY - timedelta(days=1)))
        plan(database, MARKED, "ann", account_id=ACCOUNT.id)
        yield database


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE lead SET disqualified = true",
        "UPDATE lead SET on_hold = true",
        "DELETE FROM consent",
        f"UPDATE enrolment SET left_on = DATE '{MONDAY}', exit_reason = 'goal'",
        "UPDATE lead SET lifecycle = 'qualified'",
    ],
)
def test_sales_is_told_of_a_mark_although_the_lead_left(marks: Database, change: str) -> None:
    with marks.trial():
        assert marks.rows("SELECT kind, subject FROM message WHERE internal") == [("mark_notice", "warm")]
        put(marks, interaction("ann", "meeting.booked", MONDAY))
        marks.run(change)
        assert outcome(marks, MARKED, channel=Channel.STAFF) == 1
