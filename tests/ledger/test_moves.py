"""The ledger moves what the design allows and nothing else, and every move leaves its trace."""

import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from models import Channel, Message, MessageState, Mover
from models.types import derived_id
from nurture.ledger.moves import Ledger
from nurture.storage.database import Database, Store
from tests.support.small import MONDAY, at, put

NOW = datetime(2026, 11, 9, 4, 30, tzinfo=UTC)
ALLOWED = {
    "planned": {"held", "claimed", "suppressed", "cancelled", "expired"},
    "held": {"planned", "suppressed", "cancelled", "expired"},
    "claimed": {"attempting", "planned", "suppressed"},
    "attempting": {"accepted", "rejected", "unknown", "planned", "waiting"},
    "waiting": {"accepted", "declined", "cancelled", "expired"},
    "unknown": {"accepted", "planned", "abandoned"},
}
"""Design §4, by hand. What is not named here is an end."""

STATES = [
    "planned", "held", "claimed", "attempting", "waiting", "accepted", "unknown", "rejected", "declined", "cancelled",
    "expired", "suppressed", "abandoned",
]  # fmt: skip


def id_of(name: str) -> UUID:
    return derived_id("message", name)


def message(name: str, state: str = "planned") -> Message:
    moment = at(MONDAY)
    return Message(
        id=id_of(name), journey="welcome", stage="first", touch=name, enrolment_id=derived_id("enrolment", name),
        enrolment_number=1, entry=1, leg=0, channel=Channel.EMAIL, internal=False, lead_id=derived_id("lead", name),
        night=MONDAY, state=MessageState(state), send_day=MONDAY, not_before=moment, not_after=moment,
        expires_on=MONDAY, fingerprint="f", fence=7,
    )  # fmt: skip


@pytest.fixture(scope="module")
def written(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One message in every state, each at fence 7."""
    path = shutil.copy(empty_database, tmp_path_factory.mktemp("ledger") / "nurture.duckdb")
    with Store(path).open() as database:
        put(database, *(message(state, state) for state in STATES))
        yield database


@pytest.fixture
def ledger(written: Database) -> Iterator[Ledger]:
    """A ledger over these messages; what a test moves is undone after it."""
    with written.trial():
        yield Ledger(written, NOW, Mover.OPERATOR)


def now_in(ledger: Ledger) -> Mapping[str, tuple[str, int]]:
    """Where each message stands, and its fence, by the state in which it began."""
    return {
        touch: (state, fence) for touch, state, fence in ledger.database.rows("SELECT touch, state, fence FROM message")
    }


def test_there_are_these_states_and_no_others() -> None:
    assert sorted(MessageState) == sorted(STATES)


@pytest.mark.parametrize("to", STATES)
def test_a_message_moves_where_the_design_allows_and_nowhere_else(ledger: Ledger, to: str) -> None:
    allowed = {start for start, following in ALLOWED.items() if to in following}
    assert ledger.move("SELECT id, 'because' AS why FROM message", MessageState(to)) == len(allowed)
    assert now_in(ledger) == {start: (to, 8) if start in allowed else (start, 7) for start in STATES}
    moves = ledger.database.rows("""
        SELECT m.touch, v.from_state, v.to_state, v.fence, v.moved_at, v.mover, v.why
        FROM message_move v JOIN message m ON m.id = v.message_id ORDER BY m.touch""")
    moment = NOW.replace(tzinfo=None)
    assert moves == [(start, start, to, 8, moment, "operator", "because") for start in sorted(allowed)]


def test_a_move_says_when_it_was_made(ledger: Ledger) -> None:
    ledger.move(f"SELECT '{id_of('planned')}'::UUID AS id, 'x' AS why", MessageState.HELD)
    assert ledger.database.rows("SELECT touch, moved_at FROM message WHERE moved_at IS NOT NULL") == [
        ("planned", NOW.replace(tzinfo=None))
    ]


def test_only_what_is_named_moves(ledger: Ledger) -> None:
    assert ledger.move(f"SELECT '{id_of('held')}'::UUID AS id, 'x' AS why", MessageState.CANCELLED) == 1
    assert now_in(ledger)["held"] == ("cancelled", 8)
    assert now_in(ledger)["planned"] == ("planned", 7)


def test_the_same_move_twice_is_one_move(ledger: Ledger) -> None:
    once = f"SELECT '{id_of('planned')}'::UUID AS id, 'x' AS why"
    assert [ledger.move(once, MessageState.CLAIMED) for _ in range(2)] == [1, 0]
    assert ledger.database.one("SELECT count(*) FROM message_move") == (1,)


def test_a_message_that_does_not_exist_does_not_move(ledger: Ledger) -> None:
    assert ledger.move(f"SELECT '{id_of('nobody')}'::UUID AS id, 'x' AS why", MessageState.CLAIMED) == 0
    assert ledger.database.rows("FROM message_move") == []


def test_fences_count_every_move_of_a_message(ledger: Ledger) -> None:
    one = f"SELECT '{id_of('planned')}'::UUID AS id, 'x' AS why"
    for state in ("claimed", "attempting", "planned", "held", "planned", "expired"):
        assert ledger.move(one, MessageState(state)) == 1
    walked = ledger.database.rows("SELECT fence, from_state, to_state FROM message_move ORDER BY fence")
    assert walked == [
        (8, "planned", "claimed"),
        (9, "claimed", "attempting"),
        (10, "attempting", "planned"),
        (11, "planned", "held"),
        (12, "held", "planned"),
        (13, "planned", "expired"),
    ]


def test_a_move_in_a_transaction_that_fails_leaves_nothing(written: Database) -> None:
    ledger = Ledger(written, NOW, Mover.OPERATOR)
    with pytest.raises(RuntimeError), ledger.database.transaction():  # noqa: PT012
        ledger.move("SELECT id, 'x' AS why FROM message", MessageState.PLANNED)
        raise RuntimeError
    assert now_in(ledger) == {state: (state, 7) for state in STATES}
    assert ledger.database.rows("FROM message_move") == []
