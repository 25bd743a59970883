"""The audit finds what it promises to find: each promise is broken by hand, and only its own check cries."""

from datetime import timedelta

import pytest

from nurture.audit.night_checks import audit
from nurture.storage.database import Database
from tests.support.small import (
    ACCOUNT,
    MONDAY,
    STAFF,
    consent,
    interaction,
    journey,
    lead,
    night,
    one_in,
    playbook,
    policy,
    put,
)

BOOK = playbook(journey())
SOME = "(SELECT id FROM message WHERE NOT internal LIMIT 1)"
COPY = "INSERT INTO message SELECT * REPLACE (uuid() AS id, {}) FROM message WHERE id = " + SOME

MOVED = (
    "INSERT INTO message_move SELECT id, {2}, '{0}', '{1}', TIMESTAMP '2026-11-09 03:00:00', 'dispatch', '' "
    "FROM message"
)
BREACHES = [
    ("UPDATE message SET touch = 'other'", "a message is what its id says"),
    ("INSERT INTO decision SELECT * FROM decision LIMIT 1", "a pair is decided once a night"),
    (
        "DELETE FROM decision WHERE verdict = 'planned'",
        "a planned message has its decision, and a decision its message",
    ),
    ("UPDATE message SET state = 'sent'", "every message is in a known state"),
    ("UPDATE message SET expires_on = night - 1", "nothing past its grace is still waiting to be sent"),
    ("UPDATE message SET not_after = not_before", "a message is planned inside its window"),
    (
        "INSERT INTO suppression SELECT address_hash, 'email', '', TIMESTAMP '2026-01-01', '' FROM message LIMIT 1",
        "nothing was planned to a suppressed address",
    ),
    (
        f"UPDATE enrolment SET left_on = DATE '{MONDAY}', exit_reason = 'on_hold'",
        "nobody who left a journey has a message of it waiting",
    ),
    ("DELETE FROM consent", "nothing was planned by email without consent"),
    ("DELETE FROM lead", "every lead_id of enrolment exists"),
    ("DELETE FROM stage_entry", "an enrolment stands where its last stage entry says"),
    ("UPDATE stage_entry SET sequence = 7 WHERE sequence = 1", "a stage history has no gap and no jump"),
    ("UPDATE enrolment SET stage = 'elsewhere'", "an enrolment stands where its last stage entry says"),
    ("UPDATE run SET planned = planned + 1", "a night's counts are those of its decisions"),
    ("UPDATE run SET considered = considered + 1", "considered = planned + postponed + refused + superseded"),
    ("INSERT INTO interaction BY NAME SELECT * EXCLUDE (id) FROM interaction", "an interaction is counted once"),
    ("INSERT INTO lead SELECT * REPLACE (uuid() AS id) FROM lead", "a lead's external id names one lead"),
    (COPY.format("leg + 1 AS leg"), "a lead gets one message a night"),
    (COPY.format("leg + 1 AS leg"), "the daily cap of each lead holds"),
    (
        "UPDATE message SET state = 'accepted'; " + COPY.format("leg + 1 AS leg"),
        "a touch is accepted at most once in an enrolment",
    ),
    (MOVED.format("planned", "accepted", 1), "every move of a message was legal"),
    (MOVED.format("planned", "held", 2), "a message's moves have no gap and lead to where it stands"),
    ("UPDATE message SET state = 'held'", "a message's moves have no gap and lead to where it stands"),
    (
        "; ".join(MOVED.format("attempting", "accepted", n) for n in (1, 2)),
        "a message was accepted at most once",
    ),
    ("UPDATE message SET state = 'accepted'", "what was claimed had its words"),
    ("UPDATE message SET state = 'claimed'", "what is on its way belongs to a batch"),
    (
        MOVED.format("planned", "claimed", 1)
        + "; INSERT INTO consent SELECT * REPLACE (uuid() AS id, 'withdrawn' AS action) FROM consent",
        "nothing was claimed by email after consent was withdrawn",
    ),
    (
        MOVED.format("planned", "claimed", 1)
        + "; INSERT INTO suppression SELECT address_hash, 'all', '', TIMESTAMP '2026-01-01', '' FROM message LIMIT 1",
        "nothing was claimed for a suppressed address",
    ),
    (
        "INSERT INTO enrolment SELECT * REPLACE (uuid() AS id, 2 AS number) FROM enrolment",
        "a lead walks one journey at a time",
    ),
    (
        "; ".join(COPY.format(f"send_day + {n} AS send_day") for n in (1, 2, 3)),
        "the weekly cap of each lead holds",
    ),
]


@pytest.fixture(autouse=True)
def after_a_night(database: Database) -> None:
    put(database, STAFF, ACCOUNT, lead("ann", account_id=ACCOUNT.id), consent("ann"))
    put(database, interaction("ann", "page.viewed", MONDAY))
    night(database, BOOK, MONDAY)


def test_an_honest_database_is_clean(database: Database) -> None:
    assert [finding for finding in audit(database) if finding.breaches] == []


@pytest.mark.parametrize(("breach", "promise"), one_in(3, BREACHES), ids=[promise for _, promise in BREACHES])
def test_a_broken_promise_is_found(database: Database, breach: str, promise: str) -> None:
    database.run(breach)
    assert promise in {finding.promise for finding in audit(database) if finding.breaches}


def test_a_stricter_policy_does_not_break_the_past(database: Database) -> None:
    put(database, lead("bob", account_id=ACCOUNT.id), consent("bob"))
    night(database, BOOK, MONDAY + timedelta(days=1))
    night(database, playbook(journey(), rules=policy(account_per_day=1)), MONDAY + timedelta(days=2))
    assert [finding for finding in audit(database) if finding.breaches] == []
