"""From text to values: every cell trimmed, read and judged, all rows at once.

``staged`` (as in the file) -> ``trimmed`` (NULL where empty) -> ``cleaned`` (values, and why a row is refused).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches

from nurture.imports.cells import Cell, cell_of, phone_country
from nurture.imports.dates import moment_sql, parts_sql, timestamp_sql, utc_offset_sql, wall_sql
from nurture.imports.layouts import Column, Form
from nurture.imports.sources.source import Source
from nurture.people.contact_points import look_up_odd_emails, look_up_odd_mobiles
from nurture.people.lead_lookup import look_up_pointers
from nurture.storage.database import Database
from nurture.storage.lookups import build_lookup

SPACE_IN_LINE = " \u00a0\u3000\ufeff\u200b"
SPACE = SPACE_IN_LINE + "\t\r\n"
HINTS_LOOKED_UP = 1000
CLOCKS_MAY_DIFFER = timedelta(days=1)


@dataclass(frozen=True)
class Judge:
    """What a file's rows are judged by, besides the database."""

    source: Source
    zone: str
    events: frozenset[str]
    now: datetime

    @property
    def names(self) -> frozenset[str]:
        """The known columns that the file has."""
        return frozenset(column.name for column in self.source.known)


def clean(database: Database, judge: Judge) -> None:
    """Make ``cleaned`` from ``staged``: line, reason (NULL when good), and each known column's value."""
    columns = judge.source.known
    _trim(database, columns)
    moment = _moment(database, judge.zone) if "occurred_at" in judge.names else ""
    for column in columns:
        _look_up(database, column, judge)
    _judge_cells(database, [(column, cell_of(column, judge.names, judge.events, moment)) for column in columns])
    database.run("DROP TABLE trimmed")
    if moment:
        _refuse_the_future(database, judge.now)


def _trim(database: Database, columns: tuple[Column, ...]) -> None:
    """Empty cells become NULL; a spreadsheet's ``'`` before what would be a formula goes."""
    trimmed, cells = [], []
    for column in columns:
        name = f'"{column.name}"'
        space = SPACE_IN_LINE if column.form is Form.EMAIL else SPACE
        trimmed.append(f"nullif(trim(nfc_normalize({name}), '{space}'), '') AS {name}")
        cells.append(
            f"CASE WHEN starts_with({name}, '''') THEN regexp_replace({name}, '^''([-+=@\t\r])', '\\1') "
            f"ELSE {name} END AS {name}"
        )
        if column.form is Form.MOMENT:
            cells.append(f"{parts_sql(name)} AS parts")
    wall = f", {wall_sql('parts')} AS wall" if any(column.form is Form.MOMENT for column in columns) else ""
    database.run(
        f"CREATE OR REPLACE TEMP TABLE trimmed AS SELECT *{wall} FROM (SELECT line, fault, {', '.join(cells)} "
        f"FROM (SELECT line, nullif(fault, '') AS fault, {', '.join(trimmed)} FROM staged))"
    )
    database.run("DROP TABLE staged")


def _moment(database: Database, zone: str) -> str:
    """SQL for ``occurred_at``, with the business zone's offsets over the times that the file has."""
    first, last, *_ = database.one("SELECT min(wall), max(wall) FROM trimmed")
    if first is None:
        return "NULL::TIMESTAMP"
    return moment_sql("s.parts", "s.wall", utc_offset_sql("s.wall", zone, first, last, local=True))


def _look_up(database: Database, column: Column, judge: Judge) -> None:
    text = f's."{column.name}"'
    match column.form:
        case Form.EMAIL:
            look_up_odd_emails(database, "odd_email", f"SELECT {text} AS text FROM trimmed AS s")
        case Form.MOBILE:
            country = phone_country(judge.names)
            pairs = f"SELECT {text} AS text, {country.value} AS country FROM trimmed AS s {' '.join(country.joins)}"
            look_up_odd_mobiles(database, "odd_mobile", pairs)
        case Form.LEAD:
            look_up_pointers(database)
        case Form.EVENT_KIND:
            texts = f"SELECT DISTINCT {text} AS text FROM trimmed AS s ORDER BY text LIMIT {HINTS_LOOKED_UP}"
            build_lookup(database, "near_kind", ("text",), texts, _nearest(judge.events))


def _nearest(events: frozenset[str]) -> Callable[[str | None], str | None]:
    declared = sorted(events)

    def nearest(kind: str | None) -> str | None:
        return next(iter(get_close_matches((kind or "").lower(), declared, n=1)), None)

    return nearest


def _judge_cells(database: Database, cells: list[tuple[Column, Cell]]) -> None:
    """Values first, faults from them: DuckDB would work out a value twice that stands in a CASE as well."""
    joins = " ".join(dict.fromkeys(join for _, cell in cells for join in cell.joins))
    worked_out = ", ".join(f'{cell.value} AS "value of {column.name}"' for column, cell in cells)
    hints = "".join(f", {hint}" for _, cell in cells for hint in cell.hints)
    faults = ", ".join(_fault(column, cell) for column, cell in cells)
    values = ", ".join(f's."value of {column.name}" AS "{column.stored}"' for column, _ in cells)
    database.run(
        "CREATE OR REPLACE TEMP TABLE cleaned AS "
        f"SELECT s.line, coalesce(s.fault, nullif(concat_ws('; ', {faults}), '')) AS reason, {values} "
        f"FROM (SELECT s.*, {worked_out}{hints} FROM trimmed AS s {joins}) AS s"
    )


def _fault(column: Column, cell: Cell) -> str:
    text, value = f's."{column.name}"', f's."value of {column.name}"'
    missing = f"WHEN {text} IS NULL THEN '{column.name}: missing'" if column.required else ""
    return f"CASE {missing} WHEN {text} IS NOT NULL AND {value} IS NULL THEN '{column.name}: ' || {cell.reason} END"


def _refuse_the_future(database: Database, now: datetime) -> None:
    """A withdrawal dated 2206 by a slip of the pen would hold nothing back."""
    database.run(
        "UPDATE cleaned SET reason = 'occurred_at: lies in the future' "
        f"WHERE reason IS NULL AND occurred_at > {timestamp_sql(now + CLOCKS_MAY_DIFFER)}"
    )
