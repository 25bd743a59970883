"""What our own systems tell of leads, taken in exactly as a file of the same rows would be.

What cannot be used is kept under ``refused/`` with the reason, as for a file that a person imports.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from nurture.errors import InputError
from nurture.imports.cleaning import Judge
from nurture.imports.import_file import import_rows
from nurture.imports.layouts import FileKind
from nurture.imports.refused_rows import harmless
from nurture.imports.sources.encoding import unwatched
from nurture.imports.sources.staging import staged
from nurture.imports.sources.told_rows import ToldRows
from nurture.inbound.spool_lines import Told
from nurture.settings import Settings
from nurture.storage.database import Database

ACTS = ("lead", "kind", "occurred_at", "about", "source", "id")
SOURCE = "api"


def take_told(
    database: Database, settings: Settings, events: frozenset[str], told: Sequence[Told], now: datetime
) -> int:
    """Take in what was told, people before what they did; how many rows were refused."""
    refused = 0
    for header, rows in _people([each for each in told if each.identifies]).items():
        refused += _take(database, settings, FileKind.LEADS, header, rows, events, now)
    acts = _acts([each for each in told if not each.identifies])
    return refused + _take(database, settings, FileKind.EVENTS, ACTS, acts, events, now)


def _people(told: Sequence[Told]) -> dict[tuple[str, ...], list[Mapping[str, str]]]:
    """Leads by the columns that are known of them: a column that is not there changes nothing. The last word stays."""
    files: dict[tuple[str, ...], dict[str, Mapping[str, str]]] = {}
    for each in sorted(told, key=lambda each: each.at):
        header = tuple(sorted({"id", "name", *each.cells}))
        files.setdefault(header, {})[each.cells["id"]] = each.cells
    return {header: list(rows.values()) for header, rows in files.items()}


def _acts(told: Sequence[Told]) -> list[Mapping[str, str]]:
    """What leads did, the first telling of each: another with the same id and other contents is left to the record."""
    first: dict[object, Mapping[str, str]] = {}
    for each in told:
        cells = {**each.cells, "source": each.cells.get("source") or SOURCE}
        first.setdefault(cells.get("id") or tuple(sorted(cells.items())), cells)
    return list(first.values())


def _take(
    database: Database, settings: Settings, kind: FileKind, header: Sequence[str], rows: Iterable[Mapping[str, str]],
    events: frozenset[str], now: datetime,
) -> int:  # fmt: skip
    written = list(rows)
    if not written:
        return 0
    try:
        source = ToldRows.of(f"told-{kind}", kind, header, written)
        with staged(source, settings.home, unwatched) as held:
            report = import_rows(database, settings, Judge(source, settings.zone, events, now), held)
        return report.refused_count
    except InputError:
        _keep(settings.home / "refused" / f"told-{kind}-{now:%Y%m%dT%H%M%S}.csv", header, written)
        return len(written)


def _keep(path: Path, header: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Rows that cannot be used at all are kept as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(header)
        sheet.writerows([[harmless(row.get(name, "")) for name in header] for row in rows])
