"""Backup, restore and reconcile as a person types them: the drill of docs/backup.md, step by step."""

import json
from pathlib import Path

import pytest

from tests.support.homes.sending import NOON, Command, rows, states


def back_up(nurture: Command, home: Path) -> str:
    done = nurture("backup", str(home.parent / "backups"), "--json")
    assert done.code == 0, done
    return str(json.loads(done.said)["file"])


@pytest.mark.slow
def test_the_drill(nurture: Command, home: Path) -> None:
    said = nurture("backup", str(home.parent / "backups"))
    assert (said.code, "The keys are not in it." in said.said) == (0, True)
    (file,) = (home.parent / "backups").iterdir()
    nurture("hold", "--lead", "L3")
    nurture("dispatch", "--now", NOON)
    assert states(home) == {"accepted": 2, "held": 1}
    assert (nurture("restore", str(file)).code, states(home)) == (2, {"accepted": 2, "held": 1})
    restored = nurture("restore", str(file), "--replace")
    assert (restored.code, "until `nurture reconcile`" in restored.said) == (0, True)
    held_back = nurture("dispatch", "--now", NOON)
    assert (held_back.code, states(home)) == (1, {"planned": 3})
    assert "Nothing was sent: this database was restored" in held_back.said
    found = nurture("reconcile")
    assert (found.code, states(home)) == (0, {"accepted": 2, "planned": 1})
    assert "The guard is lifted" in found.said
    assert nurture("dispatch", "--now", NOON).code == 0
    assert states(home) == {"accepted": 3}
    assert len(list(home.glob("outbox/*/*.eml"))) == 3
    assert nurture("audit").code == 0


def test_no_resume_lifts_the_guard_and_no_night_runs(nurture: Command, home: Path) -> None:
    nurture("restore", back_up(nurture, home), "--replace")
    nurture("pause", "all")
    nurture("resume", "all")
    assert nurture("dispatch", "--now", NOON).code == 1
    night = nurture("run", "--night", "2026-10-13")
    assert (night.code, "nurture reconcile" in night.complained) == (2, True)
    status = nurture("status")
    assert (status.code, "Nothing is sent until `nurture reconcile`" in status.said) == (1, True)
    assert nurture("reconcile").code == nurture("status", "--now", "2026-10-12 09:00").code == 0


def test_every_answer_can_be_read_by_a_program(nurture: Command, home: Path) -> None:
    assert json.loads(nurture("reconcile", "--json").said)["restored"] is None
    file = back_up(nurture, home)
    restored = json.loads(nurture("restore", file, "--replace", "--json").said)
    assert (restored["facts"]["rows"]["message"], restored["keys"]) == (3, [])
    assert json.loads(nurture("dispatch", "--now", NOON, "--json").said)["guarded"]["guarded"] is True
    assert json.loads(nurture("status", "--json").said)["restored"]["guarded"] is True
    found = json.loads(nurture("reconcile", "--json").said)
    assert (found["found"], found["lifted"]) == ({"not_sent": 3}, True)
    assert "Reconciled already" in nurture("reconcile").said


def test_a_missing_key_is_named_and_nothing_is_reconciled_without_it(nurture: Command, home: Path) -> None:
    file = back_up(nurture, home)
    (home / "address.key").rename(home.parent / "address.key")
    restored = nurture("restore", file, "--replace")
    assert (restored.code, "address.key is missing" in restored.said) == (1, True)
    assert nurture("reconcile").code == 2
    (home.parent / "address.key").rename(home / "address.key")
    assert nurture("reconcile").code == 0


def test_a_file_that_is_no_backup_is_refused(nurture: Command, home: Path) -> None:
    (home / "x.gz").write_text("hello")
    for file in (home / "x.gz", home / "nowhere.gz"):
        refused = nurture("restore", str(file), "--replace")
        assert (refused.code, str(file) in refused.complained) == (2, True)
    assert rows(home, "SELECT count(*) FROM meta WHERE name = 'restored_at'") == [(0,)]
