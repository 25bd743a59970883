"""Who wants no more: withdrawals and suppressed addresses, and what was planned for them ends at once.

A one-click or an unsubscribe ends all marketing mail of the person and the address; a complaint, or "stop everything",
ends every channel. An address that does not exist is suppressed as an address: that says nothing about the person. Who
comes back by their own act (the page, a confirmation) is written to again at the address they left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from models import ConsentScope, MessageState, Mover
from nurture.consent.effective_consent import consent_withdrawn, scopes_of_message
from nurture.consent.requests import Confirmed, Leaving, Wishing
from nurture.ledger.moves import Ledger
from nurture.ledger.states import UNSENT
from nurture.people.channel_addresses import WAYS
from nurture.storage.database import Database
from nurture.storage.sql import literal, texts
from nurture.storage.temp_tables import DAY, MOMENT, TEXT, RowTable, TempTable

SAID = RowTable("withdrawals", "said", {
    "message": TEXT, "lead": TEXT, "scope": TEXT, "action": TEXT, "occurred_at": MOMENT, "occurred_on": DAY,
    "source": TEXT, "wording": TEXT, "evidence": TEXT,
})  # fmt: skip
ACTS = TempTable("withdrawals", "act")
FRESH = TempTable("withdrawals", "fresh")
UNWANTED = TempTable("withdrawals", "unwanted")
RETURNED = TempTable("withdrawals", "returned")
CONCERNED = TempTable("withdrawals", "concerned_message")

COMPLAINT, MAILBOX_GONE, LEFT = "complained", "gone", "left"
RANK = f"CASE reason WHEN '{LEFT}' THEN 1 WHEN '{MAILBOX_GONE}' THEN 2 WHEN '{COMPLAINT}' THEN 3 ELSE 9 END"
"""Of two reasons for the same address the stronger stays, in whatever order they came."""

PAGE, CONFIRMATION = "preferences page", "confirmation"
GRANTED = "action IN ('granted', 'confirmed') AND proven"
HEARD_DAYS = 4


@dataclass(frozen=True)
class Exit:
    """Takes people out, at a moment, inside a transaction."""

    database: Database
    now: datetime

    def take(
        self, leaving: Sequence[Leaving], back: Sequence[Wishing], confirmed: Sequence[Confirmed],
    ) -> None:  # fmt: skip
        """Withdrawals, returns and confirmations; and what signals say that is not yet written down."""
        self._gather(leaving, back, confirmed)
        self._add_consents()
        self._suppress()
        self._lift()
        self._end_messages()

    def of_nobody(self) -> list[str]:
        """What was said about messages that the ledger does not have: a person must look, so that no no is lost."""
        unknown = f"SELECT source || ' ' || message FROM {SAID} WHERE message IS NOT NULL"
        return [row[0] for row in self.database.rows(f"{unknown} AND message::UUID NOT IN (SELECT id FROM message)")]

    def _gather(self, leaving: Sequence[Leaving], back: Sequence[Wishing], confirmed: Sequence[Confirmed]) -> None:
        """Make ``act``: every yes and no with its lead and the address that was written to."""
        rows: list[tuple[str | None, str | None, str, str, datetime, date, str, str | None, str]] = [
            (each.message.hex, None, each.scope, "withdrawn", each.at, each.on, each.how, None, "") for each in leaving
        ]
        rows += [
            (each.message.hex, None, ConsentScope.EMAIL, "granted", each.at, each.on, PAGE, each.wording, "page")
            for each in back
        ]
        rows += [
            (None, each.lead.hex, each.scope, "confirmed", each.at, each.on, CONFIRMATION, each.wording, each.evidence)
            for each in confirmed
        ]
        SAID.fill(self.database, rows)
        ACTS.make(
            self.database,
            f"""
            SELECT coalesce(m.lead_id, said.lead::UUID) AS lead_id, m.address_hash, said.* EXCLUDE (message, lead)
            FROM {SAID} said LEFT JOIN message m ON m.id = said.message::UUID
            WHERE m.id IS NOT NULL OR said.lead IS NOT NULL
            UNION ALL BY NAME {self._signals()}""",
        )

    def _signals(self) -> str:
        """What providers heard lately: of a sure message, and of the address that it went to."""
        recent = f"s.seen_at >= {literal(self.now)} - INTERVAL {HEARD_DAYS} DAY"
        return f"""
            SELECT m.lead_id, m.address_hash, CASE s.meaning WHEN 'complained' THEN 'all' ELSE 'email' END AS scope,
                   'withdrawn' AS action, s.occurred_at, s.occurred_on,
                   CASE s.meaning WHEN 'complained' THEN '{COMPLAINT}' ELSE 'provider' END AS source, '' AS evidence
            FROM signal s JOIN message m ON m.id = s.message_id
            WHERE s.meaning IN ('complained', 'left') AND s.sure AND {recent}
              AND m.address_hash IS NOT DISTINCT FROM coalesce(s.address_hash, m.address_hash)"""

    def _add_consents(self) -> None:
        """One row for each act that changes something: no second no to the same yes."""
        FRESH.make(
            self.database,
            f"""
            WITH grants AS (
                SELECT lead_id, occurred_at FROM consent WHERE {GRANTED} AND lead_id IN (SELECT lead_id FROM {ACTS})
                UNION SELECT lead_id, occurred_at FROM {ACTS} WHERE action <> 'withdrawn'
            ), told AS (
                SELECT a.*, coalesce(g.yes, TIMESTAMP '-infinity') AS yes FROM {ACTS} a LEFT JOIN (
                    SELECT a.lead_id, a.occurred_at, max(g.occurred_at) AS yes FROM {ACTS} a
                    JOIN grants g ON g.lead_id = a.lead_id AND g.occurred_at <= a.occurred_at GROUP BY ALL
                ) g ON g.lead_id = a.lead_id AND g.occurred_at = a.occurred_at
            ), known AS (
                SELECT c.lead_id, c.scope, coalesce(g.yes, TIMESTAMP '-infinity') AS yes FROM consent c LEFT JOIN (
                    SELECT c.id, max(g.occurred_at) AS yes FROM consent c
                    JOIN grants g ON g.lead_id = c.lead_id AND g.occurred_at <= c.occurred_at GROUP BY c.id
                ) g ON g.id = c.id
                WHERE c.action = 'withdrawn' AND c.lead_id IN (SELECT lead_id FROM {ACTS})
            )
            SELECT t.* FROM told t
            ANTI JOIN known k ON k.lead_id = t.lead_id AND k.scope = t.scope AND k.yes = t.yes
            WHERE t.action = 'withdrawn'
            QUALIFY row_number() OVER (PARTITION BY t.lead_id, t.scope, t.yes ORDER BY t.occurred_at, t.source) = 1
            UNION ALL SELECT t.* FROM told t WHERE t.action <> 'withdrawn'""",
        )
        parts = "'consent', lead_id, scope, action, epoch_us(occurred_at), source, coalesce(wording, '')"
        self.database.run(f"""
            INSERT INTO consent (id, lead_id, scope, action, occurred_at, occurred_on, recorded_at, source, wording,
                evidence, proven)
            SELECT DISTINCT ON (id) id, lead_id, scope, action, occurred_at, occurred_on, {literal(self.now)}, source,
                   wording, nullif(evidence, ''), true
            FROM (SELECT md5(concat_ws('|', {parts}))::UUID AS id, * FROM {FRESH})
            WHERE lead_id IN (SELECT id FROM lead) AND id NOT IN (SELECT id FROM consent)""")

    def _suppress(self) -> None:
        """Addresses that left, complained or are gone; every address of a person who wants nothing at all."""
        every = " UNION ALL ".join(
            f"SELECT lead.{way.hash}, 'all', a.source FROM {ACTS} a JOIN lead ON lead.id = a.lead_id "
            "WHERE a.action = 'withdrawn' AND a.scope = 'all'"
            for way in WAYS
        )
        recent = f"s.seen_at >= {literal(self.now)} - INTERVAL {HEARD_DAYS} DAY"
        UNWANTED.make(
            self.database,
            f"""
            SELECT address_hash, scope, arg_max(reason, {RANK}) AS reason FROM (
                SELECT address_hash, scope, if(source = '{COMPLAINT}', source, '{LEFT}') AS reason
                FROM (
                    SELECT address_hash, scope, source FROM {ACTS} WHERE action = 'withdrawn'
                    UNION ALL SELECT lead.email_hash, a.scope, a.source FROM {ACTS} a JOIN lead ON lead.id = a.lead_id
                    WHERE a.action = 'withdrawn' AND a.scope = 'email'
                    UNION ALL {every}
                )
                UNION ALL
                SELECT s.address_hash, 'email', '{MAILBOX_GONE}' FROM signal s JOIN message m ON m.id = s.message_id
                WHERE s.meaning = 'gone' AND {recent} AND m.address_hash = s.address_hash
            ) WHERE address_hash IS NOT NULL GROUP BY address_hash, scope""",
        )
        self.database.run(f"""
            UPDATE suppression SET reason = u.reason FROM {UNWANTED} u
            WHERE u.address_hash = suppression.address_hash AND u.scope = suppression.scope
              AND {RANK.replace("reason", "u.reason")} > {RANK.replace("reason", "suppression.reason")}""")
        self.database.run(f"""
            INSERT INTO suppression SELECT address_hash, scope, reason, {literal(self.now)}, 'spool' FROM {UNWANTED} u
            ANTI JOIN suppression s ON s.address_hash = u.address_hash AND s.scope = u.scope""")

    def _lift(self) -> None:
        """Who came back after they had left is written to again at the address they came back with."""
        RETURNED.make(
            self.database,
            f"""
            SELECT DISTINCT unnest([lead.email_hash, a.address_hash]) AS address_hash FROM (
                SELECT lead_id, any_value(address_hash) AS address_hash FROM {ACTS} GROUP BY lead_id
            ) a JOIN lead ON lead.id = a.lead_id JOIN (
                SELECT lead_id,
                       max(occurred_at) FILTER ({GRANTED} AND source IN {texts(PAGE, CONFIRMATION)}) AS yes,
                       max(occurred_at) FILTER (action = 'withdrawn') AS no
                FROM consent WHERE scope IN ('email', 'all') AND lead_id IN (SELECT lead_id FROM {ACTS})
                GROUP BY lead_id
            ) c ON c.lead_id = a.lead_id WHERE c.yes > coalesce(c.no, TIMESTAMP '-infinity')""",
        )
        self.database.run(f"""
            DELETE FROM suppression WHERE reason = '{LEFT}'
                AND address_hash IN (SELECT address_hash FROM {RETURNED} WHERE address_hash IS NOT NULL)""")

    def _end_messages(self) -> None:
        """Planned and held messages that may not go any more."""
        end_unwanted(self.database, self.now, f"SELECT lead_id FROM {ACTS}", f"SELECT address_hash FROM {UNWANTED}")


def end_unwanted(database: Database, now: datetime, leads: str, addresses: str) -> int:
    """End what is planned or held for some leads and addresses against their will; how many messages.

    What another process has claimed is on its way and is recorded as what became of it; if that process is dead, the
    message is planned again, and ends at its next claim. Internal messages are ours and end with nobody's no.
    """
    concerned = f"""
        SELECT m.id, m.channel, m.lead_id, m.address_hash FROM message m
        WHERE m.state IN {texts(*UNSENT)} AND NOT m.internal
          AND (m.lead_id IN ({leads}) OR m.address_hash IN ({addresses}))"""
    if not CONCERNED.make(database, concerned):
        return 0
    scopes = scopes_of_message("m")
    unwanted = f"""
        SELECT m.id, 'consent withdrawn' AS why FROM {CONCERNED} m JOIN consent c ON c.lead_id = m.lead_id
        GROUP BY m.id HAVING {consent_withdrawn(scopes, "c.")}
        UNION
        SELECT m.id, 'consent withdrawn' FROM {CONCERNED} m JOIN suppression s ON s.address_hash = m.address_hash
        WHERE s.scope IN {scopes}"""
    return Ledger(database, now, Mover.READER).move(unwanted, MessageState.SUPPRESSED)
