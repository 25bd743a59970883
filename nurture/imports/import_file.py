"""One file, taken in whole: read, staged, judged, written, reported."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from nurture.imports.cleaning import Judge, clean
from nurture.imports.deduplicate import settle
from nurture.imports.layouts import FileKind
from nurture.imports.refused_rows import first_refusals, write_refused_file
from nurture.imports.report import ImportReport, Written
from nurture.imports.sources.csv_rows import open_source
from nurture.imports.sources.encoding import unwatched
from nurture.imports.sources.source import Source
from nurture.imports.sources.staging import Staged, load, staged
from nurture.imports.write_events import act_key, complete_acts, stamp, write_consents, write_events
from nurture.imports.write_people import person_key, write_identities, write_people
from nurture.keys.address_hashes import open_address_key
from nurture.settings import Settings
from nurture.storage.database import Database, Store


def import_file(
    store: Store,
    settings: Settings,
    kind: FileKind,
    path: Path,
    *,
    now: datetime,
    events: frozenset[str],
    progress: Callable[[int, int], None] = unwatched,
) -> ImportReport:
    """Take in one CSV file, in one transaction; the same file again changes nothing.

    ``events`` are the declared event kinds. ``progress`` is told (bytes read, bytes in all) every 64 kB. Rows that
    cannot be used are left out and reported; they are also written to ``<home>/refused/``.

    ``now`` judges what lies in the future. Acts are stamped as seen then, or just after the newest thing on record if
    that is later.

    Raises:
        InputError: the file as a whole cannot be used, or the address key is missing; nothing was imported.
        StoreError: the database cannot be used.
    """
    source = open_source(path, kind)
    judge = Judge(source, settings.zone, events, now)
    with (
        staged(source, settings.home, progress) as rows,
        store.open(create=True) as database,
        database.transaction(),
    ):
        return import_rows(database, settings, judge, rows)


def import_rows(database: Database, settings: Settings, judge: Judge, rows: Staged) -> ImportReport:
    """Take in staged rows inside a transaction.

    Raises:
        InputError: the rows contradict each other, or the address key is missing; nothing was imported.
    """
    source = judge.source
    total = load(database, rows)
    clean(database, judge)
    repeated, written = _write(database, settings, judge)
    refused_count = total - repeated - written.added - written.changed - written.unchanged
    return ImportReport(
        kind=source.kind,
        path=Path(source.provenance),
        rows=total,
        added=written.added,
        changed=written.changed,
        unchanged=written.unchanged,
        repeated=repeated,
        refused=first_refusals(database),
        refused_count=refused_count,
        refused_file=_keep_refused(database, settings.home, source, rows.sha256) if refused_count else None,
        ignored_columns=source.ignored,
    )


def _write(database: Database, settings: Settings, judge: Judge) -> tuple[int, Written]:
    """The number of repeated rows, and what became of the others that are good."""
    source, seen_at = judge.source, stamp(database, judge.now)
    match source.kind:
        case FileKind.CONSENTS:
            complete_acts(database, source.kind)
            repeated = settle(database, source, act_key(source.kind), None)
            return repeated, write_consents(database, judge.zone, seen_at)
        case FileKind.EVENTS:
            complete_acts(database, source.kind)
            repeated = settle(database, source, act_key(source.kind), "event_id")
            return repeated, write_events(database, judge.zone, seen_at)
        case FileKind.LEADS:
            repeated = settle(database, source, person_key(source.kind), "external_id")
            written = write_people(database, source, open_address_key(database, settings))
            write_identities(database, source, seen_at)
            return repeated, written
        case _:
            repeated = settle(database, source, person_key(source.kind), "external_id")
            return repeated, write_people(database, source, None)


def _keep_refused(database: Database, home: Path, source: Source, sha256: str) -> Path:
    path = home / "refused" / f"{Path(source.provenance).stem}-{sha256[:8]}.csv"
    write_refused_file(database, source, sha256, path)
    return path
