"""A small company for hand-checked tests: rows with sensible defaults, and a playbook of one journey."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from models import Account, Channel, Consent, ConsentAction, ConsentScope, Interaction, Lead, Staff
from models.types import derived_id
from nurture.content.catalogue import ContentFile
from nurture.content.event_kinds import read_events
from nurture.content.policy import Policy, read_policy
from nurture.journey import Journey, Stage, days, depth, did, email
from nurture.journey.playbook import Playbook
from nurture.ledger.message_ids import about
from nurture.night.close_steps import close_night
from nurture.night.report import NightReport
from nurture.storage.database import Database

CONTENT = Path("content")
EVENTS = read_events(CONTENT)
MONDAY = date(2026, 11, 9)
ZONE = ZoneInfo("Asia/Shanghai")


def one_in(many: int, cases: Iterable[Any]) -> list[Any]:
    """Parameters of which one in so many runs every time, and the others in `make test-all`."""
    values = [case if isinstance(case, tuple) else (case,) for case in cases]
    return [pytest.param(*each, marks=pytest.mark.slow if number % many else ()) for number, each in enumerate(values)]


def at(day: date, hour: int = 12) -> datetime:
    """A moment of a business date."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)


def policy(**caps: int) -> Policy:
    """The shipped policy, with other caps."""
    shipped = read_policy(CONTENT)
    return shipped.model_copy(update={"caps": shipped.caps.model_copy(update=caps), "priorities": {}})


def journey(name: str = "welcome", **changes: Any) -> Journey:
    """Two stages: a letter on days 0 and 3, on by a download; goal: a meeting."""
    stages = [
        Stage(
            "first",
            asks="?",
            touches=[email("hello", after=days(0)), email("second-letter", after=days(3))],
            advance_if=did("content.downloaded"),
            fall_back_after=days(30),
        ),
        Stage("last", asks="?", touches=[email("proof", after=days(0))], fall_back_after=days(10), marks="warm"),
    ]
    defaults: dict[str, Any] = {
        "serves": ["lead"],
        "audience": depth() >= 0,
        "goal": did("meeting.booked"),
        "stages": stages,
    }
    return Journey(name=name, **(defaults | changes))


def playbook(*journeys: Journey, rules: Policy | None = None) -> Playbook:
    """These journeys, with content for every touch."""
    written = [
        ContentFile(CONTENT, j.name, stage.key, touch.key, Channel(channel))
        for j in journeys
        for stage, touch in j.touches()
        for channel in touch.legs
    ]
    return Playbook(journeys, EVENTS, rules or policy(), tuple(written), ZONE)


def lead(name: str, **changes: Any) -> Lead:
    """A lead with an email address."""
    defaults: dict[str, Any] = {
        "id": derived_id("lead", name),
        "external_id": name,
        "name": "—",
        "email": f"{name}@company.example",
        "email_hash": f"hash-{name}",
        "owner_id": derived_id("staff", "S001"),
        "depth": Decimal(0),
    }
    return Lead(**(defaults | changes))


def consent(
    name: str, action: str = "granted", scope: str = "email", day: date = MONDAY - timedelta(days=50)
) -> Consent:
    """A proven act of consent."""
    return Consent(
        id=derived_id("consent", name, action, scope, day),
        lead_id=derived_id("lead", name),
        scope=ConsentScope(scope),
        action=ConsentAction(action),
        occurred_at=at(day),
        occurred_on=day,
        recorded_at=at(day),
        proven=True,
    )


def interaction(name: str, kind: str, day: date, seen: date | None = None) -> Interaction:
    """Something a lead did; seen the same day unless said otherwise."""
    return Interaction(
        key=derived_id("interaction", name, kind, day),
        lead_id=derived_id("lead", name),
        kind=kind,
        occurred_at=at(day),
        occurred_on=day,
        seen_at=at(seen or day, 13),
    )


STAFF = Staff(id=derived_id("staff", "S001"), external_id="S001", name="—")
ACCOUNT = Account(id=derived_id("account", "A1"), external_id="A1", name="—", depth=Decimal(0))


def put(database: Database, *rows: Any) -> None:
    """Store rows."""
    with database.session() as session:
        for row in rows:
            session.add(type(row)(**row.model_dump(exclude={"id"} if isinstance(row, Interaction) else None)))


def night(database: Database, book: Playbook, day: date, **options: Any) -> NightReport:
    """Close one night."""
    return close_night(database, book, day, now=at(day, 2).astimezone(UTC), **options)


def deliver(database: Database, state: str = "accepted") -> None:
    """A postman: everything planned becomes accepted."""
    database.run(f"UPDATE message SET state = '{state}' WHERE state = 'planned'")


def stages(database: Database, name: str) -> list[tuple[date, str, str | None]]:
    """The stage history of a lead: night, move, where to."""
    return database.rows(f"""
        SELECT night, move, to_stage FROM stage_entry
        WHERE lead_id = '{derived_id("lead", name)}' ORDER BY night, journey, sequence""")


def sent(database: Database, name: str) -> list[tuple[date, str, str]]:
    """The messages of a lead: night, touch (or what a notice is about), state."""
    return database.rows(f"""
        SELECT night, {about("message")} AS touch, state FROM message
        WHERE lead_id = '{derived_id("lead", name)}' ORDER BY night, touch""")


def verdicts(database: Database, name: str, day: date) -> list[tuple[str, str, str]]:
    """What a night decided about a lead: touch, verdict, reason."""
    return database.rows(f"""
        SELECT {about("decision")} AS touch, verdict, reason FROM decision
        WHERE lead_id = '{derived_id("lead", name)}' AND night = DATE '{day}' ORDER BY touch""")
