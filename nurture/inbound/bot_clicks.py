"""Which clicks and opens a person made, judged at the start of a night from all that is known by then.

Mail gateways follow every link of a mail within seconds. A click is a machine's when a known scanner or a HEAD request
made it, when three links of one message were followed within five seconds, less than ten seconds after the message was
delivered, or within a minute of the link that no person sees. Machines are counted, and say nothing about a lead.
"""

from datetime import date, datetime

from nurture.imports.write_events import stamp
from nurture.storage.database import Database
from nurture.storage.sql import literal
from nurture.storage.temp_tables import TempTable

UNJUDGED = TempTable("clicks", "unjudged")
JUDGEMENTS = TempTable("clicks", "judgement")

BURST_LINKS, BURST_SECONDS = 3, 5
TOO_SOON_SECONDS = 10
TRAP_SECONDS = 60


def judge_clicks(database: Database, night: date, now: datetime) -> int:
    """Judge what happened before a night and nobody judged, and make interactions of what people did; how many."""
    pending = f"machine IS NULL AND sure AND kind IN ('clicked', 'opened') AND occurred_on < {literal(night)}"
    if not UNJUDGED.make(database, f"SELECT key, message_id FROM signal WHERE {pending}"):
        return 0
    JUDGEMENTS.make(database, _judgements())
    database.run(f"UPDATE signal SET machine = j.machine FROM {JUDGEMENTS} j WHERE j.key = signal.key")
    return _remember_people(database, now)


def _judgements() -> str:
    follows = f"RANGE BETWEEN CURRENT ROW AND INTERVAL {BURST_SECONDS} SECOND FOLLOWING"
    before = f"RANGE BETWEEN INTERVAL {BURST_SECONDS} SECOND PRECEDING AND CURRENT ROW"
    around = f"RANGE BETWEEN INTERVAL {TRAP_SECONDS} SECOND PRECEDING AND INTERVAL {TRAP_SECONDS} SECOND FOLLOWING"
    return f"""
        WITH ours AS (
            SELECT * FROM signal WHERE sure AND message_id IN (SELECT message_id FROM {UNJUDGED})
        ), arrived AS (
            SELECT message_id, coalesce(min(occurred_at) FILTER (kind = 'delivered'),
                min(occurred_at) FILTER (kind = 'processed')) AS at_ FROM ours GROUP BY message_id
        ), accepted AS (
            SELECT message_id, min(moved_at) AS at_ FROM message_move
            WHERE to_state = 'accepted' AND message_id IN (SELECT message_id FROM {UNJUDGED}) GROUP BY message_id
        ), bursts AS (
            SELECT *, count(DISTINCT target) OVER (PARTITION BY message_id ORDER BY occurred_at {follows}) AS links,
                count(*) FILTER (kind = 'trapped') OVER (PARTITION BY message_id ORDER BY occurred_at {around}) AS traps
            FROM ours WHERE kind IN ('clicked', 'trapped')
        ), clicks AS (
            SELECT key, traps > 0 OR count(*) FILTER (links >= {BURST_LINKS})
                OVER (PARTITION BY message_id ORDER BY occurred_at {before}) > 0 AS machine FROM bursts
        )
        SELECT u.key, s.kind = 'clicked' AND (coalesce(c.machine, false) OR coalesce(
            s.occurred_at < coalesce(arrived.at_, accepted.at_) + INTERVAL {TOO_SOON_SECONDS} SECOND, false)) AS machine
        FROM {UNJUDGED} u JOIN ours s ON s.key = u.key LEFT JOIN clicks c ON c.key = u.key
        LEFT JOIN arrived ON arrived.message_id = u.message_id
        LEFT JOIN accepted ON accepted.message_id = u.message_id"""


def _remember_people(database: Database, now: datetime) -> int:
    """A person who follows a link five times followed it; who opens a mail again opened it."""
    event = "CASE s.kind WHEN 'clicked' THEN 'link.clicked' ELSE 'email.opened' END"
    what = "CASE WHEN s.kind = 'clicked' THEN coalesce(s.target, '') ELSE '' END"
    database.make(
        "human",
        f"""
        SELECT md5(concat_ws('|', 'interaction', {event}, m.id, {what}))::UUID AS key, m.lead_id, {event} AS kind,
               CASE WHEN NOT starts_with({what}, 'http') THEN nullif({what}, '') END AS about,
               min(s.occurred_at) AS occurred_at, min(s.occurred_on) AS occurred_on
        FROM {JUDGEMENTS} j JOIN signal s ON s.key = j.key JOIN message m ON m.id = s.message_id
        JOIN lead ON lead.id = m.lead_id WHERE NOT j.machine AND NOT m.internal GROUP BY ALL""",
    )
    seen_at = literal(stamp(database, now))
    return database.run(f"""
        INSERT INTO interaction (key, lead_id, kind, about, source, occurred_at, occurred_on, seen_at)
        SELECT key, lead_id, kind, about, 'email', occurred_at, occurred_on, {seen_at} FROM human
        WHERE key NOT IN (SELECT key FROM interaction WHERE key IN (SELECT key FROM human)) ORDER BY key""")
