"""Why a lead moved, got something, or got nothing, and what comes next: read from the history, never guessed.

The same rules, facts and due dates as in the night, asked for one lead. Ids and dates only, no personal data.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from models import Reason
from nurture.errors import InputError
from nurture.journey.playbook import Playbook
from nurture.ledger.message_ids import name_of_message
from nurture.night.eligibility import channel_fault
from nurture.night.facts import take_facts, take_standing, taken_in
from nurture.night.scoring import load_points
from nurture.people.channel_addresses import WAYS
from nurture.people.contact_points import HOME_COUNTRY
from nurture.people.lead_lookup import look_up_candidates
from nurture.reporting.outlook import Outlook, journeys_not_entered, look_ahead
from nurture.storage.database import Database
from nurture.storage.sql import literal
from nurture.vocabulary import Language


@dataclass(frozen=True)
class DepthPart:
    """What one kind of event adds to a lead's depth."""

    kind: str
    times: int
    points: Decimal


@dataclass(frozen=True)
class HistoryRow:
    """One move of the stage history."""

    night: date
    journey: str
    move: str
    from_stage: str | None
    to_stage: str | None
    why: str


@dataclass(frozen=True)
class MessageRow:
    """One message that was planned; ``why`` is the reason of its last move."""

    id: str
    night: date
    journey: str
    stage: str
    touch: str
    channel: str
    state: str
    send_day: date
    not_before: datetime
    why: str


@dataclass(frozen=True)
class NotSent:
    """A touch that got no message, why, and in which nights."""

    journey: str
    touch: str
    verdict: str
    reason: str
    first_night: date
    last_night: date
    nights: int


@dataclass(frozen=True)
class Reachable:
    """A scope of consent, and what forbids to reach the lead by it in the coming night; empty when nothing does."""

    scope: str
    reason: str


@dataclass(frozen=True)
class LeadStory:
    """Everything that Nurture decided about a lead."""

    lead: str
    account: str | None
    lifecycle: str
    mark: str | None
    depth: Decimal
    depth_parts: tuple[DepthPart, ...]
    account_depth: Decimal | None
    account_depth_parts: tuple[DepthPart, ...]
    history: tuple[HistoryRow, ...]
    messages: tuple[MessageRow, ...]
    not_sent: tuple[NotSent, ...]
    outlook: Outlook | None
    not_entered: tuple[str, ...]
    next_night: date
    channels: tuple[Reachable, ...] = ()


def explain_lead(
    database: Database, playbook: Playbook, name: str, today: date, language: Language = "en"
) -> LeadStory:
    """The story of the lead with this external id, email, mobile or WeCom id.

    Args:
        today: The night to look ahead from when none has run yet.

    Raises:
        InputError: no lead, or more than one, has this name.
    """
    lead_id = find_lead(database, name)
    newest = database.one("SELECT max(night) FROM run")[0]
    night = newest + timedelta(days=1) if newest else today
    scored_on = database.one("SELECT max(night) FROM run WHERE step = 'score'")[0]
    _gather_evidence(database, playbook, lead_id, night)
    load_points(database, playbook.events, scored_on or night)
    known = taken_in(database, scored_on) if scored_on else "true"
    row = database.one(f"""
        SELECT l.external_id, a.external_id, l.lifecycle, l.mark, l.depth, a.depth
        FROM lead l LEFT JOIN account a ON a.id = l.account_id WHERE l.id = {literal(lead_id)}""")
    outlook = look_ahead(database, playbook, lead_id, night, language)
    return LeadStory(
        lead=row[0],
        account=row[1],
        lifecycle=row[2],
        mark=row[3],
        depth=row[4],
        depth_parts=_depth_parts(database, known, f"i.lead_id = {literal(lead_id)}") if scored_on else (),
        account_depth=row[5],
        account_depth_parts=_depth_parts(database, known, _colleagues(lead_id)) if scored_on else (),
        channels=_channels(database, playbook, lead_id),
        history=_history(database, lead_id, language),
        messages=_messages(database, lead_id),
        not_sent=_not_sent(database, lead_id),
        outlook=outlook,
        not_entered=() if outlook else journeys_not_entered(database, playbook, lead_id, night, language),
        next_night=night,
    )


def find_lead(database: Database, name: str) -> UUID:
    """The id of the lead that an external id or an address names, in any spelling that an import would understand.

    Raises:
        InputError: nobody, or more than one.
    """
    wanted = f"nfc_normalize({literal(name.strip())})"
    database.make("stranger", f"SELECT {wanted} AS text, {literal(HOME_COUNTRY)} AS country")
    look_up_candidates(database)
    rows = database.rows(f"""
        SELECT id, external_id FROM lead WHERE external_id = {wanted}
        UNION SELECT l.id, l.external_id FROM candidate c JOIN lead l ON l.id = c.lead_id ORDER BY 2""")
    if not rows:
        raise InputError("No lead has this id or address. `nurture import leads FILE` brings leads in.")
    if len(rows) > 1:
        raise InputError(f"More than one lead has this address: {', '.join(row[1] for row in rows)}. Ask by id.")
    return UUID(str(rows[0][0]))


def _gather_evidence(database: Database, playbook: Playbook, lead_id: UUID, night: date) -> None:
    database.run(f"CREATE OR REPLACE TEMP VIEW tonight_lead AS SELECT * FROM reader WHERE id = {literal(lead_id)}")
    take_standing(database, playbook, night)
    for journey in playbook.journeys:
        take_facts(database, journey, playbook, night, only=f"i.lead_id = {literal(lead_id)}")


def _depth_parts(database: Database, known: str, whose: str) -> tuple[DepthPart, ...]:
    """What each kind of event added to the depth when it was last scored."""
    rows = database.rows(f"""
        SELECT i.kind, count(*), sum(p.points)::DECIMAL(18, 3) FROM interaction i
        JOIN points p ON p.kind = i.kind AND p.occurred_on = i.occurred_on
        WHERE {known} AND {whose} GROUP BY i.kind ORDER BY 3 DESC, 1""")
    return tuple(DepthPart(*row) for row in rows)


def _colleagues(lead_id: UUID) -> str:
    account = f"(SELECT account_id FROM lead WHERE id = {literal(lead_id)})"
    return f"i.lead_id IN (SELECT id FROM lead WHERE account_id = {account})"


def _channels(database: Database, playbook: Playbook, lead_id: UUID) -> tuple[Reachable, ...]:
    faults = ", ".join(channel_fault(way, playbook, f"lead.{way.hash}") for way in WAYS)
    found = database.one(f"""
        SELECT {faults} FROM tonight_lead lead JOIN standing s ON s.lead_id = lead.id
        WHERE lead.id = {literal(lead_id)}""")
    closed = {way.channel: "" if way.channel in playbook.channels else Reason.NO_CHANNEL for way in WAYS}
    return tuple(Reachable(way.scope, why or closed[way.channel]) for way, why in zip(WAYS, found, strict=True))


def _history(database: Database, lead_id: UUID, language: Language) -> tuple[HistoryRow, ...]:
    why = "why_zh" if language == "zh" else "why"
    rows = database.rows(f"""
        SELECT h.night, h.journey, h.move, h.from_stage, h.to_stage, h.{why} FROM stage_entry h
        JOIN enrolment e ON e.id = h.enrolment_id
        WHERE h.lead_id = {literal(lead_id)} ORDER BY h.night, e.entered_on, h.sequence""")
    return tuple(HistoryRow(*row) for row in rows)


def _messages(database: Database, lead_id: UUID) -> tuple[MessageRow, ...]:
    rows = database.rows(f"""
        SELECT m.id::VARCHAR, m.night, m.journey, m.stage, {name_of_message("m")}, m.channel, m.state, m.send_day,
               m.not_before, coalesce(h.why, '')
        FROM message m LEFT JOIN message_move h ON h.message_id = m.id AND h.fence = m.fence
        WHERE m.lead_id = {literal(lead_id)} ORDER BY m.night, m.not_before, 5""")
    return tuple(MessageRow(*row) for row in rows)


def _not_sent(database: Database, lead_id: UUID) -> tuple[NotSent, ...]:
    rows = database.rows(f"""
        SELECT journey, touch, verdict, reason, min(first_night), max(last_night), sum(nights)::INTEGER FROM (
            SELECT journey, {name_of_message("d")} AS touch, verdict, reason, night AS first_night, night AS last_night,
                   1 AS nights, lead_id
            FROM decision d UNION ALL
            SELECT journey, {name_of_message("h")} AS touch, verdict, reason, first_night, last_night, nights, lead_id
            FROM decision_history h
        ) WHERE lead_id = {literal(lead_id)} AND verdict <> 'planned' GROUP BY ALL ORDER BY 5, 2""")
    return tuple(NotSent(*row) for row in rows)


@dataclass(frozen=True)
class TouchVerdict:
    """How one night decided about one touch: so many leads, for this reason; some of them by id."""

    journey: str
    stage: str
    verdict: str
    reason: str
    leads: int
    examples: list[str]


def explain_touch(database: Database, night: date, touch: str) -> tuple[TouchVerdict, ...]:
    """What a night decided about a touch, by verdict and reason.

    Raises:
        InputError: the night knows nothing of this touch.
    """
    rows = database.rows(f"""
        SELECT d.journey, d.stage, d.verdict, d.reason, count(*), (list(l.external_id ORDER BY l.external_id))[:10]
        FROM decision d JOIN lead l ON l.id = d.lead_id
        WHERE d.night = {literal(night)} AND {name_of_message("d")} = {literal(touch)}
        GROUP BY ALL ORDER BY count(*) DESC, 1, 2, 3, 4""")
    if not rows:
        raise InputError(
            f"Night {night} decided nothing about a touch {touch!r}: nobody was due, the night did not run, or it is "
            "older than 30 nights (then ask by lead)."
        )
    return tuple(TouchVerdict(*row) for row in rows)
