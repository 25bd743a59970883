"""Failures that we hold ourselves to, with their numbers in ``docs/failures.md``: clocks that jump (36), DST (37)."""

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil
import pytest

from models import Channel
from nurture.channels.routing import Lane
from nurture.content.policy import Policy, WorkCalendar
from nurture.content.send_windows import business_date
from nurture.delivery.claim import START, Claiming
from nurture.delivery.record import Recorder
from nurture.delivery.send import Sender
from nurture.journey.playbook import Playbook
from nurture.night.close_steps import close_night
from nurture.rendering.frozen import Rendered
from nurture.storage.database import Database, Store
from tests.support.counting_channel import CountingChannel, Dies, accepted_by
from tests.support.homes.due import (
    BOOK,
    LETTER,
    NOON,
    another_process,
    build,
    dispatch,
    dispatch_until_done,
    prove_all_went_once,
    start,
    states,
    store_of,
)
from tests.support.small import MONDAY, consent, lead, night, one_in, playbook, policy, put

LETTERS = 10
DAY = timedelta(days=1)
JUMPS = [DAY, -DAY, timedelta(minutes=-5)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built") / "home", LETTERS)


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Path:
    """A home of this test's own with ten letters due: two handfuls of five."""
    return Path(shutil.copytree(built, tmp_path / "home"))


@pytest.fixture
def log(home: Path) -> Path:
    return home / "provider.log"


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_36_the_clock_jumps_between_claim_and_record(home: Path, log: Path, jump: timedelta) -> None:
    with store_of(home).open() as database:
        claim = Claiming(database, BOOK, Lane(Channel.EMAIL), NOON).claim(START, 100)
    sent = Sender(CountingChannel(log), Rendered(home / "rendered"), home / "attempts").send(claim)
    with store_of(home).open() as database:
        assert Recorder(database, NOON + jump).sweep(home / "attempts") == 0
        Recorder(database, NOON + jump).record(claim, sent)
    prove_all_went_once(home, LETTERS)


@pytest.mark.parametrize("jump", one_in(3, JUMPS), ids=str)
def test_36_the_clock_jumps_between_two_dispatches(home: Path, log: Path, jump: timedelta) -> None:
    """The first dies in the middle; the second has another clock; then the clock is right again."""
    start(home, CountingChannel(log, after=Dies(3))).join()
    report = dispatch(home, CountingChannel(log), NOON + jump)
    assert (report.swept, report.resolved) == (LETTERS, 5)
    went = LETTERS if jump != -DAY else 3  # the day before is a Sunday
    assert (len(accepted_by(log)), states(home)["expired"]) == (went, 0)
    dispatch(home, CountingChannel(log))
    prove_all_went_once(home, LETTERS)


def test_36_a_night_that_came_too_early_lets_nothing_expire(home: Path, log: Path) -> None:
    with store_of(home).open() as database:
        night(database, BOOK, MONDAY + DAY)
        assert not night(database, BOOK, MONDAY).changed
        assert not night(database, BOOK, MONDAY + DAY).changed
    assert states(home) == Counter(planned=LETTERS)
    dispatch(home, CountingChannel(log))
    prove_all_went_once(home, LETTERS)


def set_the_clock(folder: Path, seconds: int) -> Path:
    """What /proc says after somebody set the clock: the same processes, another moment at which the machine started."""
    folder.mkdir()
    told = Path("/proc/stat").read_text().splitlines()
    moved = [f"btime {int(line.split()[1]) + seconds}" if line.startswith("btime") else line for line in told]
    (folder / "stat").write_text("\n".join(moved) + "\n")
    for entry in Path("/proc").iterdir():
        if entry.name != "stat":
            (folder / entry.name).symlink_to(entry)
    return folder


@pytest.mark.parametrize("seconds", [-300, 86_400])
def test_36_a_clock_that_was_set_makes_no_living_process_a_dead_one(
    home: Path, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    """Its letters are in its hands until its lease is over; taken over now, they would go twice."""
    with another_process() as (_, sender):
        with store_of(home).open() as database:
            Claiming(database, BOOK, Lane(Channel.EMAIL), NOON).claim(START, 100)
            database.run(f"UPDATE batch SET holder = '{sender}'")
        monkeypatch.setattr(psutil, "PROCFS_PATH", str(set_the_clock(tmp_path / "proc", seconds)))
        assert dispatch(home, CountingChannel(log)).swept == 0
        assert accepted_by(log) == []
    dispatch_until_done(home, CountingChannel(log))
    prove_all_went_once(home, LETTERS)


# -- 37: New York, where 2:30 is missing on 2027-03-14, and 1:30 comes twice on 2026-11-01 -----------------------------

NEW_YORK = ZoneInfo("America/New_York")
FROZEN = "payload_hash = 'h', payload_file = 'f'"
SPRING, AUTUMN = date(2027, 3, 14), date(2026, 11, 1)


def sundays_too(opens: time = time(9), closes: time = time(18)) -> Policy:
    """Both Sundays are worked, and the window is this one."""
    shipped = policy()
    window = shipped.window.model_copy(update={"opens": opens, "closes": closes, "spread_minutes": 60})
    calendar = {"US": WorkCalendar(workdays=frozenset({str(SPRING), str(AUTUMN)}))}  # type: ignore[arg-type]
    return shipped.model_copy(update={"country": "US", "window": window, "calendar": calendar})


def american(rules: Policy) -> Playbook:
    book = playbook(LETTER, rules=rules)
    return Playbook(book.journeys, book.events, rules, book.content, NEW_YORK)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A house in New York with one lead."""
    path = tmp_path_factory.mktemp("new-york") / "nurture.duckdb"
    with Store(path, zone="America/New_York").open(create=True) as database:
        put(database, lead("ann", timezone="America/New_York", country="US"), consent("ann", day=date(2026, 9, 1)))
        yield database


@pytest.fixture
def ann(house: Database) -> Iterator[Database]:
    """The same, with a test's own nights, which are undone after it."""
    with house.trial():
        yield house


def goes(database: Database, book: Playbook, moment: datetime) -> bool:
    """Whether a dispatch at this moment claims something."""
    return bool(Claiming(database, book, Lane(Channel.EMAIL), moment).claim(START, 100).messages)


def through(day: date, step: timedelta) -> Iterator[datetime]:
    """From midnight to midnight there."""
    moment = datetime.combine(day, time.min, NEW_YORK).astimezone(UTC)
    while business_date(moment, NEW_YORK) == day:
        yield moment
        moment += step


@pytest.mark.parametrize(
    ("day", "opens", "closes", "shut", "open_"),
    [
        (SPRING, time(9), time(18), "12:59 22:00", "13:00 21:59"),  # on the Friday before it was 14:00 in UTC
        (AUTUMN, time(9), time(18), "13:59 23:00", "14:00 22:59"),
        (SPRING, time(2, 30), time(18), "06:59", "07:00"),  # 3:00 comes right after 2:00, and 2:30 is over then
        (AUTUMN, time(1, 30), time(18), "05:29 06:29", "05:30 05:59 06:30"),  # 1:30, 1:59, 1:29 again, 1:30 again
        (SPRING, time(0), time(2, 30), "04:59 07:00", "05:00 06:59"),  # closes at an hour that is missing
        (AUTUMN, time(0), time(1, 30), "05:30 06:30", "04:00 05:29 06:00"),  # closes at an hour that comes twice
    ],
)
def test_37_a_window_opens_and_closes_by_the_clock_on_the_wall(
    ann: Database, day: date, opens: time, closes: time, shut: str, open_: str
) -> None:
    book = american(sundays_too(opens, closes))
    night(ann, book, day)
    claimed = {}
    for clock in (shut + " " + open_).split():
        ann.run(f"UPDATE message SET state = 'planned', not_before = TIMESTAMP '{day}', {FROZEN}")
        claimed[clock] = goes(ann, book, datetime.fromisoformat(f"{day} {clock}+00:00"))
    assert claimed == dict.fromkeys(shut.split(), False) | dict.fromkeys(open_.split(), True)


@pytest.mark.parametrize(
    ("day", "opens", "first"),
    one_in(
        2,
        [
            (SPRING, 9, "13:30"),
            (AUTUMN, 9, "14:30"),
            (SPRING, 2, "07:30"),  # there is no 2:30; as long after 2:00 it is 3:30
            (AUTUMN, 1, "05:30"),  # the first of the two
            (AUTUMN, 0, "04:30"),  # waits until after the hour has come twice, or goes before
        ],
    ),
)
def test_37_a_letter_of_such_a_day_goes_on_it_and_once(ann: Database, day: date, opens: int, first: str) -> None:
    book = american(sundays_too(time(opens, 30), time(18)))
    night(ann, book, day)
    send_day, not_before, not_after = ann.one("SELECT send_day, not_before, not_after FROM message")
    ann.run(f"UPDATE message SET {FROZEN}")
    (went,) = (moment for moment in through(day, timedelta(hours=1)) if goes(ann, book, moment))
    assert send_day == day
    assert timedelta() <= not_before - datetime.fromisoformat(f"{day} {first}") < timedelta(hours=1)
    assert f"{not_after:%H:%M}" == ("22:00" if day == SPRING else "23:00")
    assert not_before <= went.replace(tzinfo=None) < not_after
    assert time(opens, 30) <= went.astimezone(NEW_YORK).time() < time(18)


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25)])
def test_37_a_night_closes_once_where_the_clock_changes(ann: Database, day: date, hours: int) -> None:
    """Started every hour of that day, twice at 1:30 in autumn and never at 2:30 in spring, it is one night."""
    book = american(sundays_too())
    starts = [moment + timedelta(minutes=30) for moment in through(day, timedelta(hours=1))]
    assert close_night(ann, book, day - DAY, now=starts[0] - DAY).changed
    changed = [close_night(ann, book, business_date(now, NEW_YORK), now=now).changed for now in starts]
    assert close_night(ann, book, day + DAY, now=starts[0] + DAY).changed
    assert changed == [True] + [False] * (hours - 1)
    markers = ann.rows("SELECT night, count(*) FROM run WHERE step = 'fold_decisions' GROUP BY night ORDER BY night")
    assert markers == [(day - DAY, 1), (day, 1), (day + DAY, 1)]
