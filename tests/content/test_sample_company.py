"""The sample company: the same bytes every time, and bad only where it says so."""

import csv
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks import sample_company
from nurture.content.event_kinds import read_events
from nurture.imports.import_file import import_file
from nurture.imports.layouts import FileKind
from nurture.imports.report import ImportReport
from nurture.keys.address_hashes import create_address_key
from nurture.settings import Settings
from nurture.storage.database import Store

ROOT = Path(__file__).parent.parent.parent
SAMPLE = ROOT / "content" / "sample"
NOW = datetime(2026, 11, 30, 1, tzinfo=UTC)
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[FileKind, ImportReport]:
    settings = Settings(home=tmp_path_factory.mktemp("sample"), content=ROOT / "content")
    create_address_key(settings.paths.address_key_file)
    events = frozenset(read_events(settings.content).events)
    return {
        kind: import_file(Store.of(settings), settings, kind, SAMPLE / f"{kind}.csv", now=NOW, events=events)
        for kind in (FileKind.STAFF, FileKind.ACCOUNTS, FileKind.LEADS, FileKind.CONSENTS, FileKind.EVENTS)
    }


def rows(name: str) -> list[list[str]]:
    with (SAMPLE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def documented_bad_rows() -> set[tuple[str, int]]:
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    return {(name, int(line)) for name, line in re.findall(r"^\| (\w+\.csv) \| (\d+) \|", readme, re.MULTILINE)}


def test_a_fresh_generation_gives_the_same_bytes() -> None:
    made = sample_company.files()
    assert {path.name for path in SAMPLE.glob("*.csv")} == set(made)
    for name, content in made.items():
        assert (SAMPLE / name).read_bytes() == content, f"{name}: run python -m benchmarks.sample_company"


def test_all_files_together_stay_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.iterdir()) <= 3 * MEGABYTE


def test_only_the_documented_rows_are_refused(reports: dict[FileKind, ImportReport]) -> None:
    refused = {(report.path.name, row.line) for report in reports.values() for row in report.refused}
    assert refused == documented_bad_rows()


def test_every_good_row_is_taken_in(reports: dict[FileKind, ImportReport]) -> None:
    added = {str(kind): report.added for kind, report in reports.items()}
    assert added == {"staff": 12, "accounts": 300, "leads": 2000, "consents": 3068, "events": 21_215}


def test_the_readme_says_how_many_good_rows_there_are(reports: dict[FileKind, ImportReport]) -> None:
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    for kind, report in reports.items():
        assert f"| `{kind}.csv` | {report.added:,} |" in readme


def test_nobody_can_be_reached() -> None:
    people = rows("leads.csv")[:2000]
    assert all(re.search(r"@[\w.-]+\.example$", row[4]) for row in people if row[4])
    fiction = re.compile(r"1380013\d{4}|\+1\d{3}55501\d{2}|\+49(3023125|4066969|6990009|2214710|8999998)\d{3}")
    assert all(fiction.fullmatch(row[5]) for row in people if row[5])


def test_a_form_grants_consent_before_anything_else_happens() -> None:
    first_event: dict[str, datetime] = {}
    for _, lead, _, at, *_ in rows("events.csv")[:-4]:
        first_event.setdefault(lead, datetime.fromisoformat(at))
    granted = [
        (lead, datetime.fromisoformat(at))
        for lead, _, action, at, source, *_ in rows("consents.csv")[:-3]
        if action == "granted" and source == "form"
    ]
    assert all(at <= first_event[lead] for lead, at in granted if lead in first_event)
