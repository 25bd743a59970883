"""Nights in pieces: cut and resumed, closed twice, tried dry, fed in another order, one journey ahead."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.errors import NightRefused
from nurture.night.close_steps import close_night
from nurture.storage.database import Database, Store
from nurture.storage.sql import literal
from tests.night.test_properties import (
    NOW,
    broken,
    check_counts,
    check_permission,
    check_restraint,
    check_walks,
    live,
    quick,
    thorough,
)
from tests.oracle.tables import difference, dump, empty, load
from tests.oracle.worlds import Story, a_story, happen_in_database, stories


class PowerCutError(Exception):
    """The night stops here."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One real file for the whole module; every example empties it."""
    with Store(tmp_path_factory.mktemp("pieces") / "nurture.duckdb", threads=1).open(create=True) as database:
        yield database


def check_same_in_any_order(story: Story, seed: int, database: Database) -> None:
    """The order of rows decides nothing."""
    for _ in live(story, database):
        pass
    first = dump(database)
    for _ in live(story, database, random.Random(seed)):
        pass
    assert not difference(first, dump(database))


@pytest.mark.slow
@settings(quick, max_examples=2)
@given(story=stories(most_nights=4), seed=st.integers(0, 99))
def test_the_order_of_the_rows_does_not_matter(story: Story, seed: int, database: Database) -> None:
    check_same_in_any_order(story, seed, database)


@pytest.mark.slow
@thorough
@given(story=stories(), seed=st.integers(0, 99))
def test_the_order_of_the_rows_never_matters(story: Story, seed: int, database: Database) -> None:
    check_same_in_any_order(story, seed, database)


@settings(quick, max_examples=2)
@given(story=stories(most_nights=3))
def test_a_closed_night_run_again_changes_nothing(story: Story, database: Database) -> None:
    for night in live(story, database):
        before = dump(database)
        close_night(database, story.playbook, night, now=NOW + timedelta(days=1))
        close_night(database, story.playbook, night, now=NOW, only=[story.playbook.journeys[0].name])
        assert not difference(before, dump(database))


@pytest.mark.slow
@settings(quick, max_examples=2)
@given(story=stories(most_nights=3))
def test_a_dry_run_tells_what_the_night_will_do_and_leaves_no_trace(story: Story, database: Database) -> None:
    empty(database)
    load(story.world, database)
    for night, day in zip(story.nights, story.days, strict=True):
        happen_in_database(day, database)
        before = dump(database)
        tried = close_night(database, story.playbook, night, now=NOW, dry_run=True)
        close_night(database, story.playbook, night, now=NOW, dry_run=True, limit=1)
        assert not difference(before, dump(database))
        done = close_night(database, story.playbook, night, now=NOW)
        assert replace(tried, dry_run=False) == done


def test_a_night_before_the_newest_runs_only_dry(database: Database) -> None:
    story = a_story(seed=1, people=3, nights=2, journeys=1)
    for _ in live(story, database):
        pass
    before, past = dump(database), story.nights[0] - timedelta(days=1)
    with pytest.raises(NightRefused):
        close_night(database, story.playbook, past, now=NOW)
    close_night(database, story.playbook, past, now=NOW, dry_run=True)
    assert not difference(before, dump(database))


def check_resumed(story: Story, cut: int, database: Database) -> None:
    """A night that was cut anywhere, and run again, ends like one that was not."""
    for _ in live(story, database):
        pass
    whole = dump(database)
    empty(database)
    load(story.world, database)
    for night, day in zip(story.nights, story.days, strict=True):
        happen_in_database(day, database)
        told = 0

        def cut_power(step: str, done: int, of: int) -> None:
            nonlocal told
            told += 1
            if told > cut:
                raise PowerCutError

        try:
            close_night(database, story.playbook, night, now=NOW, progress=cut_power)
        except PowerCutError:
            close_night(database, story.playbook, night, now=NOW)
    assert not difference(whole, dump(database))


@settings(quick, max_examples=3)
@given(story=stories(most_nights=3), cut=st.integers(0, 12))
def test_a_night_that_was_cut_resumes(story: Story, cut: int, database: Database) -> None:
    check_resumed(story, cut, database)


@pytest.mark.slow
@thorough
@given(story=stories(), cut=st.integers(0, 14))
def test_a_night_that_was_cut_anywhere_resumes(story: Story, cut: int, database: Database) -> None:
    check_resumed(story, cut, database)


# -- a journey alone ---------------------------------------------------------------------------------------


@pytest.mark.slow
@settings(quick, max_examples=3)
@given(story=stories(most_nights=4), alone=st.integers(0, 2))
def test_a_journey_may_run_ahead_of_the_night(story: Story, alone: int, database: Database) -> None:
    journeys = story.playbook.journeys
    ahead = journeys[alone % len(journeys)].name
    empty(database)
    load(story.world, database)
    for night, day in zip(story.nights, story.days, strict=True):
        happen_in_database(day, database)
        close_night(database, story.playbook, night, now=NOW, only=[ahead])
        mine = broken(database, f"SELECT * FROM decision WHERE journey = {literal(ahead)} ORDER BY ALL")
        close_night(database, story.playbook, night, now=NOW)
        check_counts(database)
        check_walks(database)
        check_restraint(database, story.playbook)
        check_permission_while_ahead(database, night, ahead)
        if night - timedelta(days=30) <= story.nights[0]:
            still = broken(database, f"SELECT * FROM decision WHERE journey = {literal(ahead)} ORDER BY ALL")
            assert still == mine


def check_permission_while_ahead(database: Database, night: date, ahead: str) -> None:
    """What ran ahead may since have been interrupted; the others' messages keep every rule."""
    if not broken(database, f"FROM enrolment WHERE journey = {literal(ahead)} AND exit_reason = 'interrupted'"):
        check_permission(database, night)
