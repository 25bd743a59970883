"""Dates and times as people write them, and which moment they mean.

Offsets are computed per zone in Python and compared in SQL: DuckDB's own ``timezone()`` costs 2.3 s for a
million rows. Zones with summer time come out right.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

DATE = r"((?:19|2[01])\d\d)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
CLOCK = r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d+))?)?"
SHIFT = r"([zZ]|UTC|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)"
MIDNIGHT = r"(?:[T\s]+0?0:00(?::00(?:\.0+)?)?)?"
PARTS = ("year", "month", "day", "hour", "minute", "second", "fraction", "shift")


@dataclass(frozen=True)
class Transition:
    """A moment at which a zone changes its offset."""

    moment: datetime
    before: timedelta
    after: timedelta


def date_sql(text: str) -> str:
    """The DATE that this text is (2026-03-01, 2026/3/1, 2026.3.1, 2026年3月1日), or NULL.

    DuckDB is asked only about what has this form: by itself it knows the dates ``infinity`` and ``2026-03-01 (BC)``.
    """
    day = f"TRY_CAST(regexp_replace({text}, '^{DATE}{MIDNIGHT}$', '\\1-\\2-\\3') AS DATE)"
    return f"CASE WHEN regexp_full_match({text}, '{DATE}{MIDNIGHT}') THEN {day} END"


def parts_sql(text: str) -> str:
    """A struct with the parts of a date with optional time and offset; all of them '' when it is none."""
    names = ", ".join(f"'{part}'" for part in PARTS)
    return f"regexp_extract({text}, '^{DATE}(?:[T\\s]+{CLOCK}\\s*{SHIFT}?)?$', [{names}])"


def wall_sql(parts: str) -> str:
    """The TIMESTAMP that these parts show on the clock, or NULL where there is no such date."""
    clock = "||':'||".join(f"coalesce(nullif({parts}.{part}, ''), '0')" for part in ("hour", "minute", "second"))
    day = "||'-'||".join((f"nullif({parts}.year, '')", f"{parts}.month", f"{parts}.day"))
    fraction = f"coalesce(nullif({parts}.fraction[:6], ''), '0')"
    return f"TRY_CAST({day} || ' ' || {clock} || '.' || {fraction} AS TIMESTAMP)"


def moment_sql(parts: str, wall: str, zone_offset: str) -> str:
    """The UTC TIMESTAMP that these parts and wall time mean; without an offset of their own, ``zone_offset`` holds."""
    shift = f"{parts}.shift"
    minutes = f"(CASE WHEN length({shift}) > 3 THEN right({shift}, 2) ELSE '0' END)::INTEGER"
    seconds = f"({shift}[1] || '1')::INTEGER * ({shift}[2:3]::INTEGER * 3600 + {minutes} * 60)"
    return (
        f"({wall} - CASE WHEN {shift} = '' THEN {zone_offset} "
        f"WHEN {shift} IN ('z', 'Z', 'UTC') THEN INTERVAL 0 SECOND ELSE to_seconds({seconds}) END)"
    )


def utc_offset_sql(column: str, zone: str, first: datetime, last: datetime, *, local: bool) -> str:
    """The zone's offset from UTC as an INTERVAL, for TIMESTAMPs between ``first`` and ``last`` (naive).

    With ``local`` the column shows wall time, otherwise UTC. A wall time that occurs twice means the first;
    one that does not occur is read with the offset before the gap, as ``datetime`` does with ``fold=0``.
    """
    changes = transitions(zone, first - timedelta(days=2), last + timedelta(days=2))
    if not changes:
        return _seconds(_offset(ZoneInfo(zone), first))
    cases = []
    for change in changes:
        until = change.moment + (max(change.before, change.after) if local else timedelta(0))
        cases.append(f"WHEN {column} < TIMESTAMP '{until}' THEN {_seconds(change.before)}")
    return f"(CASE {' '.join(cases)} ELSE {_seconds(changes[-1].after)} END)"


def transitions(zone: str, first: datetime, last: datetime) -> list[Transition]:
    """Every change of the zone's offset between two moments (naive UTC), in order."""
    place, found = ZoneInfo(zone), []
    day = first
    before = _offset(place, day)
    while day < last:
        following = min(day + timedelta(days=1), last)
        after = _offset(place, following)
        if after != before:
            found.append(Transition(_moment_of_change(place, day, following), before, after))
        day, before = following, after
    return found


def _moment_of_change(place: ZoneInfo, early: datetime, late: datetime) -> datetime:
    """The first whole second with the later offset, by halving."""
    before = _offset(place, early)
    early = early.replace(microsecond=0)
    span = int((late - early).total_seconds()) + 1
    low, high = 0, span
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(place, early + timedelta(seconds=middle)) == before else (low, middle)
    return early + timedelta(seconds=high)


def _offset(place: ZoneInfo, moment: datetime) -> timedelta:
    return moment.replace(tzinfo=UTC).astimezone(place).utcoffset() or timedelta(0)


def _seconds(offset: timedelta) -> str:
    return f"to_seconds({int(offset.total_seconds())})"


def timestamp_sql(moment: datetime) -> str:
    """An aware moment as a UTC TIMESTAMP literal."""
    return f"TIMESTAMP '{moment.astimezone(UTC).replace(tzinfo=None)}'"
