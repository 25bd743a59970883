"""At the claim everything that stops a message is asked again: some of it ends the message, the rest delays it."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from models import Channel, ConsentScope, Mover, Pause, PauseKind, Suppression
from models.types import derived_id
from nurture.channels.routing import Lane
from nurture.delivery.claim import START, Claim, Claiming, Key
from nurture.journey import Journey, Stage, days, did, email
from nurture.journey.playbook import Playbook
from nurture.storage.database import Database, Store
from tests.support.small import ACCOUNT, MONDAY, at, consent, interaction, journey, lead, night, playbook, put

NOON = at(MONDAY)
TUESDAY = MONDAY + timedelta(days=1)
HELLO = email("hello", after=days(0), only_if=~did("webinar.attended"))


def one_stage(*touches: Any, **changes: Any) -> Journey:
    return journey(stages=[Stage("only", asks="?", touches=touches)], **changes)


BOOK = playbook(one_stage(HELLO))


def plan(database: Database, book: Playbook, *names: str, day: date = MONDAY, **about: Any) -> None:
    """A night in which leads with all consents are planned and frozen, their messages due from ten, in this order."""
    for name in names:
        put(database, lead(name, **about), *(consent(name, scope=scope) for scope in ("email", "wecom", "phone")))
    night(database, book, day)
    database.run("UPDATE message SET payload_hash = 'h', payload_file = 'f'")
    for second, name in enumerate(names):
        moment = f"TIMESTAMP '{day} 02:00:{second:02}'"
        database.run(f"UPDATE message SET not_before = {moment} WHERE lead_id = '{derived_id('lead', name)}'")


def claim(
    database: Database, book: Playbook = BOOK, now: datetime = NOON, channel: Channel = Channel.EMAIL,
    above: Key = START, most: int = 100,
) -> Claim:  # fmt: skip
    return Claiming(database, book, Lane(channel), now).claim(above, most)


def state(database: Database, name: str = "ann") -> str:
    """Where the message of a lead stands that the night planned."""
    found = database.rows(f"""
        SELECT state FROM message JOIN decision ON message_id = message.id
        WHERE message.lead_id = '{derived_id("lead", name)}'""")
    assert len(found) == 1
    return str(found[0][0])


@contextmanager
def copied(empty_database: Path, folders: pytest.TempPathFactory) -> Iterator[Database]:
    path = shutil.copy(empty_database, folders.mktemp("planned") / "nurture.duckdb")
    with Store(path).open() as database:
        yield database


@pytest.fixture(scope="module")
def planned(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A night that planned one letter, for Ann; made once, because it costs more than what is asked of it."""
    with copied(empty_database, tmp_path_factory) as database:
        plan(database, BOOK, "ann")
        yield database


@pytest.fixture
def due(planned: Database) -> Iterator[Database]:
    """The same, with a test's own changes and claims, which are undone after it."""
    with planned.trial():
        yield planned


def test_what_is_due_and_may_go_is_claimed_by_this_process(due: Database) -> None:
    found = claim(due)
    assert [(each.fence, each.payload_file, each.payload_hash) for each in found.messages] == [(1, "f", "h")]
    assert (found.stopped, found.next) == ({}, None)
    holder, until = due.one(f"SELECT holder, lease_until FROM batch WHERE id = '{found.batch}'")
    assert (int(holder.split("|")[2]), until) == (os.getpid(), found.lease.until)
    assert due.rows("SELECT state, fence, batch_id FROM message") == [("claimed", 1, found.batch)]
    assert claim(due).messages == ()


Change = Callable[[Database], object]


def sql(statement: str) -> Change:
    return lambda database: database.run(statement)


def rows(*found: Any) -> Change:
    return lambda database: put(database, *found)


def withdraw(scope: str) -> Change:
    return rows(consent("ann", "withdrawn", scope, MONDAY))


def suppress(scope: str) -> Change:
    return rows(Suppression(address_hash="hash-ann", scope=ConsentScope(scope), reason="x", since=NOON, source="test"))


def pause(kind: str, name: str) -> Change:
    return rows(Pause(kind=PauseKind(kind), name=name, since=NOON, mover=Mover.OPERATOR, why="test"))


LEFT = f"UPDATE enrolment SET left_on = DATE '{MONDAY}', exit_reason = 'dormant'"


@pytest.mark.parametrize(
    ("change", "why", "ends_in"),
    [
        pytest.param(withdraw("email"), "no_consent", "suppressed", id="withdrew from mail"),
        pytest.param(withdraw("all"), "no_consent", "suppressed", id="withdrew from everything"),
        pytest.param(sql("DELETE FROM consent"), "no_consent", "suppressed", id="no consent on record"),
        pytest.param(suppress("email"), "suppressed", "suppressed", id="mail suppressed"),
        pytest.param(suppress("all"), "suppressed", "suppressed", id="all suppressed"),
        pytest.param(sql("UPDATE lead SET email_hash = 'new'"), "address_changed", "cancelled", id="address changed"),
        pytest.param(sql("UPDATE lead SET email_hash = NULL"), "address_changed", "cancelled", id="address gone"),
        pytest.param(sql(LEFT), "left", "cancelled", id="left the journey"),
        pytest.param(rows(interaction("ann", "meeting.booked", MONDAY)), "goal", "cancelled", id="goal reached since"),
        pytest.param(sql("UPDATE lead SET lifecycle = 'customer'"), "lifecycle", "cancelled", id="lifecycle"),
        pytest.param(sql("UPDATE lead SET disqualified = true"), "disqualified", "cancelled", id="disqualified"),
        pytest.param(rows(interaction("ann", "webinar.attended", MONDAY)), "only_if", "cancelled", id="only_if"),
        pytest.param(sql("UPDATE lead SET on_hold = true"), "on_hold", "planned", id="on hold"),
        pytest.param(rows(interaction("ann", "email.replied", MONDAY)), "reply_open", "planned", id="reply open"),
        pytest.param(pause("journey", "welcome"), "paused", "planned", id="journey paused"),
        pytest.param(pause("touch", "welcome/hello"), "paused", "planned", id="touch paused"),
        pytest.param(pause("channel", "email"), "paused", "planned", id="channel paused"),
        pytest.param(pause("all", "*"), "paused", "planned", id="all paused"),
    ],
)
def test_what_changed_since_the_night_stops_a_letter(due: Database, change: Change, why: str, ends_in: str) -> None:
    change(due)
    found = claim(due)
    assert (found.messages, found.stopped, state(due)) == ((), {why: 1}, ends_in)
    traces = [] if ends_in == "planned" else [(ends_in, "dispatch", why)]
    assert due.rows("SELECT to_state, mover, why FROM message_move") == traces


ANSWERED = rows(
    interaction("ann", "email.replied", MONDAY - timedelta(days=1)), interaction("ann", "question.answered", MONDAY)
)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(suppress("wecom"), id="another channel suppressed"),
        pytest.param(withdraw("wecom"), id="withdrew from another channel"),
        pytest.param(rows(interaction("bob", "meeting.booked", MONDAY)), id="a stranger's goal"),
        pytest.param(ANSWERED, id="reply answered"),
        pytest.param(pause("journey", "other"), id="another journey paused"),
        pytest.param(pause("touch", "other/hello"), id="another journey's touch paused"),
        pytest.param(pause("channel", "wecom"), id="another channel paused"),
    ],
)
def test_what_concerns_something_else_stops_nothing(due: Database, change: Change) -> None:
    change(due)
    assert (len(claim(due).messages), state(due)) == (1, "claimed")


def test_what_ends_a_letter_is_asked_before_what_delays_it(due: Database) -> None:
    for change in (sql("UPDATE lead SET on_hold = true"), pause("all", "*"), suppress("email")):
        change(due)
    assert (claim(due).stopped, state(due)) == ({"suppressed": 1}, "suppressed")


def test_a_letter_that_waited_goes_when_nothing_delays_it_any_more(due: Database) -> None:
    pause("all", "*")(due)
    claim(due)
    due.run("DELETE FROM pause")
    assert len(claim(due).messages) == 1


def test_a_withdrawal_during_the_dispatch_stops_the_next_batch(database: Database) -> None:
    plan(database, BOOK, "ann", "bob")
    first = claim(database, most=1)
    put(database, *(consent(name, "withdrawn", "email", MONDAY) for name in ("ann", "bob")))
    assert first.next is not None
    assert claim(database, above=first.next, most=1).stopped == {"no_consent": 1}
    assert (state(database, "ann"), state(database, "bob")) == ("claimed", "suppressed")


def test_a_colleagues_goal_stops_the_whole_buying_group_at_once(database: Database) -> None:
    book = playbook(one_stage(HELLO, goal_scope="account"))
    put(database, ACCOUNT)
    plan(database, book, "ann", "bob", account_id=ACCOUNT.id)
    put(database, interaction("bob", "meeting.booked", MONDAY))
    claim(database, book)
    assert (state(database, "bob"), state(database, "ann")) == ("cancelled", "cancelled")


@pytest.mark.parametrize(
    ("change", "now", "claimed"),
    [
        pytest.param("SET not_before = TIMESTAMP '2026-11-09 04:00:00.000001'", at(MONDAY), 0, id="a moment early"),
        pytest.param("SET not_before = TIMESTAMP '2026-11-09 04:00:00'", at(MONDAY), 1, id="on the moment"),
        pytest.param("SET payload_hash = NULL", at(MONDAY), 0, id="not rendered yet"),
        pytest.param(f"SET expires_on = DATE '{MONDAY}'", at(MONDAY), 1, id="its last day"),
        pytest.param(f"SET expires_on = DATE '{MONDAY}'", at(TUESDAY), 0, id="past its last day"),
        pytest.param("SET state = 'held'", at(MONDAY), 0, id="held"),
        pytest.param("SET state = 'unknown'", at(MONDAY), 0, id="in doubt"),
    ],
)
def test_only_what_is_ready_is_a_candidate(due: Database, change: str, now: datetime, claimed: int) -> None:
    due.run(f"UPDATE message {change}")
    before = state(due)
    found = claim(due, now=now)
    assert (len(found.messages), found.stopped) == (claimed, {})
    assert claimed or (state(due), due.rows("FROM message_move")) == (before, [])


def test_batches_follow_one_another_in_the_order_of_time(database: Database) -> None:
    plan(database, BOOK, *(f"l{n}" for n in range(5)))
    above: Key | None = START
    seen = []
    while above is not None:
        found = claim(database, above=above, most=2)
        seen.append([each.id for each in found.messages])
        above = found.next
    in_order = [row[0].hex for row in database.rows("SELECT id FROM message ORDER BY not_before")]
    assert seen == [in_order[:2], in_order[2:4], in_order[4:]]
    assert database.one("SELECT count(*), count(DISTINCT batch_id) FROM message WHERE state = 'claimed'") == (5, 3)


def test_letters_of_one_moment_are_each_claimed_once(database: Database) -> None:
    plan(database, BOOK, *(f"l{n}" for n in range(4)))
    database.run("UPDATE message SET not_before = TIMESTAMP '2026-11-09 02:00:00'")
    first = claim(database, most=2)
    assert first.next is not None
    second = claim(database, above=first.next, most=2)
    assert len({each.id for each in first.messages + second.messages}) == 4


def test_a_letter_that_waits_does_not_block_those_behind_it(database: Database) -> None:
    plan(database, BOOK, "ann", "bob")
    database.run("UPDATE lead SET on_hold = true WHERE external_id = 'ann'")
    first = claim(database, most=1)
    assert (first.messages, first.stopped) == ((), {"on_hold": 1})
    assert first.next is not None
    assert len(claim(database, above=first.next, most=1).messages) == 1
    assert (state(database, "ann"), state(database, "bob")) == ("planned", "claimed")


def test_a_letter_of_a_journey_that_is_gone_waits_for_it(due: Database) -> None:
    found = claim(due, playbook(journey("another")))
    assert (found.messages, state(due)) == ((), "planned")
