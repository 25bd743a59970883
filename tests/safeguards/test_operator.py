"""An operator's hand on the ledger: hold, release, cancel, resend, pause and resume."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from models import Channel, Lifecycle, Mover, PauseKind
from models.types import derived_id
from nurture.errors import InputError
from nurture.journey import Journey, Stage, days, email, wecom
from nurture.safeguards.operator import Moved, Operator, Selection, find_message, select
from nurture.storage.database import Database, Store
from tests.support.small import MONDAY, STAFF, ZONE, at, consent, journey, lead, night, playbook, put

NOON = at(MONDAY)


def one_stage(*touches: Any, **changes: Any) -> Journey:
    return journey(stages=[Stage("only", asks="?", touches=touches)], **changes)


WELCOME = one_stage(email("hello", after=days(0)))
PARTNERS = one_stage(wecom("hello", after=days(0)), wecom("note", after=days(9)), name="partners", serves=["customer"])
BOOK = playbook(WELCOME, PARTNERS)


def move_in(database: Database) -> None:
    """Ann and Bob get a letter, Cat a WeCom message."""
    cat = lead("cat", lifecycle=Lifecycle.CUSTOMER, wecom_id="wm-cat", wecom_hash="hash-wm-cat")
    put(database, STAFF, lead("ann"), lead("bob"), cat, consent("ann"), consent("bob"), consent("cat", scope="wecom"))


def message_of(name: str, number: int = 0) -> UUID:
    """The id of a lead's first message, or of its n-th copy."""
    journey = "partners" if name == "cat" else "welcome"
    return derived_id("message", journey, derived_id("lead", name), "hello", 1, 0, *([number] if number else []))


def states(database: Database) -> str:
    """Where the messages stand, the leads by name and each lead's copies in order."""
    rows = database.rows("""
        SELECT external_id, state FROM message m JOIN lead ON lead.id = lead_id ORDER BY external_id, resend""")
    return " ".join(f"{name}:{state}" for name, state in rows)


# -- which messages are meant, and where they go -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def planned(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = shutil.copy(empty_database, tmp_path_factory.mktemp("planned") / "nurture.duckdb")
    with Store(path, threads=1).open() as database:
        move_in(database)
        night(database, BOOK, MONDAY)
        yield database


@pytest.fixture
def due(planned: Database) -> Iterator[Database]:
    """Three planned messages; what a test does to them is undone."""
    with planned.trial():
        yield planned


def operator(database: Database, now: datetime = NOON) -> Operator:
    return Operator(database, BOOK, now)


def stand(database: Database, name: str, state: str) -> None:
    """As if a message had gone there."""
    database.run(f"UPDATE message SET state = '{state}' WHERE id = '{message_of(name)}'")


@pytest.mark.parametrize(
    ("which", "held"),
    [
        (Selection(lead="ann"), "ann"), (Selection(journey="welcome"), "ann bob"), (Selection(lead="a'nn"), ""),
        (Selection(touch="hello"), "ann bob cat"), (Selection(touch="partners/hello"), "cat"),
        (Selection(channel=Channel.WECOM), "cat"), (Selection(lead="ann", channel=Channel.WECOM), ""),
        (Selection(messages=(message_of("bob"), message_of("cat"))), "bob cat"),
        (Selection(journey="welcome", touch="partners/hello"), ""),
    ],
    ids=str,
)  # fmt: skip
def test_everything_that_is_said_must_fit_what_is_meant(due: Database, which: Selection, held: str) -> None:
    moved = operator(due).hold(which)
    assert moved == Moved(len(held.split()), {})
    wanted = {name: "held" if name in held.split() else "planned" for name in ("ann", "bob", "cat")}
    assert states(due) == " ".join(f"{name}:{state}" for name, state in wanted.items())


@pytest.mark.parametrize("which", [Selection(), Selection(touch=""), Selection(journey="")])
@pytest.mark.parametrize("command", [Operator.hold, Operator.release, Operator.cancel, Operator.replan])
def test_all_messages_are_never_meant_by_accident(
    due: Database, command: Callable[..., Moved], which: Selection
) -> None:
    with pytest.raises(InputError, match="Say which messages"):
        command(operator(due), which)


@pytest.mark.parametrize("typed", [lambda id: id.hex[:8], lambda id: str(id)[:13].upper(), str])
def test_a_message_is_found_by_how_its_id_begins(due: Database, typed: Callable[[UUID], str]) -> None:
    ann, bob = message_of("ann"), message_of("bob")
    assert find_message(due, typed(ann)) == ann
    assert select(due, [typed(bob)], None, None, None, None) == Selection((bob,))


@pytest.mark.parametrize("typed", ["", "1234567", "hello-there", "00000000' OR true --"])
def test_what_is_no_beginning_of_an_id_is_refused(due: Database, typed: str) -> None:
    with pytest.raises(InputError, match="8 or more of its digits"):
        find_message(due, typed)


def test_a_beginning_that_fits_none_or_several_is_refused(due: Database) -> None:
    with pytest.raises(InputError, match="no message begins so"):
        find_message(due, "00000000")
    with pytest.raises(InputError, match="no such message"):
        operator(due).resend(UUID(int=0), again=True)
    due.run("UPDATE message SET id = ('00000000' || substr(id::VARCHAR, 9))::UUID WHERE journey = 'welcome'")
    with pytest.raises(InputError, match="several messages begin so"):
        find_message(due, "00000000")


def test_what_was_held_is_planned_again_and_both_moves_are_written_down(due: Database) -> None:
    ann = Selection(lead="ann")
    operator(due).hold(ann)
    assert operator(due).hold(ann) == Moved(0, {})
    assert operator(due).release(ann) == Moved(1, {})
    moves = due.rows(f"SELECT fence, to_state, mover, why FROM message_move WHERE message_id = '{message_of('ann')}'")
    assert moves == [(1, "held", "operator", "by hand"), (2, "planned", "operator", "by hand")]


@pytest.mark.parametrize("state", ["claimed", "attempting", "accepted", "unknown"])
def test_what_had_gone_too_far_to_be_held_is_told(due: Database, state: str) -> None:
    stand(due, "ann", state)
    assert operator(due).hold(Selection(touch="hello")) == Moved(2, {state: 1})
    assert states(due) == f"ann:{state} bob:held cat:held"


@pytest.mark.parametrize("state", ["planned", "held", "waiting"])
def test_what_was_not_sent_can_be_cancelled(due: Database, state: str) -> None:
    stand(due, "ann", state)
    assert operator(due).cancel(Selection(lead="ann")) == Moved(1, {})
    assert states(due) == "ann:cancelled bob:planned cat:planned"


def test_cancelling_gives_up_what_is_in_doubt_and_tells_what_it_left(due: Database) -> None:
    stand(due, "ann", "unknown")
    stand(due, "bob", "accepted")
    moved = operator(due).cancel(Selection(touch="hello"))
    assert states(due) == "ann:abandoned bob:accepted cat:cancelled"
    assert moved == Moved(2, {"accepted": 1})


@pytest.mark.parametrize("state", ["claimed", "attempting", "waiting", "accepted", "unknown", "cancelled"])
def test_only_what_is_unsent_loses_its_words_to_new_ones(due: Database, state: str) -> None:
    due.run("UPDATE message SET payload_hash = 'h', payload_file = 'f'")
    stand(due, "ann", state)
    stand(due, "bob", "held")
    assert operator(due).replan(Selection(touch="hello")) == Moved(2, {state: 1})
    words = due.rows("""SELECT external_id, revision, payload_hash, payload_file FROM message m
        JOIN lead ON lead.id = lead_id ORDER BY 1""")
    assert words == [("ann", 1, "h", "f"), ("bob", 2, None, None), ("cat", 2, None, None)]
    assert states(due) == f"ann:{state} bob:held cat:planned"


# -- pauses ------------------------------------------------------------------------------------------------------------


def paused(database: Database) -> list[tuple[Any, ...]]:
    return database.rows("SELECT kind, name, mover, why FROM pause ORDER BY ALL")


@pytest.mark.parametrize(
    ("kind", "typed", "full"),
    [
        ("all", "", "all"), ("journey", "partners", "partners"), ("channel", "wecom", "wecom"),
        ("touch", "note", "partners/note"), ("touch", "welcome/hello", "welcome/hello"),
    ],
)  # fmt: skip
def test_a_pause_is_known_by_its_full_name_until_it_ends(due: Database, kind: str, typed: str, full: str) -> None:
    assert operator(due).pause(PauseKind(kind), typed, "wrong date") == full
    assert operator(due).pause(PauseKind(kind), full, "wrong year") == full
    assert paused(due) == [(kind, full, "operator", "wrong year")]
    assert operator(due).resume(PauseKind(kind), typed) == full
    assert paused(due) == []


@pytest.mark.parametrize(
    ("kind", "typed", "known"),
    [
        ("journey", "partner", "partners"), ("channel", "mail", "email, wecom, staff"),
        ("touch", "hi", "welcome/hello, partners/hello, partners/note"), ("journey", "", "welcome"),
        ("touch", "hello", "welcome/hello, partners/hello"), ("touch", "ello", "welcome/hello, partners/hello"),
    ],
)  # fmt: skip
def test_a_name_that_is_unknown_or_not_enough_is_refused_with_those_known(
    due: Database, kind: str, typed: str, known: str
) -> None:
    with pytest.raises(InputError, match=rf"No {kind} is called '{typed}'\. Known: .*{known}"):
        operator(due).pause(PauseKind(kind), typed, "?")


def test_what_is_not_paused_cannot_be_resumed_and_what_is_paused_is_told(due: Database) -> None:
    with pytest.raises(InputError, match=r"touch note: is not paused\. Paused: nothing\."):
        operator(due).resume(PauseKind.TOUCH, "note")
    operator(due).pause(PauseKind.CHANNEL, "email", "?")
    with pytest.raises(InputError, match=r"is not paused\. Paused: channel email\."):
        operator(due).resume(PauseKind.TOUCH, "email")


def test_of_two_pauses_the_one_that_is_meant_must_be_clear(due: Database) -> None:
    for name in ("welcome/hello", "partners/hello"):
        operator(due).pause(PauseKind.TOUCH, name, "?")
    with pytest.raises(InputError, match=r"several are paused\. Paused: touch partners/hello, touch welcome/hello\."):
        operator(due).resume(PauseKind.TOUCH, "hello")
    operator(due).resume(PauseKind.TOUCH, "welcome/hello")
    assert operator(due).resume(PauseKind.TOUCH, "hello") == "partners/hello"


def test_whatever_is_paused_can_be_resumed_even_what_no_journey_names(due: Database) -> None:
    """Rendering pauses notices like any touch, and says: nurture resume touch welcome/@warm."""
    due.run(f"INSERT INTO pause VALUES ('touch', 'welcome/@warm', TIMESTAMP '2026-11-09', '{Mover.NIGHT}', '?')")
    assert operator(due).resume(PauseKind.TOUCH, "welcome/@warm") == "welcome/@warm"
    assert paused(due) == []


# -- copies, in the ledger ---------------------------------------------------------------------------------------------


def window(database: Database, copy: UUID) -> tuple[Any, ...]:
    """When a copy may go, in business time."""
    row = database.one(f"SELECT night, send_day, not_before, not_after, expires_on FROM message WHERE id = '{copy}'")
    opens, closes = (moment.replace(tzinfo=UTC).astimezone(ZONE).isoformat(" ", "minutes")[:16] for moment in row[2:4])
    return (*map(str, row[:2]), opens, closes, str(row[4]))


def test_a_copy_has_the_next_number_and_begins_anew(due: Database) -> None:
    stand(due, "ann", "rejected")
    due.run("UPDATE message SET payload_hash = 'h', payload_file = 'f', fence = 3, revision = 2, provider_id = 'p'")
    copy = operator(due, NOON + timedelta(days=1)).resend(message_of("ann"), again=False)
    assert copy == message_of("ann", 1)
    differs = "resend, state, fence, revision, payload_hash, payload_file, provider_id, batch_id, moved_at"
    assert due.one(f"SELECT {differs} FROM message WHERE id = '{copy}'") == (1, "planned", 0, 1, *[None] * 5)
    assert window(due, copy) == ("2026-11-10", "2026-11-10", "2026-11-10 09:00", "2026-11-10 18:00", "2026-11-17")
    columns = "kind, subject, journey, stage, touch, enrolment_id, entry, leg, channel, internal, lead_id, owner_id"
    same = f"SELECT {columns} FROM message"
    assert due.one(f"{same} WHERE id = '{copy}'") == due.one(f"{same} WHERE id = '{message_of('ann')}'")
    due.run("UPDATE message SET state = 'rejected'")
    assert operator(due).resend(message_of("ann"), again=False) == message_of("ann", 2)


@pytest.mark.parametrize(
    ("now", "place", "opens"),
    [
        (datetime(2026, 11, 14, 12, tzinfo=ZONE), "", "2026-11-16 09:00"),
        (datetime(2026, 11, 10, 7, tzinfo=ZONE), "", "2026-11-10 09:00"),
        (datetime(2026, 11, 10, 20, tzinfo=ZONE), "", "2026-11-11 09:00"),
        (datetime(2026, 11, 10, 20, tzinfo=ZONE), "America/New_York", "2026-11-10 22:00"),
    ],
    ids=["on a Saturday", "early", "in the evening", "in New York"],
)
def test_a_copy_goes_in_the_readers_next_window(due: Database, now: datetime, place: str, opens: str) -> None:
    stand(due, "ann", "rejected")
    due.run(f"UPDATE lead SET timezone = nullif('{place}', ''), country = 'US' WHERE '{place}' <> ''")
    copy = operator(due, now).resend(message_of("ann"), again=False)
    assert window(due, copy)[2] == opens


@pytest.mark.parametrize("state", ["planned", "held", "claimed", "attempting", "waiting"])
def test_what_is_on_its_way_gets_no_copy_even_if_that_is_meant(due: Database, state: str) -> None:
    stand(due, "ann", state)
    for again in (False, True):
        with pytest.raises(InputError, match=f"{state} already"):
            operator(due).resend(message_of("ann"), again=again)


@pytest.mark.parametrize("state", ["accepted", "unknown", "abandoned"])
def test_what_may_have_arrived_is_copied_only_if_that_is_meant(due: Database, state: str) -> None:
    stand(due, "ann", state)
    with pytest.raises(InputError, match=f"{state}.*--again"):
        operator(due).resend(message_of("ann"), again=False)
    assert states(due).startswith(f"ann:{state} bob")
    assert operator(due).resend(message_of("ann"), again=True) == message_of("ann", 1)
    assert states(due).startswith(f"ann:{state.replace('unknown', 'abandoned')} ann:planned bob")


@pytest.mark.parametrize("copy", ["planned", "unknown", "accepted"])
def test_who_asks_for_a_copy_twice_is_told_of_the_first(due: Database, copy: str) -> None:
    stand(due, "ann", "rejected")
    operator(due).resend(message_of("ann"), again=False)
    due.run(f"UPDATE message SET state = '{copy}' WHERE resend = 1")
    with pytest.raises(InputError, match=f"{copy}.*it or a copy"):
        operator(due).resend(message_of("ann"), again=False)
    assert states(due).startswith(f"ann:rejected ann:{copy} bob")
