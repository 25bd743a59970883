"""Interaction depth: what leads did lately, weighed by marketing, summed without rounding differences.

Each interaction is worth ``round(weight * 0.5 ** (age / half_life), 3)`` points, worked out once per (kind, date); the
sum over leads is exact (DECIMAL), so two runs agree to the last bit, whatever the order of rows.
"""

from datetime import date

from nurture.content.event_kinds import EventCatalogue
from nurture.night.facts import taken_in
from nurture.storage.database import Database
from nurture.storage.sql import literal

HALF_LIVES_COUNTED = 10


def score(database: Database, events: EventCatalogue, night: date) -> None:
    """Set the depth of every lead and account to what it is in this night."""
    load_points(database, events, night)
    database.run(f"""
        UPDATE lead SET depth = s.depth FROM (
            SELECT l.id, coalesce(d.depth, 0) AS depth
            FROM tonight_lead l LEFT JOIN ({lead_depths(taken_in(database, night))}) d ON d.lead_id = l.id
        ) s WHERE s.id = lead.id AND s.depth <> lead.depth""")
    database.run("""
        UPDATE account SET depth = s.depth FROM (
            SELECT a.id, coalesce(d.depth, 0) AS depth FROM account a LEFT JOIN (
                SELECT account_id, sum(depth)::DECIMAL(18, 3) AS depth FROM lead GROUP BY account_id
            ) d ON d.account_id = a.id
        ) s WHERE s.id = account.id AND s.depth <> account.depth""")


def lead_depths(known: str) -> str:
    """The query that sums the points of each lead over the interactions ``i`` for which ``known`` holds."""
    return f"""
        SELECT i.lead_id, sum(p.points)::DECIMAL(18, 3) AS depth
        FROM interaction i JOIN points p ON p.kind = i.kind AND p.occurred_on = i.occurred_on
        WHERE {known} GROUP BY i.lead_id"""


def load_points(database: Database, events: EventCatalogue, night: date) -> None:
    """Make the table of what an event of each human kind and date is worth tonight; nothing after ten half-lives."""
    kinds = [(key, kind) for key, kind in sorted(events.events.items()) if kind.human and kind.weight]
    rows = ", ".join(f"({literal(key)}, {literal(kind.weight)}, {kind.half_life})" for key, kind in kinds)
    weights = f"(VALUES {rows})" if rows else "(SELECT NULL, NULL, NULL WHERE false)"
    longest = max((kind.half_life for _, kind in kinds), default=0) * HALF_LIVES_COUNTED
    database.make(
        "points",
        f"""
        SELECT kind, {literal(night)} - age::INTEGER AS occurred_on,
               round_even(weight * pow(0.5::DOUBLE, age / half_life), 3)::DECIMAL(9, 3) AS points
        FROM {weights} w(kind, weight, half_life), range(1, {longest} + 1) r(age)
        WHERE age <= half_life * {HALF_LIVES_COUNTED}""",
    )
