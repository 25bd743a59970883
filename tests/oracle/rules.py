"""What a lead did, consented to and stood in, read from plain rows: the first half of the oracle.

A slow reading of ``docs/the-night.md``, "Evidence" and "Effective consent". It shares no line with the SQL.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from operator import ge, gt, le, lt
from uuid import UUID

from models import (
    Account,
    Consent,
    ConsentAction,
    ConsentScope,
    Decision,
    DecisionHistory,
    Enrolment,
    Interaction,
    Lead,
    Message,
    Move,
    Preference,
    Run,
    Staff,
    StageEntry,
    Step,
    Suppression,
    TopicOff,
)
from nurture.journey.columns import Column, Compare, OneOf
from nurture.journey.expressions import All, AnyOf, Not, Rule
from nurture.journey.playbook import Playbook
from nurture.journey.rules import CONVERSATION, Consented, Did, InStage

CHANNEL_SCOPES = (ConsentScope.EMAIL, ConsentScope.WECOM, ConsentScope.PHONE)
OLDEST_WHEN_SEEN = timedelta(days=7)
ORDERED = {"<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass
class World:
    """All rows of a database, one list a table, named as the tables are."""

    account: list[Account] = field(default_factory=list)
    staff: list[Staff] = field(default_factory=list)
    lead: list[Lead] = field(default_factory=list)
    consent: list[Consent] = field(default_factory=list)
    suppression: list[Suppression] = field(default_factory=list)
    preference: list[Preference] = field(default_factory=list)
    topic_off: list[TopicOff] = field(default_factory=list)
    interaction: list[Interaction] = field(default_factory=list)
    enrolment: list[Enrolment] = field(default_factory=list)
    stage_entry: list[StageEntry] = field(default_factory=list)
    message: list[Message] = field(default_factory=list)
    decision: list[Decision] = field(default_factory=list)
    decision_history: list[DecisionHistory] = field(default_factory=list)
    run: list[Run] = field(default_factory=list)

    def account_of(self, lead: Lead) -> Account | None:
        """The lead's company."""
        return next((row for row in self.account if row.id == lead.account_id), None)

    def wishes_of(self, lead: Lead) -> Preference:
        """What the lead asked for; nothing, if they never did."""
        nothing = Preference(lead_id=lead.id, asked_at=datetime(2026, 1, 1, tzinfo=UTC))
        return next((row for row in self.preference if row.lead_id == lead.id), nothing)

    def lead_of(self, lead_id: UUID) -> Lead:
        """The lead with this id."""
        return next(row for row in self.lead if row.id == lead_id)

    def entries_of(self, enrolment_id: UUID) -> list[StageEntry]:
        """The stage history of an enrolment, in order."""
        mine = [row for row in self.stage_entry if row.enrolment_id == enrolment_id]
        return sorted(mine, key=lambda row: row.sequence)


@dataclass(frozen=True)
class Case:
    """One lead, one journey, one night: what a rule is asked about."""

    world: World
    book: Playbook
    lead: Lead
    journey: str
    night: date


# -- consent -------------------------------------------------------------------------------------------


def consents(world: World, lead: Lead, scope: ConsentScope, night: date) -> bool:
    """Whether the lead consents to a channel: the newest proven grant is newer than the newest withdrawal."""
    rows = [row for row in world.consent if row.lead_id == lead.id and row.scope in (scope, ConsentScope.ALL)]
    grants = [
        row.occurred_at
        for row in rows
        if row.action in (ConsentAction.GRANTED, ConsentAction.CONFIRMED) and row.proven and row.occurred_on < night
    ]
    withdrawals = [
        row.occurred_at for row in rows if row.action == ConsentAction.WITHDRAWN and row.occurred_on <= night
    ]
    return bool(grants) and (not withdrawals or max(withdrawals) < max(grants))


def withdrawn_from_everything(world: World, lead: Lead, night: date) -> bool:
    """At least one withdrawal, and no consent is left; where data may go is not whether to be written to."""
    withdrew = any(
        row.lead_id == lead.id
        and row.scope != ConsentScope.CROSS_BORDER
        and row.action == ConsentAction.WITHDRAWN
        and row.occurred_on <= night
        for row in world.consent
    )
    return withdrew and not any(consents(world, lead, scope, night) for scope in CHANNEL_SCOPES)


# -- where the lead stood when the night began ------------------------------------------------------------


@dataclass(frozen=True)
class Stood:
    """An enrolment as it was when the night began: from its entries before tonight alone."""

    journey: str
    stage: str
    since: date
    entered_on: date
    fell_back_on: date | None


def stood(world: World, lead: Lead, night: date) -> Stood | None:
    """Where the lead stood when the night began; entries of tonight count for nothing."""
    for enrolment in world.enrolment:
        if enrolment.lead_id != lead.id:
            continue
        earlier = [row for row in world.entries_of(enrolment.id) if row.night < night]
        if not earlier or earlier[-1].move == Move.LEFT:
            continue
        stage = earlier[-1].to_stage
        assert stage is not None
        falls = [row.night for row in earlier if row.move == Move.FELL_BACK]
        return Stood(enrolment.journey, stage, earlier[-1].night, earlier[0].night, max(falls) if falls else None)
    return None


# -- what did() counts ---------------------------------------------------------------------------------


def count(did: Did, case: Case) -> int:
    """How many interactions a ``did`` counts."""
    kinds = case.book.events.where("conversation") if did.kind == CONVERSATION else [did.kind]
    counted = 0
    for row in case.world.interaction:
        if row.lead_id != case.lead.id or row.kind not in kinds:
            continue
        if row.occurred_on >= case.night or not taken_in(row, case.world, case.night):
            continue
        if did.about is not None and row.about != did.about:
            continue
        if did.within is not None and row.occurred_on < case.night - timedelta(days=did.within):
            continue
        if _is_since(row, did.since, case):
            counted += 1
    return counted


def taken_in(row: Interaction, world: World, night: date) -> bool:
    """Whether the night knew of it when it took in its data; what arrives later is for the next one."""
    taken = [run.seen_until for run in world.run if run.night == night and run.step == Step.TAKE_IN]
    return not taken or (taken[0] is not None and row.seen_at <= taken[0])


def _is_since(row: Interaction, since: str, case: Case) -> bool:
    if since == "ever":
        return True
    here = stood(case.world, case.lead, case.night)
    if here is not None and here.journey != case.journey:
        here = None
    if since == "stage":
        return here is not None and _from_night(row, here.since, case.world)
    if here is not None and here.fell_back_on is not None:
        return _from_night(row, here.fell_back_on, case.world)
    entered_on = here.entered_on if here is not None else case.night
    return row.occurred_on >= entered_on - timedelta(days=case.book.policy.lookback)


def _from_night(row: Interaction, start: date, world: World) -> bool:
    """From that night on, or young when first seen after that night had taken in its data."""
    if row.occurred_on >= start:
        return True
    taken_in = [run.seen_until for run in world.run if run.night == start and run.step == Step.TAKE_IN]
    seen_until = taken_in[0] if taken_in else None
    if seen_until is None:
        return False
    return row.seen_at > seen_until and row.occurred_at >= row.seen_at - OLDEST_WHEN_SEEN


# -- rules ---------------------------------------------------------------------------------------------


def holds(rule: Rule, case: Case) -> bool:
    """Whether a rule holds for a lead."""
    match rule:
        case All(rules=parts):
            return all(holds(part, case) for part in parts)
        case AnyOf(rules=parts):
            return any(holds(part, case) for part in parts)
        case Not(rule=part):
            return not holds(part, case)
        case Did():
            return count(rule, case) >= rule.times
        case Consented(scope=scope):
            return consents(case.world, case.lead, ConsentScope(scope), case.night)
        case InStage(stage=stage, journey=journey):
            here = stood(case.world, case.lead, case.night)
            return here is not None and here.stage == stage and journey in (None, here.journey)
        case OneOf(column=column, values=values):
            found = value_of(column, case)
            return found is not None and str(found) in values
        case Compare(column=column, comparison=comparison, value=value):
            return _compares(value_of(column, case), comparison, value)
    raise AssertionError(f"the oracle does not know {rule!r}")


def _compares(found: object, comparison: str, value: object) -> bool:
    if isinstance(value, float):
        value = Decimal(str(value))
    if comparison == "=":
        return found == value
    if comparison == "!=":
        return found != value
    return found is not None and bool(ORDERED[comparison](found, value))


def value_of(column: Column, case: Case) -> object:
    """The column's value; everything about a missing account is missing."""
    table, name = column.sql_name.split(".")
    row = case.lead if table == "lead" else case.world.account_of(case.lead)
    return getattr(row, name) if row is not None else None
