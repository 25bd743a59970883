"""What pages must know is published whole: ids and wishes of those who wished, nothing of anybody else."""

from datetime import date
from pathlib import Path

from models import ConsentScope
from nurture.consent.preferences import Preferences
from nurture.consent.publish_preferences import publish
from nurture.consent.published_preferences import Known, WebState
from nurture.storage.database import Database
from tests.support.homes.inbound import house


def test_a_page_knows_what_its_reader_wished(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann", "bob")
    message, lead = home.message("ann").hex, home.rows("SELECT id FROM lead WHERE external_id = 'ann'")[0][0].hex
    home.say("prefer", message=message, topics_off=["welcome"], channels_off=["wecom"], pause=30, language="en")
    home.say("leave", message=message)
    home.drain()
    publish(database, home.settings)
    state = WebState(home.settings.paths.web_state)
    wishes = Preferences(("welcome",), (ConsentScope.WECOM,), date(2026, 12, 9), "en", False)
    assert state.of_message(message) == Known(lead, wishes, (ConsentScope.EMAIL,))
    assert state.of_message(home.message("bob").hex) is None
    assert b"company.example" not in home.settings.paths.web_state.read_bytes()


def test_before_anything_is_published_nothing_is_known(tmp_path: Path) -> None:
    assert WebState(tmp_path / "state.sqlite").of_message("0" * 32) is None


def test_publishing_again_takes_the_place_of_what_was_published(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    home.say("leave", message=home.message("ann").hex, scope="all")
    home.drain()
    publish(database, home.settings)
    publish(database, home.settings)
    known = WebState(home.settings.paths.web_state).of_message(home.message("ann").hex)
    assert known is not None
    assert known.left == (ConsentScope.EMAIL, ConsentScope.WECOM, ConsentScope.PHONE)
    assert [path.name for path in home.settings.paths.web_state.parent.iterdir()] == ["state.sqlite"]
