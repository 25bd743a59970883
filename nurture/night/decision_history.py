"""Old decisions, folded: of a pair and reason only the first night, the last, and how many."""

from datetime import date

from nurture.storage.database import Database
from nurture.storage.sql import literal

NIGHTS_KEPT = 30
"""Decisions of this many nights are kept one by one."""


def fold_decisions(database: Database, night: date) -> None:
    """Move the decisions of nights before ``night - NIGHTS_KEPT`` into ``decision_history``."""
    old = f"night < {literal(night)} - {NIGHTS_KEPT}"
    if not database.one(f"SELECT count(*) FROM decision WHERE {old}")[0]:
        return
    key = "enrolment_id, kind, touch, subject, verdict, reason, journey, lead_id"
    folded = f"""
        SELECT {key}, min(first_night) AS first_night, max(last_night) AS last_night, sum(nights)::INTEGER AS nights
        FROM (
            SELECT {key}, night AS first_night, night AS last_night, 1 AS nights FROM decision WHERE {old}
            UNION ALL SELECT {key}, first_night, last_night, nights FROM decision_history
        ) GROUP BY {key}"""
    database.make("folded", folded)
    database.run("DELETE FROM decision_history")
    database.run("INSERT INTO decision_history BY NAME SELECT * FROM folded")
    database.run(f"DELETE FROM decision WHERE {old}")
