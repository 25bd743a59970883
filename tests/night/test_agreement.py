"""The engine and the oracle, on random companies, night after night: every row must be the same."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture.night.close_steps import close_night
from nurture.storage.database import Database, Store
from tests.oracle.engine import night as oracle_night
from tests.oracle.tables import copy_world, difference, dump, empty, load
from tests.oracle.worlds import Story, happen_in_database, happen_in_world, stories

NOW = datetime(2027, 1, 1, tzinfo=UTC)
ALL_CHECKS = list(HealthCheck)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One real file for the whole module; every example empties it."""
    with Store(tmp_path_factory.mktemp("agreement") / "nurture.duckdb", threads=1).open(create=True) as database:
        yield database


def agree(story: Story, database: Database, alone: int | None = None) -> None:
    """Live through the story on both sides; ``alone`` is the journey that runs ahead of the others each night."""
    world = copy_world(story.world)
    empty(database)
    load(world, database)
    names = [journey.name for journey in story.playbook.journeys]
    runs = [None] if alone is None else [names[alone % len(names)], None]
    for night, day in zip(story.nights, story.days, strict=True):
        happen_in_world(day, world)
        happen_in_database(day, database)
        for only in runs:
            oracle_night(world, story.playbook, night, NOW, only=only)
            close_night(database, story.playbook, night, now=NOW, only=[only] if only else ())
        differs = difference(dump(world), dump(database))
        assert not differs, f"night {night} (nights: {', '.join(map(str, story.nights))})\n{differs}"


@settings(max_examples=4, deadline=None, suppress_health_check=ALL_CHECKS, print_blob=True)
@given(story=stories())
def test_engine_and_oracle_agree(story: Story, database: Database) -> None:
    agree(story, database)


@pytest.mark.slow
@settings(max_examples=5, deadline=None, suppress_health_check=ALL_CHECKS, print_blob=True)
@given(story=stories(most_nights=4), alone=st.integers(0, 2))
def test_they_agree_when_a_journey_runs_ahead(story: Story, alone: int, database: Database) -> None:
    agree(story, database, alone)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=ALL_CHECKS, print_blob=True)
@given(story=stories(most_nights=8), alone=st.none() | st.integers(0, 2))
def test_they_agree_on_many_companies(story: Story, alone: int | None, database: Database) -> None:
    agree(story, database, alone)
