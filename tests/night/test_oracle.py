"""The oracle by itself: a few companies small enough to check by hand against ``docs/the-night.md``."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from models import Account, Channel, Interaction, Lead, MessageState, Staff, Suppression
from models.types import derived_id
from nurture.content.catalogue import ContentFile
from nurture.content.policy import Caps, Policy, Window
from nurture.journey import Journey, Stage, consented, days, depth, did, email, in_stage, staff, wecom
from nurture.journey import lead as the
from nurture.journey.playbook import Playbook
from nurture.journey.rules import Days
from tests.oracle.engine import night
from tests.oracle.playbooks import CALENDARS, EVENTS
from tests.oracle.rules import Case, World, holds
from tests.oracle.worlds import a_consent

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 9, 14)
NOW = datetime(2026, 9, 14, tzinfo=UTC)
PLAIN = Policy(
    country="CN",
    sales_desk="S001",
    lookback=90,
    grace=7,
    reply_pause=5,
    caps=Caps(lead_per_day=1, lead_per_7_days=3, account_per_day=5, employee_per_day=20),
    window=Window(opens=time(9), closes=time(18), spread_minutes=120),
    calendar=CALENDARS,
)


def later(n: int) -> date:
    """n nights after the Monday."""
    return MONDAY + timedelta(days=n)


def playbook(*journeys: Journey, policy: Policy = PLAIN) -> Playbook:
    """Every touch has a text for everybody."""
    content = tuple(
        ContentFile(Path("none"), journey.name, stage.key, touch.key, channel)
        for journey in journeys
        for stage, touch in journey.touches()
        for channel in touch.legs
    )
    return Playbook(journeys, EVENTS, policy, content, ZONE)


def trial(*stages: Stage, **more: object) -> Journey:
    """A journey for everybody."""
    given = {"serves": ["lead"], "audience": the.email != "nobody", **more}
    return Journey("trial", stages=stages, goal=did("meeting.booked"), **given)


def company(*names: str) -> World:
    """One company, its owner, and its people, who consent to everything."""
    account = Account(id=derived_id("account", 1), external_id="A1", name="A", employees=50)
    desk = Staff(id=derived_id("staff", 1), external_id="S001", name="Desk")
    people = [
        Lead(
            id=derived_id("lead", name),
            external_id=name,
            name=name,
            account_id=account.id,
            email=f"{name}@a.cn",
            email_hash=f"h-{name}",
            wecom_id=name,
            wecom_hash=f"w-{name}",
        )
        for name in names
    ]
    consents = [a_consent(lead, "all", "granted", at(-20), ZONE, "first") for lead in people]
    return World(account=[account], staff=[desk], lead=people, consent=consents)


def at(n: int, hour: int = 12) -> datetime:
    """An hour of the n-th day after the Monday."""
    return datetime.combine(later(n), time(hour), ZONE).astimezone(UTC)


def does(world: World, n: int, kind: str, *, seen: int | None = None, about: str | None = None, who: int = 0) -> None:
    """Somebody does something on the n-th day; we may learn of it later."""
    row = Interaction(
        key=derived_id("interaction", len(world.interaction)),
        lead_id=world.lead[who].id,
        kind=kind,
        about=about,
        occurred_at=at(n),
        occurred_on=later(n),
        seen_at=at(n if seen is None else seen, 13),
    )
    world.interaction.append(row)


def walk(world: World, book: Playbook, *nights: int) -> None:
    """Some nights, nothing between."""
    for n in nights:
        night(world, book, later(n), NOW)


def decided(world: World, n: int) -> dict[str, str]:
    """What the n-th night decided, by touch."""
    return {row.touch: f"{row.verdict} {row.reason}".strip() for row in world.decision if row.night == later(n)}


def moves(world: World) -> list[str]:
    """The stage history in words."""
    return [f"{(row.night - MONDAY).days} {row.move} {row.to_stage}" for row in world.stage_entry]


def asks(rule: object, world: World, n: int, journey: str = "trial") -> bool:
    """Whether a rule holds for the first lead in the n-th night."""
    return holds(rule, Case(world, playbook(), world.lead[0], journey, later(n)))


def test_depth_is_rounded_term_by_term() -> None:
    world = company("ann")
    does(world, -1, "content.downloaded")  # 4 × 0.5^(1/2) = 2.828…
    does(world, -2, "content.downloaded")  # 4 × 0.5 = 2
    does(world, -2, "email.opened")  # a machine
    does(world, 0, "content.downloaded")  # today is not over
    does(world, -21, "content.downloaded")  # older than ten half-lives
    walk(world, playbook(), 0)
    assert world.lead[0].depth == world.account[0].depth == Decimal("4.828")


def test_what_people_did_counts_from_the_next_night_and_withdrawals_at_once() -> None:
    world = company("ann")
    does(world, 0, "content.downloaded")
    assert not asks(did("content.downloaded", since="ever"), world, 0)
    assert asks(did("content.downloaded", since="ever"), world, 1)
    assert asks(did("content.downloaded", within=days(1)), world, 1)
    assert not asks(did("content.downloaded", within=days(1)), world, 2)
    assert not asks(did("content.downloaded", since="ever", about="guide"), world, 1)
    assert asks(consented("email"), world, 0)
    world.consent.append(a_consent(world.lead[0], "email", "withdrawn", at(0), ZONE, "w"))
    assert not asks(consented("email"), world, 0)
    assert asks(consented("wecom"), world, 0)
    world.consent.append(a_consent(world.lead[0], "email", "granted", at(0, 18), ZONE, "again"))
    assert not asks(consented("email"), world, 0)
    assert asks(consented("email"), world, 1)


def test_the_evidence_of_a_stage_and_of_a_fall_back() -> None:
    world = company("ann")
    journey = trial(
        Stage("s1", "?", advance_if=did("content.downloaded", since="stage"), fall_back_after=days(9)),
        Stage("s2", "?", fall_back_after=days(2)),
    )
    book = playbook(journey)
    does(world, -3, "content.downloaded")
    walk(world, book, 0, 1)
    assert moves(world) == ["0 enrolled s1"]  # before the stage; in the first night no stage had begun
    does(world, 0, "content.downloaded")
    walk(world, book, 2)
    assert moves(world)[1:] == ["2 advanced s2"]
    walk(world, book, 3, 4)
    assert moves(world)[2:] == ["4 fell_back s1"]
    assert asks(did("content.downloaded", times=2), world, 4)  # as the night began, nothing had fallen
    assert not asks(did("content.downloaded"), world, 5)  # falling back asks for new signs
    does(world, 3, "content.downloaded", seen=4)  # learned of after night 4 had taken in, four days old
    does(world, -5, "content.downloaded", seen=4)  # too old when seen
    assert asks(did("content.downloaded"), world, 5)
    assert not asks(did("content.downloaded", times=2), world, 5)
    assert asks(in_stage("s1", "trial"), world, 5)
    assert asks(in_stage("s2"), world, 4)


def test_several_stages_in_one_night_with_marks_and_a_notice() -> None:
    world = company("ann")
    does(world, -1, "content.downloaded")
    journey = trial(
        Stage("s1", "?", [email("hello", after=days(0))], advance_if=did("content.downloaded")),
        Stage("s2", "?", advance_if=did("content.downloaded"), marks="warm"),
        Stage("s3", "?", [email("third", after=days(0)), staff("call", after=days(0))]),
    )
    walk(world, playbook(journey), 0)
    assert moves(world) == ["0 enrolled s1", "0 advanced s2", "0 advanced s3"]
    assert (world.lead[0].mark, world.lead[0].marked_on) == ("warm", MONDAY)
    assert decided(world, 0) == {"third": "planned", "call": "planned", "@warm": "planned"}
    notice = next(row for row in world.message if row.touch == "@warm")
    assert (notice.stage, notice.entry, notice.internal, notice.owner_id) == ("s2", 2, True, world.staff[0].id)


def test_goal_ends_qualifies_and_tells() -> None:
    world = company("ann", "bob")
    journey = trial(Stage("s1", "?"), goal_scope="account")
    walk(world, playbook(journey), 0)
    does(world, 0, "meeting.booked")
    walk(world, playbook(journey), 1)
    assert {row.exit_reason for row in world.enrolment} == {"goal", "account_goal"}
    assert [lead.lifecycle for lead in world.lead] == ["qualified", "lead"]
    assert decided(world, 1) == {"@goal": "planned"}
    walk(world, playbook(journey), 2)
    assert len(world.enrolment) == 2  # the company's goal keeps everybody out


def test_one_message_a_night_the_newest_and_what_was_passed_over_stays_so() -> None:
    world = company("ann")
    journey = trial(Stage("s1", "?", [email("a", after=days(0)), email("b", after=days(0)), email("c", after=days(2))]))
    walk(world, playbook(journey), 0)
    assert decided(world, 0) == {"a": "superseded newer_touch", "b": "planned"}
    walk(world, playbook(journey), 1)
    assert decided(world, 1) == {}
    walk(world, playbook(journey), 2)
    assert decided(world, 2) == {"c": "postponed earlier_unsent"}
    world.message[0].state = MessageState.ACCEPTED
    walk(world, playbook(journey), 3)
    assert decided(world, 3) == {"c": "planned"}


def test_legs_and_the_reason_that_is_told() -> None:
    world = company("ann", "bob")
    world.suppression.append(Suppression(address_hash="w-ann", scope="wecom", reason="x", since=NOW, source="t"))
    world.lead[1].wecom_id = world.lead[1].wecom_hash = None
    world.consent.append(a_consent(world.lead[1], "email", "withdrawn", at(-1), ZONE, "w"))
    journey = trial(Stage("s1", "?", [wecom("a", after=days(0), otherwise=email("a"))]))
    walk(world, playbook(journey), 0)
    by_lead = {row.lead_id: (row.verdict, row.reason, row.leg) for row in world.decision}
    assert by_lead[world.lead[0].id] == ("planned", "", 1)
    assert by_lead[world.lead[1].id] == ("refused", "no_consent", None)
    world.message[0].state = MessageState.DECLINED
    walk(world, playbook(journey), 1)
    assert {row.lead_id for row in world.decision if row.night == later(1)} == {world.lead[1].id}


def test_quota_postpones_and_a_stale_pair_is_told_once() -> None:
    world = company("ann")
    journey = trial(Stage("s1", "?", [wecom("a", after=days(0)), wecom("b", after=days(1))]))
    book = playbook(journey, policy=PLAIN.model_copy(update={"quota": {Channel.WECOM: 1}, "grace": 1}))
    walk(world, book, 0)
    world.message[0].state = MessageState.ACCEPTED
    walk(world, book, 1, 2, 3, 4)
    assert [decided(world, n) for n in (1, 2, 3, 4)] == [
        {"b": "postponed no_quota"},
        {"b": "postponed no_quota"},
        {"b": "stale past_grace"},
        {},
    ]


def test_an_open_reply_pauses_for_working_days() -> None:
    world = company("ann")
    does(world, -3, "email.replied")  # Friday; Monday is the first working day after it
    journey = trial(Stage("s1", "?", [email("a", after=days(0))]))
    book = playbook(journey, policy=PLAIN.model_copy(update={"reply_pause": 3}))
    walk(world, book, 0, 1, 2)
    assert [decided(world, n)["a"] for n in (0, 1, 2)] == [
        "postponed reply_open",
        "postponed reply_open",
        "planned",
    ]


def test_a_shared_mailbox_gets_one_message_for_the_deeper_lead() -> None:
    world = company("ann", "bob")
    for lead in world.lead:
        lead.email_hash = "h-shared"
    does(world, -1, "content.downloaded", who=1)
    journey = trial(Stage("s1", "?", [email("a", after=days(0))]))
    walk(world, playbook(journey), 0)
    reasons = {row.lead_id: str(row.reason) for row in world.decision}
    assert reasons == {world.lead[0].id: "shared_mailbox", world.lead[1].id: ""}


def test_the_send_day_is_a_working_day_there_and_caps_are_counted_on_it() -> None:
    golden_week = date(2026, 10, 1)
    world = company("ann", "bob")
    journey = trial(Stage("s1", "?", [email("a", after=days(0))]))
    caps = PLAIN.caps.model_copy(update={"account_per_day": 1})
    night(world, playbook(journey, policy=PLAIN.model_copy(update={"caps": caps})), golden_week, NOW)
    assert sorted(str(row.reason) for row in world.decision) == ["", "account_day_cap"]
    message = world.message[0]
    assert message.send_day == date(2026, 10, 8)
    assert message.expires_on == date(2026, 10, 15)
    opening = datetime(2026, 10, 8, 1, tzinfo=UTC)
    assert message.not_before == opening + timedelta(seconds=int(message.id.hex[-8:], 16) % 7200)
    assert message.not_after == datetime(2026, 10, 8, 10, tzinfo=UTC)


def test_a_higher_journey_interrupts_and_a_lead_that_left_waits_a_night() -> None:
    world = company("ann")
    low = trial(Stage("s1", "?"))
    high = replace(low, name="renewal", audience=depth() > 0, interrupts=True, reenter_after=Days(0))
    book = playbook(low, high, policy=PLAIN.model_copy(update={"priorities": {"renewal": 9}}))
    walk(world, book, 0)
    assert [row.journey for row in world.enrolment] == ["trial"]
    does(world, 0, "call.held")
    walk(world, book, 1)
    assert [(row.journey, str(row.exit_reason or "")) for row in world.enrolment] == [
        ("trial", "interrupted"),
        ("renewal", ""),
    ]
    does(world, 1, "meeting.booked")
    world.lead[0].on_hold = False
    walk(world, book, 2)
    assert [str(row.exit_reason) for row in world.enrolment] == ["interrupted", "goal"]


def test_a_closed_night_changes_nothing() -> None:
    world = company("ann")
    journey = trial(Stage("s1", "?", [email("a", after=days(0))]))
    walk(world, playbook(journey), 0)
    before = repr(world)
    walk(world, playbook(journey), 0)
    assert repr(world) == before
