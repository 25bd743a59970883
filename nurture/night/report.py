"""What a night did, in numbers: ids and counts only, fit for a log, a Prefect artifact or a terminal."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date

from nurture.journey.playbook import Playbook
from nurture.steps import Told
from nurture.storage.database import Database
from nurture.storage.sql import literal


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

    @classmethod
    def total(cls, parts: "Sequence[Counts]") -> "Counts":
        """All of them added up."""
        return cls(*(sum(column) for column in zip(*(part.values() for part in parts), strict=True)))

    def told(self) -> Told:
        """What is not zero, in words."""
        counted = zip(self.names(), self.values(), strict=True)
        return Told(", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in counted if count))


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
class Place:
    """What became of the pairs of one stage and channel (that of the first leg, where nothing was planned)."""

    journey: str
    stage: str
    channel: str
    considered: int
    planned: int
    postponed: int
    refused: int
    superseded: int


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
    places: tuple[Place, ...]
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
        _places(database, playbook, night),
        tuple(HeldBack(*row) for row in held),
        _missed_before(database, night),
        tuple(
            row[0]
            for row in database.rows(f"""
            SELECT night FROM run WHERE night < {literal(night)} GROUP BY night
            HAVING NOT bool_or(step = 'fold_decisions') ORDER BY night""")
        ),
    )


def _places(database: Database, playbook: Playbook, night: date) -> tuple[Place, ...]:
    first_legs = [
        f"({literal(journey.name)}, {literal(touch.key)}, {literal(touch.legs[0])})"
        for journey in playbook.journeys
        for _, touch in journey.touches()
    ]
    verdicts = ("planned", "postponed", "refused", "superseded")
    counts = ", ".join(f"count(*) FILTER (verdict = '{verdict}')" for verdict in verdicts)
    rows = database.rows(f"""
        SELECT d.journey, d.stage, coalesce(d.channel, t.channel, 'staff') AS channel, count(*), {counts}
        FROM decision d LEFT JOIN (VALUES {", ".join(first_legs) or "('', '', '')"}) t(journey, touch, channel)
            ON t.journey = d.journey AND t.touch = d.touch
        WHERE d.night = {literal(night)} AND d.verdict <> 'stale' GROUP BY ALL ORDER BY ALL""")
    return tuple(Place(*row) for row in rows)


def _missed_before(database: Database, night: date) -> tuple[date, ...]:
    rows = database.rows(f"""
        SELECT unnest(generate_series(max(night) + 1, {literal(night)} - 1, INTERVAL 1 DAY))::DATE
        FROM run WHERE night < {literal(night)} HAVING max(night) IS NOT NULL""")
    return tuple(row[0] for row in rows)
