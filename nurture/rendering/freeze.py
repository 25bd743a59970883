"""Freezing: after a night has decided, every planned message gets its words, and the ledger their fingerprint.

Contexts out, processes render, one transaction brings the hashes back with the night's marker. Nothing holds the
database meanwhile, and a run that died is simply done again: what has no hash yet is rendered. A message that fails
loses itself alone; a touch of which too many fail is paused.
"""

import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models import MessageKind, MessageState, Mover, PauseKind, Reason, Step, Verdict
from nurture.channels.routing import live_kinds
from nurture.content.brand import read_voice
from nurture.journey.playbook import Playbook
from nurture.keys.signed_links import Tokens, open_tokens
from nurture.ledger.message_ids import name_of_message
from nurture.ledger.moves import Ledger
from nurture.ledger.states import UNSENT
from nurture.rendering.contexts import export_contexts
from nurture.rendering.shards import RenderedShard, Workshop
from nurture.rendering.workers import open_renderers
from nurture.safeguards.approval import hold_or_clear
from nurture.settings import Settings
from nurture.steps import Plainly, Steps, Told
from nurture.storage.database import Database, Store
from nurture.storage.locks import render_lease
from nurture.storage.sql import literal, texts
from nurture.storage.temp_tables import FLAG, NUMBER, TEXT, RowTable, TempTable

PRINTED = TempTable("freeze", "printed")
FAILURES = RowTable("freeze", "failure", {"id": TEXT, "revision": NUMBER, "why": TEXT, "of_text": FLAG})
FAILED = TempTable("freeze", "failed")
DROPPED = TempTable("freeze", "dropped")

NIGHTS_KEPT = 30

WORDLESS = f"m.state IN {texts(*UNSENT)} AND m.payload_hash IS NULL"
"""What waits for its words: the predicate on ``message`` m."""

Progress = Callable[[int, int], None]
PLAINLY = Plainly()


@dataclass(frozen=True)
class Fault:
    """Why some messages of a touch could not be rendered."""

    journey: str
    touch: str
    why: str
    messages: int


@dataclass(frozen=True)
class FrozenNight:
    """What rendering came to. ``halted`` are the touches that it paused, as ``journey/touch``; ``held`` messages wait
    for an approval.
    """

    rendered: int
    failed: int
    faults: tuple[Fault, ...]
    halted: tuple[str, ...]
    held: int = 0


def freeze(
    store: Store, settings: Settings, playbook: Playbook, night: date, now: datetime,
    progress: Progress = lambda done, of: None, steps: Steps = PLAINLY,
) -> FrozenNight:  # fmt: skip
    """Render every unsent message that has no words yet, and close the night's render step.

    Raises:
        ContentError: company, senders, links, wording or layout cannot be used.
    """
    with render_lease(settings.home):
        with store.open() as database:
            tokens = open_tokens(database, settings)
            contexts = export_contexts(database, playbook, settings.paths.rendered)
        workshop = open_workshop(settings, playbook, tokens, contexts.files)
        with open_renderers(workshop, settings.renderers, contexts.messages) as render:
            done = steps.shards("render shard", render, contexts.shards, _told_of_shard)
            rendered = list(_followed(done, contexts.messages, progress))

        def record() -> FrozenNight:
            with store.open() as database, database.transaction():
                freezing = Freezing(database, settings, playbook, night, now)
                frozen, needed = freezing.record(rendered), freezing.needed_nights()
            _forget_old_nights(settings, night, needed)
            return frozen

        return steps.step("freeze", record, _told_of_night)


def _told_of_shard(shard: RenderedShard) -> Told:
    return Told(f"{shard.messages - len(shard.failures)} rendered, {len(shard.failures)} failed")


def _told_of_night(frozen: FrozenNight) -> Told:
    if frozen.halted:
        return Told(f"paused, because too many of its messages failed: {', '.join(frozen.halted)}", trouble=True)
    return Told(f"{frozen.rendered} rendered, {frozen.failed} failed")


def open_workshop(settings: Settings, playbook: Playbook, tokens: Tokens, numbers: Collection[int]) -> Workshop:
    """The content files of these numbers, compiled: most nights need a few of many."""
    voice = read_voice(settings.content)
    files = {number: playbook.content[number] for number in sorted(numbers)}
    return Workshop.open(files, voice, playbook.policy, tokens, playbook.events, settings.paths.rendered)


def _followed(shards: Iterable[RenderedShard], messages: int, progress: Progress) -> Iterator[RenderedShard]:
    done = 0
    for shard in shards:
        done += shard.messages
        progress(done, messages)
        yield shard


@dataclass(frozen=True)
class Freezing:
    """Brings what was rendered back into the ledger, in one transaction."""

    database: Database
    settings: Settings
    playbook: Playbook
    night: date
    now: datetime

    def record(self, rendered: Sequence[RenderedShard]) -> FrozenNight:
        """Hashes, failures, pauses and the marker."""
        count = self._hashes(rendered)
        self._take_failures(rendered)
        faults = self._faults()
        halted = self._halt()
        failed = self._drop_failed()
        held = self._hold()
        self._mark()
        return FrozenNight(count, failed, faults, halted, held)

    def _hashes(self, rendered: Sequence[RenderedShard]) -> int:
        files = " UNION ALL ".join(
            f"SELECT id, hash, revision, {literal(str(shard.file.relative_to(self.settings.paths.rendered)))} AS file "
            f"FROM read_parquet({literal(str(shard.file))})"
            for shard in rendered
        )
        nothing = "SELECT NULL AS id, NULL AS hash, 0 AS revision, NULL AS file WHERE false"
        PRINTED.make(
            self.database,
            f"""SELECT m.id, m.night, m.journey, {name_of_message("m")} AS touch, r.hash, r.file
                FROM ({files or nothing}) r JOIN message m ON m.id = r.id::UUID AND m.revision = r.revision
                WHERE {WORDLESS}""",
        )
        return self.database.run(f"""
            UPDATE message SET payload_hash = printed.hash, payload_file = printed.file
            FROM {PRINTED} printed WHERE printed.id = message.id""")

    def _take_failures(self, rendered: Sequence[RenderedShard]) -> None:
        failures = [failure for shard in rendered for failure in shard.failures]
        FAILURES.fill(self.database, [(each.message_id, each.revision, each.why, each.of_text) for each in failures])
        FAILED.make(
            self.database,
            f"""SELECT m.id, m.kind, m.journey, {name_of_message("m")} AS touch, m.night, m.resend, m.fence, m.revision,
                    f.why, f.of_text
                FROM {FAILURES} f JOIN message m ON m.id = f.id::UUID AND m.revision = f.revision WHERE {WORDLESS}""",
        )

    def _faults(self) -> tuple[Fault, ...]:
        rows = self.database.rows(f"SELECT journey, touch, why, count(*) FROM {FAILED} GROUP BY ALL ORDER BY ALL")
        return tuple(Fault(*row) for row in rows)

    def _halt(self) -> tuple[str, ...]:
        """Pause the touches whose text failed for too many, counted over what was rendered now.

        A pause that somebody set stays as it is, with its reason.
        """
        most = self.playbook.policy.render_errors_halt
        halted = self.database.rows(f"""
            SELECT journey || '/' || touch, count(*) FILTER (failed), count(*) FROM (
                SELECT journey, touch, false AS failed FROM {PRINTED}
                UNION ALL SELECT journey, touch, of_text AS failed FROM {FAILED}
            ) GROUP BY journey, touch HAVING count(*) FILTER (failed) > {most} * count(*) ORDER BY ALL""")
        for touch, failed, of in halted:
            why = f"{failed} of {of} messages could not be rendered"
            self.database.run(f"""
                INSERT OR IGNORE INTO pause VALUES ({literal(PauseKind.TOUCH)}, {literal(touch)}, {literal(self.now)},
                    {literal(Mover.NIGHT)}, {literal(why)})""")
        return tuple(row[0] for row in halted)

    def _drop_failed(self) -> int:
        """A new message that failed was never planned: its pair is considered again tomorrow.

        One that stood before stays in the ledger: a new revision is held until its text is mended, all others end.
        """
        ledger = Ledger(self.database, self.now, Mover.NIGHT)
        card = f"kind = {literal(MessageKind.REPLY_CARD)}"
        ledger.move(f"SELECT id, why FROM {FAILED} WHERE revision > 1", MessageState.HELD)
        ledger.move(
            f"SELECT id, why FROM {FAILED} WHERE revision = 1 AND (resend > 0 OR fence > 0 OR {card})",
            MessageState.CANCELLED,
        )
        DROPPED.make(
            self.database,
            f"SELECT id, night, journey FROM {FAILED} WHERE revision = 1 AND resend = 0 AND fence = 0 AND NOT {card}",
        )
        self.database.run(f"""
            UPDATE decision SET verdict = {literal(Verdict.POSTPONED)}, reason = {literal(Reason.RENDER_ERROR)},
                message_id = NULL, leg = NULL, channel = NULL, not_before = NULL
            FROM {DROPPED} dropped WHERE dropped.id = decision.message_id""")
        self.database.run(f"""
            UPDATE run SET planned = run.planned - d.messages, postponed = run.postponed + d.messages
            FROM (SELECT night, journey, count(*) AS messages FROM {DROPPED} GROUP BY ALL) d
            WHERE d.night = run.night AND d.journey = run.journey AND run.step = {literal(Step.CHOOSE)}""")
        self.database.run(f"DELETE FROM message WHERE id IN (SELECT id FROM {DROPPED})")
        return int(self.database.one(f"SELECT count(*) FROM {FAILED}")[0])

    def _hold(self) -> int:
        """What would reach people waits for an approval, when it is much or new."""
        kinds = live_kinds(self.settings.mode, self.playbook.policy)
        if not kinds:
            return 0
        voice = read_voice(self.settings.content)
        return hold_or_clear(self.database, self.playbook, voice, kinds, self.night, self.now, PRINTED)

    def _mark(self) -> None:
        """The marker of the night's step; each message counts for the night that planned it, if that one took in."""
        self.database.run(f"""
            INSERT INTO run (night, journey, step, closed_at, left_journey, enrolled, advanced, fell_back, considered,
                planned, postponed, refused, superseded, stale, expired, rendered, render_errors)
            SELECT night, '*', {literal(Step.RENDER)}, {literal(self.now)},
                   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, sum(rendered), sum(failed)
            FROM (
                SELECT {literal(self.night)} AS night, 0 AS rendered, 0 AS failed
                UNION ALL SELECT night, 1, 0 FROM {PRINTED} UNION ALL SELECT night, 0, 1 FROM {FAILED}
            ) WHERE night IN (SELECT night FROM run WHERE step = {literal(Step.TAKE_IN)}) GROUP BY night
            ON CONFLICT DO UPDATE SET rendered = rendered + excluded.rendered,
                render_errors = render_errors + excluded.render_errors""")

    def needed_nights(self) -> set[str]:
        """The folders that hold words of messages which may still be sent."""
        rows = self.database.rows(f"""
            SELECT DISTINCT split_part(payload_file, '/', 1) FROM message
            WHERE payload_file IS NOT NULL AND state IN {texts(*UNSENT, MessageState.CLAIMED)}""")
        return {row[0] for row in rows}


def _forget_old_nights(settings: Settings, night: date, needed: set[str]) -> None:
    """Rendered words hold personal data: after thirty nights only their hash is left; contexts go at once."""
    for left_over in settings.paths.rendered.glob("*/*.contexts.parquet"):
        left_over.unlink()
    for folder in settings.paths.rendered.glob("????-??-??"):
        if folder.name not in needed and date.fromisoformat(folder.name) < night - timedelta(days=NIGHTS_KEPT):
            shutil.rmtree(folder)
