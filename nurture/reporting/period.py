"""What some nights came to, added up: who moved, what went out, what was held back and why. Counts only."""

from dataclasses import dataclass
from datetime import date

from nurture.journey.playbook import Playbook
from nurture.storage.database import Database
from nurture.storage.sql import literal


@dataclass(frozen=True)
class JourneyMonth:
    """One journey: moves of leads, goals reached, and messages that went out."""

    journey: str
    enrolled: int
    advanced: int
    fell_back: int
    left: int
    reached_goal: int
    messages: int


@dataclass(frozen=True)
class HeldBackMonth:
    """How often a touch was held back for a reason."""

    verdict: str
    reason: str
    times: int


@dataclass(frozen=True)
class Month:
    """All of it."""

    journeys: tuple[JourneyMonth, ...]
    sent: tuple[tuple[str, int], ...]
    held_back: tuple[HeldBackMonth, ...]


NOBODY = (0, 0, 0, 0)


def read_month(database: Database, playbook: Playbook, first: date, last: date) -> Month:
    """The nights from ``first`` to ``last``."""
    nights = f"night BETWEEN {literal(first)} AND {literal(last)}"
    kinds = ("enrolled", "advanced", "fell_back", "left")
    counts = ", ".join(f"count(*) FILTER (move = '{kind}')" for kind in kinds)
    moves = database.rows(f"SELECT journey, {counts} FROM stage_entry WHERE {nights} GROUP BY 1")
    goals = database.rows(f"""
        SELECT journey, count(*) FROM enrolment
        WHERE exit_reason = 'goal' AND left_on BETWEEN {literal(first)} AND {literal(last)} GROUP BY 1""")
    accepted = f"FROM message WHERE state = 'accepted' AND {nights} GROUP BY 1 ORDER BY 2 DESC"
    messages = database.rows(f"SELECT journey, count(*) {accepted}")
    held = database.rows(f"""
        SELECT verdict, reason, count(*) FROM decision WHERE verdict <> 'planned' AND {nights}
        GROUP BY ALL ORDER BY count(*) DESC, reason""")
    found: dict[str, tuple[int, int, int, int]] = {row[0]: (row[1], row[2], row[3], row[4]) for row in moves}
    reached, sent = ({row[0]: row[1] for row in rows} for rows in (goals, messages))
    return Month(
        tuple(
            JourneyMonth(each.name, *found.get(each.name, NOBODY), reached.get(each.name, 0), sent.get(each.name, 0))
            for each in playbook.ranked()
        ),
        tuple((row[0], row[1]) for row in database.rows(f"SELECT channel, count(*) {accepted}")),
        tuple(HeldBackMonth(*row) for row in held),
    )
