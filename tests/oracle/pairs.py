"""Which pairs there are tonight: the first half of step 6 of ``docs/the-night.md``. Part of the oracle."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from models import Channel, Enrolment, Lead, Message, MessageState, Reason, Verdict
from models.types import derived_id
from nurture.journey import Journey
from nurture.journey.expressions import Rule
from nurture.journey.playbook import Playbook
from nurture.journey.touches import After, Before, On, Touch
from tests.oracle.rules import World

UNSENT = (MessageState.DECLINED, MessageState.EXPIRED, MessageState.REJECTED)


@dataclass(eq=False)
class Pair:
    """One due (lead, touch) pair, and what becomes of it."""

    enrolment: Enrolment
    lead: Lead
    stage: str
    touch: str
    due: date
    position: int
    entry: int
    legs: tuple[Channel, ...]
    first_leg: int
    internal: bool
    only_if: Rule | None
    rank: tuple[int, str]
    verdict: Verdict | None = None
    reason: Reason = Reason.NONE
    leg: int | None = None
    send_day: date | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None

    @property
    def is_notice(self) -> bool:
        """Written by no marketer."""
        return self.touch.startswith("@")

    @property
    def channel(self) -> Channel:
        """The channel of the chosen leg."""
        assert self.leg is not None
        return self.legs[self.leg]

    @property
    def message_id(self) -> UUID:
        """Who this message is."""
        enrolment = self.enrolment
        return derived_id("message", enrolment.journey, self.lead.id, self.touch, enrolment.number, self.leg)


class Pairs:
    """The due pairs of one night."""

    def __init__(self, world: World, book: Playbook, night: date) -> None:
        self.world, self.book, self.night = world, book, night
        self.grace = timedelta(days=book.policy.grace)

    def of(self, journey: Journey) -> list[Pair]:
        """Every due pair of a journey: touches of the stage, and notices."""
        found: list[Pair] = []
        for enrolment in self.world.enrolment:
            if enrolment.journey != journey.name:
                continue
            if enrolment.left_on is None:
                found += self.touch_pairs(enrolment, journey)
            found += self.notice_pairs(enrolment, journey)
        return [pair for pair in found if pair.due <= self.night and not self.is_known_stale(pair)]

    def touch_pairs(self, enrolment: Enrolment, journey: Journey) -> list[Pair]:
        """The touches of the stage where the lead stands now."""
        lead = self.world.lead_of(enrolment.lead_id)
        stage = next(stage for stage in journey.stages if stage.key == enrolment.stage)
        ordered: list[tuple[date, int, Touch]] = []
        for position, touch in enumerate(stage.touches):
            due = self.due(touch, enrolment, lead)
            if due is not None:
                ordered.append((due, position, touch))
        ordered.sort(key=lambda item: item[:2])
        found = []
        for place, (due, position, touch) in enumerate(ordered):
            later = [other.key for _, _, other in ordered[place + 1 :] if other.reaches_lead]
            if touch.reaches_lead and self.has_message_in_entry(enrolment, later):
                continue
            pair = Pair(
                enrolment,
                lead,
                stage.key,
                touch.key,
                due,
                position,
                enrolment.entries,
                touch.legs,
                self.next_leg(enrolment, touch.key, len(touch.legs)),
                not touch.reaches_lead,
                touch.only_if,
                self.book.policy.rank(journey.name),
            )
            if pair.first_leg < len(pair.legs):
                found.append(pair)
        return found

    def due(self, touch: Touch, enrolment: Enrolment, lead: Lead) -> date | None:
        """When a touch is due."""
        match touch.when:
            case After(days=n):
                return enrolment.stage_since + timedelta(days=n)
            case Before(column=column, days=n):
                account = self.world.account_of(lead)
                day = getattr(account, column.sql_name.removeprefix("account.")) if account else None
                return day - timedelta(days=n) if day is not None else None
            case On(day=day):
                return day
        raise AssertionError(touch)

    def notice_pairs(self, enrolment: Enrolment, journey: Journey) -> list[Pair]:
        """What sales hears of by itself."""
        wanted: list[tuple[str, str, date, int]] = []
        entries = self.world.entries_of(enrolment.id)
        for stage in journey.stages:
            first = next((row for row in entries if row.to_stage == stage.key), None)
            if stage.marks is not None and first is not None:
                wanted.append((f"@{stage.marks}", stage.key, first.night, first.sequence))
        if enrolment.exit_reason == "goal":
            assert enrolment.left_on is not None
            wanted.append(("@goal", enrolment.stage, enrolment.left_on, enrolment.entries))
        lead, rank = self.world.lead_of(enrolment.lead_id), self.book.policy.rank(journey.name)
        return [
            Pair(enrolment, lead, stage, touch, due, 0, entry, (Channel.STAFF,), 0, True, None, rank)
            for touch, stage, due, entry in wanted
            if self.next_leg(enrolment, touch, 1) == 0
        ]

    def messages_of(self, enrolment: Enrolment, touch: str) -> list[Message]:
        """The messages of one enrolment and touch."""
        return [row for row in self.world.message if (row.enrolment_id, row.touch) == (enrolment.id, touch)]

    def next_leg(self, enrolment: Enrolment, touch: str, legs: int) -> int:
        """The leg to try next; ``legs`` when none is left to try."""
        sent = self.messages_of(enrolment, touch)
        if not sent:
            return 0
        highest = max(sent, key=lambda row: row.leg)
        return highest.leg + 1 if highest.state in UNSENT else legs

    def has_message_in_entry(self, enrolment: Enrolment, touches: list[str]) -> bool:
        """Whether one of these touches has a message since the lead entered its stage."""
        return any(row.entry == enrolment.entries for touch in touches for row in self.messages_of(enrolment, touch))

    def is_known_stale(self, pair: Pair) -> bool:
        """Past grace is recorded once."""
        if pair.due >= self.night - self.grace:
            return False
        key = (pair.enrolment.id, pair.touch, Verdict.STALE)
        return any(
            (row.enrolment_id, row.touch, row.verdict) == key
            for row in [*self.world.decision, *self.world.decision_history]
        )
