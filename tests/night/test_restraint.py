"""Restraint: what may go out tonight, and the one recorded reason for everything that may not."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from models import BuyingRole, Channel, ConsentScope, Suppression
from models.types import derived_id
from nurture.content.catalogue import ContentFile
from nurture.journey import Journey, Stage, before, days, did, email, on, staff, wecom
from nurture.journey import account as account_columns
from nurture.journey.playbook import Playbook
from nurture.ledger.message_ids import about
from nurture.storage.database import Database
from tests.support.small import (
    ACCOUNT,
    CONTENT,
    EVENTS,
    MONDAY,
    STAFF,
    ZONE,
    at,
    consent,
    deliver,
    interaction,
    journey,
    lead,
    night,
    playbook,
    policy,
    put,
    sent,
    verdicts,
)

TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def employee(database: Database) -> None:
    put(database, STAFF)


def one_stage(*touches: Any, name: str = "welcome", **changes: Any) -> Journey:
    return journey(name, stages=[Stage("only", asks="?", touches=touches)], **changes)


HELLO = email("hello", after=days(0))


def suppress(address_hash: str, scope: str = "email") -> Suppression:
    return Suppression(
        address_hash=address_hash, scope=ConsentScope(scope), reason="bounce", since=at(MONDAY), source="test"
    )


def test_a_lead_who_consents_gets_the_letter(database: Database) -> None:
    put(database, lead("ann"), consent("ann"))
    night(database, playbook(one_stage(HELLO)), MONDAY)
    assert verdicts(database, "ann", MONDAY) == [("hello", "planned", "")]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([lead("ann")], "no_consent"),
        ([lead("ann"), consent("ann", day=MONDAY)], "no_consent"),
        ([lead("ann"), consent("ann", scope="wecom")], "no_consent"),
        ([lead("ann", email=None, email_hash=None), consent("ann")], "no_address"),
        ([lead("ann"), consent("ann"), suppress("hash-ann")], "suppressed"),
        ([lead("ann"), consent("ann"), suppress("hash-ann", "all")], "suppressed"),
    ],
)
def test_without_address_or_consent_or_with_a_suppression_nothing_goes_out(
    database: Database, rows: list[Any], reason: str
) -> None:
    put(database, *rows)
    night(database, playbook(one_stage(HELLO)), MONDAY)
    assert verdicts(database, "ann", MONDAY) == [("hello", "refused", reason)]
    assert sent(database, "ann") == []


def test_a_consent_without_proof_permits_nothing(database: Database) -> None:
    unproven = consent("ann").model_copy(update={"proven": False})
    put(database, lead("ann"), unproven)
    night(database, playbook(one_stage(HELLO)), MONDAY)
    assert verdicts(database, "ann", MONDAY) == [("hello", "refused", "no_consent")]


def test_a_withdrawal_counts_on_its_own_day_and_a_grant_only_the_day_after(database: Database) -> None:
    put(database, lead("ann"), consent("ann"), consent("ann", "withdrawn", day=MONDAY), consent("ann", scope="wecom"))
    night(database, playbook(one_stage(HELLO)), MONDAY)
    assert verdicts(database, "ann", MONDAY) == [("hello", "refused", "no_consent")]


def test_a_lead_who_left_gets_nothing(database: Database) -> None:
    put(database, lead("ann"), consent("ann"))
    book = playbook(one_stage(HELLO, email("later", after=days(1))))
    night(database, book, MONDAY)
    deliver(database)
    put(database, consent("ann", "withdrawn", "all", MONDAY))
    night(database, book, TUESDAY)
    assert sent(database, "ann") == [(MONDAY, "hello", "accepted")]
    assert verdicts(database, "ann", TUESDAY) == []


def test_a_text_for_nobody_like_this_person_is_not_sent(database: Database) -> None:
    put(database, lead("ann", role=BuyingRole.USER), consent("ann"))
    book = playbook(one_stage(HELLO))
    for_finance = ContentFile(CONTENT, "welcome", "only", "hello", Channel.EMAIL, roles=("finance",))
    night(database, Playbook(book.journeys, EVENTS, book.policy, (for_finance,), ZONE), MONDAY)
    assert verdicts(database, "ann", MONDAY) == [("hello", "refused", "no_content")]


def test_the_next_leg_is_used_when_the_first_cannot_be(database: Database) -> None:
    touch = wecom("hello", after=days(0), otherwise=email("hello"))
    put(database, lead("ann"), consent("ann"))
    night(database, playbook(one_stage(touch)), MONDAY)
    assert database.rows("SELECT leg, channel FROM message") == [(1, "email")]


def test_the_next_leg_follows_when_the_first_proved_unsent(database: Database) -> None:
    touch = wecom("hello", after=days(0), otherwise=email("hello"))
    put(database, lead("ann", wecom_id="wm1", wecom_hash="w"), consent("ann"), consent("ann", scope="wecom"))
    book = playbook(one_stage(touch))
    night(database, book, MONDAY)
    deliver(database, "declined")
    night(database, book, TUESDAY)
    night(database, book, TUESDAY + timedelta(days=1))
    assert database.rows("SELECT night, leg, channel FROM message ORDER BY leg") == [
        (MONDAY, 0, "wecom"),
        (TUESDAY, 1, "email"),
    ]


def test_nothing_new_while_an_earlier_message_is_unsent(database: Database) -> None:
    put(database, lead("ann"), consent("ann"))
    book = playbook(one_stage(HELLO, email("next-day", after=days(1))))
    night(database, book, MONDAY)
    night(database, book, TUESDAY)
    assert verdicts(database, "ann", TUESDAY) == [("next-day", "postponed", "earlier_unsent")]


def test_what_was_passed_over_stays_passed_over(database: Database) -> None:
    put(database, lead("ann"), consent("ann"))
    book = playbook(one_stage(HELLO, email("same-day", after=days(0))))
    night(database, book, MONDAY)
    assert verdicts(database, "ann", MONDAY) == [("hello", "superseded", "newer_touch"), ("same-day", "planned", "")]
    deliver(database)
    night(database, book, TUESDAY)
    assert verdicts(database, "ann", TUESDAY) == []


def test_a_reply_pauses_until_it_is_answered(database: Database) -> None:
    put(database, lead("ann"), consent("ann"), interaction("ann", "email.replied", MONDAY - timedelta(days=1)))
    book = playbook(one_stage(HELLO))
    night(database, book, MONDAY)
    assert verdicts(database, "ann", MONDAY) == [("hello", "postponed", "reply_open")]
    put(database, interaction("ann", "question.answered", MONDAY))
    night(database, book, TUESDAY)
    assert verdicts(database, "ann", TUESDAY) == [("hello", "planned", "")]


def test_an_unanswered_reply_pauses_for_five_working_days(database: Database) -> None:
    friday = MONDAY - timedelta(days=3)
    put(database, lead("ann"), consent("ann"), interaction("ann", "email.replied", friday))
    book = playbook(one_stage(HELLO))
    reasons = []
    for offset in range(6):
        night(database, book, MONDAY + timedelta(days=offset))
        reasons += [row[2] for row in verdicts(database, "ann", MONDAY + timedelta(days=offset))]
    assert reasons == ["reply_open"] * 4 + [""]  # Monday to Thursday are the four; Friday is the fifth working day


def test_two_people_behind_one_mailbox_get_one_letter(database: Database) -> None:
    put(
        database,
        *(lead(name, email_hash="shared", depth=Decimal(0)) for name in ("ann", "bob")),
        consent("ann"), consent("bob"), interaction("bob", "visit.held", MONDAY - timedelta(days=2)),
    )  # fmt: skip
    book = playbook(one_stage(HELLO))
    night(database, book, MONDAY)
    assert verdicts(database, "bob", MONDAY) == [("hello", "planned", "")]
    assert verdicts(database, "ann", MONDAY) == [("hello", "refused", "shared_mailbox")]
    deliver(database)
    night(database, book, TUESDAY)
    assert verdicts(database, "ann", TUESDAY) == [("hello", "refused", "shared_mailbox")]


def test_an_account_hears_from_us_only_so_often_a_day_the_deepest_leads_first(database: Database) -> None:
    names = ("ann", "bob", "cat")
    put(database, ACCOUNT, *(lead(name, account_id=ACCOUNT.id) for name in names), *map(consent, names))
    put(database, interaction("cat", "visit.held", MONDAY - timedelta(days=2)))
    night(database, playbook(one_stage(HELLO), rules=policy(account_per_day=2)), MONDAY)
    decided = {name: verdicts(database, name, MONDAY)[0][1:] for name in names}
    by_id = sorted(("ann", "bob"), key=lambda name: derived_id("lead", name))
    assert decided == {
        "cat": ("planned", ""),
        by_id[0]: ("planned", ""),
        by_id[1]: ("postponed", "account_day_cap"),
    }


def test_a_lead_hears_from_us_at_most_so_often_in_seven_days(database: Database) -> None:
    touches = [email(f"day-{n}", after=days(n)) for n in range(5)]
    put(database, lead("ann"), consent("ann"))
    book = playbook(one_stage(*touches), rules=policy(lead_per_7_days=2))
    for offset in range(5):
        night(database, book, MONDAY + timedelta(days=offset))
        deliver(database)
    assert [touch for _, touch, _ in sent(database, "ann")] == ["day-0", "day-1"]
    assert verdicts(database, "ann", MONDAY + timedelta(days=2)) == [("day-2", "postponed", "lead_week_cap")]
    assert verdicts(database, "ann", MONDAY + timedelta(days=3)) == [
        ("day-2", "superseded", "newer_touch"),
        ("day-3", "postponed", "lead_week_cap"),
    ]


def test_a_monthly_quota_lets_the_next_leg_go(database: Database) -> None:
    touches = [wecom(f"w{n}", after=days(n), otherwise=email(f"w{n}")) for n in (0, 1)]
    put(database, lead("ann", wecom_id="wm1", wecom_hash="w"), consent("ann"), consent("ann", scope="wecom"))
    rules = policy(lead_per_7_days=7).model_copy(update={"quota": {Channel.WECOM: 1}})
    book = playbook(one_stage(*touches), rules=rules)
    night(database, book, MONDAY)
    deliver(database)
    night(database, book, TUESDAY)
    assert database.rows("SELECT touch, channel FROM message ORDER BY night") == [("w0", "wecom"), ("w1", "email")]


def test_internal_tasks_go_beside_letters_and_are_capped_by_employee(database: Database) -> None:
    names = ("ann", "bob")
    put(database, *map(lead, names), *map(consent, names))
    touches = (HELLO, staff("call", after=days(0)))
    night(database, playbook(one_stage(*touches), rules=policy(employee_per_day=1)), MONDAY)
    first, second = sorted(names, key=lambda name: derived_id("lead", name))
    assert verdicts(database, first, MONDAY) == [("call", "planned", ""), ("hello", "planned", "")]
    assert verdicts(database, second, MONDAY) == [("call", "postponed", "employee_day_cap"), ("hello", "planned", "")]


def test_a_lead_without_an_owner_is_the_sales_desks(database: Database) -> None:
    put(database, lead("ann", owner_id=None))
    night(database, playbook(one_stage(staff("call", after=days(0)))), MONDAY)
    assert database.rows("SELECT owner_id, internal FROM message") == [(STAFF.id, True)]


def test_sales_is_told_of_a_mark_and_of_a_goal(database: Database) -> None:
    book = playbook(journey())
    put(database, lead("ann"), interaction("ann", "content.downloaded", MONDAY - timedelta(days=1)))
    night(database, book, MONDAY)
    put(database, interaction("ann", "meeting.booked", MONDAY))
    night(database, book, TUESDAY)
    assert sent(database, "ann") == [(MONDAY, "@warm", "planned"), (TUESDAY, "@goal", "planned")]
    assert database.one("SELECT lifecycle, mark, marked_on FROM lead") == ("qualified", "warm", MONDAY)


def test_whoever_leaves_hears_no_more_and_the_next_journey_may_speak(database: Database) -> None:
    first = one_stage(HELLO, name="first", goal_makes="lead")
    second = one_stage(HELLO, name="second", goal=did("trial.started"))
    put(database, lead("ann"), consent("ann"))
    book = playbook(first, second)
    night(database, book, MONDAY)
    put(database, interaction("ann", "meeting.booked", MONDAY))
    night(database, book, TUESDAY)
    night(database, book, TUESDAY + timedelta(days=1))
    rows = database.rows(f"SELECT journey, {about('message')}, state FROM message ORDER BY night, 2")
    assert rows == [("first", "hello", "cancelled"), ("first", "@goal", "planned"), ("second", "hello", "planned")]


@pytest.mark.slow
def test_sales_is_told_in_the_end_however_full_the_days_are(database: Database) -> None:
    names = [f"l{number}" for number in range(10)]
    put(database, *map(lead, names))
    put(database, *(interaction(name, "content.downloaded", MONDAY - timedelta(days=1)) for name in names))
    book = playbook(journey(), rules=policy(employee_per_day=1))
    for offset in range(16):
        night(database, book, MONDAY + timedelta(days=offset))
        deliver(database)
    assert database.one("SELECT count(*) FROM message WHERE kind = 'mark_notice' AND subject = 'warm'") == (10,)
    assert database.one("SELECT count(*) FROM decision WHERE verdict = 'stale' AND kind = 'mark_notice'") == (0,)


def test_a_date_that_vanished_does_not_block_the_rest_of_its_stage(database: Database) -> None:
    account = ACCOUNT.model_copy(update={"maintenance_ends": MONDAY + timedelta(days=60)})
    put(database, account, lead("ann", account_id=ACCOUNT.id), consent("ann"))
    touches = (email("anniversary", before(account_columns.maintenance_ends, days(60))), email("later", after=days(1)))
    book = playbook(one_stage(*touches))
    night(database, book, MONDAY)
    deliver(database)
    database.run("UPDATE account SET maintenance_ends = NULL")
    night(database, book, TUESDAY)
    assert verdicts(database, "ann", TUESDAY) == [("later", "planned", "")]


def test_the_higher_priority_speaks_when_two_journeys_want_to(database: Database) -> None:
    """Two journeys may want the same lead only in the night in which one interrupts the other; ranks decide then."""
    put(database, lead("ann"), consent("ann"))
    low, high = one_stage(HELLO, name="b-low"), one_stage(HELLO, name="a-high")
    night(database, playbook(low, high), MONDAY)
    assert database.rows("SELECT journey FROM message") == [("a-high",)]


def test_a_touch_past_its_grace_is_recorded_once_as_stale(database: Database) -> None:
    put(database, lead("ann"), consent("ann"))
    book = playbook(one_stage(email("fair", on(MONDAY - timedelta(days=8)))))
    night(database, book, MONDAY)
    night(database, book, TUESDAY)
    assert verdicts(database, "ann", MONDAY) == [("fair", "stale", "past_grace")]
    assert verdicts(database, "ann", TUESDAY) == []


def test_an_anniversary_is_due_so_many_days_before(database: Database) -> None:
    ends = MONDAY + timedelta(days=60)
    put(
        database,
        ACCOUNT.model_copy(update={"maintenance_ends": ends}),
        lead("ann", account_id=ACCOUNT.id),
        consent("ann"),
    )
    book = playbook(one_stage(email("renew", before(account_columns.maintenance_ends, days(60)))))
    night(database, book, MONDAY - timedelta(days=1))
    night(database, book, MONDAY)
    assert sent(database, "ann") == [(MONDAY, "renew", "planned")]


@pytest.mark.parametrize(
    ("zone", "country", "day", "opens"),
    [
        ("Asia/Shanghai", "CN", MONDAY, datetime(2026, 11, 9, 1, tzinfo=UTC)),
        ("Asia/Kolkata", "IN", MONDAY, datetime(2026, 11, 9, 3, 30, tzinfo=UTC)),
        ("America/New_York", "US", MONDAY, datetime(2026, 11, 9, 14, tzinfo=UTC)),
        ("Pacific/Auckland", "NZ", MONDAY, datetime(2026, 11, 8, 20, tzinfo=UTC)),
    ],
)
def test_a_letter_waits_for_the_morning_of_its_reader(
    database: Database, zone: str, country: str, day: date, opens: datetime
) -> None:
    put(database, lead("ann", timezone=zone, country=country), consent("ann"))
    night(database, playbook(one_stage(HELLO)), MONDAY)
    send_day, first, last = database.one("SELECT send_day, not_before, not_after FROM message")
    assert send_day == day
    assert opens <= first.replace(tzinfo=UTC) < opens + timedelta(hours=2)
    assert last.replace(tzinfo=UTC) == opens + timedelta(hours=9)


@pytest.mark.parametrize(
    ("country", "planned", "send_day"),
    [
        ("CN", date(2026, 10, 1), date(2026, 10, 8)),  # the National Day holiday, seven days
        ("CN", date(2026, 10, 10), date(2026, 10, 10)),  # a Saturday that is worked (调休)
        ("US", date(2026, 11, 26), date(2026, 11, 27)),  # Thanksgiving
        ("FR", date(2026, 11, 14), date(2026, 11, 16)),  # a Saturday; no calendar of its own
    ],
)
def test_nobody_is_written_to_on_a_holiday(database: Database, country: str, planned: date, send_day: date) -> None:
    put(database, lead("ann", country=country), consent("ann", day=date(2026, 9, 1)))
    night(database, playbook(one_stage(HELLO)), planned)
    assert database.one("SELECT send_day FROM message")[0] == send_day


def test_a_planned_message_that_nobody_sent_expires_after_its_grace(database: Database) -> None:
    put(database, lead("ann"), consent("ann"))
    book = playbook(one_stage(HELLO))
    night(database, book, MONDAY)
    night(database, book, MONDAY + timedelta(days=7))
    assert sent(database, "ann")[0][2] == "planned"
    night(database, book, MONDAY + timedelta(days=8))
    assert sent(database, "ann")[0][2] == "expired"


def test_only_if_reads_the_same_counts(database: Database) -> None:
    touch = email("hello", after=days(0), only_if=~did("webinar.attended"))
    put(database, lead("ann"), consent("ann"), interaction("ann", "webinar.attended", MONDAY - timedelta(days=1)))
    night(database, playbook(one_stage(touch)), MONDAY)
    assert verdicts(database, "ann", MONDAY) == [("hello", "refused", "only_if")]
