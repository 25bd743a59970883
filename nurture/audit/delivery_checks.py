"""The audit of delivery: every move was legal, nothing was sent twice or after a no, and the words are those frozen."""

from collections.abc import Iterator
from pathlib import Path

from models import Mover
from nurture.audit.check import Check, Finding
from nurture.consent.effective_consent import consent_withdrawn, scopes_of, scopes_of_message
from nurture.ledger.moves import MOVES
from nurture.ledger.states import GOING, IN_FLIGHT, UNSENT
from nurture.people.channel_addresses import WAYS, Way
from nurture.rendering.frozen import Rendered
from nurture.storage.database import Database
from nurture.storage.sql import literal, texts

SHOWN = 5


def delivery_checks() -> Iterator[Check]:
    """The promises about moves and claims, as queries."""
    yield from _moves()
    yield from _claimed()


def _moves() -> Iterator[Check]:
    legal = ", ".join(f"({literal(state)}, {literal(to)})" for state, following in MOVES.items() for to in following)
    yield Check(
        "every move of a message was legal",
        f"SELECT message_id FROM message_move WHERE (from_state, to_state) NOT IN ({legal})",
    )
    yield Check(
        "a message's moves have no gap and lead to where it stands",
        """SELECT m.id FROM message m LEFT JOIN (
               SELECT message_id, count(*) AS moves, arg_max(to_state, fence) AS state FROM message_move
               GROUP BY message_id
           ) h ON h.message_id = m.id
           WHERE coalesce(h.moves, 0) <> m.fence OR coalesce(h.state, 'planned') <> m.state
           UNION ALL SELECT message_id FROM (
               SELECT message_id, fence, from_state, row_number() OVER moves AS nth,
                      lag(to_state, 1, 'planned') OVER moves AS stood
               FROM message_move WINDOW moves AS (PARTITION BY message_id ORDER BY fence)
           ) WHERE fence <> nth OR from_state <> stood""",
    )
    yield Check(
        "a message was accepted at most once",
        """SELECT message_id FROM message_move WHERE to_state = 'accepted' GROUP BY message_id HAVING count(*) > 1""",
    )


def _claimed() -> Iterator[Check]:
    yield Check(
        "what was claimed had its words",
        f"SELECT id FROM message WHERE state IN {texts(*GOING)} AND (payload_hash IS NULL OR batch_id IS NULL)",
    )
    yield Check(
        "what is on its way belongs to a batch",
        f"""SELECT m.id FROM message m ANTI JOIN batch b ON b.id = m.batch_id WHERE m.state IN {texts(*IN_FLIGHT)}""",
    )
    for way in WAYS:
        yield Check(f"nothing was claimed by {way.channel} after consent was withdrawn", _after_withdrawal(way))
    yield Check(
        "nothing was claimed for a suppressed address",
        f"""SELECT m.id FROM {_claims()} m JOIN suppression s ON s.address_hash = m.address_hash
            WHERE (s.since < m.claimed_at OR s.since = m.claimed_at AND s.source <> {literal(Mover.DISPATCH)})
              AND s.scope IN {scopes_of_message("m")}""",
    )


def _claims() -> str:
    """Every message that was claimed, and when for the last time; what a reconcile wrote down had happened before."""
    return f"""(SELECT m.*, c.claimed_at FROM message m JOIN (
        SELECT message_id, max(moved_at) AS claimed_at FROM message_move
        WHERE to_state = 'claimed' AND mover <> {literal(Mover.RECONCILE)} GROUP BY message_id
    ) c ON c.message_id = m.id)"""


def _after_withdrawal(way: Way) -> str:
    """Claims with a stored withdrawal that no later grant had taken back."""
    return f"""
        SELECT m.id FROM {_claims()} m JOIN consent c ON c.lead_id = m.lead_id
        WHERE m.channel = {literal(way.channel)} AND NOT m.internal AND c.recorded_at <= m.claimed_at
        GROUP BY m.id
        HAVING {consent_withdrawn(scopes_of(way), "c.")}"""


def audit_words(database: Database, folder: Path) -> Finding:
    """Whether the frozen words on disk are those of the ledger's hashes; nights that were forgotten are left out."""
    rows = database.rows("""
        SELECT replace(id::VARCHAR, '-', ''), payload_file, payload_hash FROM message
        WHERE payload_hash IS NOT NULL ORDER BY payload_file""")
    rendered = Rendered(folder)
    kept = {file: (folder / file).exists() for file in {row[1] for row in rows}}
    lost = [
        message
        for message, file, digest in rows
        if kept[file] and ((found := rendered.find(file, message)) is None or found.digest() != digest)
    ]
    lost += _unsent_without_words(database, [file for file, there in kept.items() if not there])
    return Finding("the frozen words are those that the ledger knows", len(lost), tuple(lost[:SHOWN]))


def _unsent_without_words(database: Database, files: list[str]) -> list[str]:
    rows = database.rows(f"""
        SELECT id FROM message WHERE payload_file IN {texts(*files)} AND state IN {texts(*UNSENT)}""")
    return [str(row[0]) for row in rows]
