"""Dispatching: everything that is due, channel by channel, batch by batch, until nothing is left for now."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from models import Channel as ChannelKind
from nurture.calendar import business_date
from nurture.channels import Channel, Fate, Question
from nurture.claiming import START, Claim, Claiming, Key
from nurture.delivery import Recorder, Sender, Sent
from nurture.errors import TransientError
from nurture.inbound import drain
from nurture.inbound.matching import settle_doubts
from nurture.inbound.publishing import publish
from nurture.inbound.replies import cards_without_words
from nurture.literals import literal
from nurture.playbook import Playbook
from nurture.reconciling import Reconciliation
from nurture.rendered import Rendered
from nurture.rendering.freezing import freeze
from nurture.restored import Restored, read_restored
from nurture.settings import Settings
from nurture.steps import Plainly, Steps, Told
from nurture.store import Database, Store

Channels = Mapping[ChannelKind, Channel]


@dataclass
class DispatchReport:
    """What a dispatch came to, in counts.

    ``swept`` messages were left by processes that died; ``resolved`` ones were in doubt and are no more; ``sent``
    counts by fate, ``stopped`` by the reason why a message ended or waits; ``refused`` do not match their frozen
    words; ``broken`` says what made a channel stop early; ``unknown`` are in doubt now; ``wordless`` are due and were
    never rendered; ``drained`` lines of the spool were applied. ``guarded`` is the restore after which nothing is sent
    until it is reconciled; ``recovered`` were planned again after one, and had been sent before it.
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

    @property
    def healthy(self) -> bool:
        """Whether nothing needs a person."""
        return not (self.refused or self.broken or self.unknown or self.wordless or self.guarded)


@dataclass(frozen=True)
class Dispatch:
    """One dispatch of an installation.

    It begins at ``now``; ``elapsed`` says how long ago that was, so that a window that closes meanwhile is closed.
    """

    store: Store
    settings: Settings
    playbook: Playbook
    channels: Channels
    now: datetime
    progress: Callable[[int, int], None] = lambda done, of: None
    elapsed: Callable[[], timedelta] = timedelta
    steps: Steps = field(default_factory=Plainly)

    def run(self) -> DispatchReport:
        """Take over, resolve, then send all that is due; nothing while the guard of a restore stands."""
        report = DispatchReport(self.now)
        self._take_over(report)
        if report.guarded:
            return report
        due = self._count_due()
        for kind in (kind for kind in self.channels if due[kind]):
            self._send_all(kind, self.channels[kind], report, due.total())
        self._finish(report)
        with self.store.open() as database:
            wordless = f"state = 'planned' AND payload_hash IS NULL AND not_before <= {literal(self.now)}"
            counts = f"count(*) FILTER (state = 'unknown'), count(*) FILTER ({wordless})"
            report.unknown, report.wordless = database.one(f"SELECT {counts} FROM message")
            if report.drained:
                publish(database, self.settings)
        return report

    def _finish(self, report: DispatchReport) -> None:
        """What a channel does afterwards loses no message when it fails."""
        for channel in dict.fromkeys(self.channels.values()):
            try:
                channel.finish()
            except (OSError, ValueError) as error:
                report.broken.append(f"{channel.name}: sent, but could not finish ({error}).")

    def _moment(self) -> datetime:
        return self.now + self.elapsed()

    def _take_over(self, report: DispatchReport) -> None:
        with self.store.open() as database:
            restored = read_restored(database)
            if restored and restored.guarded:
                report.guarded = restored
                return
            recorder = Recorder(database, self._moment())
            report.swept = recorder.sweep(self.settings.attempts)
            report.drained += self._drain(database)
            settle_doubts(database, self._moment())
            asked = {kind: recorder.questions(kind) for kind in self.channels}
            wordless_cards = cards_without_words(database)
        if wordless_cards:
            self._write_cards()
        for kind, questions in asked.items():
            if questions:
                self._resolve(self.channels[kind], questions, report)
        if restored and restored.doubts(self._moment()):
            self._ask_about_due(restored, report)

    def _ask_about_due(self, restored: Restored, report: DispatchReport) -> None:
        asking = Reconciliation(self.store, self.settings.attempts, self.channels, self._moment())
        answers = asking.ask_about_due(restored)
        report.recovered = answers.found[Fate.ACCEPTED]
        report.broken += [
            f"{kind}: could not be asked what was sent before the restore ({why})."
            for kind, why in answers.unasked.items()
        ]

    def _resolve(self, channel: Channel, questions: list[Question], report: DispatchReport) -> None:
        try:
            proofs = channel.evidence(questions)
        except Exception as error:  # whatever is wrong with the asking, the messages stay in doubt and the rest goes
            told = str(error) if isinstance(error, TransientError) else type(error).__name__
            report.broken.append(f"{channel.name}: could not be asked about messages in doubt ({told}).")
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

    def _count_due(self) -> Counter[str]:
        """How many messages are due, by channel: one with nothing to send is not opened for."""
        with self.store.open() as database:
            due = database.rows(f"""
                SELECT channel, count(*) FROM message
                WHERE state = 'planned' AND payload_hash IS NOT NULL AND not_before <= {literal(self.now)}
                GROUP BY channel""")
        return Counter({row[0]: row[1] for row in due})

    def _send_all(self, kind: ChannelKind, channel: Channel, report: DispatchReport, due: int) -> None:
        sender = Sender(channel, Rendered(self.settings.rendered), self.settings.attempts)
        claim = self._claim(kind, START, channel.batch)
        while True:
            sent = self._send(kind, sender, claim)
            self._count(claim, sent, report, due)
            above = claim.next if not sent.broken else None
            claim = self._record_and_claim(claim, sent, kind, above, channel.batch)
            if above is None:
                return

    def _send(self, kind: ChannelKind, sender: Sender, claim: Claim) -> Sent:
        if not claim.messages:
            return Sent({}, {})
        return self.steps.step(f"send {kind} {len(claim.messages)}", partial(sender.send, claim), _told)

    def _claim(self, kind: ChannelKind, above: Key, most: int) -> Claim:
        with self.store.open() as database:
            self._drain(database)
            return Claiming(database, self.playbook, kind, self._moment()).claim(above, most)

    def _record_and_claim(self, claim: Claim, sent: Sent, kind: ChannelKind, above: Key | None, most: int) -> Claim:
        """The next batch is claimed where the last one is recorded: opening costs more than small statements."""
        with self.store.open() as database:
            if claim.messages:
                Recorder(database, self._moment()).record(claim, sent)
            if above is None:
                return claim
            self._drain(database)
            return Claiming(database, self.playbook, kind, self._moment()).claim(above, most)

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
