"""Small random companies: people, what they did and allowed, and what happens between two nights.

The journeys and policies they live under are in ``tests/oracle/playbooks.py``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from models import (
    Account,
    BuyingRole,
    Consent,
    ConsentAction,
    ConsentScope,
    Interaction,
    Lead,
    Lifecycle,
    MessageState,
    Preference,
    Staff,
    Suppression,
    TopicOff,
)
from models.types import derived_id
from nurture.journey.playbook import Playbook
from nurture.storage.database import Database
from nurture.storage.sql import literal
from tests.oracle.playbooks import EVENTS, NAMES, START_NIGHTS, Dice, a_playbook
from tests.oracle.rules import World
from tests.oracle.tables import insert

KINDS = (
    *["content.downloaded", "webinar.attended", "email.opened", "email.replied"] * 2,
    *EVENTS.events,
    "undeclared.kind",
)
ZONES = ("Asia/Shanghai", None, "America/New_York", "Asia/Kolkata", "Europe/Berlin", "Pacific/Auckland")
# Asked again: what a provider or a person may make of a message by day.
BY_DAY: dict[MessageState, tuple[MessageState, ...]] = {
    MessageState.PLANNED: (
        *[MessageState.ACCEPTED] * 9,
        MessageState.PLANNED,
        MessageState.WAITING,
        *[MessageState.DECLINED, MessageState.EXPIRED, MessageState.REJECTED] * 2,
        MessageState.HELD,
        MessageState.UNKNOWN,
        MessageState.CANCELLED,
        MessageState.SUPPRESSED,
    ),
    MessageState.WAITING: (MessageState.ACCEPTED, MessageState.WAITING, MessageState.DECLINED, MessageState.EXPIRED),
}


@dataclass
class Day:
    """What happens before a night, after the one before it."""

    choices: Sequence[int] = (0,)
    interactions: list[Interaction] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    suppressions: list[Suppression] = field(default_factory=list)
    lead_changes: list[tuple[str, str, Any]] = field(default_factory=list)

    def new_state(self, place: int, state: MessageState) -> MessageState:
        """What becomes of the message that is at this place among all that are under way."""
        options = BY_DAY[state]
        return options[self.choices[place % len(self.choices)] % len(options)]


@dataclass
class Story:
    """A company, its playbook, and some nights with the days before them (the first day is empty)."""

    world: World
    playbook: Playbook
    nights: list[date]
    days: list[Day]


# -- people ------------------------------------------------------------------------------------------------


def moment(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """An hour of a business date."""
    return datetime.combine(day, time(hour, 30), zone).astimezone(UTC)


def taking_in(night: date, zone: ZoneInfo) -> datetime:
    """When the night takes in its data."""
    return datetime.combine(night, time(1), zone).astimezone(UTC)


def an_account(seed: int, number: int, start: date) -> Account:
    """A company."""
    dice = Dice(f"{seed}/account/{number}")
    return Account(
        id=derived_id("account", f"A{number}"),
        external_id=f"A{number}",
        name=f"Company {number}",
        industry=dice.pick("food", "steel", None),
        employees=dice.pick(5, 50, 500, None),
        maintenance_ends=dice.pick(None, *(start + timedelta(days=dice.randint(-5, 14)) for _ in range(3))),
    )


def an_employee(seed: int, number: int) -> Staff:
    """An employee; the first is the sales desk."""
    dice = Dice(f"{seed}/staff/{number}")
    return Staff(
        id=derived_id("staff", f"S00{number}"),
        external_id=f"S00{number}",
        name=f"Employee {number}",
        country=dice.pick(None, "CN", "US"),
        timezone=dice.pick(*ZONES),
    )


def a_lead(seed: int, number: int, companies: list[Account], staff: list[Staff]) -> Lead:
    """A person; some share a mailbox, some have no address at all."""
    dice = Dice(f"{seed}/lead/{number}")
    email = dice.often(f"p{number}@example.cn", *["shared@example.cn"] * 3, None, times=4)
    mobile, wecom = dice.often(f"+86{number}", None), dice.often(f"wx{number}", "wx-shared", "wx-shared", None, None)
    company = dice.pick(*companies, *companies, None)
    return Lead(
        id=derived_id("lead", f"L{number}"),
        external_id=f"L{number}",
        account_id=company.id if company else None,
        owner_id=dice.pick(None, *(row.id for row in staff)),
        name=f"Person {number}",
        email=email,
        mobile=mobile,
        wecom_id=wecom,
        email_hash=email and f"h-{email}",
        mobile_hash=mobile and f"h-{mobile}",
        wecom_hash=wecom and f"h-{wecom}",
        role=dice.pick(BuyingRole.USER, BuyingRole.CHAMPION, None),
        language=dice.pick("zh-CN", "en", None),
        country=dice.pick("CN", None, "US", "DE"),
        timezone=dice.pick(*ZONES),
        source=dice.often("web", "partner", None, times=8),
        lifecycle=dice.often(Lifecycle.LEAD, Lifecycle.CUSTOMER, Lifecycle.SUBSCRIBER),
        on_hold=dice.often(False, True, times=15),
        disqualified=dice.often(False, True, times=15),
    )


# -- what they did and allowed ---------------------------------------------------------------------------


def an_interaction(dice: Dice, lead: Lead, zone: ZoneInfo, night: date, name: str, *, old: bool) -> Interaction:
    """Something that happened before or around a night, and was learned of by then."""
    age = dice.pick(*[0, 1, 1, 2, 3, 5, 8, 9, -1], *([4, 6, 20, 60, 91, 120] if old else []))
    occurred_at = moment(night - timedelta(days=age), dice.pick(2, 9, 9, 23), zone)
    late, known = timedelta(hours=dice.pick(0, 0, 1, 30, 168, 200)), taking_in(night, zone)
    return Interaction(
        key=derived_id("interaction", name),
        lead_id=lead.id,
        kind=dice.choice(KINDS),
        about=dice.pick(None, None, "guide"),
        occurred_at=occurred_at,
        occurred_on=occurred_at.astimezone(zone).date(),
        seen_at=min(occurred_at + late, known) if old or dice.random() < 0.5 else known - late,
    )


def a_consent(
    lead: Lead, scope: str, action: str, at: datetime, zone: ZoneInfo, name: str, *, proven: bool = True
) -> Consent:
    """One row."""
    return Consent(
        id=derived_id("consent", lead.id, scope, name),
        lead_id=lead.id,
        scope=ConsentScope(scope),
        action=ConsentAction(action),
        occurred_at=at,
        occurred_on=at.astimezone(zone).date(),
        recorded_at=at,
        proven=proven,
    )


def any_consent(dice: Dice, lead: Lead, zone: ZoneInfo, night: date, name: str) -> Consent:
    """An act of consent, or its withdrawal, near a night."""
    at = moment(night - timedelta(days=dice.pick(-2, -1, 0, 0, 1, 1, 2, 5, 9)), dice.pick(0, 12, 12, 23), zone)
    action = dice.pick("withdrawn", "granted", "confirmed")
    return a_consent(lead, dice.choice(list(ConsentScope)), action, at, zone, name, proven=dice.often(True, False))


def some_suppressions(dice: Dice, people: list[Lead], night: date) -> list[Suppression]:
    """An address that must not be used."""
    lead = dice.choice(people)
    address = dice.pick(lead.email_hash, lead.mobile_hash, lead.wecom_hash) or "h-nobody"
    since = datetime(night.year, night.month, night.day, tzinfo=UTC)
    scope = dice.choice(list(ConsentScope))
    return [Suppression(address_hash=address, scope=scope, reason="bounced", since=since, source="test")]


def a_wish(dice: Dice, lead: Lead, night: date) -> Preference:
    """What somebody asked for on the preferences page."""
    return Preference(
        lead_id=lead.id,
        email_off=dice.often(False, True),
        wecom_off=dice.often(False, True),
        phone_off=dice.often(False, True),
        paused_until=dice.pick(None, None, *(night + timedelta(days=days) for days in (-1, 0, 1, 3, 9))),
        language=dice.pick(None, "en", "zh-CN"),
        impersonal=dice.often(False, True, times=2),
        asked_at=datetime(night.year, night.month, night.day, tzinfo=UTC),
    )


def a_world(seed: int, people_count: int, zone: ZoneInfo, start: date) -> World:
    """A company's customers before its first night."""
    dice = Dice(f"{seed}/world")
    companies = [an_account(seed, n, start) for n in range(dice.randint(1, 3))]
    staff = [an_employee(seed, n + 1) for n in range(dice.often(2, 1, 0))]
    people = [a_lead(seed, n, companies, staff) for n in range(people_count)]
    world = World(account=companies, staff=staff, lead=people)
    for lead in people:
        own = Dice(f"{seed}/past/{lead.external_id}")
        for n in range(own.randint(0, 5)):
            name = f"{start}/{lead.external_id}/{n}"
            world.interaction.append(an_interaction(own, lead, zone, start, name, old=True))
        for scope in own.often(("all",), ("email",), ("wecom", "phone"), (), times=6):
            long_ago = moment(start - timedelta(days=9), 12, zone)
            world.consent.append(a_consent(lead, scope, "granted", long_ago, zone, "first"))
        for n in range(own.pick(0, 0, 0, 1, 2)):
            world.consent.append(any_consent(own, lead, zone, start, f"more{n}"))
        if own.random() < 0.15:
            world.preference.append(a_wish(own, lead, start))
        if own.random() < 0.15:
            world.topic_off.append(TopicOff(lead_id=lead.id, topic=own.choice(NAMES)))
    if dice.random() < 0.2:
        world.suppression = some_suppressions(dice, people, start)
    return world


def a_day(seed: int, world: World, zone: ZoneInfo, night: date) -> Day:
    """What happens before a night."""
    dice = Dice(f"{seed}/day/{night}")
    day = Day([dice.randint(0, 20) for _ in range(7)])
    for lead in world.lead:
        own = Dice(f"{seed}/day/{night}/{lead.external_id}")
        for n in range(own.pick(0, 0, 0, 1, 1, 2)):
            name = f"{night}/{lead.external_id}/{n}"
            day.interactions.append(an_interaction(own, lead, zone, night, name, old=False))
        if own.random() < 0.05:
            day.consents.append(any_consent(own, lead, zone, night, f"{night}"))
        if own.random() < 0.07:
            change = own.pick(
                ("on_hold", own.pick(True, False)),
                ("disqualified", own.pick(True, False)),
                ("lifecycle", own.pick(Lifecycle.LEAD, Lifecycle.CUSTOMER, Lifecycle.QUALIFIED)),
                ("role", own.pick(BuyingRole.USER, BuyingRole.CHAMPION, None)),
                ("source", own.pick("web", "partner", None)),
            )
            day.lead_changes.append((lead.external_id, *change))
            if own.random() < 0.2:
                day.lead_changes += [(lead.external_id, name, True) for name in ("on_hold", "disqualified")]
    if dice.random() < 0.06:
        day.suppressions = some_suppressions(dice, world.lead, night)
    return day


def a_story(seed: int, people: int, nights: int, journeys: int) -> Story:
    """A whole example: one company, its playbook, a few nights, sometimes with gaps."""
    dice = Dice(f"{seed}/story")
    when = [dice.choice(START_NIGHTS)]
    playbook = a_playbook(seed, journeys, when[0])
    world = a_world(seed, people, playbook.zone, when[0])
    for _ in range(1, nights):
        when.append(when[-1] + timedelta(days=dice.often(1, 2, 3, 9, 35, times=24)))
    return Story(world, playbook, when, [Day(), *(a_day(seed, world, playbook.zone, night) for night in when[1:])])


def stories(most_nights: int = 6, most_people: int = 8) -> st.SearchStrategy[Story]:
    """Stories; they shrink by people, nights and journeys."""
    return st.builds(
        a_story,
        seed=st.integers(0, 2**32),
        people=_rather_many(most_people),
        nights=_rather_many(most_nights),
        journeys=_rather_many(3),
    )


def _rather_many(most: int) -> st.SearchStrategy[int]:
    """One to most, leaning to many; shrinks to one."""
    return st.sampled_from([*range(1, most + 1), *range(most, most // 2, -1), most])


# -- a day happens to both sides alike ---------------------------------------------------------------------


def happen_in_world(day: Day, world: World) -> None:
    """Change the rows of a world."""
    under_way = sorted((row for row in world.message if row.state in BY_DAY), key=lambda row: str(row.id))
    for place, message in enumerate(under_way):
        message.state = day.new_state(place, message.state)
    world.interaction += [Interaction(**row.model_dump()) for row in day.interactions]
    world.consent += [Consent(**row.model_dump()) for row in day.consents]
    known = {(row.address_hash, row.scope) for row in world.suppression}
    new = [row for row in day.suppressions if (row.address_hash, row.scope) not in known]
    world.suppression += [Suppression(**row.model_dump()) for row in new]
    for external_id, name, value in day.lead_changes:
        for lead in world.lead:
            if lead.external_id == external_id:
                setattr(lead, name, value)


def happen_in_database(day: Day, database: Database) -> None:
    """Change the rows of a database."""
    with database.transaction():
        under_way = [
            (str(key), MessageState(state))
            for key, state in database.rows("SELECT id, state FROM message")
            if state in BY_DAY
        ]
        for place, (key, state) in enumerate(sorted(under_way)):
            new = day.new_state(place, state).value
            if new != state:
                database.run(f"UPDATE message SET state = {literal(new)} WHERE id = {literal(key)}")
        insert(database, "interaction", day.interactions)
        insert(database, "consent", day.consents)
        known = {tuple(row) for row in database.rows("SELECT address_hash, scope FROM suppression")}
        insert(
            database,
            "suppression",
            [row for row in day.suppressions if (row.address_hash, row.scope.value) not in known],
        )
        for external_id, name, value in day.lead_changes:
            database.run(f"UPDATE lead SET {name} = {literal(value)} WHERE external_id = {literal(external_id)}")
