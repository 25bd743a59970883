"""What is known of every lead when a night begins: its standing, and how often it did what the rules ask about.

``standing`` is one temporary table a night, ``facts_<journey>`` one a journey and night: each distinct ``did`` is
one ``count(*) FILTER (…)`` there, so that walking, ``only_if`` and ``explain`` all read the same counts. Both depend
only on the night and on what it took in: computed again after a crash they are the same, whatever arrived since.
"""

from collections.abc import Iterable
from datetime import date

from models import ConsentScope
from nurture.consent.effective_consent import consent_holds, scopes_of
from nurture.content.event_kinds import EventCatalogue
from nurture.content.send_windows import reply_open_since
from nurture.journey.definition import Journey
from nurture.journey.playbook import Playbook
from nurture.journey.rules import CONVERSATION, Did, dids
from nurture.people.channel_addresses import WAYS
from nurture.storage.database import Database
from nurture.storage.sql import literal, texts

LATE_DAYS = 7
"""An interaction that we learned of late still counts if it was at most this old when we did."""

CROSS_BORDER = ConsentScope.CROSS_BORDER.value
"""Given only by itself: a yes to every channel is none to a provider abroad."""

LEAD_WITH_EVIDENCE = """
    tonight_lead AS lead
    LEFT JOIN account ON account.id = lead.account_id
    LEFT JOIN {facts} f ON f.lead_id = lead.id
    LEFT JOIN standing s ON s.lead_id = lead.id"""


def lead_with_evidence(journey: Journey) -> str:
    """The FROM clause in whose terms every rule speaks."""
    return LEAD_WITH_EVIDENCE.format(facts=facts_table(journey))


def facts_table(journey: Journey) -> str:
    """The name of a journey's fact table, quoted."""
    return f'"facts of {journey.name}"'


def take_standing(
    database: Database, playbook: Playbook, night: date, *,
    stood_before: date | None = None, withdrawn_until: date | None = None,
) -> None:  # fmt: skip
    """Make ``standing``: consent, open replies, and where each lead stood when the night began.

    Args:
        stood_before: Where they stood when this night began instead (at a claim: that of the day).
        withdrawn_until: Withdrawals up to this day instead of the night's (at a claim: all that are stored).
    """
    database.make(
        "standing",
        f"""
        WITH consents AS ({_consents(night, withdrawn_until or night)}),
             replies AS ({_open_replies(database, playbook, night)}), stood AS ({_stood(stood_before or night)})
        SELECT lead.id AS lead_id, lead.lifecycle, coalesce(email_ok, false) AS email_ok,
               coalesce(wecom_ok, false) AS wecom_ok, coalesce(phone_ok, false) AS phone_ok,
               coalesce(cross_border_ok, false) AS cross_border_ok,
               coalesce(withdrew AND NOT (email_ok OR wecom_ok OR phone_ok), false) AS withdrawn,
               replies.lead_id IS NOT NULL AS reply_open, stood.* EXCLUDE (lead_id)
        FROM tonight_lead lead LEFT JOIN consents ON consents.lead_id = lead.id
        LEFT JOIN replies ON replies.lead_id = lead.id
        LEFT JOIN stood ON stood.lead_id = lead.id""",
    )


def _consents(night: date, withdrawn_until: date) -> str:
    """Grants count once their day is over, withdrawals from their day on; a withdrawal wins a tie."""

    granted, withdrawn = f"occurred_on < {literal(night)}", f"occurred_on <= {literal(withdrawn_until)}"
    columns = [f"{consent_holds(scopes_of(way), scopes_of(way), granted, withdrawn)} AS {way.scope}_ok" for way in WAYS]
    both = texts(CROSS_BORDER, ConsentScope.ALL)
    abroad = f"{consent_holds(texts(CROSS_BORDER), both, granted, withdrawn)} AS {CROSS_BORDER}_ok"
    withdrew = f"bool_or(action = 'withdrawn' AND {withdrawn} AND scope <> '{CROSS_BORDER}') AS withdrew"
    return f"SELECT lead_id, {', '.join(columns)}, {abroad}, {withdrew} FROM consent GROUP BY lead_id"


def _open_replies(database: Database, playbook: Playbook, night: date) -> str:
    policy = playbook.policy
    pauses, resumes = playbook.events.where("pauses"), playbook.events.where("resumes")
    countries = {row[0] for row in database.rows("SELECT DISTINCT country FROM lead WHERE country IS NOT NULL")}
    since = {country: reply_open_since(country, night, policy) for country in sorted({*countries, policy.country})}
    cases = " ".join(f"WHEN {literal(country)} THEN {literal(day)}" for country, day in since.items())
    return f"""
        SELECT i.lead_id FROM interaction i JOIN lead ON lead.id = i.lead_id
        WHERE i.kind IN {texts(*pauses, *resumes)}
          AND i.occurred_on BETWEEN {literal(min(since.values()))} AND {literal(night)}
        GROUP BY i.lead_id, lead.country
        HAVING max(i.occurred_on) FILTER (i.kind IN {texts(*pauses)})
                   >= CASE coalesce(lead.country, {literal(policy.country)}) {cases} END
           AND NOT coalesce(max(i.occurred_at) FILTER (i.kind IN {texts(*resumes)})
                   > max(i.occurred_at) FILTER (i.kind IN {texts(*pauses)}), false)"""


def _stood(night: date) -> str:
    return f"""
        WITH taken AS (SELECT night, seen_until FROM run WHERE step = 'take_in')
        SELECT b.*, at_entry.seen_until AS stood_seen, at_fall.seen_until AS fell_back_seen
        FROM (
            SELECT e.lead_id, e.journey AS stood_journey, e.entered_on, arg_max(h.to_stage, h.sequence) AS stood_in,
                   max(h.night) AS stood_since, max(h.night) FILTER (h.move = 'fell_back') AS fell_back_on
            FROM enrolment e JOIN stage_entry h ON h.enrolment_id = e.id
            WHERE h.night < {literal(night)} AND h.to_stage IS NOT NULL
              AND (e.left_on IS NULL OR e.left_on = {literal(night)})
            GROUP BY e.lead_id, e.journey, e.entered_on
        ) b
        LEFT JOIN taken at_entry ON at_entry.night = b.stood_since
        LEFT JOIN taken at_fall ON at_fall.night = b.fell_back_on"""


def take_facts(database: Database, journey: Journey, playbook: Playbook, night: date, only: str = "true") -> None:
    """Make the journey's fact table: per lead that it serves or that walks it, one count for each distinct ``did``.

    Args:
        only: A predicate on ``i.lead_id``, when not all leads are asked about.
    """
    wanted = dids(*journey.rules())
    serves = texts(*journey.serves)
    concerned = f"FROM standing WHERE lifecycle IN {serves} OR stood_journey = {literal(journey.name)}"
    counts = "".join(f", count(*) FILTER ({_counts(did, playbook.events, night)}) AS {did.fact}" for did in wanted)
    database.make(
        facts_table(journey),
        f"""
        SELECT lead_id{counts} FROM (
            SELECT i.lead_id, i.kind, i.about, i.occurred_on, {_in_journey(journey, playbook, night)} AS in_journey,
                   {_in_stage(journey)} AS in_stage
            FROM interaction i JOIN ({concerned}) s ON s.lead_id = i.lead_id
            WHERE i.kind IN {texts(*_kinds(wanted, playbook.events))} AND i.occurred_on < {literal(night)} AND {only}
              AND {taken_in(database, night)}
        ) GROUP BY lead_id""",
    )


def taken_in(database: Database, night: date) -> str:
    """The predicate that a night knew of an interaction ``i`` when it took in its data; true before it did."""
    taken = database.rows(f"SELECT seen_until FROM run WHERE night = {literal(night)} AND step = 'take_in'")
    if not taken:
        return "true"
    return f"i.seen_at <= TIMESTAMP '{taken[0][0]}'" if taken[0][0] else "false"


def _kinds(wanted: Iterable[Did], events: EventCatalogue) -> list[str]:
    kinds = {kind for did in wanted for kind in _kinds_of(did, events)}
    return sorted(kinds)


def _kinds_of(did: Did, events: EventCatalogue) -> list[str]:
    return events.where("conversation") if did.kind == CONVERSATION else [did.kind]


def _counts(did: Did, events: EventCatalogue, night: date) -> str:
    conditions = [f"kind IN {texts(*_kinds_of(did, events))}"]
    if did.since != "ever":
        conditions.append(f"in_{did.since}")
    if did.within is not None:
        conditions.append(f"occurred_on >= {literal(night)} - {did.within}")
    if did.about is not None:
        conditions.append(f"about = {literal(did.about)}")
    return " AND ".join(conditions)


def _in_journey(journey: Journey, playbook: Playbook, night: date) -> str:
    lookback = playbook.policy.lookback
    here = f"s.stood_journey IS NOT DISTINCT FROM {literal(journey.name)}"
    return f"""CASE WHEN {here}
        THEN i.occurred_on >= coalesce(s.fell_back_on, s.entered_on - {lookback}) OR {_late("s.fell_back_seen")}
        ELSE i.occurred_on >= {literal(night)} - {lookback} END"""


def _in_stage(journey: Journey) -> str:
    here = f"s.stood_journey IS NOT DISTINCT FROM {literal(journey.name)}"
    return f"({here} AND (i.occurred_on >= s.stood_since OR {_late('s.stood_seen')}))"


def _late(seen_until: str) -> str:
    return f"coalesce(i.seen_at > {seen_until} AND i.occurred_at >= i.seen_at - INTERVAL {LATE_DAYS} DAY, false)"
