"""The night: its steps in their order, each closed once.

Every (night, journey, step) is one transaction that also writes its marker row in ``run``. A step with a marker is
skipped, so a crashed night resumes where it stopped and a finished night never changes. ``docs/the-night.md`` is the
contract of what each step decides.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any

from models import MessageState, Mover, Step
from nurture.errors import InputError, NightRefused
from nurture.inbound.bot_clicks import judge_clicks
from nurture.journey.definition import Journey
from nurture.journey.orphans import refuse_stranded
from nurture.journey.playbook import Playbook
from nurture.ledger.moves import Ledger
from nurture.ledger.states import UNSENT
from nurture.night.decision_history import fold_decisions
from nurture.night.due_touches import Planning
from nurture.night.enrolments import Walk
from nurture.night.facts import take_facts, take_standing
from nurture.night.report import Counts, NightReport, read_report
from nurture.night.restraint import Restraint
from nurture.night.scoring import score
from nurture.night.tables import PAIRS
from nurture.safeguards.restore_guard import refuse_guarded
from nurture.steps import Plainly, Steps
from nurture.storage.database import Database
from nurture.storage.sql import literal, texts

ALL = "*"
PLAINLY = Plainly()
Progress = Callable[[str, int, int], None]


@contextmanager
def begin_night(
    database: Database, playbook: Playbook, night: date, *, now: datetime, only: Sequence[str] = (),
    limit: int | None = None, dry_run: bool = False, progress: Progress = lambda step, done, of: None,
    steps: Steps = PLAINLY,
) -> Iterator["NightRun"]:  # fmt: skip
    """A night in an open database, whose steps can be closed inside the block; of a dry run nothing is left after it.

    Args:
        now: Written into the marker rows; decides nothing.
        only: The names of the journeys to run, when not all of them; the others may follow later.
        limit: Only the first so many leads (by a hash of their ids); dry runs only.
        dry_run: Decide and report, then undo it all.
        progress: Told the step and how many of how many are done.
        steps: Who runs each step; in this thread, because they share the open database.

    Raises:
        NightRefused: the night lies before the newest one, ``limit`` without ``dry_run``, leads stand on a stage that
            no journey has, or the database was restored and not reconciled.
        InputError: no journey has one of the names in ``only``, or there is no journey at all.
    """
    if limit is not None and not dry_run:
        raise NightRefused("A limit is for looking, not for doing: add --dry-run.")
    run = NightRun(database, playbook, night, now, _journeys(playbook, only), progress, steps, dry_run)
    with database.trial() if dry_run else nullcontext():
        run.prepare(limit)
        yield run


def close_night(database: Database, playbook: Playbook, night: date, **how: Any) -> NightReport:
    """Decide everything about a night, or what is still open of it; ``how`` as in ``begin_night``."""
    with begin_night(database, playbook, night, **how) as run:
        run.take_in()
        run.score()
        run.walk()
        run.choose()
        run.fold_decisions()
        return run.report()


def _journeys(playbook: Playbook, only: Sequence[str]) -> tuple[Journey, ...]:
    known = {journey.name: journey for journey in playbook.ranked()}
    if not known:
        raise InputError("There is no journey to walk. Put one into the package that NURTURE_JOURNEYS names.")
    if unknown := [name for name in only if name not in known]:
        raise InputError(f"No journey is called {', '.join(unknown)}. Known: {', '.join(known)}.")
    return tuple(journey for name, journey in known.items() if not only or name in only)


@dataclass
class NightRun:
    """One run over a night; which steps it closed itself stands in ``closed_now``."""

    database: Database
    playbook: Playbook
    night: date
    now: datetime
    journeys: tuple[Journey, ...]
    progress: Callable[[str, int, int], None]
    steps: Steps = PLAINLY
    dry_run: bool = False
    closed: set[tuple[str, str]] = field(default_factory=set)
    closed_now: list[tuple[str, str]] = field(default_factory=list)

    def prepare(self, limit: int | None) -> None:
        """Learn which steps are closed, and refuse what must not run."""
        rows = self.database.rows(f"SELECT journey, step FROM run WHERE night = {literal(self.night)}")
        self.closed = {(row[0], row[1]) for row in rows}
        newest = self.database.one("SELECT max(night) FROM run")[0]
        if newest and self.night < newest and not self.dry_run and not self.is_closed(Step.FOLD_DECISIONS):
            raise NightRefused(
                f"Night {self.night} lies before {newest}, the newest one, and nights only move forward. "
                "Add --dry-run to look."
            )
        refuse_stranded(self.database, self.playbook)
        if not self.dry_run:
            refuse_guarded(self.database)
        some = f"WHERE id IN (SELECT id FROM lead ORDER BY md5(id::VARCHAR) LIMIT {limit})" if limit is not None else ""
        self.database.run(f"CREATE OR REPLACE TEMP VIEW tonight_lead AS SELECT * FROM reader {some}")

    def take_in(self) -> None:
        """Judge who followed links, and let messages expire that nobody sent in time."""
        self.close(Step.TAKE_IN, ALL, self._take_in)

    def score(self) -> None:
        """Set tonight's depths."""
        self.close(Step.SCORE, ALL, self._score)

    def walk(self) -> None:
        """All exits, then entries by priority, then moves: of every journey that is still open."""
        if not self._is_open():
            return
        with self.database.transaction():
            take_standing(self.database, self.playbook, self.night)
            for journey in self.journeys:
                take_facts(self.database, journey, self.playbook, self.night)
        for step in (Step.LEAVE, Step.ENROL, Step.MOVE):
            for journey in self.journeys:
                walk = Walk(self.database, self.playbook, journey, self.night, self._ledger())
                self.close(step, journey.name, partial(self._walk, walk, step))

    def choose(self) -> None:
        """Decide about every due touch of every journey that did not choose yet, together."""
        journeys = tuple(journey for journey in self.journeys if not self.is_closed(Step.CHOOSE, journey.name))
        if not journeys or self.is_closed(Step.FOLD_DECISIONS):
            return

        def close() -> Counts:
            with self.database.transaction():
                Restraint(self.database, Planning(self.playbook, journeys, self.night)).decide()
                verdicts = [self._verdicts(journey) for journey in journeys]
                for journey, counts in zip(journeys, verdicts, strict=True):
                    self.mark(Step.CHOOSE, journey.name, counts)
            return Counts.total(verdicts)

        self.steps.step(Step.CHOOSE, close, Counts.told)

    def fold_decisions(self) -> None:
        """Keep the newest decisions one by one and the older ones in fewer rows, once every journey has chosen."""
        if all(self.is_closed(Step.CHOOSE, journey.name) for journey in self.playbook.journeys):
            self.close(Step.FOLD_DECISIONS, ALL, self._fold_decisions)

    def report(self) -> NightReport:
        """What the night came to."""
        changed = bool(self.closed_now)
        return read_report(self.database, self.playbook, self.night, dry_run=self.dry_run, changed=changed)

    def is_closed(self, step: Step, journey: str = ALL) -> bool:
        """Whether a step has its marker."""
        return (journey, step) in self.closed or (journey, step) in self.closed_now

    def _is_open(self) -> bool:
        """Whether any journey still has something to do; one that came after its night was folded has not."""
        steps = (Step.LEAVE, Step.ENROL, Step.MOVE, Step.CHOOSE)
        return not self.is_closed(Step.FOLD_DECISIONS) and any(
            not self.is_closed(step, journey.name) for journey in self.journeys for step in steps
        )

    def close(self, step: Step, journey: str, work: Callable[[], Counts]) -> None:
        """Do a step and write its marker in one transaction; nothing if it is closed."""
        if self.is_closed(step, journey):
            return

        def close() -> Counts:
            with self.database.transaction():
                counts = work()
                self.mark(step, journey, counts)
            return counts

        self.steps.step(f"{step} {journey}" if journey != ALL else step, close, Counts.told)

    def mark(self, step: Step, journey: str, counts: Counts) -> None:
        """Write the marker of a step."""
        seen = "(SELECT max(seen_at) FROM interaction)" if step is Step.TAKE_IN else "NULL"
        caps = self.playbook.policy.caps.model_dump() if step is Step.CHOOSE else {}
        numbers = caps | dict(zip(counts.names(), counts.values(), strict=True))
        self.database.run(f"""
            INSERT INTO run (night, journey, step, closed_at, seen_until, {", ".join(numbers)})
            VALUES ({literal(self.night)}, {literal(journey)}, {literal(step)}, {literal(self.now)}, {seen},
                    {", ".join(str(number) for number in numbers.values())})""")
        self.closed_now.append((journey, step))
        self.progress(step, len(self.closed) + len(self.closed_now), 4 * len(self.journeys) + 3)

    def _ledger(self) -> Ledger:
        return Ledger(self.database, self.now, Mover.NIGHT)

    def _take_in(self) -> Counts:
        judge_clicks(self.database, self.night, self.now)
        late = f"SELECT id, 'past its grace' AS why FROM message WHERE expires_on < {literal(self.night)}"
        unsent = f"{late} AND state IN {texts(*UNSENT)}"
        return Counts(expired=self._ledger().move(unsent, MessageState.EXPIRED))

    def _score(self) -> Counts:
        score(self.database, self.playbook.events, self.night)
        return Counts()

    def _walk(self, walk: Walk, step: Step) -> Counts:
        """One walking step of one journey."""
        if step is Step.LEAVE:
            return Counts(left_journey=walk.leave())
        if step is Step.ENROL:
            entries = walk.enrol()
            return Counts(enrolled=entries.enrolled, left_journey=entries.interrupted)
        moves = walk.move()
        return Counts(advanced=moves.advanced, fell_back=moves.fell_back, left_journey=moves.dormant)

    def _verdicts(self, journey: Journey) -> Counts:
        considered = self.database.one(f"SELECT count(*) FROM {PAIRS} WHERE journey = {literal(journey.name)}")[0]
        rows = self.database.rows(f"""
            SELECT verdict, count(*) FROM decision
            WHERE night = {literal(self.night)} AND journey = {literal(journey.name)} GROUP BY verdict""")
        return Counts(considered=considered, **{row[0]: row[1] for row in rows})

    def _fold_decisions(self) -> Counts:
        fold_decisions(self.database, self.night)
        return Counts()
