"""The night: its steps in their order, each closed once.

Every (night, journey, step) is one transaction that also writes its marker row in ``run``. A step with a marker is
skipped, so a crashed night resumes where it stopped and a finished night never changes. ``docs/the-night.md`` is the
contract of what each step decides.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

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
from nurture.safeguards.restore_guard import refuse_guarded
from nurture.steps import Plainly, Steps
from nurture.storage.database import Database
from nurture.storage.sql import literal, texts

ALL = "*"
PLAINLY = Plainly()


def close_night(
    database: Database,
    playbook: Playbook,
    night: date,
    *,
    now: datetime,
    only: Sequence[str] = (),
    limit: int | None = None,
    dry_run: bool = False,
    progress: Callable[[str, int, int], None] = lambda step, done, of: None,
    steps: Steps = PLAINLY,
) -> NightReport:
    """Decide everything about a night, or what is still open of it.

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
    run = NightRun(database, playbook, night, now, _journeys(playbook, only), progress, steps)
    with database.trial() if dry_run else nullcontext():
        run.prepare(limit, dry_run)
        if not run.is_closed(Step.REPORT):
            run.close_steps()
        return read_report(database, playbook, night, dry_run=dry_run, changed=bool(run.closed_now))


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
    closed: set[tuple[str, str]] = field(default_factory=set)
    closed_now: list[tuple[str, str]] = field(default_factory=list)

    def prepare(self, limit: int | None, dry_run: bool) -> None:
        """Learn which steps are closed, and refuse what must not run."""
        rows = self.database.rows(f"SELECT journey, step FROM run WHERE night = {literal(self.night)}")
        self.closed = {(row[0], row[1]) for row in rows}
        newest = self.database.one("SELECT max(night) FROM run")[0]
        if newest and self.night < newest and not dry_run and not self.is_closed(Step.REPORT):
            raise NightRefused(
                f"Night {self.night} lies before {newest}, the newest one, and nights only move forward. "
                "Add --dry-run to look."
            )
        refuse_stranded(self.database, self.playbook)
        if not dry_run:
            refuse_guarded(self.database)
        some = f"WHERE id IN (SELECT id FROM lead ORDER BY md5(id::VARCHAR) LIMIT {limit})" if limit is not None else ""
        self.database.run(f"CREATE OR REPLACE TEMP VIEW tonight_lead AS SELECT * FROM reader {some}")

    def close_steps(self) -> None:
        """Every step that is still open, in order."""
        self.close(Step.TAKE_IN, ALL, self.take_in)
        self.close(Step.SCORE, ALL, self.score)
        if self.open_steps():
            self.walk_and_choose()
        if all(self.is_closed(Step.CHOOSE, journey.name) for journey in self.playbook.journeys):
            self.close(Step.REPORT, ALL, self.fold_old_decisions)

    def walk_and_choose(self) -> None:
        """All exits, then entries by priority, then moves, then one choice for all journeys."""
        with self.database.transaction():
            take_standing(self.database, self.playbook, self.night)
            for journey in self.journeys:
                take_facts(self.database, journey, self.playbook, self.night)
        for step in (Step.LEAVE, Step.ENROL, Step.MOVE):
            for journey in self.journeys:
                walk = Walk(self.database, self.playbook, journey, self.night, self._ledger())
                self.close(step, journey.name, partial(self.walk, walk, step))
        self.choose()

    def is_closed(self, step: Step, journey: str = ALL) -> bool:
        """Whether a step has its marker."""
        return (journey, step) in self.closed or (journey, step) in self.closed_now

    def open_steps(self) -> bool:
        """Whether any journey still has something to do tonight."""
        steps = (Step.LEAVE, Step.ENROL, Step.MOVE, Step.CHOOSE)
        return any(not self.is_closed(step, journey.name) for journey in self.journeys for step in steps)

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

    def take_in(self) -> Counts:
        """Judge who followed links, and let messages expire that nobody sent in time."""
        judge_clicks(self.database, self.night, self.now)
        late = f"SELECT id, 'past its grace' AS why FROM message WHERE expires_on < {literal(self.night)}"
        return Counts(expired=self._ledger().move(f"{late} AND state IN {texts(*UNSENT)}", MessageState.EXPIRED))

    def _ledger(self) -> Ledger:
        return Ledger(self.database, self.now, Mover.NIGHT)

    def score(self) -> Counts:
        """Set tonight's depths."""
        score(self.database, self.playbook.events, self.night)
        return Counts()

    def walk(self, walk: Walk, step: Step) -> Counts:
        """One walking step of one journey."""
        if step is Step.LEAVE:
            return Counts(left_journey=walk.leave())
        if step is Step.ENROL:
            entries = walk.enrol()
            return Counts(enrolled=entries.enrolled, left_journey=entries.interrupted)
        moves = walk.move()
        return Counts(advanced=moves.advanced, fell_back=moves.fell_back, left_journey=moves.dormant)

    def choose(self) -> None:
        """Decide about every due touch of every journey that did not choose yet, together."""
        journeys = tuple(journey for journey in self.journeys if not self.is_closed(Step.CHOOSE, journey.name))
        if not journeys:
            return

        def close() -> Counts:
            with self.database.transaction():
                Restraint(self.database, Planning(self.playbook, journeys, self.night)).decide()
                verdicts = [self._verdicts(journey) for journey in journeys]
                for journey, counts in zip(journeys, verdicts, strict=True):
                    self.mark(Step.CHOOSE, journey.name, counts)
            return Counts.total(verdicts)

        self.steps.step(Step.CHOOSE, close, Counts.told)

    def _verdicts(self, journey: Journey) -> Counts:
        considered = self.database.one(f"SELECT count(*) FROM pair WHERE journey = {literal(journey.name)}")[0]
        rows = self.database.rows(f"""
            SELECT verdict, count(*) FROM decision
            WHERE night = {literal(self.night)} AND journey = {literal(journey.name)} GROUP BY verdict""")
        return Counts(considered=considered, **{row[0]: row[1] for row in rows})

    def fold_old_decisions(self) -> Counts:
        """Keep the newest decisions one by one, and the older ones in fewer rows."""
        fold_decisions(self.database, self.night)
        return Counts()
