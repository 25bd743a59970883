"""What must hold after any night of any small company, read straight from the tables, without the oracle."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings

from nurture.journey.playbook import Playbook
from nurture.night.close_steps import close_night
from nurture.storage.database import Database, Store
from nurture.storage.sql import literal, texts
from tests.oracle.tables import Rows, empty, load
from tests.oracle.worlds import Story, happen_in_database, stories

NOW = datetime(2027, 1, 1, tzinfo=UTC)
COUNTED = texts("planned", "claimed", "attempting", "waiting", "accepted", "unknown")
quick = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
thorough = settings(quick, max_examples=100)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One real file for the whole module; every example empties it."""
    with Store(tmp_path_factory.mktemp("properties") / "nurture.duckdb", threads=1).open(create=True) as database:
        yield database


def live(story: Story, database: Database, shuffle: random.Random | None = None) -> Iterator[date]:
    """Empty the database, load the company, and close night after night; pauses after each."""
    empty(database)
    load(story.world, database, shuffle)
    for night, day in zip(story.nights, story.days, strict=True):
        happen_in_database(day, database)
        close_night(database, story.playbook, night, now=NOW)
        yield night


def broken(database: Database, sql: str) -> Rows:
    """The rows of a query that should find none."""
    with database.transaction():
        return [tuple(row) for row in database.rows(sql)]


# -- counts ------------------------------------------------------------------------------------------------


def check_counts(database: Database) -> None:
    """Every decision is counted in its marker, and the verdicts add up."""
    assert not broken(database, "SELECT * FROM run WHERE considered <> planned + postponed + refused + superseded")
    assert not broken(
        database,
        """
        SELECT r.*, d.* FROM run r
        LEFT JOIN (
            SELECT night, journey, count(*) FILTER (verdict <> 'stale') AS considered,
                   count(*) FILTER (verdict = 'planned') AS planned,
                   count(*) FILTER (verdict = 'postponed') AS postponed,
                   count(*) FILTER (verdict = 'refused') AS refused,
                   count(*) FILTER (verdict = 'superseded') AS superseded,
                   count(*) FILTER (verdict = 'stale') AS stale
            FROM decision GROUP BY ALL) d ON (d.night, d.journey) = (r.night, r.journey)
        WHERE r.step = 'choose' AND r.night >= (SELECT max(night) - 30 FROM run)
            AND (r.considered, r.planned, r.postponed, r.refused, r.superseded, r.stale) IS DISTINCT FROM
                (coalesce(d.considered, 0), coalesce(d.planned, 0), coalesce(d.postponed, 0),
                 coalesce(d.refused, 0), coalesce(d.superseded, 0), coalesce(d.stale, 0))
        """,
    )
    assert not broken(
        database, "SELECT night, enrolment_id, kind, touch, subject FROM decision GROUP BY ALL HAVING count(*) > 1"
    )
    assert not broken(
        database,
        """
        SELECT m.id, d.message_id FROM (SELECT * FROM message WHERE night >= (SELECT max(night) - 30 FROM run)) m
        FULL JOIN (SELECT * FROM decision WHERE verdict = 'planned') d
            ON d.message_id = m.id AND (d.night, d.leg, d.channel) = (m.night, m.leg, m.channel)
        WHERE m.id IS NULL OR d.message_id IS NULL
        """,
    )


def check_walks(database: Database) -> None:
    """The state of an enrolment is its last entry; the counts of the walk are its rows."""
    assert not broken(database, "SELECT lead_id FROM enrolment WHERE left_on IS NULL GROUP BY ALL HAVING count(*) > 1")
    assert not broken(
        database,
        """
        SELECT e.id FROM enrolment e JOIN (
            SELECT enrolment_id, count(*) AS entries, max(sequence) AS last, arg_max(to_stage, sequence) AS stage,
                   max(night) FILTER (to_stage IS NOT NULL) AS since, max(night) FILTER (move = 'left') AS left_on
            FROM stage_entry GROUP BY ALL) s ON s.enrolment_id = e.id
        WHERE e.entries <> s.entries OR s.last <> s.entries OR s.stage <> e.stage OR s.since <> e.stage_since
            OR s.left_on IS DISTINCT FROM e.left_on OR (e.exit_reason IS NULL) <> (e.left_on IS NULL)
        """,
    )
    assert not broken(
        database,
        """
        SELECT * FROM (SELECT night, journey, sum(enrolled) AS enrolled, sum(advanced) AS advanced,
                              sum(fell_back) AS fell_back FROM run GROUP BY ALL) r
        JOIN (SELECT night, journey, count(*) FILTER (move = 'enrolled') AS enrolled,
                     count(*) FILTER (move = 'advanced') AS advanced,
                     count(*) FILTER (move = 'fell_back') AS fell_back FROM stage_entry GROUP BY ALL) s
            ON (s.night, s.journey) = (r.night, r.journey)
        WHERE (r.enrolled, r.advanced, r.fell_back) <> (s.enrolled, s.advanced, s.fell_back)
        """,
    )


# -- restraint ---------------------------------------------------------------------------------------------


def check_restraint(database: Database, playbook: Playbook) -> None:
    """No lead, company, employee or channel gets more than the policy allows."""
    caps = playbook.policy.caps
    assert not broken(
        database,
        "SELECT lead_id, night FROM message WHERE NOT internal AND state NOT IN ('declined', 'expired', 'rejected') "
        "GROUP BY ALL HAVING count(*) > 1",
    )
    reaching = f"FROM message WHERE NOT internal AND state IN {COUNTED}"
    assert not broken(
        database, f"SELECT lead_id, send_day {reaching} GROUP BY ALL HAVING count(*) > {caps.lead_per_day}"
    )
    assert not broken(
        database,
        f"SELECT account_id, send_day {reaching} AND account_id IS NOT NULL "
        f"GROUP BY ALL HAVING count(*) > {caps.account_per_day}",
    )
    assert not broken(
        database,
        f"WITH sent AS (SELECT * {reaching}) SELECT a.id FROM sent a JOIN sent b ON b.lead_id = a.lead_id "
        f"AND b.send_day BETWEEN a.send_day - 6 AND a.send_day GROUP BY a.id HAVING count(*) > {caps.lead_per_7_days}",
    )
    assert not broken(
        database,
        f"SELECT owner_id, send_day FROM message WHERE internal AND state IN {COUNTED} "
        f"GROUP BY ALL HAVING count(*) > {caps.employee_per_day}",
    )
    for channel, quota in playbook.policy.quota.items():
        assert not broken(
            database,
            f"SELECT lead_id, strftime(send_day, '%Y-%m') {reaching} AND channel = {literal(channel.value)} "
            f"GROUP BY ALL HAVING count(*) > {quota}",
        )


def check_permission(database: Database, night: date) -> None:
    """Nothing that was planned tonight goes to an address without consent, or one that is suppressed."""
    tonight = f"""
        SELECT m.*, CASE m.channel WHEN 'staff' THEN 'phone' ELSE m.channel END AS scope
        FROM message m WHERE m.night = {literal(night)} AND NOT m.internal
    """
    assert not broken(
        database,
        f"SELECT m.id FROM ({tonight}) m WHERE NOT EXISTS (FROM consent g WHERE g.lead_id = m.lead_id "
        f"AND g.scope IN (m.scope, 'all') AND g.action <> 'withdrawn' AND g.proven AND g.occurred_on < m.night "
        f"AND NOT EXISTS (FROM consent w WHERE w.lead_id = m.lead_id AND w.scope IN (m.scope, 'all') "
        f"AND w.action = 'withdrawn' AND w.occurred_on <= m.night AND w.occurred_at >= g.occurred_at))",
    )
    assert not broken(
        database,
        f"SELECT m.id FROM ({tonight}) m JOIN suppression s ON s.address_hash = m.address_hash "
        f"AND s.scope IN (m.scope, 'all')",
    )
    assert not broken(
        database,
        f"SELECT m.id FROM ({tonight}) m JOIN lead l ON l.id = m.lead_id WHERE m.address_hash IS DISTINCT FROM "
        f"CASE m.channel WHEN 'email' THEN l.email_hash WHEN 'wecom' THEN l.wecom_hash ELSE l.mobile_hash END",
    )
    assert not broken(
        database,
        f"SELECT m.id FROM ({tonight}) m JOIN enrolment e ON e.id = m.enrolment_id JOIN lead l ON l.id = m.lead_id "
        f"WHERE e.left_on IS NOT NULL OR l.on_hold OR l.disqualified",
    )
    assert not broken(
        database,
        "SELECT address_hash FROM message WHERE NOT internal AND channel <> 'staff' AND address_hash IS NOT NULL "
        "AND state NOT IN ('declined', 'expired', 'rejected') "
        "GROUP BY channel, address_hash, journey, touch, enrolment_number HAVING count(DISTINCT lead_id) > 1",
    )


def check_times(database: Database, playbook: Playbook) -> None:
    """Nothing is sent before its night, outside its window, or later than it may still be sent."""
    window = playbook.policy.window
    assert not broken(
        database,
        f"SELECT * FROM message WHERE send_day < night OR expires_on <> send_day + {playbook.policy.grace} "
        f"OR not_after <= not_before "
        f"OR not_before >= not_after - INTERVAL {(window.closes.hour - window.opens.hour) * 60} MINUTE "
        f"+ INTERVAL {window.spread_minutes} MINUTE",
    )
    start = datetime(2000, 1, 1, tzinfo=playbook.zone)
    with database.transaction():
        planned = database.rows("SELECT night, not_before FROM message")
    for night, not_before in planned:
        assert not_before.replace(tzinfo=UTC) >= start.replace(year=night.year, month=night.month, day=night.day)


def check_everything(story: Story, database: Database) -> None:
    """All of it, after every night."""
    for night in live(story, database):
        check_counts(database)
        check_walks(database)
        check_restraint(database, story.playbook)
        check_permission(database, night)
        check_times(database, story.playbook)


@quick
@given(story=stories())
def test_every_night_keeps_its_promises(story: Story, database: Database) -> None:
    check_everything(story, database)


@pytest.mark.slow
@thorough
@given(story=stories(most_nights=8))
def test_every_night_of_many_companies_keeps_its_promises(story: Story, database: Database) -> None:
    check_everything(story, database)
