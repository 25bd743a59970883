"""Delivery: claim, write down, send, write down, record. At most once, whatever dies in between.

The order is the promise. A batch is claimed in one transaction, then the database is closed. Before messages leave,
a line for each is on disk; after the answer, another. Only then the ledger learns of it. A process that died leaves
its lines, and whoever comes next reads them (``sweep``): no line, and the message is planned again; no answer, and
it is unknown until something proves what became of it (``resolve``), and never sent again on a guess.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from models import Channel as ChannelKind
from models import Meaning, MessageState, Mover
from nurture.channels import Fate, Outcome, Question
from nurture.delivery.attempt_log import AttemptLog
from nurture.delivery.claim import Claim
from nurture.delivery.send import Sent
from nurture.ledger.moves import Ledger
from nurture.ledger.states import IN_FLIGHT
from nurture.storage.database import Database
from nurture.storage.process_lease import Holder, wall_clock
from nurture.storage.sql import literal, texts
from nurture.storage.temp_tables import MOMENT, NUMBER, TEXT, RowTable, TempTable

ANSWERS = RowTable("record", "answer", {
    "id": TEXT, "fence": NUMBER, "fate": TEXT, "provider_id": TEXT, "why": TEXT, "retry_at": MOMENT,
})  # fmt: skip
OUTCOMES = TempTable("record", "outcome")
TOLD = RowTable("record", "told", {"id": TEXT, "why": TEXT})
REFUSED = TempTable("record", "refused")
PROOFS = RowTable("record", "proof", {"id": TEXT, "fence": NUMBER, "why": TEXT, "name": TEXT})
PROVED = TempTable("record", "proved")

STATES = {
    Fate.ACCEPTED: MessageState.ACCEPTED,
    Fate.REJECTED: MessageState.REJECTED,
    Fate.GONE: MessageState.REJECTED,
    Fate.WAITING: MessageState.WAITING,
    Fate.UNKNOWN: MessageState.UNKNOWN,
    Fate.NOT_SENT: MessageState.PLANNED,
}
PROOF = "proved: "
"""How the reason of a move begins that evidence brought about."""


@dataclass(frozen=True)
class Recorder:
    """Brings what became of messages into the ledger, by their fence: who was overtaken records nothing."""

    database: Database
    now: datetime
    mover: Mover = Mover.DISPATCH

    def record(self, claim: Claim, sent: Sent) -> None:
        """Every message of a batch goes where its outcome says; what was not attempted is planned again."""
        fences = {message.id: message.fence for message in claim.messages}
        with self.database.transaction():
            self._take(fences, sent.outcomes)
            self.settle(OUTCOMES)
            ledger = self._ledger()
            self._take_refused(claim.batch, sent.refused)
            ledger.move(_still_claimed(claim.batch), MessageState.PLANNED)
            ledger.move(f"SELECT id, why FROM {REFUSED}", MessageState.HELD)

    def _take(self, fences: Mapping[str, int], outcomes: Mapping[str, Outcome]) -> None:
        rows = [
            (key, fences[key], each.fate.value, each.provider_id, each.why, each.retry_at)
            for key, each in outcomes.items()
            if key in fences
        ]
        ANSWERS.fill(self.database, rows)
        OUTCOMES.make(
            self.database,
            f"""SELECT m.id, a.fate, a.provider_id, a.why, a.retry_at FROM {ANSWERS} a
               JOIN message m ON m.id = a.id::UUID AND m.fence = a.fence AND m.state IN {texts(*IN_FLIGHT)}""",
        )

    def settle(self, outcomes: TempTable, why: str = "") -> None:
        """Through ``attempting`` (for this reason) to where each outcome leads, with all that follows from it.

        Args:
            outcomes: Rows of id, fate, provider_id, why, retry_at.
        """
        ledger = self._ledger()
        ledger.move(f"SELECT id, {literal(why)} AS why FROM {outcomes}", MessageState.ATTEMPTING)
        for fate, state in STATES.items():
            ledger.move(f"SELECT id, why FROM {outcomes} WHERE fate = {literal(fate)}", state)
        self.database.run(f"""
            UPDATE message SET provider_id = nullif(o.provider_id, ''), not_before = coalesce(o.retry_at, not_before)
            FROM {outcomes} o WHERE o.id = message.id AND (o.provider_id <> '' OR o.retry_at IS NOT NULL)""")
        self.database.run(f"""
            INSERT OR IGNORE INTO suppression (address_hash, scope, reason, since, source)
            SELECT DISTINCT m.address_hash, m.channel, {literal(Meaning.GONE)}, {literal(self.now)},
                   {literal(self.mover)}
            FROM {outcomes} o JOIN message m ON m.id = o.id WHERE o.fate = {literal(Fate.GONE)}""")

    def _ledger(self) -> Ledger:
        return Ledger(self.database, self.now, self.mover)

    def _take_refused(self, batch: UUID, refused: Mapping[str, str]) -> None:
        """What does not match its hash waits for a person; unless somebody took the batch over."""
        TOLD.fill(self.database, refused.items())
        ours = f"m.batch_id = {literal(batch)} AND m.state = 'claimed'"
        REFUSED.make(
            self.database, f"SELECT m.id, t.why FROM {TOLD} t JOIN message m ON m.id = t.id::UUID WHERE {ours}"
        )

    def sweep(self, attempts: Path) -> int:
        """Take over what dead processes left: by the lines that they wrote; the number of messages."""
        rows = self.database.rows(f"""
            SELECT b.id, b.holder, b.lease_until, b.claimed_at, list(replace(m.id::VARCHAR, '-', '')), list(m.fence)
            FROM batch b JOIN message m ON m.batch_id = b.id AND m.state IN {texts(*IN_FLIGHT)} GROUP BY ALL""")
        swept = 0
        for batch, holder, lease_until, claimed_at, ids, fences in rows:
            claimed = utc(claimed_at)
            if Holder.named(holder).lost(lease_until, claimed, wall_clock()):
                lines = AttemptLog.of(attempts, batch, claimed).read()
                self._take_over(batch, dict(zip(ids, fences, strict=True)), lines)
                swept += len(ids)
        return swept

    def _take_over(self, batch: UUID, fences: Mapping[str, int], lines: Mapping[str, Outcome]) -> None:
        with self.database.transaction():
            self._take(fences, lines)
            self.settle(OUTCOMES)
            self._ledger().move(_still_claimed(batch, "nobody attempted it"), MessageState.PLANNED)

    def questions(self, kind: ChannelKind, provider: str | None) -> list[Question]:
        """The messages that a provider got of which nobody knows whether they were sent; None: nor who got them."""
        rows = self.database.rows(f"""
            SELECT replace(m.id::VARCHAR, '-', ''), m.night::VARCHAR, m.moved_at, m.fence, coalesce(lead.email, ''),
                   silence.since
            FROM message m LEFT JOIN batch b ON b.id = m.batch_id LEFT JOIN lead ON lead.id = m.lead_id
            LEFT JOIN silence ON silence.message_id = m.id AND silence.fence = m.fence
            WHERE m.state = 'unknown' AND m.channel = {literal(kind)}
              AND b.provider IS NOT DISTINCT FROM {literal(provider)} ORDER BY m.id""")
        return [
            Question(id, night, utc(moved_at), fence, to=to, silent_since=utc(since) if since else None)
            for id, night, moved_at, fence, to, since in rows
        ]

    def resolve(self, questions: Sequence[Question], proofs: Mapping[str, Outcome]) -> int:
        """Let evidence say what became of messages in doubt; the number of those that are in doubt no more.

        A proof is about the doubt in which the question was asked: one about an earlier attempt says nothing any more.
        """
        proved = [(each, proofs[each.id]) for each in questions if each.id in proofs]
        with self.database.transaction():
            self._note_silence([each for each, proof in proved if proof.fate is Fate.UNKNOWN])
            return sum(self._resolve(proved, fate) for fate in (Fate.ACCEPTED, Fate.NOT_SENT))

    def _note_silence(self, silent: Sequence[Question]) -> None:
        """When a provider was first asked about a doubt, and did not know of the message."""
        for each in silent:
            self.database.run(f"""
                INSERT INTO silence VALUES ({literal(UUID(each.id))}, {each.fence}, {literal(self.now)})
                ON CONFLICT DO UPDATE SET since = CASE WHEN fence = excluded.fence THEN since ELSE excluded.since END,
                    fence = excluded.fence""")

    def _resolve(self, proved: Sequence[tuple[Question, Outcome]], fate: Fate) -> int:
        rows = [
            (question.id, question.fence, PROOF + (proof.why or fate), proof.provider_id)
            for question, proof in proved
            if proof.fate is fate
        ]
        PROOFS.fill(self.database, rows)
        doubts = f"""SELECT m.id, p.why, p.name FROM {PROOFS} p
            JOIN message m ON m.id = p.id::UUID AND m.fence = p.fence AND m.state = 'unknown'"""
        if not PROVED.make(self.database, doubts):
            return 0
        self.database.run(f"""
            UPDATE message SET provider_id = proved.name FROM {PROVED} proved
            WHERE proved.id = message.id AND proved.name <> ''""")
        return self._ledger().move(f"SELECT id, why FROM {PROVED}", STATES[fate])


def _still_claimed(batch: UUID, why: str = "not attempted") -> str:
    return f"SELECT id, {literal(why)} AS why FROM message WHERE batch_id = {literal(batch)} AND state = 'claimed'"


def utc(moment: datetime) -> datetime:
    """A stored moment, aware."""
    return moment.replace(tzinfo=UTC)
