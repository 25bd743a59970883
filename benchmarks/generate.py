"""A seeded company of any size, made by the database itself: leads, accounts, consents and interactions."""

from datetime import date
from pathlib import Path

from nurture.storage.database import Database, Store
from nurture.storage.sql import literal

NIGHT = date(2026, 10, 13)
KINDS = (
    ("page.viewed", 30),
    ("link.clicked", 16),
    ("email.opened", 16),
    ("content.downloaded", 12),
    ("webinar.registered", 6),
    ("webinar.attended", 5),
    ("form.submitted", 4),
    ("worksheet.completed", 3),
    ("trial.started", 2),
    ("trial.step_done", 3),
    ("question.asked", 1),
    ("colleague.invited", 1),
    ("meeting.booked", 1),
)
ROLES = ("decision_maker", "champion", "user", "technical", "procurement", "finance")
INDUSTRIES = ("auto parts", "electronics", "food", "chemicals", "machinery")
SOURCES = ("search", "fair", "webinar", "referral", "partner")
LIFECYCLES = ("lead",) * 13 + ("subscriber",) * 2 + ("customer",) * 3 + ("lapsed",) * 2


def generate(path: Path, leads: int, *, interactions_each: int = 10, seed: int = 7) -> None:
    """Write a database with so many leads; ten to an account, 180 days of interactions before ``NIGHT``."""
    with Store(path, lock_wait=1).open(create=True) as database, database.transaction():
        for statement in _statements(leads, leads * interactions_each, seed):
            database.run(statement)


def describe(database: Database) -> dict[str, int]:
    """How many rows the tables have."""
    tables = ("lead", "interaction", "enrolment", "stage_entry", "message", "decision")
    return {table: database.one(f"SELECT count(*) FROM {table}")[0] for table in tables}


def _pick(values: tuple[str, ...], salt: str) -> str:
    words = ", ".join(literal(value) for value in values)
    return f"[{words}][1 + (hash({salt}) % {len(values)})::INTEGER]"


def _statements(leads: int, interactions: int, seed: int) -> list[str]:
    kinds = tuple(kind for kind, share in KINDS for _ in range(share))
    account, lead = "md5('account|A' || {})::UUID", "md5('lead|L' || {})::UUID"
    night = literal(NIGHT)
    return [
        f"""INSERT INTO staff SELECT md5('staff|S' || format('{{:03d}}', i))::UUID, 'S' || format('{{:03d}}', i),
            'Staff ' || i, NULL, NULL, NULL, 'CN', 'Asia/Shanghai' FROM range(1, {max(13, leads // 500)}) r(i)""",
        f"""INSERT INTO account SELECT {account.format("i")}, 'A' || i, 'Account ' || i,
            {_pick(INDUSTRIES, f"i, {seed}, 1")}, 20 + (hash(i, {seed}, 2) % 5000)::INTEGER, 'CN', NULL, 'standard',
            {night} + (hash(i, {seed}, 3) % 365)::INTEGER, 0 FROM range({max(1, leads // 10)}) r(i)""",
        f"""INSERT INTO lead SELECT {lead.format("i")}, 'L' || i, {account.format("(i // 10)")},
            md5('staff|S' || format('{{:03d}}', 1 + i % {max(12, leads // 500 - 1)}))::UUID, 'Lead ' || i,
            CASE WHEN hash(i, {seed}, 4) % 10 < 9 THEN 'l' || i || '@company.example' END, NULL,
            CASE WHEN hash(i, {seed}, 5) % 10 < 5 THEN 'wm' || i END,
            CASE WHEN hash(i, {seed}, 4) % 10 < 9 THEN md5('email' || i) END, NULL,
            CASE WHEN hash(i, {seed}, 5) % 10 < 5 THEN md5('wecom' || i) END,
            {_pick(ROLES, f"i, {seed}, 6")}, 'zh-CN', 'CN', 'Asia/Shanghai', {_pick(SOURCES, f"i, {seed}, 7")},
            {_pick(LIFECYCLES, f"i, {seed}, 8")}, hash(i, {seed}, 9) % 200 = 0, hash(i, {seed}, 10) % 100 = 0,
            NULL, NULL, 0 FROM range({leads}) r(i)""",
        f"""INSERT INTO consent SELECT md5('consent|' || i || s)::UUID, {lead.format("i")}, s,
            CASE WHEN hash(i, s, {seed}, 11) % 50 = 0 THEN 'withdrawn' ELSE 'granted' END,
            ({night} - 200)::TIMESTAMP, {night} - 200, ({night} - 200)::TIMESTAMP, 'form', 'w1', NULL, true
            FROM range({leads}) r(i), (VALUES ('email'), ('wecom')) v(s) WHERE hash(i, s, {seed}, 12) % 10 < 8""",
        f"""INSERT INTO interaction (key, lead_id, kind, about, source, occurred_at, occurred_on, seen_at)
            SELECT md5('interaction|' || i)::UUID, {lead.format("l")}, kind, NULL, 'web', day + INTERVAL 4 HOUR, day,
                   day + INTERVAL 5 HOUR
            FROM (SELECT i, (hash(i, {seed}, 13) % {leads})::BIGINT AS l, {_pick(kinds, f"i, {seed}, 14")} AS kind,
                         {night} - 1 - (hash(i, {seed}, 15) % 180)::INTEGER AS day FROM range({interactions}) r(i))""",
    ]
