"""An operator's hand and the words: a copy is rendered and goes, a new revision says what the file says today."""

import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from models import ConsentScope, PauseKind, Suppression
from nurture.channels import Fate, Outcome
from nurture.errors import InputError
from nurture.reporting.status import read_status
from nurture.safeguards.operator import Moved, Selection
from nurture.storage.database import Database
from tests.support.homes.letters import ANN, COPY, EVERYBODY, LATER, TUESDAY, House, build, message_of
from tests.support.small import MONDAY, at, interaction, night, put


@pytest.fixture(scope="module")
def built(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built") / "home", empty_database)


@pytest.fixture
def house(built: Path, tmp_path: Path) -> House:
    return House(Path(shutil.copytree(built, tmp_path / "home")))


# -- copies ------------------------------------------------------------------------------------------------------------


def test_a_copy_has_todays_words_and_goes(house: House) -> None:
    house.dispatch(answer=Outcome(Fate.REJECTED, why="mailbox full"), when="ann")
    house.write("Better words.")
    assert house.resend(ANN) == COPY
    assert house.freeze().rendered == 1
    assert house.words(COPY) == (1, "ann@company.example", "Better words.")
    assert house.words(ANN) == (1, "ann@company.example", "First words.")
    assert house.dispatch().sent == Counter(accepted=1)
    assert house.states() == "ann:rejected ann:accepted bob:accepted"
    assert house.breaches() == []


@pytest.mark.slow
def test_copies_of_what_may_have_arrived_go_when_the_lead_may_hear_from_us_again(house: House) -> None:
    house.dispatch(answer=Outcome(Fate.UNKNOWN, why="time is up"), when="ann")
    bobs = house.resend(message_of("bob"), again=True)
    house.resend(ANN, again=True)
    house.freeze()
    report = house.dispatch()
    assert (report.sent, report.stopped, report.healthy) == (Counter(accepted=1), Counter(lead_day_cap=1), True)
    assert house.states() == "ann:abandoned ann:accepted bob:accepted bob:planned"
    assert house.dispatch(LATER).sent == Counter(accepted=1)
    assert house.words(bobs)[0] == 1
    assert house.breaches() == []


@pytest.mark.slow
def test_a_copy_goes_to_the_address_that_the_lead_has_today(house: House) -> None:
    house.dispatch(answer=Outcome(Fate.REJECTED, why="no such mailbox"), when="ann")
    with house.open() as database:
        database.run("UPDATE lead SET email = 'an@company.example', email_hash = 'new' WHERE external_id = 'ann'")
    house.resend(ANN)
    house.freeze()
    assert house.words(COPY)[1] == "an@company.example"
    assert house.dispatch().sent == Counter(accepted=1)


@pytest.mark.slow
def test_a_copy_that_cannot_be_rendered_is_cancelled_and_its_touch_paused(house: House) -> None:
    house.dispatch()
    house.write("{{ account.city }}")
    house.resend(ANN, again=True)
    frozen = house.freeze()
    assert (frozen.rendered, frozen.failed, frozen.halted) == (0, 1, ("welcome/hello",))
    assert house.states() == "ann:accepted ann:cancelled bob:accepted"
    assert house.breaches() == []


Change = Callable[[Database], object]


def reach_the_goal(database: Database) -> None:
    put(database, interaction("ann", "meeting.booked", MONDAY))


def suppress_address(database: Database) -> None:
    scope, since = ConsentScope.EMAIL, at(MONDAY, 15)
    put(database, Suppression(address_hash="hash-ann", scope=scope, reason="bounced", since=since, source="test"))


@pytest.mark.slow
@pytest.mark.parametrize("change", [reach_the_goal, suppress_address])
def test_a_copy_of_what_may_not_go_breaks_no_promise(house: House, change: Change) -> None:
    house.dispatch(answer=Outcome(Fate.REJECTED), when="ann")
    with house.open() as database:
        change(database)
        night(database, house.book, TUESDAY)
    with suppress(InputError):
        house.resend(ANN, LATER)
    house.freeze(LATER)
    assert house.breaches() == []
    assert house.dispatch(LATER).sent == Counter()
    assert house.breaches() == []


@pytest.mark.slow
def test_a_copy_on_a_day_without_a_night_begins_none(house: House) -> None:
    """Nights only move forward: one that a copy began would have to be finished, and none before it could be."""
    house.dispatch()
    house.resend(ANN, LATER, again=True)
    house.freeze(LATER)
    with house.open() as database:
        status = read_status(database, house.book, MONDAY)
    assert (status.newest_night, status.unfinished) == (MONDAY, ())


# -- new words ---------------------------------------------------------------------------------------------------------


def replan(house: House, which: Selection = EVERYBODY) -> Moved:
    with house.operator() as hand:
        return hand.replan(which)


def test_what_is_planned_anew_says_what_the_file_says_today(house: House) -> None:
    with house.operator() as hand:
        hand.hold(Selection(lead="bob"))
    house.write("Better words.")
    assert replan(house) == Moved(2, {})
    assert house.dispatch().sent == Counter()
    assert house.freeze().rendered == 2
    assert house.words(ANN) == (2, "ann@company.example", "Better words.")
    assert house.words(message_of("bob")) == (2, "bob@company.example", "Better words.")
    assert house.states() == "ann:planned bob:held"
    assert house.dispatch().sent == Counter(accepted=1)
    assert house.breaches() == []


@pytest.mark.slow
def test_a_new_revision_that_cannot_be_rendered_is_held_until_it_is_mended(house: House) -> None:
    house.write("{{ account.city }}")
    replan(house, Selection(lead="ann"))
    frozen = house.freeze()
    assert (frozen.rendered, frozen.failed, frozen.halted) == (0, 1, ("welcome/hello",))
    assert "has no attribute 'city'" in frozen.faults[0].why
    assert house.states() == "ann:held bob:planned"
    assert house.dispatch().stopped == Counter(paused=1)
    house.write("Better words.")
    replan(house, Selection(lead="ann"))
    assert house.freeze().rendered == 1
    with house.operator() as hand:
        hand.release(Selection(lead="ann"))
        hand.resume(PauseKind.TOUCH, "hello")
    assert house.dispatch().sent == Counter(accepted=2)
    assert house.words(ANN)[::2] == (3, "Better words.")
    assert house.breaches() == []


def test_rendering_that_died_is_done_again(house: House) -> None:
    house.write("Better words.")
    replan(house)
    (house.settings.content / "layout" / "email.txt").rename(house.home / "email.txt")
    with pytest.raises(InputError, match=r"email\.txt: missing"):
        house.freeze()
    (house.home / "email.txt").rename(house.settings.content / "layout" / "email.txt")
    assert house.freeze().rendered == 2
    assert house.words(ANN)[::2] == (2, "Better words.")
