"""Delivery: what a channel answers, raises or leaves out, and what the ledger makes of it."""

import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from models import Channel
from nurture.channels import Fate, Outcome, Question
from nurture.channels.envelope import Envelope, as_table, from_table
from nurture.channels.routing import Lane
from nurture.delivery.claim import START, Claim, Claiming
from nurture.delivery.record import Recorder
from nurture.delivery.send import Sender, Sent
from nurture.errors import TransientError
from nurture.rendering.frozen import Rendered
from nurture.storage.process_lease import LEASE_SECONDS, MARGIN_SECONDS
from tests.support.counting_channel import CountingChannel, accepted_by
from tests.support.homes.due import BOOK, NOON, SHARD, breaches, build, dispatch, ids, lines, started, states, store_of

LETTERS = 5
Counting = partial(CountingChannel, in_flight=2)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built") / "home", LETTERS)


@pytest.fixture(scope="module")
def order(built: Path) -> list[str]:
    """The letters, in the order in which they go."""
    with store_of(built).open() as database:
        return [row[0].hex for row in database.rows("SELECT id FROM message ORDER BY not_before, id")]


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Path:
    """A home of this test's own with five letters due."""
    return Path(shutil.copytree(built, tmp_path / "home"))


@pytest.fixture
def log(home: Path) -> Path:
    return home / "provider.log"


def says(*answers: Outcome) -> dict[str, Any]:
    """A channel that gives these answers in turn, and then accepts."""
    left = list(answers)
    return {"answer": lambda envelope: left.pop(0) if left else None}


def test_what_the_provider_accepts_is_accepted_and_done(home: Path, log: Path, order: list[str]) -> None:
    report = dispatch(home, channel := Counting(log))
    assert (report.sent, report.healthy, channel.finished) == (Counter(accepted=LETTERS), True, 1)
    assert accepted_by(log) == channel.handed == order
    assert (ids(home, "accepted"), started(home)) == (set(order), set(order))
    with store_of(home).open() as database:
        given = database.rows("SELECT provider_id FROM message ORDER BY not_before, id")
        walked = database.rows(f"SELECT to_state FROM message_move WHERE message_id = '{order[0]}' ORDER BY fence")
    assert given == [(f"p-{each}",) for each in order]
    assert walked == [("claimed",), ("attempting",), ("accepted",)]
    assert breaches(home) == []
    assert dispatch(home, again := Counting(log)).sent == Counter()
    assert again.handed == []


def test_other_answers_are_final_as_well(home: Path, log: Path, order: list[str]) -> None:
    dispatch(home, Counting(log, **says(Outcome(Fate.REJECTED, why="no such user"), Outcome(Fate.WAITING, "task-1"))))
    assert (ids(home, "rejected"), ids(home, "waiting")) == ({order[0]}, {order[1]})
    dispatch(home, again := Counting(log))
    assert again.handed == []
    assert states(home) == Counter(rejected=1, waiting=1, accepted=LETTERS - 2)
    assert breaches(home) == []


def test_61_a_mailbox_that_does_not_exist_is_never_written_to_again(home: Path, log: Path, order: list[str]) -> None:
    dispatch(home, Counting(log, **says(Outcome(Fate.GONE, why="SMTP 550 5.1.1"))))
    with store_of(home).open() as database:
        suppressed = database.rows(f"""
            SELECT s.scope, s.reason, s.source FROM suppression s JOIN message m USING (address_hash)
            WHERE m.id = '{order[0]}'""")
        assert database.one("SELECT count(*) FROM suppression") == (1,)
    assert (suppressed, ids(home, "rejected")) == ([("email", "gone", "dispatch")], {order[0]})
    assert breaches(home) == []


def test_an_answer_nobody_can_be_sure_of_is_never_sent_again_on_a_guess(
    home: Path, log: Path, order: list[str]
) -> None:
    channel = Counting(log, **says(Outcome(Fate.UNKNOWN, why="time is up")))
    report = dispatch(home, channel)
    assert (report.unknown, report.healthy, states(home)["unknown"]) == (1, False, 1)
    channel.evidence = lambda questions: {}  # type: ignore[method-assign]
    dispatch(home, channel)
    assert (channel.handed, states(home)["unknown"]) == (order, 1)


def test_evidence_says_what_became_of_a_message_in_doubt(home: Path, log: Path, order: list[str]) -> None:
    class Silent(CountingChannel):
        def send(self, envelopes: Sequence[Envelope]) -> Sequence[Outcome]:
            answers = super().send(envelopes)
            return [Outcome(Fate.UNKNOWN, why="time is up") for _ in answers]

    dispatch(home, Silent(log, in_flight=2))
    assert states(home) == Counter(unknown=LETTERS)
    report = dispatch(home, again := Counting(log))
    assert (report.resolved, again.handed, states(home)) == (LETTERS, [], Counter(accepted=LETTERS))
    with store_of(home).open() as database:
        assert database.rows("SELECT DISTINCT why FROM message_move WHERE from_state = 'unknown'") == [
            ("proved: in its log",)
        ]
        named = database.rows("SELECT id, provider_id FROM message")
    assert {id.hex: provider for id, provider in named} == {each: f"p-{each}" for each in order}


def test_a_provider_that_cannot_be_asked_leaves_doubts_and_the_rest_goes(home: Path, log: Path) -> None:
    class Deaf(CountingChannel):
        def evidence(self, questions: Sequence[Question]) -> Mapping[str, Outcome]:
            raise TransientError("its log cannot be read")

    dispatch(home, Counting(log, **says(Outcome(Fate.UNKNOWN), Outcome(Fate.NOT_SENT))))
    dispatch(home, Deaf(log, in_flight=2))
    assert states(home) == Counter(unknown=1, accepted=LETTERS - 1)


def test_what_was_surely_not_sent_goes_when_its_time_has_come(home: Path, log: Path) -> None:
    tomorrow = NOON + timedelta(days=1)
    channel = Counting(log, **says(Outcome(Fate.NOT_SENT, why="slow down", retry_at=tomorrow)))
    assert dispatch(home, channel).sent == Counter(accepted=LETTERS - 1, not_sent=1)
    assert (states(home), breaches(home)) == (Counter(accepted=LETTERS - 1, planned=1), [])
    dispatch(home, channel, tomorrow - timedelta(seconds=1))
    assert len(channel.handed) == LETTERS
    dispatch(home, channel, tomorrow)
    assert (states(home), breaches(home)) == (Counter(accepted=LETTERS), [])


def test_a_refused_try_is_not_repeated_within_the_same_dispatch(home: Path, log: Path) -> None:
    channel = Counting(log, answer=lambda envelope: Outcome(Fate.NOT_SENT, why="no line"))
    dispatch(home, channel)
    assert (len(channel.handed), states(home)) == (LETTERS, Counter(planned=LETTERS))


@dataclass(eq=False)
class Broken(CountingChannel):
    """Raises at its n-th handful, before or after the provider has it."""

    at: int = 1
    error: type[Exception] = ValueError
    late: bool = False

    def send(self, envelopes: Sequence[Envelope]) -> Sequence[Outcome]:
        self.at -= 1
        answers = super().send(envelopes) if self.at or self.late else []
        if not self.at:
            raise self.error("the provider is down")
        return answers


@pytest.mark.parametrize("late", [False, True])
def test_a_channel_that_fails_in_the_middle_leaves_a_doubt_that_evidence_settles(
    home: Path, log: Path, order: list[str], late: bool, caplog: pytest.LogCaptureFixture
) -> None:
    report = dispatch(home, Broken(log, in_flight=2, at=2, late=late))
    assert report.sent == Counter(accepted=LETTERS - 2, unknown=2)
    assert "failed in the middle of sending" in caplog.text
    assert dispatch(home, Counting(log)).sent == (Counter() if late else Counter(accepted=2))
    assert sorted(accepted_by(log)) == sorted(order)
    assert (states(home), breaches(home)) == (Counter(accepted=LETTERS), [])


def test_a_channel_that_is_down_stops_and_its_messages_are_planned_again(
    home: Path, log: Path, order: list[str]
) -> None:
    channel = Broken(log, in_flight=2, at=2, error=TransientError)
    report = dispatch(home, channel)
    assert (report.broken, report.healthy) == (["the provider is down"], False)
    assert report.sent == Counter(accepted=2, not_sent=2)
    assert (channel.handed, states(home)) == (order[:2], Counter(accepted=2, planned=LETTERS - 2))
    dispatch(home, Counting(log))
    assert (accepted_by(log), states(home)) == (order, Counter(accepted=LETTERS))
    assert breaches(home) == []


def test_a_channel_that_answers_too_little_has_left_doubts(home: Path, log: Path, order: list[str]) -> None:
    class Forgetful(CountingChannel):
        def send(self, envelopes: Sequence[Envelope]) -> Sequence[Outcome]:
            return super().send(envelopes)[1:]

    assert dispatch(home, Forgetful(log, in_flight=2)).sent == Counter(unknown=LETTERS)
    dispatch(home, Counting(log))
    assert (accepted_by(log), states(home)) == (order, Counter(accepted=LETTERS))


def forge(home: Path, victim: str) -> None:
    shard = home / "rendered" / SHARD
    envelopes = from_table(pq.read_table(shard))
    pq.write_table(as_table([e._replace(text="Buy!") if e.id == victim else e for e in envelopes]), shard)


def lose(home: Path, victim: str) -> None:
    shard = home / "rendered" / SHARD
    pq.write_table(as_table([e for e in from_table(pq.read_table(shard)) if e.id != victim]), shard)


def test_words_that_are_not_those_that_were_frozen_wait_for_a_person(home: Path, log: Path, order: list[str]) -> None:
    forged, lost, *others = order
    forge(home, forged)
    lose(home, lost)
    report = dispatch(home, channel := Counting(log))
    assert (channel.handed, report.refused, report.healthy) == (others, 2, False)
    assert (ids(home, "held"), started(home)) == ({forged, lost}, set(others))
    assert breaches(home) == []


@pytest.mark.parametrize("damage", [Path.unlink, lambda shard: shard.write_bytes(shard.read_bytes()[:-9])])
def test_a_shard_that_is_gone_or_damaged_stops_what_is_in_it(home: Path, log: Path, damage: Any) -> None:
    damage(home / "rendered" / SHARD)
    dispatch(home, channel := Counting(log))
    assert (channel.handed, states(home)) == ([], Counter(held=LETTERS))


def claim(home: Path, lease: float = LEASE_SECONDS) -> Claim:
    """All letters, with so many seconds of the lease left."""
    with store_of(home).open() as database:
        found = Claiming(database, BOOK, Lane(Channel.EMAIL), NOON).claim(START, 100)
    return replace(found, lease=replace(found.lease, until=time.monotonic() + lease))


def send(home: Path, channel: CountingChannel, claimed: Claim) -> Sent:
    return Sender(channel, Rendered(home / "rendered"), home / "attempts").send(claimed)


def record(home: Path, claimed: Claim, sent: Sent) -> None:
    with store_of(home).open() as database:
        Recorder(database, NOON).record(claimed, sent)


def test_nothing_is_begun_when_the_lease_is_over(home: Path, log: Path) -> None:
    claimed = claim(home, lease=MARGIN_SECONDS)
    sent = send(home, channel := Counting(log), claimed)
    record(home, claimed, sent)
    assert (channel.handed, states(home)) == ([], Counter(planned=LETTERS))
    assert {line["fate"] for line in lines(home) if "fate" in line} == {"not_sent"}


def test_a_lease_that_ends_on_the_way_stops_the_rest(home: Path, log: Path, order: list[str]) -> None:
    claimed = claim(home, lease=MARGIN_SECONDS + 0.5)
    record(home, claimed, send(home, channel := Counting(log, after=lambda envelope: time.sleep(0.3)), claimed))
    assert (channel.handed, states(home)) == (order[:2], Counter(accepted=2, planned=LETTERS - 2))


@pytest.mark.parametrize("again", [False, True], ids=["planned again", "claimed by another"])
def test_whoever_was_overtaken_records_nothing(home: Path, log: Path, order: list[str], again: bool) -> None:
    claimed = claim(home)
    victim, *_ = order
    forge(home, victim)
    sent = send(home, Counting(log), claimed)
    assert (len(sent.outcomes), set(sent.refused)) == (LETTERS - 1, {victim})
    with store_of(home).open() as database:
        database.run("UPDATE batch SET lease_until = 0")
        Recorder(database, NOON).sweep(home / "nowhere")
    if again:
        claim(home)
    with store_of(home).open() as database:
        before = database.rows("SELECT * FROM message ORDER BY id")
    record(home, claimed, sent)
    with store_of(home).open() as database:
        assert database.rows("SELECT * FROM message ORDER BY id") == before
