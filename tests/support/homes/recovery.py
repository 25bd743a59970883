"""Homes that are backed up, lost, and brought back."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from models import Channel
from nurture.channels import Outcome, Question
from nurture.delivery.reconcile import ReconcileReport, Reconciliation
from nurture.errors import TransientError
from nurture.recovery.backup import BackupReport, back_up
from nurture.recovery.restore import RestoreReport, restore
from nurture.settings import Settings
from tests.support.counting_channel import CountingChannel
from tests.support.homes.due import NOON, store_of

MORNING = NOON - timedelta(hours=3)
"""When the backup is made: before anything is sent."""

EVENING = NOON + timedelta(hours=1)
"""When it is restored: while the window is still open."""


def copied(home: Path, to: Path) -> Path:
    """A home of this test's own."""
    return Path(shutil.copytree(home, to))


def save(home: Path, now: datetime = MORNING, **options: Any) -> BackupReport:
    """A backup beside the home."""
    return back_up(Settings(home=home), home.parent / "backups", now.astimezone(UTC), **options)


def bring_back(home: Path, file: Path, now: datetime = EVENING) -> RestoreReport:
    """Over what is there."""
    return restore(Settings(home=home), file, now.astimezone(UTC), replacing=True)


def lose_the_disk(home: Path) -> None:
    """All is gone but what the provider knows."""
    log = home / "provider.log"
    kept = log.read_bytes() if log.exists() else b""
    shutil.rmtree(home)
    home.mkdir()
    log.write_bytes(kept)


def reconcile(
    home: Path, channel: CountingChannel, now: datetime = EVENING, *, vouched: tuple[Channel, ...] = ()
) -> ReconcileReport:
    """As one process."""
    asking = Reconciliation(store_of(home), home / "attempts", {Channel.EMAIL: channel}, now.astimezone(UTC))
    return asking.run(vouched)


def query(home: Path, sql: str) -> list[tuple[Any, ...]]:
    """What the database of a home answers."""
    with store_of(home).open() as database:
        return database.rows(sql)


def everything(home: Path) -> dict[str, list[str]]:
    """Every row of every table, but for the facts about the database itself."""
    names = [row[0] for row in query(home, "SELECT table_name FROM duckdb_tables() WHERE NOT temporary")]
    return {name: sorted(map(repr, query(home, f"SELECT * FROM {name}"))) for name in names if name != "meta"}


@dataclass(eq=False)
class Silent(CountingChannel):
    """A channel that proves nothing."""

    def evidence(self, questions: Sequence[Question]) -> Mapping[str, Outcome]:
        return {}


@dataclass(eq=False)
class Unreachable(CountingChannel):
    """A channel that nobody can ask now."""

    def evidence(self, questions: Sequence[Question]) -> Mapping[str, Outcome]:
        raise TransientError("the provider does not answer")
