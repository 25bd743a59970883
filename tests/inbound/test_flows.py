"""From the spool to the outbox, as a company runs it: the command line, real files, a database that others hold."""

import json
from email.message import EmailMessage
from pathlib import Path

import pytest

from nurture.inbound.spool import Spool, SpoolKind, SpoolLine
from nurture.keys.signed_links import tokens_of
from nurture.settings import Settings
from nurture.storage.database import Store
from nurture.storage.json_type import JSON
from tests.support.homes.inbound import SENT
from tests.support.homes.sending import NIGHT, NOON, copy_over, move_in, rows, states, type_in
from tests.support.sample_house import ROOT


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which a night has planned and written three letters."""
    home = move_in(tmp_path_factory.mktemp("planned") / "home")
    (home / "content" / "notices").mkdir()
    for card in (ROOT / "content" / "notices").glob("reply.*"):
        (home / "content" / "notices" / card.name).write_bytes(card.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        assert type_in(patch, home, "run", "--night", NIGHT) == 0
    return home


@pytest.fixture
def home(planned: Path, tmp_path: Path) -> Path:
    return copy_over(tmp_path / "home", planned)


def say(home: Path, kind: str, id: str = "1", **data: JSON) -> None:
    Spool(home / "spool").append([SpoolLine(id, SpoolKind(kind), SENT.replace(month=10, day=12), data)])


def message(home: Path, lead: str) -> str:
    found = rows(home, f"SELECT m.id FROM message m JOIN lead ON lead.id = m.lead_id WHERE external_id = '{lead}'")
    return str(found[0][0].hex)


def test_67_who_leaves_while_the_database_is_held_gets_nothing_that_is_claimed_later(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving = message(home, "L1")
    with Store.of(Settings(home=home)).open():
        say(home, "leave", message=leaving, how="one_click")
    assert type_in(monkeypatch, home, "dispatch", "--now", NOON) == 0
    assert states(home) == {"accepted": 2, "suppressed": 1}


@pytest.mark.slow
def test_a_card_about_a_reply_is_in_the_outbox_after_the_next_dispatch(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert type_in(monkeypatch, home, "dispatch", "--now", NOON) == 0
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "lin@company.example", "Re: 清单"
    mail.set_content("你们的报价是多少？\n<script>alert(1)</script>")
    name = tokens_of(Settings(home=home)).reply_name(message(home, "L1"))
    say(home, "reply", file=Spool(home / "spool").keep(mail.as_bytes()), to=[f"{name}@x.example"], **{"from": "a@b.c"})
    assert type_in(monkeypatch, home, "dispatch", "--now", "2026-10-12 23:10") == 0
    assert states(home) == {"accepted": 4}
    (card,) = (home / "outbox").rglob("*.json")
    assert "林晚舟" in card.read_text()
    assert "你们的报价是多少" in card.read_text()
    assert type_in(monkeypatch, home, "audit") == 0


def test_a_night_drains_the_spool_before_it_decides_and_a_dry_run_leaves_it_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(home, "leave", message=message(home, "L1"), scope="all")
    assert type_in(monkeypatch, home, "run", "--night", "2026-10-13", "--dry-run") == 0
    assert states(home) == {"planned": 3}
    assert type_in(monkeypatch, home, "run", "--night", "2026-10-13") == 0
    assert states(home)["suppressed"] == 1
    assert rows(home, "SELECT exit_reason FROM enrolment WHERE left_on IS NOT NULL") == [("withdrawn",)]


def test_what_waits_can_be_seen_while_the_database_is_held(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    say(home, "leave", message=message(home, "L1"))
    with Store.of(Settings(home=home)).open():
        assert type_in(monkeypatch, home, "spool", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["pending"], told["applied"], told["quarantined"]) == (1, 0, [])
    assert told["oldest_age_seconds"] > 0
    with (home / "spool" / "current.ndjson").open("ab") as file:
        file.write(b"nonsense\n")
    assert type_in(monkeypatch, home, "dispatch", "--now", NOON) == 0
    capsys.readouterr()
    assert type_in(monkeypatch, home, "spool") == 1
    said = capsys.readouterr().out
    assert "Waiting: 0 lines" in said
    assert "quarantine" in said
