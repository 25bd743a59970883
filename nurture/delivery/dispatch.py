"""Dispatching: everything that is due, channel by channel, batch by batch, until nothing is left for now."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from nurture.channels import Fate, Question
from nurture.channels.registry import Outlet
from nurture.channels.routing import Lane
from nurture.consent.publish_preferences import publish
from nurture.content.send_windows import business_date
from nurture.delivery.claim import START, Claim, Claiming, Key
from nurture.delivery.provider_lookup import Witness, witnesses
from nurture.delivery.reconcile import Reconciliation
from nurture.delivery.record import Recorder
from nurture.delivery.send import Sender, Sent
from nurture.errors import TransientError
from nurture.inbound.drain import drain
from nurture.inbound.match_events import settle_doubts
from nurture.inbound.replies import cards_without_words
from nurture.journey.playbook import Playbook
from nurture.ledger.states import UNSENT
from nurture.rendering.freeze import freeze
from nurture.rendering.frozen import Rendered
from nurture.safeguards.circuit_breakers import pause_provider, trip
from nurture.safeguards.kill_switch import KillSwitch
from nurture.safeguards.restore_guard import Restored, read_restored
from nurture.settings import Settings
from nurture.steps import Plainly, Steps, Told
from nurture.storage.database import Database, Store
from nurture.storage.sql import literal, texts


@dataclass
class DispatchReport:
    """What a dispatch came to, in counts.

    ``swept`` messages were left by processes that died; ``resolved`` ones were in doubt and are no more; ``sent``
    counts by fate, ``stopped`` by the reason why a message ended or waits; ``refused`` do not match their frozen
    words; ``broken`` says what made a channel stop early; ``unknown`` are in doubt now; ``wordless`` are due and were
    never rendered; ``drained`` lines of the spool were applied. ``guarded`` is the restore after which nothing is sent
    until it is reconciled; ``recovered`` were planned again after one, and had been sent before it. ``awaiting`` wait
    for an approval; ``killed`` is why the kill switch was pulled; ``warnings`` are worth a look before they halt.
    """

    now: datetime
    swept: int = 0
    resolved: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    stopped: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    unknown: int = 0
    wordless: int = 0
    broken: list[str] = field(default_factory=list)
    guarded: Restored | None = None
    recovered: int = 0
    drained: int = 0
    awaiting: int = 0
    killed: str = ""
    warnings: list[str] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        """Whether nothing needs a person."""
        return not (self.refused or self.broken or self.unknown or self.wordless or self.guarded or self.killed)


@dataclass(frozen=True)
class Dispatch:
    """One dispatch of an installation.

    It begins at ``now``; ``elapsed`` says how long ago that was, so that a window that closes meanwhile is closed.
    """

    store: Store
    settings: Settings
    playbook: Playbook
    outlets: Sequence[Outlet]
    now: datetime
    progress: Callable[[int, int], None] = lambda done, of: None
    elapsed: Callable[[], timedelta] = timedelta
    steps: Steps = field(default_factory=Plainly)

    def run(self) -> DispatchReport:
        """Take over, resolve, then send all that is due; nothing while the guard of a restore stands."""
        report = DispatchReport(self.now, killed=self._kill_switch.pulled)
        self._take_over(report)
        if report.guarded:
            return report
        due = self._count_due()
        for outlet, count in due.items():
            if count and not report.killed:
                self._send_all(outlet, report, sum(due.values()))
        self._finish(report)
        with self.store.open() as database:
            report.broken += self._without_a_way(database)
            wordless = f"state = 'planned' AND payload_hash IS NULL AND not_before <= {literal(self.now)}"
            counts = f"count(*) FILTER (state = 'unknown'), count(*) FILTER ({wordless})"
            report.unknown, report.wordless = database.one(f"SELECT {counts} FROM message")
            report.awaiting = self._count_awaiting(database)
            if report.drained:
                publish(database, self.settings)
        return report

    def _finish(self, report: DispatchReport) -> None:
        """What a channel does afterwards loses no message when it fails."""
        for channel in dict.fromkeys(outlet.channel for outlet in self.outlets):
            try:
                channel.finish()
            except (OSError, ValueError) as error:
                report.broken.append(f"{channel.name}: sent, but could not finish ({error}).")

    @property
    def _kill_switch(self) -> KillSwitch:
        return KillSwitch(self.settings.paths.kill_switch)

    def _moment(self) -> datetime:
        return self.now + self.elapsed()

    def _take_over(self, report: DispatchReport) -> None:
        with self.store.open() as database:
            restored = read_restored(database)
            if restored and restored.guarded:
                report.guarded = restored
                return
            recorder = Recorder(database, self._moment())
            report.swept = recorder.sweep(self.settings.paths.attempts)
            report.drained += self._drain(database)
            settle_doubts(database, self._moment())
            self._trip_breakers(database, report)
            asked = self._questions(recorder)
            wordless_cards = cards_without_words(database)
        if wordless_cards:
            self._write_cards()
        for name, witness, questions in asked:
            self._resolve(name, witness, questions, report)
        if restored and restored.doubts(self._moment()):
            self._ask_about_due(restored, report)

    def _questions(self, recorder: Recorder) -> list[tuple[str, Witness, list[Question]]]:
        """Whom to ask about which messages in doubt: who got them, or everybody when that is not known."""
        asked: list[tuple[str, Witness, list[Question]]] = [
            (each.lane.provider, each.channel, recorder.questions(each.lane.kind, each.lane.provider))
            for each in self.outlets
        ]
        asked += [(kind, witness, recorder.questions(kind, None)) for kind, witness in witnesses(self.outlets).items()]
        return [each for each in asked if each[2]]

    def _trip_breakers(self, database: Database, report: DispatchReport) -> None:
        breakers = self.playbook.policy.email.breakers
        for lane in (outlet.lane for outlet in self.outlets if outlet.lane.live):
            if breakers is None:
                return
            verdict = trip(database, breakers, lane.provider, self._moment())
            report.warnings += [f"{lane.provider}: {verdict.warning}."] if verdict.warning else []
            report.broken += [f"{lane.provider}: paused, {verdict.halt}."] if verdict.halt else []

    def _ask_about_due(self, restored: Restored, report: DispatchReport) -> None:
        asking = Reconciliation(self.store, self.settings.paths.attempts, witnesses(self.outlets), self._moment())
        answers = asking.ask_about_due(restored)
        report.recovered = answers.found[Fate.ACCEPTED]
        report.broken += [
            f"{kind}: could not be asked what was sent before the restore ({why})."
            for kind, why in answers.unasked.items()
        ]

    def _resolve(self, name: str, witness: Witness, questions: list[Question], report: DispatchReport) -> None:
        try:
            proofs = witness.evidence(questions)
        except Exception as error:  # whatever is wrong with the asking, the messages stay in doubt and the rest goes
            told = str(error) if isinstance(error, TransientError) else type(error).__name__
            report.broken.append(f"{name}: could not be asked about messages in doubt ({told}).")
            return
        with self.store.open() as database:
            report.resolved += Recorder(database, self._moment()).resolve(questions, proofs)

    def _drain(self, database: Database) -> int:
        """What came in counts before anything is claimed."""
        return drain(database, self.settings, self.playbook, self._moment()).lines

    def _write_cards(self) -> None:
        """Cards that tell of replies have no night that renders them."""
        today = business_date(self.now, self.playbook.zone)
        freeze(self.store, self.settings, self.playbook, today, self.now)

    def _count_due(self) -> dict[Outlet, int]:
        """How many messages are due, by outlet: one with nothing to send is not opened for."""
        with self.store.open() as database:
            return {outlet: self._due(database, outlet.lane) for outlet in self.outlets}

    def _due(self, database: Database, lane: Lane) -> int:
        found = database.one(f"""
            SELECT count(*) FROM message m JOIN lead ON lead.id = m.lead_id
            WHERE m.state = 'planned' AND m.payload_hash IS NOT NULL AND m.not_before <= {literal(self._moment())}
              AND m.channel = {literal(lane.kind)} AND {lane.takes}""")
        return int(found[0])

    def _without_a_way(self, database: Database) -> list[str]:
        """What is due on channels that no lane carries, planned before somebody went live or told by a reply."""
        carried = texts(*{outlet.lane.kind for outlet in self.outlets})
        rows = database.rows(f"""
            SELECT channel, count(*) FROM message
            WHERE state = 'planned' AND not_before <= {literal(self._moment())} AND channel NOT IN {carried}
            GROUP BY channel ORDER BY channel""")
        return [
            f"{kind}: no way out in live mode yet; {count:,} due messages wait, then expire." for kind, count in rows
        ]

    def _count_awaiting(self, database: Database) -> int:
        """How many messages are due and wait for somebody to approve their night."""
        kinds = texts(*(outlet.lane.kind for outlet in self.outlets if outlet.lane.live))
        found = database.one(f"""
            SELECT count(*) FROM message
            WHERE state IN {texts(*UNSENT)} AND NOT internal AND not_before <= {literal(self.now)}
              AND channel IN {kinds} AND night NOT IN (SELECT night FROM clearance)""")
        return int(found[0])

    def _send_all(self, outlet: Outlet, report: DispatchReport, due: int) -> None:
        sender = Sender(
            outlet.channel, Rendered(self.settings.paths.rendered), self.settings.paths.attempts, self._kill_switch
        )
        claim = self._claim(outlet, START)
        while True:
            sent = self._send(outlet.lane, sender, claim)
            self._count(claim, sent, report, due)
            above = claim.next if not sent.broken else None
            claim = self._record_and_claim(claim, sent, outlet, above)
            if above is None:
                return

    def _send(self, lane: Lane, sender: Sender, claim: Claim) -> Sent:
        if not claim.messages:
            return Sent({}, {})
        name = f"send {lane.kind} {len(claim.messages)}" + (f" by {lane.provider}" if lane.live else "")
        return self.steps.step(name, partial(sender.send, claim), _told)

    def _claim(self, outlet: Outlet, above: Key) -> Claim:
        with self.store.open() as database:
            return self._claimed(database, outlet, above)

    def _claimed(self, database: Database, outlet: Outlet, above: Key) -> Claim:
        self._drain(database)
        return Claiming(database, self.playbook, outlet.lane, self._moment()).claim(above, outlet.channel.batch)

    def _record_and_claim(self, claim: Claim, sent: Sent, outlet: Outlet, above: Key | None) -> Claim:
        """The next batch is claimed where the last one is recorded: opening costs more than small statements."""
        with self.store.open() as database:
            if claim.messages:
                Recorder(database, self._moment()).record(claim, sent)
            if sent.account:
                pause_provider(database, outlet.lane.provider, sent.broken, self._moment())
            return self._claimed(database, outlet, above) if above else claim

    def _count(self, claim: Claim, sent: Sent, report: DispatchReport, due: int) -> None:
        report.sent.update(outcome.fate.value for outcome in sent.outcomes.values())
        report.stopped.update(claim.stopped)
        report.refused += len(sent.refused)
        if sent.broken:
            report.broken.append(sent.broken)
        done = report.sent.total() + report.stopped.total() + report.refused
        self.progress(min(done, due), due)


def _told(sent: Sent) -> Told:
    fates = Counter(outcome.fate.value for outcome in sent.outcomes.values())
    counts = ", ".join(f"{fate.replace('_', ' ')} {count:,}" for fate, count in fates.items())
    troubles = [sent.broken] if sent.broken else []
    if sent.refused:
        troubles.append(f"{len(sent.refused)} held: their words are not those that were frozen")
    return Told("; ".join([counts, *troubles]), trouble=bool(troubles))
