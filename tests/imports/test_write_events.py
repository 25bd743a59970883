"""Consents and events from files: which acts are the same one, and when we say we learned of them."""

from datetime import datetime, timedelta
from hashlib import md5
from pathlib import Path
from uuid import UUID

import pytest

from models import Run, Step
from models.types import derived_id
from nurture.errors import InputError
from nurture.reporting.explain import find_lead
from tests.support.homes.imports import NOW, House, people, summary
from tests.support.small import one_in, put

HEAD = "lead,kind,occurred_at,source,id\n"
NO_SOURCE = "lead,kind,occurred_at,id\n"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def peopled(house: House) -> House:
    return people(house)


def close_a_night(house: House, closed_at: datetime) -> None:
    marker = Run(night=closed_at.date(), journey="*", step=Step.TAKE_IN, closed_at=closed_at)
    with house.store.open() as database:
        put(database, marker)


# -- the stamp: imports are told `now` = 2026-03-10 04:00 UTC ----------------------------------------------


def test_acts_are_seen_after_a_night_that_closed_while_the_file_was_read(peopled: House) -> None:
    close_a_night(peopled, NOW + timedelta(seconds=7))
    peopled.take("events", "lead,kind,occurred_at\nL1,webinar.attended,2026-03-01\n")
    peopled.take("consents", "lead,scope,action,occurred_at\nL1,all,withdrawn,2026-03-01\n")
    just_after = datetime(2026, 3, 10, 4, 0, 7, 1)  # noqa: DTZ001 - DuckDB gives UTC without saying so
    assert peopled.ask("SELECT seen_at FROM interaction") == [(just_after,)]
    # the consent comes after the event's stamp as well
    assert peopled.ask("SELECT recorded_at FROM consent") == [(just_after.replace(microsecond=2),)]


def test_each_file_of_events_is_seen_after_the_one_before(peopled: House) -> None:
    close_a_night(peopled, NOW - timedelta(hours=10))
    for day in (1, 2):
        peopled.take("events", f"lead,kind,occurred_at\nL1,webinar.attended,2026-03-0{day}\n")
    late = "SELECT epoch_us(seen_at) - epoch_us(TIMESTAMP '2026-03-10 04:00') FROM interaction ORDER BY 1"
    assert peopled.ask(late) == [(0,), (1,)]


def test_the_future_is_judged_by_the_callers_clock(peopled: House) -> None:
    close_a_night(peopled, NOW + timedelta(days=365))
    report = peopled.take("events", "lead,kind,occurred_at\nL1,webinar.attended,2026-12-31\n")
    assert [row.reason for row in report.refused] == ["occurred_at: lies in the future"]


# -- keys ----------------------------------------------------------------------------------------------


def test_two_files_without_source_may_both_count_from_one(peopled: House) -> None:
    peopled.take("events", NO_SOURCE + "L1,webinar.attended,2026-03-01,1\n")
    other = NO_SOURCE + "L2,webinar.attended,2026-03-01,1\n"
    assert summary(peopled.take("events", other, "other.csv")) == (1, 1, 0, 0, 0, 0)
    assert summary(peopled.take("events", other, "again.csv")) == (1, 0, 0, 1, 0, 0)


def test_a_known_event_id_with_other_contents_is_refused(peopled: House) -> None:
    peopled.take("events", HEAD + "L1,webinar.attended,2026-03-01,zoom,7\n")
    report = peopled.take(
        "events",
        "source,id,lead,kind,occurred_at\n"
        "zoom,7,L2,webinar.attended,2026-03-01\n"
        "zoom,8,L2,webinar.attended,2026-03-01\n",
        "lead.csv",
    )
    assert summary(report) == (2, 1, 0, 0, 0, 1)
    for number, row in enumerate(("L1,content.downloaded,2026-03-01", "L1,webinar.attended,2026-03-02")):
        report = peopled.take("events", HEAD + f"{row},zoom,7\n", f"{number}.csv")
        assert [(each.line, each.reason) for each in report.refused] == [
            (2, "id: this event id is known with other contents")
        ]
    assert report.refused_file is not None
    assert "zoom" in report.refused_file.read_text(encoding="utf-8-sig")
    assert peopled.counts()[2] == 2


def test_a_known_event_id_with_the_same_contents_is_unchanged(peopled: House) -> None:
    peopled.take("events", HEAD + "L1,webinar.attended,2026-03-01 08:00,zoom,7\n")
    report = peopled.take("events", HEAD + "zhang@example.com,webinar.attended,2026-03-01T00:00Z,zoom,7\n", "b.csv")
    assert summary(report) == (1, 0, 0, 1, 0, 0)


def test_contradicting_events_with_one_id_refuse_the_file(peopled: House) -> None:
    with pytest.raises(InputError, match=r":3: the same id “E1” as in line 2"):
        peopled.take("events", NO_SOURCE + "L1,webinar.attended,2026-03-01,E1\nL2,webinar.attended,2026-03-01,E1\n")
    assert peopled.counts()[2] == 0


def test_the_parts_of_a_key_stay_apart(peopled: House) -> None:
    rows = "L1,webinar.attended,2026-03-01,x|,y\nL1,webinar.attended,2026-03-01,x,|y\n"
    assert summary(peopled.take("events", HEAD + rows)) == (2, 2, 0, 0, 0, 0)
    about = "lead,kind,occurred_at,about,source\n"
    assert summary(peopled.take("events", about + rows, "about.csv")) == (2, 2, 0, 0, 0, 0)
    consents = "lead,scope,action,occurred_at,source,wording\n"
    rows = rows.replace("webinar.attended", "email,granted")
    assert summary(peopled.take("consents", consents + rows)) == (2, 2, 0, 0, 0, 0)


def test_an_events_key_follows_from_its_source_and_id(peopled: House) -> None:
    peopled.take("events", HEAD + "L1,webinar.attended,2026-03-01,zoom,7\n")
    told = md5(b"interaction\x1fzoom\x1f7", usedforsecurity=False).hexdigest()
    assert peopled.ask("SELECT key FROM interaction") == [(UUID(told),)]


# -- whom a name means ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    one_in(
        2,
        [
            "L1",
            "13912345678",
            " 139 1234 5678 ",
            "+86 139-1234-5678",
            "１３９１２３４５６７８",
            "ＺＨＡＮＧ＠Example.com",
            "wm-1",
        ],
    ),
)
def test_a_lead_is_found_by_any_spelling_of_its_names(peopled: House, name: str) -> None:
    with peopled.store.open() as database:
        assert find_lead(database, name) == derived_id("lead", "L1")


@pytest.mark.parametrize(
    ("name", "said"), [("13912345679", "No lead has this id"), ("Shared@example.com", "More than one.*: L2, L3")]
)
def test_a_name_of_nobody_or_of_two_is_told(peopled: House, name: str, said: str) -> None:
    with peopled.store.open() as database, pytest.raises(InputError, match=said):
        find_lead(database, name)
