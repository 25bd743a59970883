"""The sample company, imported once a session: the tests that need the real files start from a copy."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from nurture.content.event_kinds import read_events
from nurture.imports.import_file import import_file
from nurture.imports.layouts import FileKind
from nurture.keys.key_file import keys_of
from nurture.settings import Settings
from nurture.storage.database import Store

ROOT = Path(__file__).parent.parent.parent
SAMPLE = ROOT / "content" / "sample"
IMPORTED = datetime(2026, 11, 21, 1, tzinfo=UTC)


def import_sample(home: Path) -> None:
    """Bring in all five files; all copies sign with one key, so that they render the same."""
    settings = Settings(home=home)
    keys_of(settings.paths.web_key_file)
    events = frozenset(read_events(ROOT / "content").events)
    for kind in FileKind:
        import_file(Store.of(settings), settings, kind, SAMPLE / f"{kind}.csv", now=IMPORTED, events=events)


def copy_of(home: Path, to: Path) -> Path:
    """A home of its own with the same data and key."""
    shutil.copytree(home, to)
    return to


def environment(home: Path) -> dict[str, str]:
    """What a child process needs to work in a home."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"NURTURE_HOME": str(home), "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "120"}


def nurture(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command, as a person types it."""
    command = [sys.executable, "-m", "cli.main", *words]
    return subprocess.run(command, env=environment(home), cwd=ROOT, capture_output=True, text=True, check=False)
