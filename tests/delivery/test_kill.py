"""kill -9 of a process that sends, at any moment: each letter went once or not yet, and the next dispatch knows."""

import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.support.counting_channel import CountingChannel, Dies, Mixed, NowAndThen, Waits, accepted_by
from tests.support.homes.due import (
    breaches,
    build,
    dispatch,
    dispatch_until_done,
    ids,
    lines,
    start,
    started,
    states,
    store_of,
)
from tests.support.small import one_in

LETTERS, FEW = 200, 30
PAUSE = 0.002
KILLED = -signal.SIGKILL


def slow_channel(home: Path, random: Random) -> CountingChannel:
    """A provider that takes its time before and after it accepts, and refuses some."""
    pause = NowAndThen(random, PAUSE)
    return CountingChannel(home / "provider.log", pause, pause, Mixed(random), batch=40)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built") / "home", LETTERS)


@pytest.fixture(scope="module")
def undisturbed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> float:
    """How many seconds a dispatch takes that nobody kills."""
    home = shutil.copytree(built, tmp_path_factory.mktemp("undisturbed") / "home")
    began = time.monotonic()
    child = start(home, slow_channel(home, Random(0)))
    child.join()
    assert child.exitcode == 0
    return time.monotonic() - began


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "home"))


def prove_all_went_once(home: Path) -> None:
    """The provider's own log is the truth; the ledger, the lines on disk and the audit agree with it."""
    log = accepted_by(home / "provider.log")
    assert [each for each, times in Counter(log).items() if times > 1] == []
    assert ids(home, "accepted") == set(log)
    assert set(log) <= started(home)
    assert set(states(home)) <= {"accepted", "rejected"}
    assert breaches(home) == []


def moments() -> Iterator[object]:
    """Fifty moments, spread over the whole dispatch; two of them every time, the others in `make test-all`."""
    random = Random(20261109)
    for number in range(50):
        share = (number * 11 % 50 + random.random()) / 50
        yield pytest.param(number, share, id=f"{share:.3f}", marks=[] if number < 1 else pytest.mark.slow)


@pytest.mark.parametrize(("seed", "share"), list(moments()))
def test_whenever_the_sender_is_killed_each_letter_goes_once(
    home: Path, undisturbed: float, seed: int, share: float
) -> None:
    """Killed once while it sends, and the next one while it takes over."""
    random = Random(seed)
    for seconds in (share * undisturbed, random.random() * undisturbed / 3):
        child = start(home, slow_channel(home, random))
        child.join(seconds)
        child.kill()
        child.join()
    dispatch_until_done(home, CountingChannel(home / "provider.log", answer=Mixed(random, 0), batch=100, in_flight=50))
    prove_all_went_once(home)
    refused = {each for each in started(home) if each.startswith("0")}
    assert (ids(home, "rejected"), states(home).total()) == (refused, LETTERS)


@pytest.fixture(scope="module")
def built_small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built") / "home", FEW)


@pytest.fixture
def small(built_small: Path, tmp_path: Path) -> Path:
    """A home with thirty letters: three batches of two handfuls of five."""
    return Path(shutil.copytree(built_small, tmp_path / "home"))


@pytest.mark.parametrize(
    ("nth", "recorded", "answered"),
    [pytest.param(18, 10, 5, id="middle"), pytest.param(30, 20, 5, id="last", marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("accepted", one_in(2, [True, False]), ids=["after the send", "before the send"])
def test_killed_around_a_send(small: Path, nth: int, recorded: int, answered: int, accepted: bool) -> None:
    """Between the start line and the send, or between the send and the answer line."""
    log = small / "provider.log"
    die = {"after": Dies(nth)} if accepted else {"before": Dies(nth)}
    child = start(small, CountingChannel(log, batch=10, **die))
    child.join()
    assert (child.exitcode, len(accepted_by(log))) == (KILLED, nth if accepted else nth - 1)
    assert states(small) == +Counter(accepted=recorded, claimed=10, planned=20 - recorded)
    assert Counter("fate" in line for line in lines(small)) == +Counter(
        {False: recorded + answered + 5, True: recorded + answered}
    )
    in_doubt = accepted_by(log)[recorded + answered :]
    report = dispatch(small, channel := CountingChannel(log, batch=10))
    assert (report.swept, report.resolved, report.healthy) == (10, 5, True)
    assert not set(in_doubt) & set(channel.handed)
    assert len(channel.handed) == FEW - (nth if accepted else nth - 1)
    prove_all_went_once(small)


def test_killed_between_the_answer_line_and_the_record(small: Path) -> None:
    """The sender cannot record: the database is in our hands, and it dies waiting for it."""
    log, go_on = small / "provider.log", small / "go-on"
    child = start(small, CountingChannel(log, before=Waits(go_on), batch=10, in_flight=10))
    while not started(small):
        assert child.is_alive()
        time.sleep(0.005)
    with store_of(small).open():
        go_on.touch()
        while len(lines(small)) < 20:
            assert child.is_alive()
            time.sleep(0.005)
        child.kill()
        child.join()
    assert (child.exitcode, states(small)) == (KILLED, Counter(claimed=10, planned=20))
    report = dispatch(small, channel := CountingChannel(log, batch=10))
    assert (report.swept, report.resolved, len(channel.handed)) == (10, 0, 20)
    prove_all_went_once(small)


@pytest.mark.slow
def test_two_dispatchers_share_five_hundred_letters_and_each_goes_once(tmp_path: Path) -> None:
    home = build(tmp_path / "home", 500)
    log = home / "provider.log"
    both = [start(home, CountingChannel(log, NowAndThen(Random(n), 0.001), batch=50, in_flight=10)) for n in range(2)]
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert ids(home, "accepted") == set(accepted_by(log))
    assert len(accepted_by(log)) == 500
    assert (states(home), breaches(home)) == (Counter(accepted=500), [])
