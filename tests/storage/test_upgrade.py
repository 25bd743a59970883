"""A home that the version before wrote: it opens, migrates, and goes on as if nothing had happened.

``tests/data/home-0.1.0.tar.xz`` is a home of version 0.1.0 after three weeks of nights (notices, cards of replies,
planned and ended messages); the JSON beside it is what 0.1.0 itself made of the next night, dispatch and explanations.
"""

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from nurture.ledger.message_ids import about
from nurture.storage.database import Store
from tests.support.sample_house import ROOT, nurture

DATA = ROOT / "tests" / "data"
NOTICES = {"@nearly-qualified": "mark_notice", "@goal": "goal_notice"}


@pytest.fixture(scope="module")
def before() -> dict[str, Any]:
    """What the version before made of it."""
    told: dict[str, Any] = json.loads((DATA / "home-0.1.0.json").read_text(encoding="utf-8"))
    return told


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home as the version before left it."""
    folder = tmp_path_factory.mktemp("upgrade")
    with tarfile.open(DATA / "home-0.1.0.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "home"


@pytest.fixture(scope="module")
def home(unpacked: Path) -> Path:
    """The home after its next night and dispatch under this version."""
    night = nurture(unpacked, "run", "--night", "2026-10-31", "--json")
    (unpacked / "night.json").write_text(night.stdout, encoding="utf-8")
    dispatch = nurture(unpacked, "dispatch", "--now", "2026-11-02T11:00", "--json")
    (unpacked / "dispatch.json").write_text(dispatch.stdout, encoding="utf-8")
    return unpacked


def told(home: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home / f"{name}.json").read_text(encoding="utf-8"))
    return found


def test_its_next_night_decides_what_the_version_before_decided(home: Path, before: dict[str, Any]) -> None:
    assert told(home, "night")["journeys"] == before["night"]["journeys"]
    assert told(home, "night")["held_back"] == before["night"]["held_back"]
    with Store(home / "nurture.duckdb").open() as database:
        decided = database.rows(f"""
            SELECT l.external_id, {about("d")} AS about, verdict, reason FROM decision d JOIN lead l ON l.id = d.lead_id
            WHERE night = '2026-10-31' ORDER BY ALL""")
    assert [list(row) for row in decided] == before["decisions"]


def test_its_next_dispatch_sends_what_the_version_before_sent(home: Path, before: dict[str, Any]) -> None:
    assert told(home, "dispatch")["sent"] == before["dispatch"]["sent"] == {"accepted": 5}
    with Store(home / "nurture.duckdb").open() as database:
        messages = database.rows("SELECT id::VARCHAR, state, fence::VARCHAR FROM message ORDER BY id")
    assert [list(row) for row in messages] == before["messages"]


def test_old_messages_keep_their_ids_and_say_their_kinds(home: Path, before: dict[str, Any]) -> None:
    with Store(home / "nurture.duckdb").open() as database:
        named = database.rows(f"SELECT id::VARCHAR, {about('m')} FROM message m WHERE kind <> 'touch' ORDER BY ALL")
        kinds = dict(database.rows("SELECT kind, count(*) FROM message GROUP BY kind"))
        assert database.one("SELECT count(*) FROM message WHERE contains(touch, '@')") == (0,)
    assert [list(row) for row in named] == before["about"]
    assert (kinds["mark_notice"], kinds["goal_notice"], kinds["reply_card"]) == (9, 2, 2)


def test_its_leads_are_explained_as_before(home: Path, before: dict[str, Any]) -> None:
    for lead in ("L9001", "L9006"):
        story, expected = json.loads(nurture(home, "explain", lead, "--json").stdout), before["explain"][lead]
        for message in expected["messages"]:
            message["touch"] = NOTICES.get(message["touch"], message["touch"])
        assert story.pop("channels")[0]["scope"] == "email"
        assert story == expected


def test_its_audit_is_clean(home: Path) -> None:
    assert nurture(home, "audit").returncode == 0
