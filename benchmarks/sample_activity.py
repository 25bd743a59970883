"""What the sample company's people did: most of them little, some of them much, each as befits their lifecycle."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from random import Random

from benchmarks import sample_names as names

Event = tuple[datetime, str, str, str]  # when, kind, about, source
CHINA = timezone(timedelta(hours=8))
START, END = datetime(2026, 5, 1, 8, tzinfo=CHINA), datetime(2026, 11, 29, 21, tzinfo=CHINA)
WEBINARS = [date(2026, 5, 7) + timedelta(days=14 * n) for n in range(15)]
HOW_MUCH = ((0, 2), (2, 11), (11, 28), (28, 66))  # interactions of the silent, the light, the medium, the heavy
SHARES = {
    "lead": (34, 36, 20, 10),
    "subscriber": (55, 35, 8, 2),
    "customer": (20, 40, 27, 13),
    "lapsed": (60, 32, 7, 1),
    "opportunity": (0, 20, 45, 35),
    "qualified": (0, 20, 50, 30),
}
BROWSING = {  # kind: weight
    "email.opened": 34, "page.viewed": 30, "link.clicked": 14, "content.downloaded": 6, "pricing.viewed": 4,
    "webinar.registered": 5, "question.asked": 2, "email.replied": 2, "wecom.replied": 1, "content.shared": 1,
    "form.submitted": 1,
}  # fmt: skip
FIRST_SIGN = {
    "search": ("form.submitted", "selection-guide", "website"),
    "webinar": ("webinar.registered", "webinar-intro", "webinar"),
    "referral": ("content.downloaded", "oee-checklist", "referral"),
    "partner": ("form.submitted", "partner-form", "partner"),
    "sales_visit": ("visit.held", "first-visit", "sales"),
}


def activity(rng: Random, lifecycle: str, met: datetime, source: str, ends: date | None) -> list[Event]:
    """Everything that one person did in the half year, not sorted."""
    start = max(met, START)
    found = [first_sign(met, source)] if met >= START else []
    found += browsing(rng, lifecycle, start)
    if lifecycle in ("lead", "subscriber") and rng.random() < (0.17 if lifecycle == "lead" else 0.05):
        begin = start + (END - start) * rng.random()
        found += trial_story(rng, begin)
    if lifecycle in ("qualified", "opportunity"):
        found += sale_story(rng, start, lifecycle)
    if lifecycle == "customer":
        found += customer_story(rng, ends)
    if lifecycle == "lapsed":
        found += lapsed_story(rng)
    return [event for event in found if start <= event[0] <= END]


def first_sign(met: datetime, source: str) -> Event:
    """How we met, as an interaction."""
    if source == "fair":
        return (met, "fair.scanned", names.FAIRS[met.date().isoformat()], "fair")
    return (met, *FIRST_SIGN[source])


def browsing(rng: Random, lifecycle: str, start: datetime) -> list[Event]:
    """Interest comes in bursts of some days."""
    low, high = rng.choices(HOW_MUCH, SHARES[lifecycle])[0]
    count = rng.randrange(low, high)
    bursts = [start + (END - start) * rng.random() for _ in range(1 + count // 6)]
    found: list[Event] = []
    for _ in range(count):
        when = at_daytime(rng, rng.choice(bursts) + timedelta(days=rng.randrange(9)))
        found += browsed(rng, rng.choices(list(BROWSING), list(BROWSING.values()))[0], when)
    return found


def browsed(rng: Random, kind: str, when: datetime) -> list[Event]:
    """One interaction and what follows from it: registered people may attend, questions get answers."""
    match kind:
        case "webinar.registered":
            return webinar(rng, when)
        case "question.asked":
            return [(when, kind, rng.choice(names.QUESTIONS), "website"), *answered(rng, when)]
        case "email.replied":
            return [(when, kind, rng.choice(names.MAILS), "email"), *answered(rng, when)]
        case "wecom.replied":
            return [(when, kind, "", "wecom"), *answered(rng, when)]
        case "email.opened":
            return [(when, kind, rng.choice(names.MAILS), "email")]
        case "link.clicked":
            return [(when, kind, rng.choice(names.MAILS), rng.choice(["email", "wecom"]))]
        case "page.viewed":
            return [(when, kind, rng.choice(names.PAGES), "website")]
        case "pricing.viewed":
            return [(when, kind, "/pricing", "website")]
        case _:
            return [(when, kind, rng.choice(names.MATERIAL), rng.choice(["website", "email", "wecom"]))]


def webinar(rng: Random, when: datetime) -> list[Event]:
    """A registration for the next webinar; half of the registered attend."""
    later = [day for day in WEBINARS if day > when.date()]
    if not later:
        return []
    about = f"webinar-{later[0].isoformat()}"
    found: list[Event] = [(when, "webinar.registered", about, "webinar")]
    if rng.random() < 0.5:
        begin = datetime.combine(later[0], time(14, rng.randrange(10), tzinfo=CHINA))
        found.append((begin, "webinar.attended", about, "webinar"))
    return found


def answered(rng: Random, when: datetime) -> list[Event]:
    """Most replies and questions are answered within two days."""
    if rng.random() > 0.85:
        return []
    at = at_daytime(rng, when + timedelta(days=rng.randrange(1, 3)))
    return [(at, "question.answered", "", "sales")]


def trial_story(rng: Random, begin: datetime) -> Iterator[Event]:
    """From the first download to the booked meeting; some stop at every step."""
    day = begin
    for kind, about, source, stays in trial_steps(rng):
        yield (at_daytime(rng, day), kind, about, source)
        if rng.random() > stays:
            return
        day += timedelta(days=rng.randrange(1, 6))


def trial_steps(rng: Random) -> Iterator[tuple[str, str, str, float]]:
    """Kind, about, source and the share that goes on."""
    yield "content.downloaded", rng.choice(names.MATERIAL), "website", 0.9
    yield "content.downloaded", rng.choice(names.MATERIAL), "email", 0.85
    yield rng.choice(["worksheet.completed", "homework.handed_in"]), "roi-worksheet", "website", 0.85
    if rng.random() < 0.3:
        yield "colleague.invited", "", "website", 1.0
    yield "trial.started", "", "trial", 0.95
    for step in names.TRIAL_STEPS:
        yield "trial.step_done", step, "trial", 0.87
    yield "meeting.booked", "on-site", "website", 0.0


def sale_story(rng: Random, start: datetime, lifecycle: str) -> Iterator[Event]:
    """Qualified people booked a meeting; in an opportunity visits and calls follow."""
    day = at_daytime(rng, start + timedelta(days=rng.randrange(60)))
    yield (day, "trial.started", "", "trial")
    yield (day + timedelta(days=9), "meeting.booked", "on-site", "website")
    if lifecycle == "opportunity":
        yield (day + timedelta(days=13), "visit.held", "first-visit", "sales")
        yield (day + timedelta(days=rng.randrange(20, 50)), "call.held", "offer", "sales")


def customer_story(rng: Random, ends: date | None) -> Iterator[Event]:
    """Customers ask, some use less than before, and about every second company renews before the end."""
    when = at_daytime(rng, START + (END - START) * rng.random())
    if rng.random() < 0.3:
        yield (when, "question.asked", rng.choice(names.QUESTIONS), "website")
        yield from answered(rng, when)
    if rng.random() < 0.12:
        yield (when + timedelta(days=20), "usage.dropped", "", "product")
    if ends and rng.random() < 0.2:
        signed = datetime.combine(
            ends - timedelta(days=rng.randrange(3, 35)), time(15, rng.randrange(60), tzinfo=CHINA)
        )
        yield (signed, "contract.renewed", "", "sales")


def lapsed_story(rng: Random) -> Iterator[Event]:
    """They used us until spring; one in three answers when somebody asks honestly."""
    spring = at_daytime(rng, START + timedelta(days=rng.randrange(50)))
    kind, source = rng.choice([("usage.dropped", "product"), ("trial.started", "trial"), ("call.held", "sales")])
    yield (spring, kind, "", source)
    if rng.random() > 0.35:
        return
    autumn = at_daytime(rng, datetime(2026, 10, 9, tzinfo=CHINA) + timedelta(days=rng.randrange(40)))
    kind = rng.choice(["email.replied", "call.held", "link.clicked", "link.clicked"])
    yield (autumn, kind, "what-went-wrong", "email")
    yield (autumn + timedelta(days=1), "link.clicked", "what-went-wrong", "email")
    if kind == "email.replied":
        yield from answered(rng, autumn)
    if rng.random() < 0.25:
        yield (autumn + timedelta(days=rng.randrange(5, 15)), "meeting.booked", "on-site", "website")


def at_daytime(rng: Random, day: datetime) -> datetime:
    """That day between eight and nine in the evening; work days mostly."""
    if day.weekday() >= 5 and rng.random() < 0.75:
        day += timedelta(days=2)
    return datetime.combine(day.date(), time(8, tzinfo=CHINA)) + timedelta(seconds=rng.randrange(13 * 3600))
