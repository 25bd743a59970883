"""What comes next for one lead, and when; or why no journey took it. Reads the evidence gathered by ``explain``."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from models import Lifecycle
from nurture.journey.definition import Journey, Stage
from nurture.journey.expressions import All, AnyOf, Rule
from nurture.journey.playbook import Playbook
from nurture.journey.rules import Did
from nurture.journey.sentences import joined
from nurture.journey.touches import Touch
from nurture.night.due_touches import Planning
from nurture.night.eligibility import served
from nurture.night.enrolments import won_accounts
from nurture.night.facts import lead_with_evidence
from nurture.storage.database import Database
from nurture.storage.sql import literal
from nurture.vocabulary import Language, Words, name_of


@dataclass(frozen=True)
class Condition:
    """One part of a rule: in words, whether it holds now, and how far a count has come."""

    words: str
    holds: bool
    count: int | None = None
    needed: int | None = None


@dataclass(frozen=True)
class Conditions:
    """The parts of a rule: all of them are needed, or any one."""

    needed: Literal["all", "any"]
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class ComingTouch:
    """A touch that may still go out: when it is due, how, and whether its own condition holds now."""

    touch: str
    channels: tuple[str, ...]
    due: date
    condition: Condition | None


@dataclass(frozen=True)
class Outlook:
    """Where a lead stands and what can happen to it from here.

    ``falls_back_on`` is the first night in which a lead without a move is taken back a stage; or, as ``then`` says, in
    which it leaves the journey, if it stands in the first.
    """

    journey: str
    stage: str
    asks: str
    since: date
    advances_if: Conditions | None
    goal: Conditions
    falls_back_on: date | None
    then: Literal["falls back", "leaves"] | None
    coming: tuple[ComingTouch, ...]


def look_ahead(
    database: Database, playbook: Playbook, lead_id: UUID, night: date, language: Language
) -> Outlook | None:
    """What comes next for a lead in a journey; nothing for a lead in none (or in one that is gone)."""
    rows = database.rows(
        f"SELECT journey, stage, stage_since FROM enrolment WHERE lead_id = {literal(lead_id)} AND left_on IS NULL"
    )
    places = {(j.name, stage.key): (j, stage) for j in playbook.journeys for stage in j.stages}
    if not rows or (rows[0][0], rows[0][1]) not in places:
        return None
    journey, stage = places[rows[0][0], rows[0][1]]
    ask = Asking(database, playbook, journey, language)
    since: date = rows[0][2]
    patience = stage.fall_back_after
    first = stage == journey.stages[0]
    return Outlook(
        journey.name,
        stage.key,
        stage.asks,
        since,
        ask.conditions(stage.advance_if) if stage.advance_if is not None else None,
        ask.conditions(journey.goal),
        max(since + timedelta(days=patience.n), night) if patience else None,
        ("leaves" if first else "falls back") if patience else None,
        _coming(ask, stage, night),
    )


@dataclass(frozen=True)
class Asking:
    """Asks a journey's rules about the one lead that the evidence was gathered for."""

    database: Database
    playbook: Playbook
    journey: Journey
    language: Language

    def conditions(self, rule: Rule) -> Conditions:
        """The parts of a rule, each with its answer."""
        parts = _parts(rule)
        return Conditions("any" if isinstance(rule, AnyOf) else "all", tuple(self.condition(part) for part in parts))

    def condition(self, rule: Rule) -> Condition:
        """One rule with its answer, and the count behind it if it is one."""
        words = rule.words(self.playbook.events, self.language)
        if isinstance(rule, Did):
            holds, count = self.database.one(f"SELECT {rule.sql()}, coalesce(f.{rule.fact}, 0) FROM {self._lead()}")
            return Condition(words, holds, count, rule.times)
        return Condition(words, self.holds(rule.sql()))

    def holds(self, predicate: str) -> bool:
        """Whether a predicate holds for the lead."""
        return bool(self.database.one(f"SELECT {predicate} FROM {self._lead()}")[0])

    def _lead(self) -> str:
        return lead_with_evidence(self.journey)


def _parts(rule: Rule) -> tuple[Rule, ...]:
    """What a rule joins; a rule that joins nothing is its own part."""
    return rule.parts() if isinstance(rule, All | AnyOf) else (rule,)


def _coming(ask: Asking, stage: Stage, night: date) -> tuple[ComingTouch, ...]:
    """What may still go out, in its order; a touch that a later one of its lane has passed over never will."""
    if not any(ask.journey.touches()):
        return ()
    planning = Planning(ask.playbook, (ask.journey,), night)
    order = "{'due': due, 'position': position}"
    rows = ask.database.rows(f"""
        WITH t AS ({planning.stage_touches(ask.journey)})
        SELECT touch, due FROM t
        WHERE open AND due >= {literal(night)} - {ask.playbook.policy.grace} AND (internal OR coalesce({order} >= (
            SELECT max({order}) FROM t WHERE has_message_here AND due IS NOT NULL), true))
        ORDER BY due, position""")
    touches = {touch.key: touch for touch in stage.touches}
    return tuple(ComingTouch(key, tuple(touches[key].legs), due, _only_if(ask, touches[key])) for key, due in rows)


def _only_if(ask: Asking, touch: Touch) -> Condition | None:
    return ask.condition(touch.only_if) if touch.only_if is not None else None


def journeys_not_entered(
    database: Database, playbook: Playbook, lead_id: UUID, night: date, language: Language
) -> tuple[str, ...]:
    """For each journey, the first reason why the lead is not in it."""
    colon = Words(": ", "：").said(language)
    return tuple(
        journey.name + colon + _why_not(Asking(database, playbook, journey, language), lead_id, night).said(language)
        for journey in playbook.ranked()
    )


def _why_not(ask: Asking, lead_id: UUID, night: date) -> Words:
    journey, goal = ask.journey, ask.journey.goal.words(ask.playbook.events, ask.language)
    reasons = (
        (f"NOT {served(journey.serves)}", _serves_only(journey)),
        ("lead.disqualified", Words("the lead is disqualified", "线索已被判定不合格")),
        ("lead.on_hold", Words("the owner put the lead on hold", "负责人暂停了该线索")),
        ("s.withdrawn", Words("the lead withdrew from everything", "线索撤回了全部同意")),
        (f"NOT {journey.audience.sql()}", _missing(ask)),
        (journey.goal.sql(), Words(f"the goal is reached already: {goal}", f"目标已经达成（{goal}）")),
        (
            f"coalesce(lead.account_id IN (SELECT account_id FROM ({won_accounts(journey, night)})), false)",
            Words("a colleague at the account reached its goal", "同一企业的同事已达成目标"),
        ),
    )
    for predicate, reason in reasons:
        if ask.holds(predicate):
            return reason
    return _may_enter(ask, lead_id, night)


def _serves_only(journey: Journey) -> Words:
    en = [name_of(Lifecycle, lifecycle, "en") for lifecycle in journey.serves]
    zh = [f"“{name_of(Lifecycle, lifecycle, 'zh')}”" for lifecycle in journey.serves]
    return Words(f"serves only {', '.join(en)}", f"只面向生命周期为{'或'.join(zh)}的联系人")


def _missing(ask: Asking) -> Words:
    """The parts of the audience that do not hold."""
    audience, events = ask.journey.audience, ask.playbook.events
    missing = [part.sentence(events, ask.language) for part in _parts(audience) if not ask.holds(part.sql())]
    words = joined(missing, "or" if isinstance(audience, AnyOf) else "and", ask.language).text
    return Words(f"it needs: {words}", f"尚未满足“{words}”")


def _may_enter(ask: Asking, lead_id: UUID, night: date) -> Words:
    """Nothing is missing: whether and when an earlier walk lets the lead in again."""
    again = ask.journey.reenter_after
    left: date | None = ask.database.one(f"""
        SELECT max(left_on) FROM enrolment
        WHERE lead_id = {literal(lead_id)} AND journey = {literal(ask.journey.name)}""")[0]
    if left is None:
        return Words(f"nothing forbids it; the night {night} may enter the lead", f"没有阻碍，{night} 当晚可能进入")
    if again is None:
        return Words(f"left on {left}, and the journey is walked once", f"已于 {left} 离开，而该旅程只走一次")
    from_then = left + timedelta(days=again.n)
    return Words(f"left on {left}; may enter again from {from_then}", f"已于 {left} 离开，{from_then} 起可再次进入")
