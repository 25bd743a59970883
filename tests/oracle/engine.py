"""The oracle: a slow, independent reading of ``docs/the-night.md``, lead by lead, in plain Python.

It must never look at the engine's SQL: two independent readings find more bugs than one. What a lead did and
consented to is read in ``oracle_rules``, who gets what in ``oracle_choose``.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from models import (
    DecisionHistory,
    Enrolment,
    ExitReason,
    Lead,
    Lifecycle,
    MessageState,
    Move,
    Run,
    StageEntry,
    Step,
)
from models.types import derived_id
from nurture.journey import Journey
from nurture.journey.playbook import Playbook
from tests.oracle.choose import choose
from tests.oracle.rules import Case, World, holds, taken_in, withdrawn_from_everything

EVERYTHING = "*"
HISTORY_AFTER = timedelta(days=30)
Counts = dict[str, int]


def night(world: World, playbook: Playbook, night: date, now: datetime, only: str | None = None) -> None:
    """Change the world as night N would; ``only`` is ``--journey``."""
    ranked = sorted(playbook.journeys, key=lambda journey: playbook.policy.rank(journey.name))
    journeys = [journey for journey in ranked if only in (None, journey.name)]
    tonight = Tonight(world, playbook, night, now)
    if tonight.is_closed(EVERYTHING, Step.FOLD_DECISIONS):
        return
    tonight.close(EVERYTHING, Step.TAKE_IN, tonight.take_in)
    tonight.close(EVERYTHING, Step.SCORE, tonight.score)
    for journey in journeys:
        tonight.close(journey.name, Step.LEAVE, lambda journey=journey: tonight.leave(journey))
    for journey in journeys:
        tonight.close(journey.name, Step.ENROL, lambda journey=journey: tonight.enrol(journey))
    for journey in journeys:
        tonight.close(journey.name, Step.MOVE, lambda journey=journey: tonight.move(journey))
    tonight.choose([journey for journey in journeys if not tonight.is_closed(journey.name, Step.CHOOSE)])
    if all(tonight.is_closed(journey.name, Step.CHOOSE) for journey in ranked):
        tonight.close(EVERYTHING, Step.FOLD_DECISIONS, tonight.report)


class Tonight:
    """One night over one world."""

    def __init__(self, world: World, playbook: Playbook, night: date, now: datetime) -> None:
        self.world, self.playbook, self.night, self.now = world, playbook, night, now

    # -- markers ---------------------------------------------------------------------------------------

    def is_closed(self, journey: str, step: Step) -> bool:
        """Whether the step of this night has its marker."""
        return any((run.night, run.journey, run.step) == (self.night, journey, step) for run in self.world.run)

    def close(self, journey: str, step: Step, work: Callable[[], Counts]) -> None:
        """Do a step and write its marker, unless the marker is there."""
        if not self.is_closed(journey, step):
            self.mark(journey, step, work())

    def mark(self, journey: str, step: Step, counts: Counts) -> None:
        """Write a marker row."""
        newest = max((row.seen_at for row in self.world.interaction), default=None)
        seen_until = newest if step == Step.TAKE_IN else None
        caps = self.playbook.policy.caps.model_dump() if step == Step.CHOOSE else {}
        row = Run(
            night=self.night, journey=journey, step=step, closed_at=self.now, seen_until=seen_until, **caps, **counts
        )
        self.world.run.append(row)

    # -- 1, 2, 7: the steps of all journeys ------------------------------------------------------------

    def take_in(self) -> Counts:
        """What waited too long expires."""
        late = [
            message
            for message in self.world.message
            if message.state in (MessageState.PLANNED, MessageState.HELD) and message.expires_on < self.night
        ]
        for message in late:
            message.state = MessageState.EXPIRED
        return {"expired": len(late)}

    def score(self) -> Counts:
        """How deep each lead and each account is."""
        for lead in self.world.lead:
            lead.depth = sum(
                (
                    self._term(row.kind, row.occurred_on)
                    for row in self.world.interaction
                    if row.lead_id == lead.id and taken_in(row, self.world, self.night)
                ),
                start=Decimal("0.000"),
            )
        for account in self.world.account:
            mine = [lead.depth for lead in self.world.lead if lead.account_id == account.id]
            account.depth = sum(mine, start=Decimal("0.000"))
        return {}

    def _term(self, kind: str, occurred_on: date) -> Decimal:
        weighs = self.playbook.events.events.get(kind)
        age = (self.night - occurred_on).days
        if weighs is None or not weighs.human or age <= 0 or age > 10 * weighs.half_life:
            return Decimal(0)
        value = weighs.weight * 0.5 ** (age / weighs.half_life)
        return Decimal(str(round(value, 3)))

    def report(self) -> Counts:
        """Old decisions become history."""
        old = [row for row in self.world.decision if row.night < self.night - HISTORY_AFTER]
        self.world.decision = [row for row in self.world.decision if row.night >= self.night - HISTORY_AFTER]
        history = {(row.enrolment_id, row.touch, row.verdict, row.reason): row for row in self.world.decision_history}
        for row in old:
            key = (row.enrolment_id, row.touch, row.verdict, row.reason)
            if key not in history:
                same = row.model_dump(include={"enrolment_id", "touch", "verdict", "reason", "journey", "lead_id"})
                history[key] = DecisionHistory(**same, first_night=row.night, last_night=row.night, nights=0)
            folded = history[key]
            folded.first_night = min(folded.first_night, row.night)
            folded.last_night = max(folded.last_night, row.night)
            folded.nights += 1
        self.world.decision_history = list(history.values())
        return {}

    # -- 3: leave --------------------------------------------------------------------------------------

    def leave(self, journey: Journey) -> Counts:
        """All exits of one journey."""
        leaving: list[tuple[Enrolment, ExitReason]] = []
        mine = [row for row in self.world.enrolment if row.journey == journey.name and row.left_on is None]
        by_goal = {row.id for row in mine if self._holds(journey.goal, row.lead_id, journey)}
        for enrolment in mine:
            reason = self._reason_to_leave(enrolment, journey, mine, by_goal)
            if reason is not None:
                leaving.append((enrolment, reason))
        for enrolment, reason in leaving:
            why = journey.goal.words(self.playbook.events, "en") if reason is ExitReason.GOAL else ""
            self._end(enrolment, reason, why, journey.fingerprint)
            if reason is ExitReason.GOAL:
                self.world.lead_of(enrolment.lead_id).lifecycle = Lifecycle(journey.goal_makes)
        return {"left_journey": len(leaving)}

    def _reason_to_leave(
        self, enrolment: Enrolment, journey: Journey, mine: list[Enrolment], by_goal: set[UUID]
    ) -> ExitReason | None:
        lead = self.world.lead_of(enrolment.lead_id)
        if enrolment.id in by_goal:
            return ExitReason.GOAL
        if journey.goal_scope == "account" and lead.account_id is not None:
            for other in mine:
                if other.id in by_goal and self.world.lead_of(other.lead_id).account_id == lead.account_id:
                    return ExitReason.ACCOUNT_GOAL
        if lead.lifecycle not in journey.serves:
            return ExitReason.LIFECYCLE
        if withdrawn_from_everything(self.world, lead, self.night):
            return ExitReason.WITHDRAWN
        if lead.disqualified:
            return ExitReason.DISQUALIFIED
        if lead.on_hold:
            return ExitReason.ON_HOLD
        return None

    # -- 4: enrol --------------------------------------------------------------------------------------

    def enrol(self, journey: Journey) -> Counts:
        """All who enter one journey."""
        entering = [lead for lead in self.world.lead if self._enters(lead, journey)]
        interrupted = 0
        for lead in entering:
            for enrolment in self._of_lead(lead):
                if enrolment.left_on is None:
                    self._end(enrolment, ExitReason.INTERRUPTED, "", enrolment.fingerprint)
                    interrupted += 1
            self._enter(lead, journey)
        return {"enrolled": len(entering), "left_journey": interrupted}

    def _of_lead(self, lead: Lead, journey: str | None = None) -> list[Enrolment]:
        mine = [row for row in self.world.enrolment if row.lead_id == lead.id and journey in (None, row.journey)]
        return sorted(mine, key=lambda row: (row.journey, row.number))

    def _enters(self, lead: Lead, journey: Journey) -> bool:
        if lead.lifecycle not in journey.serves or lead.disqualified or lead.on_hold:
            return False
        if withdrawn_from_everything(self.world, lead, self.night):
            return False
        if any(row.left_on == self.night for row in self._of_lead(lead)):
            return False
        if not self._may_come_again(lead, journey) or self._account_is_done(lead, journey):
            return False
        for enrolment in self._of_lead(lead):
            if enrolment.left_on is None and not self._interrupts(journey, enrolment):
                return False
        return self._holds(journey.audience, lead.id, journey) and not self._holds(journey.goal, lead.id, journey)

    def _may_come_again(self, lead: Lead, journey: Journey) -> bool:
        earlier = self._of_lead(lead, journey.name)
        if not earlier:
            return True
        last = earlier[-1]
        if journey.reenter_after is None or last.left_on is None:
            return False
        return last.left_on <= self.night - timedelta(days=journey.reenter_after.n)

    def _account_is_done(self, lead: Lead, journey: Journey) -> bool:
        if journey.goal_scope != "account" or lead.account_id is None:
            return False
        for enrolment in self.world.enrolment:
            if enrolment.journey != journey.name or enrolment.exit_reason != ExitReason.GOAL:
                continue
            if self.world.lead_of(enrolment.lead_id).account_id != lead.account_id:
                continue
            assert enrolment.left_on is not None
            forgets_after = journey.reenter_after
            if forgets_after is None or enrolment.left_on > self.night - timedelta(days=forgets_after.n):
                return True
        return False

    def _interrupts(self, journey: Journey, enrolment: Enrolment) -> bool:
        rank = self.playbook.policy.rank
        return journey.interrupts and rank(journey.name) < rank(enrolment.journey)

    def _enter(self, lead: Lead, journey: Journey) -> None:
        number = 1 + len(self._of_lead(lead, journey.name))
        first = journey.stages[0].key
        enrolment = Enrolment(
            id=derived_id("enrolment", journey.name, lead.id, number),
            journey=journey.name,
            lead_id=lead.id,
            number=number,
            entered_on=self.night,
            stage=first,
            stage_since=self.night,
            entries=0,
            fingerprint=journey.fingerprint,
        )
        self.world.enrolment.append(enrolment)
        why = journey.audience.words(self.playbook.events, "en")
        self._write_entry(enrolment, Move.ENROLLED, None, first, why, journey.fingerprint)

    # -- 5: move ---------------------------------------------------------------------------------------

    def move(self, journey: Journey) -> Counts:
        """One journey's walk."""
        counts = {"advanced": 0, "fell_back": 0, "left_journey": 0}
        open_ones = [row for row in self.world.enrolment if row.journey == journey.name and row.left_on is None]
        passing = {row.id: self._passes(row, journey) for row in open_ones}
        for enrolment in open_ones:
            place = self._place(enrolment, journey)
            if passing[enrolment.id]:
                for i in range(place, place + passing[enrolment.id]):
                    rule = journey.stages[i].advance_if
                    assert rule is not None
                    why = rule.words(self.playbook.events, "en")
                    to = journey.stages[i + 1].key
                    self._write_entry(enrolment, Move.ADVANCED, journey.stages[i].key, to, why, journey.fingerprint)
                    counts["advanced"] += 1
            elif self._is_due_to_fall(enrolment, journey):
                if place == 0:
                    self._end(enrolment, ExitReason.DORMANT, "", journey.fingerprint)
                    counts["left_journey"] += 1
                else:
                    to = journey.stages[place - 1].key
                    self._write_entry(enrolment, Move.FELL_BACK, enrolment.stage, to, "", journey.fingerprint)
                    counts["fell_back"] += 1
        for enrolment in open_ones:
            self._set_marks(enrolment, journey)
        return counts

    def _place(self, enrolment: Enrolment, journey: Journey) -> int:
        return [stage.key for stage in journey.stages].index(enrolment.stage)

    def _passes(self, enrolment: Enrolment, journey: Journey) -> int:
        """How many stages the lead passes tonight."""
        passed = 0
        for stage in journey.stages[self._place(enrolment, journey) :]:
            if stage.advance_if is None or not self._holds(stage.advance_if, enrolment.lead_id, journey):
                break
            passed += 1
        return passed

    def _is_due_to_fall(self, enrolment: Enrolment, journey: Journey) -> bool:
        after = journey.stages[self._place(enrolment, journey)].fall_back_after
        if after is None or enrolment.entered_on == self.night:
            return False
        return enrolment.stage_since <= self.night - timedelta(days=after.n)

    def _set_marks(self, enrolment: Enrolment, journey: Journey) -> None:
        marks = {stage.key: stage.marks for stage in journey.stages if stage.marks is not None}
        entered_before: set[str] = set()
        lead = self.world.lead_of(enrolment.lead_id)
        for entry in self.world.entries_of(enrolment.id):
            if entry.to_stage is None:
                continue
            if entry.night == self.night and entry.to_stage in marks and entry.to_stage not in entered_before:
                lead.mark, lead.marked_on = marks[entry.to_stage], self.night
            entered_before.add(entry.to_stage)

    # -- 6: choose -------------------------------------------------------------------------------------

    def choose(self, journeys: list[Journey]) -> None:
        """One step for all journeys; a marker each."""
        counts = choose(self.world, self.playbook, self.night, journeys)
        for journey in journeys:
            self.mark(journey.name, Step.CHOOSE, counts[journey.name])

    # -- moves -----------------------------------------------------------------------------------------

    def _holds(self, rule: object, lead_id: UUID, journey: Journey) -> bool:
        return holds(rule, Case(self.world, self.playbook, self.world.lead_of(lead_id), journey.name, self.night))

    def _end(self, enrolment: Enrolment, reason: ExitReason, why: str, fingerprint: str) -> None:
        self._write_entry(enrolment, Move.LEFT, enrolment.stage, None, why, fingerprint)
        enrolment.left_on = self.night
        enrolment.exit_reason = reason
        for message in self.world.message:
            waits = message.state in (MessageState.PLANNED, MessageState.HELD)
            if message.enrolment_id == enrolment.id and waits and not message.touch.startswith("@"):
                message.state = MessageState.CANCELLED

    def _write_entry(
        self, enrolment: Enrolment, move: Move, origin: str | None, to: str | None, why: str, fingerprint: str
    ) -> None:
        """One row of the stage history, and the enrolment that says the same."""
        enrolment.entries += 1
        if to is not None:
            enrolment.stage, enrolment.stage_since = to, self.night
        enrolment.fingerprint = fingerprint
        entry = StageEntry(
            enrolment_id=enrolment.id,
            sequence=enrolment.entries,
            journey=enrolment.journey,
            lead_id=enrolment.lead_id,
            night=self.night,
            move=move,
            from_stage=origin,
            to_stage=to,
            why=why,
            why_zh="",
            fingerprint=fingerprint,
        )
        self.world.stage_entry.append(entry)
