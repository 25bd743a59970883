"""Small random playbooks: journeys of one to three stages, tight policies, content with gaps.

Every part rolls its own dice, named after the part, so that leaving one part out leaves the others as they were:
that is what lets Hypothesis shrink an example.
"""

import random
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from models import Channel
from nurture.content.catalogue import ContentFile
from nurture.content.event_kinds import EventCatalogue, EventKind
from nurture.content.policy import Caps, Policy, Window, WorkCalendar
from nurture.journey import (
    Journey,
    Stage,
    account,
    before,
    consented,
    days,
    depth,
    did,
    email,
    in_stage,
    lead,
    on,
    spoke_to_us,
    staff,
    wecom,
)
from nurture.journey.expressions import Rule
from nurture.journey.playbook import Playbook
from nurture.journey.touches import Touch

T = TypeVar("T")

# Around the golden weeks and worked weekends of China, the clock changes of New York and Berlin, and a month's end.
START_NIGHTS = tuple(
    date.fromisoformat(day)
    for day in ("2026-10-08", "2026-09-24", "2026-09-28", "2026-03-06", "2026-03-27", "2026-01-28")
)
CALENDARS = {
    "CN": WorkCalendar(
        holidays=["2026-09-25..2026-09-27", "2026-10-01..2026-10-07"], workdays=["2026-09-20", "2026-10-10"]
    ),
    "DE": WorkCalendar(holidays=["2026-10-03", "2026-10-09"]),
}
EVENTS = EventCatalogue(
    events={
        "content.downloaded": EventKind(weight=4, half_life=2, en="downloaded material", zh="下载资料"),
        "webinar.attended": EventKind(weight=7.5, half_life=30, en="attended a webinar", zh="参加研讨会"),
        "email.opened": EventKind(weight=1, half_life=1, human=False, en="opened an email", zh="打开邮件"),
        "call.held": EventKind(weight=3, half_life=7, conversation=True, resumes=True, en="had a call", zh="通话"),
        "email.replied": EventKind(weight=5, half_life=9, conversation=True, pauses=True, en="replied", zh="回复"),
        "email.answered": EventKind(weight=0, half_life=1, human=False, resumes=True, en="was answered", zh="答复"),
        "meeting.booked": EventKind(weight=9, half_life=20, en="booked a meeting", zh="预约会议"),
    }
)
NAMES = ("alpha", "beta", "gamma")
WHOM: tuple[tuple[dict[str, Any], ...], ...] = (
    (),
    ({"language": "zh-CN"},),
    ({"language": "en"},),
    ({"language": "en", "roles": ("user",)}, {"language": "zh-CN", "smallest": 10, "largest": 500}),
    ({"roles": ("user", "finance")},),
    ({"industries": ("food",)},),
    ({"smallest": 10, "largest": 100}, {"roles": ("champion",), "industries": ("steel",)}),
)


class Dice(random.Random):
    """Chance that follows from a name."""

    def pick(self, *values: T) -> T:
        """One of these."""
        return self.choice(values)

    def often(self, value: T, *others: T, times: int = 5) -> T:
        """Mostly the first."""
        return self.choice([value] * times + list(others))


# -- rules -------------------------------------------------------------------------------------------------


def a_did(dice: Dice) -> Rule:
    """Something done, with every kind of window."""
    return did(
        dice.pick("content.downloaded", "content.downloaded", "webinar.attended", "email.opened"),
        dice.pick(1, 1, 2),
        within=dice.pick(None, None, None, days(2), days(9), days(0)),
        since=dice.pick("journey", "stage", "ever"),
        about=dice.pick(None, None, None, "guide"),
    )


def a_leaf(dice: Dice, start: date) -> Rule:
    """Any word of the vocabulary."""
    if dice.random() < 0.4:
        return a_did(dice)
    return dice.pick(
        lead.role == "user",
        lead.role != "champion",
        lead.source != "partner",
        lead.language.is_missing(),
        lead.mark == "warm",
        lead.mark != "hot",
        lead.wecom_id == None,  # noqa: E711 - the marketer's spelling
        lead.country.is_in("CN", "US"),
        account.industry == "food",
        account.industry != "food",
        account.employees >= 50,
        account.employees < 50,
        account.maintenance_ends < start + timedelta(days=5),
        account.maintenance_ends >= start,
        account.depth >= 9.5,
        account.depth < 20,
        depth() >= 4,
        depth() > 0,
        depth() <= 2.5,
        depth() == 0,
        spoke_to_us(),
        spoke_to_us(times=2, within=days(30)),
        in_stage("s1"),
        in_stage("s2", "alpha"),
        consented("email"),
        consented("wecom"),
        consented("phone"),
    )


def a_rule(dice: Dice, start: date) -> Rule:
    """Leaves, joined and negated."""
    left, right = a_leaf(dice, start), a_leaf(dice, start)
    return dice.pick(left, left, ~left, left & right, left | right, left & ~right, ~(left | right))


# -- journeys ----------------------------------------------------------------------------------------------


def a_touch(dice: Dice, key: str, start: date) -> Touch:
    """A touch of any kind, any time, with or without a condition."""
    how: dict[str, Any] = {"after": days(dice.pick(0, 0, 1, 1, 2, 3))}
    if dice.random() < 0.15:
        how = {"when": before(account.maintenance_ends, days(dice.randint(0, 8)))}
    elif dice.random() < 0.12:
        how = {"when": on(start + timedelta(days=dice.randint(-3, 5)))}
    how["only_if"] = a_rule(dice, start) if dice.random() < 0.25 else None
    match dice.pick("email", "wecom", "email", "call", "task", "two", "three", "call first"):
        case "email":
            return email(key, **how)
        case "wecom":
            return wecom(key, **how)
        case "call":
            return staff(key, reaches_lead=True, **how)
        case "task":
            return staff(key, **how)
        case "two":
            return wecom(key, otherwise=email(key), **how)
        case "three":
            return email(key, otherwise=wecom(key, otherwise=staff(key, reaches_lead=True)), **how)
        case _:
            return staff(key, reaches_lead=True, otherwise=email(key), **how)


def a_journey(seed: int, name: str, start: date) -> Journey:
    """One to three stages, up to three touches each."""
    dice = Dice(f"{seed}/journey/{name}")
    count = dice.pick(1, 2, 2, 3, 3)
    marks = dice.sample(["warm", "hot", None, None, None], 3)
    stages = []
    for n in range(1, count + 1):
        touches = [
            a_touch(Dice(f"{seed}/touch/{name}{n}{i}"), f"t{n}{i}", start) for i in range(dice.pick(0, 2, 2, 3, 3, 3))
        ]
        fall = dice.pick(None, None, None, None, days(dice.pick(0, 1, 2)), days(4))
        way_on = None if n == count else dice.pick(a_did(dice), a_did(dice), a_rule(dice, start))
        stages.append(Stage(f"s{n}", "?", touches, advance_if=way_on, fall_back_after=fall, marks=marks[n - 1]))
    meeting = did("meeting.booked", since=dice.pick("stage", "journey", "ever"))
    return Journey(
        name,
        serves=dice.pick(["lead"], ["lead"], ["lead", "customer"], ["lead", "qualified"], ["lead", "subscriber"]),
        audience=dice.pick(
            lead.email != "nobody",
            lead.source != "partner",
            did("content.downloaded", since="ever"),
            a_rule(dice, start),
        ),
        stages=stages,
        goal=dice.pick(meeting, meeting, meeting, a_rule(dice, start) & a_rule(dice, start)),
        goal_scope=dice.pick("lead", "lead", "account"),
        goal_makes=dice.pick("qualified", "qualified", "lead", "customer"),
        reenter_after=dice.pick(None, days(0), days(1), days(3)),
        interrupts=dice.pick(False, True),
    )


def contents(seed: int, journeys: list[Journey]) -> tuple[ContentFile, ...]:
    """Mostly one text for everybody; some for few, some missing."""
    files = []
    for journey in journeys:
        for stage, touch in journey.touches():
            for channel in touch.legs:
                dice = Dice(f"{seed}/content/{journey.name}{touch.key}{channel}")
                for whom in dice.choice(WHOM) if dice.random() < 0.25 else ({},):
                    files.append(ContentFile(Path("none"), journey.name, stage.key, touch.key, channel, **whom))
    return tuple(files)


def a_policy(seed: int) -> Policy:
    """Tight, so that every limit is met."""
    dice = Dice(f"{seed}/policy")
    opens, closes = dice.pick((9, 18), (9, 18), (1, 4), (20, 23))
    few = [dice.pick(1, 2, 2, 5) for _ in range(4)]
    return Policy(
        country="CN",
        language=dice.pick("zh-CN", "zh-CN", "en"),
        sales_desk="S001",
        lookback=dice.pick(90, 3, 8),
        grace=dice.pick(7, 7, 7, 3, 1, 0),
        reply_pause=dice.pick(5, 2, 1, 0),
        caps=Caps(
            lead_per_day=few[0], lead_per_7_days=few[1] + (few[1] > 1), account_per_day=few[2], employee_per_day=few[3]
        ),
        quota=dice.pick({}, {Channel.WECOM: 1}, {Channel.EMAIL: 1}, {Channel.EMAIL: 2, Channel.WECOM: 1}),
        window=Window(opens=time(opens), closes=time(closes), spread_minutes=120),
        priorities={name: dice.pick(0, 10, 20) for name in NAMES if dice.random() < 0.6},
        calendar=CALENDARS,
    )


def a_playbook(seed: int, journeys: int, start: date) -> Playbook:
    """Journeys, policy and content that belong together."""
    some = [a_journey(seed, name, start) for name in NAMES[:journeys]]
    zone = Dice(f"{seed}/zone").pick("Asia/Shanghai", "Asia/Shanghai", "America/New_York")
    return Playbook(tuple(some), EVENTS, a_policy(seed), contents(seed, some), ZoneInfo(zone))
