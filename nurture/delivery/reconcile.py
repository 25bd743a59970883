"""Reconciling: after a restore, find out what was sent in the time that it took away, before anything is sent.

Every message that the restored ledger believes unsent is asked about: the attempt logs on disk first, then its channel.
What was sent moves to where it belongs, along the ledger's rules; what nobody can tell is in doubt, and never sent on a
guess; what is proved absent is written down (``absence``), because only that may be claimed.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from models import Channel, MessageState, Mover
from models import Channel as ChannelKind
from nurture.channels import Fate, Outcome, Question
from nurture.channels.registry import open_outlets
from nurture.delivery.attempt_log import AttemptLog
from nurture.delivery.provider_lookup import Witness, witnesses
from nurture.delivery.record import PROOF, Recorder
from nurture.errors import TransientError
from nurture.journey.playbook import read_playbook
from nurture.keys.address_hashes import open_address_key
from nurture.ledger.moves import Ledger
from nurture.ledger.states import BELIEVED_UNSENT, UNSENT
from nurture.safeguards.restore_guard import Restored, lift, read_restored, vouch
from nurture.settings import Settings
from nurture.storage.database import Database, Store
from nurture.storage.process_lease import this_process
from nurture.storage.sql import literal, texts
from nurture.storage.temp_tables import NUMBER, TEXT, RowTable, TempTable

SAID = RowTable("reconcile", "said", {"id": TEXT, "fence": NUMBER, "fate": TEXT, "provider_id": TEXT, "why": TEXT})
FINDINGS = TempTable("reconcile", "finding")
OUTCOMES = TempTable("reconcile", "outcome")

ASKED_AT_ONCE = 2_000
NOBODY_CAN_SAY = "a restore took away what became of it"


@dataclass
class ReconcileReport:
    """What a reconcile came to: ``found`` counts by fate; ``unasked`` are channels that could not answer, and why.

    ``restored`` is None when there was nothing to reconcile; ``lifted`` says whether the guard is down now.
    """

    restored: Restored | None = None
    found: Counter[str] = field(default_factory=Counter)
    unasked: dict[str, str] = field(default_factory=dict)
    lifted: bool = False

    @property
    def healthy(self) -> bool:
        """Whether nothing needs a person."""
        return not (self.unasked or self.found[Fate.UNKNOWN]) and (self.lifted or self.restored is None)


@dataclass(frozen=True)
class Doubt:
    """A message of which the ledger may have forgotten something. ``may_be_gone``: it may have left."""

    question: Question
    state: MessageState
    may_be_gone: bool


@dataclass(frozen=True)
class Reconciliation:
    """Asks about messages, and lets the answers move them."""

    store: Store
    attempts: Path
    witnesses: Mapping[ChannelKind, Witness]
    now: datetime
    progress: Callable[[int, int], None] = lambda done, of: None

    def run(self, vouched: Sequence[ChannelKind] = ()) -> ReconcileReport:
        """Ask about everything that counts as unsent; when all were asked, lift the guard."""
        with self.store.open() as database:
            vouch(database, tuple(vouched))
            restored = read_restored(database)
        report = ReconcileReport(restored)
        if restored and restored.guarded:
            # A copy that an operator orders after the restore may be one that was ordered, and sent, before it.
            gone = f"m.not_before <= {literal(restored.restored_at)} OR m.resend > 0"
            self._ask(restored, "true", gone, report)
            if not report.unasked:
                self._lift(report)
        elif restored:
            report.lifted = True
        return report

    def ask_about_due(self, restored: Restored) -> ReconcileReport:
        """Ask about what is due and was planned since the restore: a lost night may have planned and sent it before."""
        report = ReconcileReport(restored)
        self._ask(restored, f"m.state = 'planned' AND m.not_before <= {literal(self.now)}", "true", report)
        return report

    def _lift(self, report: ReconcileReport) -> None:
        """Unless something came between: what moved while its channel was asked is asked about again."""
        with self.store.open() as database, database.transaction():
            left = database.one(f"""SELECT count(*) FROM ({_doubtful("true")}) m
                                    WHERE m.state <> {literal(MessageState.UNKNOWN)}""")
            if left[0]:
                report.unasked["ledger"] = f"{left[0]} message(s) moved meanwhile"
                return
            lift(database, self.now)
            report.lifted = True

    def _ask(self, restored: Restored, which: str, gone: str, report: ReconcileReport) -> None:
        """Ask about the messages that are meant (``which``); ``gone`` is the predicate that one may have left."""
        with self.store.open() as database:
            doubts = {kind: self._doubts(database, restored, kind, which, gone) for kind in ChannelKind}
        total = sum(map(len, doubts.values()))
        lines = AttemptLog.read_since(self.attempts, restored.made_at.date() - timedelta(days=1)) if total else {}
        for kind, ours in doubts.items():
            for some in _handfuls(ours):
                proofs = self._proofs(kind, some, lines, report)
                if proofs is None:
                    break
                answers = {each.question.id: _answer(each, proofs, kind in restored.vouched) for each in some}
                with self.store.open() as database:
                    Findings(database, self.now, kind).record(some, answers, report.found)
                self.progress(report.found.total(), total)

    def _doubts(self, database: Database, restored: Restored, kind: ChannelKind, which: str, gone: str) -> list[Doubt]:
        rows = database.rows(f"""
            SELECT replace(m.id::VARCHAR, '-', ''), m.night::VARCHAR, m.fence, m.state, {gone}
            FROM ({_doubtful(which)}) m
            WHERE m.channel = {literal(kind)} ORDER BY m.id""")
        return [
            Doubt(Question(name, night, restored.made_at, fence, restored.lost_nights), MessageState(state), due)
            for name, night, fence, state, due in rows
        ]

    def _proofs(
        self, kind: ChannelKind, some: Sequence[Doubt], lines: Mapping[str, Outcome], report: ReconcileReport
    ) -> dict[str, Outcome] | None:
        """What the logs and the channel know of some messages; None when the channel cannot be asked now."""
        known = {each.question.id: lines[each.question.id] for each in some if each.question.id in lines}
        proofs = {
            name: line
            for name, line in known.items()
            if line.fate in (Fate.ACCEPTED, Fate.WAITING, Fate.REJECTED, Fate.GONE)
        }
        asked = [each.question for each in some if each.question.id not in proofs]
        witness = self.witnesses.get(kind)
        if asked and witness is None:
            report.unasked[kind] = "nothing is set up for it"
            return None
        started = {name: line for name, line in known.items() if line.fate is Fate.UNKNOWN}
        try:
            return started | proofs | dict(witness.evidence(asked) if asked and witness else {})
        except Exception as error:  # whatever is wrong with the asking, nothing is sent on a guess
            report.unasked[kind] = str(error) if isinstance(error, TransientError) else type(error).__name__
            return None


def _handfuls(doubts: Sequence[Doubt]) -> Iterator[Sequence[Doubt]]:
    return (doubts[start : start + ASKED_AT_ONCE] for start in range(0, len(doubts), ASKED_AT_ONCE))


def _doubtful(which: str) -> str:
    """Messages that count as unsent and are not proved absent. Those without words wait: they are asked about when they
    have some, before they are claimed."""
    return f"""SELECT m.* FROM message m ANTI JOIN absence a ON a.message_id = m.id
               WHERE m.state IN {texts(*BELIEVED_UNSENT)} AND m.payload_hash IS NOT NULL AND {which}"""


def _answer(doubt: Doubt, proofs: Mapping[str, Outcome], vouched: bool) -> Outcome:
    """What is known of a message; silence about one that may be gone leaves it in doubt, unless a person vouches."""
    if proof := proofs.get(doubt.question.id):
        return proof
    if doubt.state in UNSENT and not doubt.may_be_gone:
        return Outcome(Fate.NOT_SENT, why="it was not due before the restore")
    if vouched and doubt.state is not MessageState.UNKNOWN:
        return Outcome(Fate.NOT_SENT, why="a person vouches for it")
    return Outcome(Fate.UNKNOWN, why=NOBODY_CAN_SAY)


@dataclass(frozen=True)
class Findings:
    """Brings what was found out about messages of one channel into the ledger, by their fence."""

    database: Database
    now: datetime
    channel: ChannelKind

    def record(self, doubts: Sequence[Doubt], answers: Mapping[str, Outcome], found: Counter[str]) -> None:
        """Move what was sent, or may have been, and write down what is proved absent; counts by fate."""
        with self.database.transaction():
            self._take(doubts, answers)
            self._claim()
            self._settle()
            self.database.run(f"""
                INSERT OR REPLACE INTO absence SELECT id, {literal(self.now)}, why FROM {FINDINGS}
                WHERE fate = {literal(Fate.NOT_SENT)}""")
            found.update(dict(self.database.rows(f"SELECT fate, count(*) FROM {FINDINGS} GROUP BY fate ORDER BY fate")))

    def _take(self, doubts: Sequence[Doubt], answers: Mapping[str, Outcome]) -> None:
        told = [(each.question, answers[each.question.id]) for each in doubts]
        SAID.fill(
            self.database,
            [(asked.id, asked.fence, each.fate.value, each.provider_id, _why(each)) for asked, each in told],
        )
        FINDINGS.make(
            self.database,
            f"""SELECT m.id, m.state, s.fate, s.provider_id, s.why FROM {SAID} s
                JOIN message m ON m.id = s.id::UUID AND m.fence = s.fence AND m.state IN {texts(*BELIEVED_UNSENT)}""",
        )

    def _claim(self) -> None:
        """What waited and did leave, or may have, is claimed as one batch: that is what had happened to it."""
        gone = f"FROM {FINDINGS} WHERE state IN {texts(*UNSENT)} AND fate <> {literal(Fate.NOT_SENT)}"
        batch = uuid4()
        held = f"SELECT id, {literal(NOBODY_CAN_SAY)} AS why {gone} AND state = {literal(MessageState.HELD)}"
        self._ledger().move(held, MessageState.PLANNED)
        if self._ledger().move(f"SELECT id, {literal(NOBODY_CAN_SAY)} AS why {gone}", MessageState.CLAIMED):
            self._write_batch(batch)
            self.database.run(f"UPDATE message SET batch_id = {literal(batch)} WHERE id IN (SELECT id {gone})")

    def _write_batch(self, batch: UUID) -> None:
        self.database.run(f"""
            INSERT INTO batch (id, channel, holder, lease_until, claimed_at)
            VALUES ({literal(batch)}, {literal(self.channel)}, {literal(str(this_process()))}, 0,
                {literal(self.now)})""")

    def _settle(self) -> None:
        """Recorded as if it were known now, with all that follows; what only waited and is absent stays as it is."""
        gone = f"state NOT IN {texts(*UNSENT)} OR fate <> {literal(Fate.NOT_SENT)}"
        columns = "id, fate, provider_id, why, NULL::TIMESTAMP AS retry_at"
        OUTCOMES.make(self.database, f"SELECT {columns} FROM {FINDINGS} WHERE {gone}")
        Recorder(self.database, self.now, Mover.RECONCILE).settle(OUTCOMES, NOBODY_CAN_SAY)

    def _ledger(self) -> Ledger:
        return Ledger(self.database, self.now, Mover.RECONCILE)


def _why(answer: Outcome) -> str:
    return answer.why if answer.fate is Fate.UNKNOWN else PROOF + (answer.why or answer.fate)


def reconcile_sent(
    settings: Settings,
    now: datetime,
    *,
    vouched: Sequence[Channel] = (),
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> ReconcileReport:
    """Ask about every message that counts as unsent; when all were asked about, sending goes on.

    Args:
        now: The moment to write into the records.
        vouched: Channels for which a person vouches: what they prove nothing about was not sent.

    Raises:
        InputError: the address key is missing or another one.
    """
    playbook = read_playbook(settings)
    store = Store.of(settings)
    with store.open() as database, database.transaction():
        open_address_key(database, settings)
    outlets = open_outlets(settings, playbook, now)
    return Reconciliation(store, settings.paths.attempts, witnesses(outlets), now, progress).run(vouched)
