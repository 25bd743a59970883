"""What a dispatch takes over from processes that died, and what it leaves to those that live."""

import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from models import Channel
from nurture.channels import Fate, Outcome, Question
from nurture.channels.envelope import Envelope
from nurture.channels.routing import Lane
from nurture.delivery.attempt_log import AttemptLog
from nurture.delivery.claim import START, Claim, Claiming
from nurture.delivery.record import Recorder
from nurture.storage.database import Database
from nurture.storage.process_lease import Holder, this_process
from tests.support.counting_channel import CountingChannel, Dies, accepted_by
from tests.support.homes.due import (
    BOOK,
    NOON,
    another_process,
    breaches,
    build,
    dispatch,
    dispatch_until_done,
    lines,
    start,
    states,
    store_of,
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built") / "home", 4)


@pytest.fixture(scope="module")
def opened(built: Path) -> Iterator[Database]:
    with store_of(built).open() as database:
        yield database


@pytest.fixture
def due(opened: Database) -> Iterator[Database]:
    """Four letters due; what a test does to them is undone after it."""
    with opened.trial():
        yield opened


@pytest.fixture
def home(due: Database, built: Path, tmp_path: Path) -> Path:
    """A home with the four letters, for whoever opens it themselves."""
    return Path(shutil.copytree(built, tmp_path / "home"))


def dead() -> Holder:
    """A process that was just now on this machine."""
    with another_process() as (_, holder):
        return holder


def claim(database: Database, holder: Holder, lease: float = 60.0) -> Claim:
    """A batch of all four that this holder claimed, with so many seconds of its lease left."""
    claimed = Claiming(database, BOOK, Lane(Channel.EMAIL), NOON).claim(START, 100)
    database.run(f"UPDATE batch SET holder = '{holder}', lease_until = {time.monotonic() + lease}")
    return claimed


def sweep(database: Database, attempts: Path) -> int:
    return Recorder(database, NOON).sweep(attempts)


def log_of(claimed: Claim, attempts: Path) -> AttemptLog:
    return AttemptLog.of(attempts, claimed.batch, claimed.claimed_at)


def stand(database: Database) -> list[str]:
    return [row[0] for row in database.rows("SELECT state FROM message ORDER BY not_before, id")]


def test_a_message_without_a_line_was_never_attempted(due: Database, tmp_path: Path) -> None:
    claim(due, dead())
    assert sweep(due, tmp_path) == 4
    assert stand(due) == ["planned"] * 4
    assert due.rows("SELECT DISTINCT why FROM message_move WHERE to_state = 'planned'") == [("nobody attempted it",)]


def test_every_line_is_believed(due: Database, tmp_path: Path) -> None:
    claimed = claim(due, dead())
    first, second, third, _ = (message.id for message in claimed.messages)
    log = log_of(claimed, tmp_path)
    log.started([first, second, third])
    log.answered({first: Outcome(Fate.ACCEPTED, "p-1"), second: Outcome(Fate.REJECTED, why="no such user")})
    assert sweep(due, tmp_path) == 4
    assert stand(due) == ["accepted", "rejected", "unknown", "planned"]
    assert due.rows("SELECT provider_id FROM message WHERE provider_id IS NOT NULL") == [("p-1",)]
    assert sweep(due, tmp_path) == 0


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome(Fate.WAITING, "task-1"), "waiting"),
        (Outcome(Fate.UNKNOWN, why="time is up"), "unknown"),
        (Outcome(Fate.NOT_SENT, retry_at=NOON + timedelta(hours=2)), "planned"),
    ],
)
def test_an_answer_on_disk_is_as_good_as_one_that_was_recorded(
    due: Database, tmp_path: Path, outcome: Outcome, state: str
) -> None:
    claimed = claim(due, dead())
    one = claimed.messages[0].id
    log = log_of(claimed, tmp_path)
    log.started([one])
    log.answered({one: outcome})
    sweep(due, tmp_path)
    assert stand(due)[0] == state
    later = due.one(f"SELECT not_before = TIMESTAMP '2026-11-09 06:00:00' FROM message WHERE id = '{one}'")
    assert later == (state == "planned",)


def tear(log: AttemptLog, lost: int) -> None:
    """The last bytes never reached the disk."""
    log.path.write_bytes(log.path.read_bytes()[:-lost])


def test_a_torn_answer_is_no_answer(due: Database, tmp_path: Path) -> None:
    claimed = claim(due, dead())
    first, second, *_ = (message.id for message in claimed.messages)
    log = log_of(claimed, tmp_path)
    log.started([first, second])
    log.answered({each: Outcome(Fate.ACCEPTED, f"p-{each}") for each in (first, second)})
    tear(log, 30)
    sweep(due, tmp_path)
    assert stand(due) == ["accepted", "unknown", "planned", "planned"]


@pytest.mark.slow
def test_a_torn_start_was_never_acted_upon(due: Database, tmp_path: Path) -> None:
    claimed = claim(due, dead())
    log = log_of(claimed, tmp_path)
    log.started([claimed.messages[0].id])
    tear(log, 9)
    sweep(due, tmp_path)
    assert stand(due) == ["planned"] * 4


@pytest.mark.slow
def test_a_line_that_is_only_zeros_is_no_line(due: Database, tmp_path: Path) -> None:
    """Some file systems give back zeros for what a power cut took away."""
    claimed = claim(due, dead())
    log = log_of(claimed, tmp_path)
    log.started([claimed.messages[0].id])
    with log.path.open("ab") as file:
        file.write(b"\0" * 80)
    sweep(due, tmp_path)
    assert stand(due) == ["unknown", "planned", "planned", "planned"]


HERE = this_process()
ELSEWHERE = replace(HERE, host="another", boot="of-its-own")
NEIGHBOUR = replace(HERE, host="another-container", pid=1, started=1.0)
HOLDERS: list[tuple[str, Holder, float, str, bool]] = [
    ("this one", HERE, 60, "0 minutes", False),
    ("this one, its time is up", HERE, -1, "0 minutes", True),
    ("this one, and the clock says a day later", HERE, 60, "1 day", False),
    ("this one, and the clock says a day earlier", HERE, 60, "-1 day", False),
    ("its pid belongs to another process now", replace(HERE, started=HERE.started - 60), 60, "0 minutes", True),
    ("from before this machine started again", replace(HERE, boot="the last"), 60, "0 minutes", True),
    ("a container on this machine", NEIGHBOUR, 60, "1 day", False),
    ("a container on this machine, its time is up", NEIGHBOUR, -1, "0 minutes", True),
    ("another machine", ELSEWHERE, -1, "9 minutes", False),
    ("another machine, silent for long", ELSEWHERE, 60, "11 minutes", True),
]


@pytest.mark.parametrize(
    ("holder", "lease", "ago", "lost"), [case[1:] for case in HOLDERS], ids=[case[0] for case in HOLDERS]
)
def test_a_batch_is_taken_over_from_who_has_lost_it(
    due: Database, tmp_path: Path, holder: Holder, lease: float, ago: str, lost: bool
) -> None:
    claim(due, holder, lease=lease)
    due.run(f"UPDATE batch SET claimed_at = claimed_at - INTERVAL '{ago}'")
    assert sweep(due, tmp_path) == (4 if lost else 0)
    assert stand(due) == ["planned" if lost else "claimed"] * 4


def test_a_stopped_process_keeps_its_batch_until_its_time_is_up(due: Database, tmp_path: Path) -> None:
    with another_process() as (process, holder):
        os.kill(process.pid or 0, signal.SIGSTOP)
        claim(due, holder)
        assert sweep(due, tmp_path) == 0
        due.run(f"UPDATE batch SET lease_until = {time.monotonic() - 1}")
        assert sweep(due, tmp_path) == 4


def test_a_holder_is_known_again_by_its_words() -> None:
    assert Holder.named(str(HERE)) == HERE
    assert (HERE.pid, HERE.boot) == (os.getpid(), Path("/proc/sys/kernel/random/boot_id").read_text().strip())


@pytest.mark.slow
def test_lines_are_found_whatever_zone_the_clock_speaks(home: Path) -> None:
    """Half past nine on Tuesday in Auckland, which is still Monday in UTC."""
    moment = datetime(2026, 11, 10, 9, 30, tzinfo=timezone(timedelta(hours=13)))
    with store_of(home).open() as database:
        database.run("UPDATE lead SET timezone = 'Pacific/Auckland', country = 'NZ'")
    log = home / "provider.log"
    child = start(home, CountingChannel(log, after=Dies(2)), moment)
    child.join()
    assert (child.exitcode, len(accepted_by(log))) == (-signal.SIGKILL, 2)
    dispatch_until_done(home, CountingChannel(log), moment)
    assert sorted(Counter(accepted_by(log)).values()) == [1, 1, 1, 1]
    assert (states(home), breaches(home)) == (Counter(accepted=4), [])


def test_a_dispatch_takes_over_asks_and_goes_on(home: Path) -> None:
    log = home / "provider.log"
    child = start(home, CountingChannel(log, after=Dies(2), in_flight=2))
    child.join()
    assert [line.get("fate") for line in lines(home)] == [None, None]
    report = dispatch(home, channel := CountingChannel(log, in_flight=2))
    assert (report.swept, report.resolved, report.sent) == (4, 2, Counter(accepted=2))
    assert channel.handed == accepted_by(log)[2:]
    assert (report.healthy, states(home), breaches(home)) == (True, Counter(accepted=4), [])


def test_what_nobody_can_prove_stays_in_doubt_and_is_told(home: Path) -> None:
    log = home / "provider.log"
    start(home, CountingChannel(log, after=Dies(1), in_flight=2)).join()

    class Mute(CountingChannel):
        def evidence(self, questions: Sequence[Question]) -> Mapping[str, Outcome]:
            return {}

    report = dispatch(home, Mute(log))
    assert (report.swept, report.resolved, report.unknown, report.healthy) == (4, 0, 2, False)
    assert states(home) == Counter(accepted=2, unknown=2)


class Silent(CountingChannel):
    """Its answers get lost: the provider has the message, and nobody knows."""

    def send(self, envelopes: Sequence[Envelope]) -> Sequence[Outcome]:
        return [Outcome(Fate.UNKNOWN, why="time is up") for _ in super().send(envelopes)]


@pytest.mark.slow
def test_a_proof_about_an_earlier_attempt_says_nothing_about_a_later_one(home: Path) -> None:
    """Two processes ask about the same doubt; while the first still waits for its answer, the second sends again."""
    log = home / "provider.log"
    dispatch(home, CountingChannel(log, answer=lambda envelope: Outcome(Fate.UNKNOWN)))
    assert (states(home), accepted_by(log)) == (Counter(unknown=4), [])

    class Slow(CountingChannel):
        def evidence(self, questions: Sequence[Question]) -> Mapping[str, Outcome]:
            found = super().evidence(questions)
            dispatch(home, Silent(log))
            return found

    dispatch(home, Slow(log))
    dispatch_until_done(home, CountingChannel(log))
    assert sorted(Counter(accepted_by(log)).values()) == [1, 1, 1, 1]
    assert (states(home), breaches(home)) == (Counter(accepted=4), [])
