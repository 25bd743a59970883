"""Rendering that a death cut off is done again: nothing that it needs is gone, and each night keeps its counts."""

from datetime import timedelta
from pathlib import Path

import pytest

from nurture.journey import Stage, days, email
from nurture.keys.signed_links import open_tokens
from nurture.rendering.contexts import export_contexts
from nurture.rendering.freeze import open_workshop
from nurture.rendering.workers import open_renderers
from tests.support.homes.words import House, build, letter
from tests.support.small import MONDAY, STAFF, consent, journey, lead, night

TUESDAY = MONDAY + timedelta(days=1)
HELLO = [Stage("first", asks="?", touches=[email("hello", after=days(0))])]


@pytest.fixture
def house(tmp_path: Path, empty_database: Path) -> House:
    """One lead, one letter."""
    house = build(tmp_path, empty_database, journey(stages=HELLO))
    house.write("welcome/first/hello.email.md", letter("Hello."))
    house.put(STAFF, lead("ann"), consent("ann"))
    return house


def test_what_a_killed_night_left_unrendered_counts_for_that_night_whoever_renders_it(house: House) -> None:
    house.night(MONDAY)
    house.put(lead("bob"), consent("bob"), lead("cyd"), consent("cyd"))
    with house.store.open() as database:
        night(database, house.playbook, TUESDAY)
    house.night(MONDAY)
    house.night(TUESDAY)
    rendered = house.ask("SELECT night, rendered FROM run WHERE step = 'render' ORDER BY night")
    assert rendered == [(MONDAY, 1), (TUESDAY, 2)]


def test_a_shard_whose_renderer_died_before_it_could_say_so_is_rendered_again(house: House) -> None:
    with house.store.open() as database:
        night(database, house.playbook, MONDAY)
        contexts = export_contexts(database, house.playbook, house.settings.paths.rendered)
        tokens = open_tokens(database, house.settings)
    workshop = open_workshop(house.settings, house.playbook, tokens, contexts.files)
    with open_renderers(workshop, processes=1, messages=1) as render:
        assert [render(shard).messages for shard in contexts.shards * 2] == [1, 1]
    house.night()
    assert list(house.settings.paths.rendered.glob("*/*")) == [shard.rendered for shard in contexts.shards]
