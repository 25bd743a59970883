"""The audit: the promises of the ledger, proved on any database, each as one query that must find nothing."""

from collections.abc import Iterator
from pathlib import Path

from models import MessageKind, MessageState
from nurture.audit.check import Check, Finding
from nurture.audit.delivery_checks import audit_words, delivery_checks
from nurture.consent.effective_consent import consent_holds, scopes_of, scopes_of_message
from nurture.ledger.message_ids import digest
from nurture.ledger.states import COUNTED, PROVED_UNSENT, UNSENT
from nurture.night.decision_history import NIGHTS_KEPT
from nurture.people.channel_addresses import WAYS, Way
from nurture.storage.database import Database
from nurture.storage.sql import literal, texts

SHOWN = 5
KEPT = f"((SELECT max(night) FROM run) - {NIGHTS_KEPT})"
"""The first night whose decisions are still kept one by one."""


def audit(database: Database, rendered: Path | None = None) -> tuple[Finding, ...]:
    """Prove every promise; a finding without breaches holds.

    Args:
        rendered: Where the frozen words lie, to be compared with their hashes; without it they are not looked at.
    """
    found = tuple(_ask(database, check) for check in checks())
    return (*found, audit_words(database, rendered)) if rendered else found


def _ask(database: Database, check: Check) -> Finding:
    count = database.one(f"SELECT count(*) FROM ({check.breaches})")[0]
    rows = database.rows(f"SELECT * FROM ({check.breaches}) LIMIT {SHOWN}") if count else []
    return Finding(check.promise, count, tuple(str(row[0]) for row in rows))


def checks() -> Iterator[Check]:
    """Every promise, in the order of the design: identities, acceptance, moves, time, consent, state, caps, counts."""
    yield from _identities()
    yield from _histories()
    yield from _messages()
    yield from delivery_checks()
    yield from _caps()
    yield from _counts()


def _twice(table: str, *key: str) -> str:
    columns = ", ".join(key)
    return f"SELECT concat_ws('/', {columns}) FROM {table} GROUP BY {columns} HAVING count(*) > 1"


def _orphans(table: str, column: str, parent: str) -> str:
    known = f"ANTI JOIN {parent} p ON p.id = t.{column}"
    return f"SELECT DISTINCT t.{column} FROM {table} t {known} WHERE t.{column} IS NOT NULL"


def _identities() -> Iterator[Check]:
    yield Check("a lead's external id names one lead", _twice("lead", "external_id"))
    yield Check("an interaction is counted once", _twice("interaction", "key"))
    yield Check("a signal is counted once", _twice("signal", "key"))
    yield Check("a line of the spool is applied once", _twice("spool_line", "id"))
    yield Check("a lead walks one journey at a time", _twice("(FROM enrolment WHERE left_on IS NULL)", "lead_id"))
    yield Check("an enrolment is numbered once", _twice("enrolment", "journey", "lead_id", "number"))
    yield Check(
        "a pair is decided once a night", _twice("decision", "night", "enrolment_id", "kind", "touch", "subject")
    )
    yield Check(
        "a message is what its id says",
        f"""SELECT id FROM message m
           WHERE id IS DISTINCT FROM {digest("m", "m.leg", "nullif(m.resend, 0)")}::UUID
           UNION ALL SELECT m.id FROM message m JOIN enrolment e ON e.id = m.enrolment_id
           WHERE e.lead_id <> m.lead_id OR e.journey <> m.journey OR e.number <> m.enrolment_number""",
    )
    for table, column, parent in (
        ("lead", "account_id", "account"),
        ("consent", "lead_id", "lead"),
        ("interaction", "lead_id", "lead"),
        ("enrolment", "lead_id", "lead"),
        ("stage_entry", "enrolment_id", "enrolment"),
        ("message", "enrolment_id", "enrolment"),
        ("decision", "message_id", "message"),
    ):
        yield Check(f"every {column} of {table} exists", _orphans(table, column, parent))


def _histories() -> Iterator[Check]:
    yield Check(
        "a stage history has no gap and no jump",
        """SELECT enrolment_id FROM (
               SELECT enrolment_id, sequence, night, move, from_stage,
                      lag(to_stage) OVER walk AS stood_in, lag(night) OVER walk AS before,
                      row_number() OVER walk AS nth
               FROM stage_entry WINDOW walk AS (PARTITION BY enrolment_id ORDER BY sequence)
           ) WHERE sequence <> nth OR from_stage IS DISTINCT FROM stood_in OR night < before
                OR (nth = 1) <> (move = 'enrolled')""",
    )
    yield Check(
        "an enrolment stands where its last stage entry says",
        """SELECT e.id FROM enrolment e LEFT JOIN (
               SELECT enrolment_id, count(*) AS entries, arg_max(move, sequence) AS move, max(night) AS night,
                      arg_max(to_stage, sequence) FILTER (to_stage IS NOT NULL) AS stage,
                      max(night) FILTER (to_stage IS NOT NULL) AS since
               FROM stage_entry GROUP BY enrolment_id
           ) h ON h.enrolment_id = e.id
           WHERE h.entries IS DISTINCT FROM e.entries OR h.stage IS DISTINCT FROM e.stage
              OR h.since IS DISTINCT FROM e.stage_since
              OR (h.move = 'left') <> (e.left_on IS NOT NULL) OR (e.left_on IS NOT NULL AND e.left_on <> h.night)
              OR (e.left_on IS NULL) <> (e.exit_reason IS NULL)""",
    )


def _messages() -> Iterator[Check]:
    yield Check(
        "every message is in a known state", f"SELECT id FROM message WHERE state NOT IN {texts(*MessageState)}"
    )
    yield Check(
        "a touch is accepted at most once in an enrolment",
        _twice(
            "(FROM message WHERE state = 'accepted' AND resend = 0 AND enrolment_id IS NOT NULL)",
            "enrolment_id",
            "kind",
            "touch",
            "subject",
        ),
    )
    yield Check(
        "nothing past its grace is still waiting to be sent",
        f"""SELECT id FROM message WHERE state IN {texts(*UNSENT)}
           AND expires_on < (SELECT max(night) FROM run WHERE step = 'take_in')""",
    )
    yield Check(
        "a planned message has its decision, and a decision its message",
        f"""SELECT m.id FROM message m ANTI JOIN decision d ON d.message_id = m.id
           WHERE m.night >= {KEPT} AND m.resend = 0 AND m.kind <> {literal(MessageKind.REPLY_CARD)}
           UNION ALL SELECT message_id FROM decision WHERE (verdict = 'planned') <> (message_id IS NOT NULL)""",
    )
    yield Check(
        "a message is planned inside its window", "SELECT id FROM message WHERE not_before >= not_after AND fence = 0"
    )
    for way in WAYS:
        yield Check(f"nothing was planned by {way.channel} without consent", _without_consent(way))
    yield Check(
        "nothing was planned to a suppressed address",
        f"""SELECT m.id FROM message m JOIN suppression s ON s.address_hash = m.address_hash
           JOIN run r ON r.night = m.night AND r.step = 'take_in'
           WHERE s.since <= r.closed_at AND m.resend = 0
             AND s.scope IN {scopes_of_message("m")}""",
    )
    yield Check(
        "nobody who left a journey has a message of it waiting",
        f"""SELECT m.id FROM message m JOIN enrolment e ON e.id = m.enrolment_id
           WHERE e.left_on IS NOT NULL AND m.state IN {texts(*UNSENT)} AND m.kind = 'touch'
             AND m.resend = 0""",
    )


def _without_consent(way: Way) -> str:
    """Messages whose lead had no proven grant, or had taken it back, as far as the night could know."""
    known = "c.occurred_on <= m.night AND c.recorded_at <= r.closed_at"
    holds = consent_holds(scopes_of(way), scopes_of(way), "c.occurred_on < m.night", known, "c.")
    return f"""
        SELECT m.id FROM message m JOIN run r ON r.night = m.night AND r.step = 'take_in'
        LEFT JOIN consent c ON c.lead_id = m.lead_id
        WHERE m.channel = {literal(way.channel)} AND NOT m.internal AND m.resend = 0 GROUP BY m.id
        HAVING NOT {holds}"""


def _caps() -> Iterator[Check]:
    """The caps of the policy that was in force in the night that planned the last of the messages."""
    planned = f"""(SELECT m.*, r.lead_per_day, r.lead_per_7_days, r.account_per_day, r.employee_per_day
        FROM message m JOIN run r ON r.night = m.night AND r.journey = m.journey AND r.step = 'choose'
        WHERE m.state IN {texts(*COUNTED)} AND m.resend = 0 AND m.kind <> {literal(MessageKind.REPLY_CARD)})"""
    yield Check(
        "a lead gets one message a night",
        f"""SELECT lead_id FROM message
            WHERE NOT internal AND state NOT IN {texts(*PROVED_UNSENT)} AND resend = 0
            GROUP BY lead_id, night HAVING count(*) > 1""",
    )
    for whose, lane, cap in (
        ("lead_id", "NOT internal", "lead_per_day"),
        ("account_id", "NOT internal", "account_per_day"),
        ("owner_id", "internal", "employee_per_day"),
    ):
        yield Check(
            f"the daily cap of each {whose.removesuffix('_id')} holds",
            f"""SELECT {whose} FROM {planned} WHERE {lane} AND {whose} IS NOT NULL
                GROUP BY {whose}, send_day HAVING count(*) > max({cap})""",
        )
    yield Check(
        "the weekly cap of each lead holds",
        f"""SELECT lead_id FROM (
                SELECT lead_id, lead_per_7_days, count(*) OVER (PARTITION BY lead_id ORDER BY send_day
                       RANGE BETWEEN INTERVAL 6 DAY PRECEDING AND CURRENT ROW) AS in_7_days
                FROM {planned} WHERE NOT internal) WHERE in_7_days > lead_per_7_days""",
    )


def _counts() -> Iterator[Check]:
    verdicts = ("planned", "postponed", "refused", "superseded", "stale")
    sums = ", ".join(f"count(*) FILTER (verdict = '{verdict}') AS {verdict}" for verdict in verdicts)
    differs = " OR ".join(f"coalesce(d.{verdict}, 0) <> r.{verdict}" for verdict in verdicts)
    yield Check(
        "a night's counts are those of its decisions",
        f"""SELECT concat_ws('/', r.night, r.journey) FROM (FROM run WHERE step = 'choose') r
            LEFT JOIN (SELECT night, journey, {sums} FROM decision GROUP BY ALL) d
            ON d.night = r.night AND d.journey = r.journey
            WHERE r.night >= {KEPT} AND ({differs})""",
    )
    yield Check(
        "considered = planned + postponed + refused + superseded",
        """SELECT concat_ws('/', night, journey) FROM run WHERE step = 'choose'
           AND considered <> planned + postponed + refused + superseded""",
    )
