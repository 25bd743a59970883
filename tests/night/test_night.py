"""A night is closed once, resumes where it stopped, and only moves forward."""

from datetime import date, timedelta

import pytest

from models import Lifecycle
from nurture.errors import InputError, NightRefused
from nurture.journey import Stage, days, did, email
from nurture.night.close_steps import NightRun
from nurture.night.restraint import Restraint
from nurture.storage.database import Database
from tests.support.small import (
    ACCOUNT,
    MONDAY,
    STAFF,
    consent,
    deliver,
    interaction,
    journey,
    lead,
    night,
    one_in,
    playbook,
    policy,
    put,
    sent,
    stages,
    verdicts,
)

TUESDAY = MONDAY + timedelta(days=1)
BOOK = playbook(journey())


@pytest.fixture(autouse=True)
def company(database: Database) -> None:
    put(database, STAFF, ACCOUNT, lead("ann"), consent("ann"))


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    tables = [row[0] for row in database.rows("SELECT table_name FROM duckdb_tables() WHERE NOT temporary")]
    return {table: sorted(database.rows(f"SELECT * FROM {table}"), key=repr) for table in tables}


def test_a_closed_night_run_again_changes_nothing(database: Database) -> None:
    assert night(database, BOOK, MONDAY).changed
    put(database, interaction("ann", "content.downloaded", MONDAY - timedelta(days=1)))
    before = everything(database)
    report = night(database, BOOK, MONDAY)
    assert not report.changed
    assert everything(database) == before


def test_nights_only_move_forward(database: Database) -> None:
    night(database, BOOK, TUESDAY)
    with pytest.raises(NightRefused, match="only move forward"):
        night(database, BOOK, MONDAY)
    assert night(database, BOOK, MONDAY, dry_run=True).dry_run


def test_an_earlier_night_that_is_closed_says_so_and_changes_nothing(database: Database) -> None:
    night(database, BOOK, MONDAY)
    night(database, BOOK, TUESDAY)
    before = everything(database)
    assert not night(database, BOOK, MONDAY).changed
    assert everything(database) == before


def test_a_dry_run_reports_and_writes_nothing(database: Database) -> None:
    before = everything(database)
    report = night(database, BOOK, MONDAY, dry_run=True)
    assert report.journeys[0].counts.planned == 1
    assert everything(database) == before


def test_a_limit_needs_a_dry_run(database: Database) -> None:
    put(database, *(lead(f"l{number}") for number in range(9)))
    with pytest.raises(NightRefused, match="--dry-run"):
        night(database, BOOK, MONDAY, limit=3)
    assert night(database, BOOK, MONDAY, limit=3, dry_run=True).journeys[0].counts.enrolled == 3


def test_missed_nights_are_reported_and_not_replayed(database: Database) -> None:
    night(database, BOOK, MONDAY)
    deliver(database)
    report = night(database, BOOK, MONDAY + timedelta(days=4))
    assert report.missed == tuple(MONDAY + timedelta(days=d) for d in (1, 2, 3))
    assert [touch for _, touch, _ in sent(database, "ann")] == ["hello", "second-letter"]


def test_an_unknown_journey_is_named_with_the_known_ones(database: Database) -> None:
    with pytest.raises(InputError, match="Known: welcome"):
        night(database, BOOK, MONDAY, only=["welcom"])


@pytest.mark.parametrize("broken", one_in(4, ["_walk", "_take_in", "_fold_decisions", "_score"]))
def test_a_night_that_died_in_a_step_ends_like_an_undisturbed_one(
    database: Database, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    night(database, BOOK, MONDAY)
    put(database, lead("bob"), consent("bob"), interaction("ann", "content.downloaded", MONDAY))
    with database.trial():
        night(database, BOOK, TUESDAY)
        undisturbed = everything(database)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(NightRun, broken, die)
        with pytest.raises(KeyboardInterrupt):
            night(database, BOOK, TUESDAY)
    night(database, BOOK, TUESDAY)
    assert everything(database) == undisturbed


def test_a_night_that_died_while_choosing_has_chosen_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(self: Restraint) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Restraint, "_cap_employees", die)
        with pytest.raises(KeyboardInterrupt):
            night(database, BOOK, MONDAY)
    assert database.one("SELECT count(*) FROM decision")[0] == 0
    night(database, BOOK, MONDAY)
    assert verdicts(database, "ann", MONDAY) == [("hello", "planned", "")]


def test_a_journey_run_alone_leaves_the_others_for_later(database: Database) -> None:
    partner = journey("partners", serves=["customer"])
    put(database, lead("cat", lifecycle=Lifecycle.CUSTOMER), consent("cat"))
    book = playbook(journey(), partner)
    first = night(database, book, MONDAY, only=["partners"])
    assert not first.complete
    assert sent(database, "ann") == []
    second = night(database, book, MONDAY)
    assert second.complete
    assert sent(database, "ann") == [(MONDAY, "hello", "planned")]


def test_a_stage_on_which_leads_stand_may_not_vanish(database: Database) -> None:
    night(database, BOOK, MONDAY)
    renamed = journey(stages=[Stage("begin", asks="?", touches=[email("hello", after=days(0))])])
    with pytest.raises(NightRefused, match=r"welcome/first: gone, and 1 lead\(s\) stand there"):
        night(database, playbook(renamed), TUESDAY)
    assert stages(database, "ann") == [(MONDAY, "enrolled", "first")]


def test_a_renamed_touch_would_be_sent_again_and_is_refused(database: Database) -> None:
    night(database, BOOK, MONDAY)
    first = Stage("first", asks="?", touches=[email("hi", after=days(0))], advance_if=did("content.downloaded"))
    with pytest.raises(NightRefused, match="touch 'hello' is gone"):
        night(database, playbook(journey(stages=[first, *journey().stages[1:]])), TUESDAY)


def test_a_journey_added_after_a_night_was_closed_does_not_reopen_it(database: Database) -> None:
    night(database, BOOK, MONDAY)
    before = everything(database)
    more = playbook(journey(), journey("another", serves=["lead", "customer"]))
    assert not night(database, more, MONDAY).changed
    assert everything(database) == before


def test_a_night_run_journey_by_journey_is_closed_with_the_last(database: Database) -> None:
    book = playbook(journey(), journey("partners", serves=["customer"]))
    night(database, book, MONDAY, only=["welcome"])
    assert database.one("SELECT count(*) FROM run WHERE step = 'fold_decisions'") == (0,)
    assert night(database, book, MONDAY, only=["partners"]).complete
    assert database.one("SELECT count(*) FROM run WHERE step = 'fold_decisions'") == (1,)


def test_a_night_that_was_never_finished_is_reported_by_the_next(database: Database) -> None:
    book = playbook(journey(), journey("partners", serves=["customer"]))
    night(database, book, MONDAY, only=["welcome"])
    assert night(database, book, TUESDAY).unfinished == (MONDAY,)


def test_what_arrives_between_a_crash_and_the_resume_is_for_the_next_night(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    put(database, interaction("ann", "page.viewed", MONDAY - timedelta(days=2)))
    with monkeypatch.context() as patch:
        patch.setattr(NightRun, "_walk", die)
        with pytest.raises(KeyboardInterrupt):
            night(database, BOOK, MONDAY)
    put(database, interaction("ann", "content.downloaded", MONDAY - timedelta(days=1), seen=MONDAY))
    night(database, BOOK, MONDAY)
    assert stages(database, "ann") == [(MONDAY, "enrolled", "first")]
    night(database, BOOK, TUESDAY)
    assert stages(database, "ann")[-1] == (TUESDAY, "advanced", "last")


def test_journeys_whose_names_differ_by_a_dash_do_not_share_their_evidence(database: Database) -> None:
    viewed = interaction("bob", "page.viewed", MONDAY - timedelta(days=1))
    put(database, lead("bob", lifecycle=Lifecycle.CUSTOMER), viewed)
    seen, asked = did("page.viewed"), did("question.asked")
    book = playbook(journey("re-new", serves=["customer"], audience=seen), journey("re_new", audience=asked))
    night(database, book, MONDAY)
    assert database.rows("SELECT journey FROM enrolment") == [("re-new",)]


def test_a_playbook_without_journeys_says_what_to_do(database: Database) -> None:
    with pytest.raises(InputError, match="NURTURE_JOURNEYS"):
        night(database, playbook(), MONDAY)


@pytest.mark.slow
def test_old_decisions_are_folded_and_still_add_up(database: Database) -> None:
    book = playbook(journey(), rules=policy())
    database.run("DELETE FROM consent")
    for offset in range(40):
        night(database, book, MONDAY + timedelta(days=offset))
    oldest = database.one("SELECT min(night) FROM decision")[0]
    assert oldest >= MONDAY + timedelta(days=39 - 30)
    folded = database.rows(
        "SELECT touch, verdict, reason, first_night, last_night, nights FROM decision_history ORDER BY touch, reason"
    )
    day_8 = MONDAY + timedelta(days=8)
    assert folded == [
        ("hello", "refused", "no_consent", MONDAY, MONDAY + timedelta(days=7), 8),
        ("hello", "stale", "past_grace", day_8, day_8, 1),
        ("second-letter", "refused", "no_consent", MONDAY + timedelta(days=3), day_8, 6),
    ]


def test_the_same_night_on_another_day_of_the_week_is_still_a_date(database: Database) -> None:
    night(database, BOOK, date(2026, 11, 14))
    assert database.one("SELECT send_day, expires_on FROM message") == (date(2026, 11, 16), date(2026, 11, 23))
