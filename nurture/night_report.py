"""What a night did, in numbers: ids and counts only, fit for a log, a Prefect artifact or a terminal."""

from dataclasses import astuple, dataclass, fields
from datetime import date

from nurture.literals import literal
from nurture.playbook import Playbook
from nurture.store import Database


@dataclass(frozen=True)
class Counts:
    """The counts of one marker row; the names are the columns of ``run``."""

    left_journey: int = 0
    enrolled: int = 0
    advanced: int = 0
    fell_back: int = 0
    considered: int = 0
    planned: int = 0
    postponed: int = 0
    refused: int = 0
    superseded: int = 0
    stale: int = 0
    expired: int = 0
    rendered: int = 0
    render_errors: int = 0

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The names of the counts."""
        return tuple(count.name for count in fields(cls))

    def values(self) -> tuple[int, ...]:
        """The counts in the order of their names."""
        return astuple(self)


@dataclass(frozen=True)
class JourneyNight:
    """One journey's numbers of one night."""

    journey: str
    counts: Counts


@dataclass(frozen=True)
class HeldBack:
    """How many pairs of a journey got no message, and why."""

    journey: str
    verdict: str
    reason: str
    pairs: int


@dataclass(frozen=True)
class NightReport:
    """What a night came to.

    ``changed`` is false when every step was closed before: then nothing was done. ``complete`` says that every
    journey has chosen. ``missed`` are business dates since the previous night that had none; ``unfinished`` are
    earlier nights that began, were never completed, and cannot be any more.
    """

    night: date
    dry_run: bool
    changed: bool
    complete: bool
    journeys: tuple[JourneyNight, ...]
    held_back: tuple[HeldBack, ...]
    missed: tuple[date, ...]
    unfinished: tuple[date, ...]


def read_report(database: Database, playbook: Playbook, night: date, *, dry_run: bool, changed: bool) -> NightReport:
    """The report of a night, from its marker rows and decisions."""
    sums = ", ".join(f"sum({name})::INTEGER" for name in Counts.names())
    rows = database.rows(f"""
        SELECT journey, {sums}, bool_or(step = 'choose') FROM run
        WHERE night = {literal(night)} AND journey <> '*' GROUP BY journey ORDER BY journey""")
    held = database.rows(f"""
        SELECT journey, verdict, reason, count(*) FROM decision
        WHERE night = {literal(night)} AND verdict <> 'planned' GROUP BY ALL ORDER BY journey, count(*) DESC, reason""")
    return NightReport(
        night,
        dry_run,
        changed,
        {row[0] for row in rows if row[-1]} >= {journey.name for journey in playbook.journeys},
        tuple(JourneyNight(row[0], Counts(*row[1:-1])) for row in rows),
        tuple(HeldBack(*row) for row in held),
        _missed_before(database, night),
        tuple(
            row[0]
            for row in database.rows(f"""
            SELECT night FROM run WHERE night < {literal(night)} GROUP BY night
            HAVING NOT bool_or(step = 'report') ORDER BY night""")
        ),
    )


def _missed_before(database: Database, night: date) -> tuple[date, ...]:
    rows = database.rows(f"""
        SELECT unnest(generate_series(max(night) + 1, {literal(night)} - 1, INTERVAL 1 DAY))::DATE
        FROM run WHERE night < {literal(night)} HAVING max(night) IS NOT NULL""")
    return tuple(row[0] for row in rows)
