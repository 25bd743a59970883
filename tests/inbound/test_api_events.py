"""What our own systems tell of leads is taken in as a file of the same rows would be, and nothing is lost."""

from pathlib import Path

from nurture.settings import Settings
from nurture.storage.database import Database
from tests.support.homes.inbound import SENT, House, house

WHEN = "2026-11-08T10:00:00+08:00"


def track(home: House, **data: str) -> None:
    home.say("event", **({"type": "track", "lead": "ann", "kind": "webinar.attended", "occurred_at": WHEN} | data))


def stranger(database: Database, tmp_path: Path) -> House:
    """A house whose leads have the ids that an import gives."""
    return house(database, tmp_path, "ann")


def refused(settings: Settings) -> str:
    return "".join(path.read_text(encoding="utf-8-sig") for path in sorted((settings.home / "refused").glob("*.csv")))


def test_what_a_lead_did_is_an_interaction_once(database: Database, tmp_path: Path) -> None:
    home = stranger(database, tmp_path)
    track(home, event_id="e1", about="lean")
    track(home, event_id="e1", about="lean")
    home.drain()
    track(home, event_id="e1", about="lean")
    track(home, event_id="e2")
    home.drain()
    assert home.did("ann") == ["webinar.attended", "webinar.attended"]
    assert home.rows("SELECT DISTINCT source FROM interaction") == [("api",)]


def test_an_unknown_lead_or_kind_is_refused_and_kept(database: Database, tmp_path: Path) -> None:
    home = stranger(database, tmp_path)
    track(home, lead="nobody", event_id="e1")
    track(home, kind="webinar.attendet", event_id="e2")
    track(home, occurred_at="2226-01-01", event_id="e3")
    track(home, event_id="e4")
    assert home.drain().refused == 3
    assert home.did("ann") == ["webinar.attended"]
    assert all(word in refused(home.settings) for word in ("nobody", "webinar.attendet", "2226", "reason"))


def test_another_telling_of_the_same_event_is_refused(database: Database, tmp_path: Path) -> None:
    home = stranger(database, tmp_path)
    track(home, event_id="e1")
    home.drain()
    track(home, event_id="e1", kind="form.submitted")
    assert home.drain().refused == 1
    assert home.did("ann") == ["webinar.attended"]


def test_identify_adds_a_lead_and_changes_only_what_it_names(database: Database, tmp_path: Path) -> None:
    home = stranger(database, tmp_path)
    who = {"type": "identify", "lead": "new-1"}
    home.say("event", **who, traits={"name": "Eve", "email": "EVE@Company.example", "language": "en", "shoe": 42})
    home.say("event", **who, traits={"name": "Eve", "role": "champion"})
    home.drain()
    found = home.rows(
        "SELECT name, email, language, role, email_hash IS NOT NULL FROM lead WHERE external_id = 'new-1'"
    )
    assert found == [("Eve", "eve@company.example", "en", "champion", True)]


def test_identify_of_several_in_one_go_takes_the_last_word(database: Database, tmp_path: Path) -> None:
    home = stranger(database, tmp_path)
    for language in ("en", "de", "fr"):
        home.say("event", SENT, type="identify", lead="new-1", traits={"name": "Eve", "language": language})
    assert home.drain().refused == 0
    assert home.rows("SELECT language FROM lead WHERE external_id = 'new-1'") == [("fr",)]


def test_identify_without_a_name_or_with_nonsense_is_refused_and_blocks_nothing(
    database: Database, tmp_path: Path
) -> None:
    home = stranger(database, tmp_path)
    home.say("event", type="identify", lead="new-1", traits={"email": "x"})
    home.say("event", type="identify", lead="new-2", traits={"name": {"deep": 1}})
    home.say("event", type="identify", lead="new-3", traits={"id": "another", "name": "Z"})
    home.say(
        "event", type="identify", lead="new-4", traits={"name": "=1+1", "电话": "13800139001", "手机": "13800139002"}
    )
    track(home, event_id="e1")
    drained = home.drain()
    assert drained.refused + drained.quarantined >= 2
    assert home.did("ann") == ["webinar.attended"]
    assert home.spool.is_empty()


def test_a_formula_is_a_name_like_any_other(database: Database, tmp_path: Path) -> None:
    home = stranger(database, tmp_path)
    home.say("event", type="identify", lead="new-1", traits={"name": "=1+1"})
    home.drain()
    assert home.rows("SELECT name FROM lead WHERE external_id = 'new-1'") == [("=1+1",)]
