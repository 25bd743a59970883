"""Recipients: where, when and through whom a lead can be reached tonight, and what forbids it, once per lead.

Makes the temporary table ``reach``, one row for each lead of ``due_pair``: for every channel the fault that forbids it
(empty when none does) and whether its monthly quota is used up; the lead's next window; the employee who handles its
tasks, with theirs.
"""

from datetime import date

from nurture.content.send_windows import slots
from nurture.journey.playbook import Playbook
from nurture.ledger.states import COUNTED
from nurture.night.eligibility import channel_fault, quota_used_up
from nurture.night.tables import DUE_PAIRS, HANDLERS, REACH, SLOTS
from nurture.people.channel_addresses import WAYS, Way
from nurture.storage.database import Database
from nurture.storage.sql import literal, texts


def take_reach(database: Database, playbook: Playbook, night: date) -> None:
    """Make ``slot``, ``handler`` and ``reach``."""
    _take_slots(database, playbook, night)
    zone, country = literal(playbook.zone.key), literal(playbook.policy.country)
    HANDLERS.make(
        database,
        f"""
        SELECT staff.id, staff.external_id, slot.send_day, slot.opens, slot.closes FROM staff JOIN {SLOTS} slot
        ON slot.zone = coalesce(staff.timezone, {zone}) AND slot.country = coalesce(staff.country, {country})""",
    )
    REACH.make(
        database,
        f"""
        SELECT lead.id AS lead_id, lead.account_id, lead.depth, lead.email_hash, lead.wecom_hash, lead.mobile_hash,
               slot.send_day, slot.opens, slot.closes, s.reply_open,
               coalesce(lead.paused_until > {literal(night)}, false) AS lead_paused,
               {_handler(database, playbook)},
               {", ".join(_fault(way, playbook) for way in WAYS)},
               {", ".join(f"{quota_used_up(way, playbook)} AS {way.channel}_full" for way in WAYS)}
        FROM tonight_lead lead SEMI JOIN {DUE_PAIRS} due_pair ON due_pair.lead_id = lead.id
        JOIN standing s ON s.lead_id = lead.id
        JOIN {SLOTS} slot ON slot.zone = coalesce(lead.timezone, {zone})
            AND slot.country = coalesce(lead.country, {country})
        LEFT JOIN {HANDLERS} owner ON owner.id = lead.owner_id
        {" ".join(_usage(way, playbook) for way in WAYS)}""",
    )


def _take_slots(database: Database, playbook: Playbook, night: date) -> None:
    zone, country = literal(playbook.zone.key), literal(playbook.policy.country)
    places = database.rows(f"""
        SELECT DISTINCT coalesce(timezone, {zone}), coalesce(country, {country}) FROM tonight_lead
        UNION SELECT DISTINCT coalesce(timezone, {zone}), coalesce(country, {country}) FROM staff""")
    found = slots([(row[0], row[1]) for row in places], night, playbook.policy, playbook.zone)
    SLOTS.fill(database, [(each.zone, each.country, each.send_day, each.opens, each.closes) for each in found])


def _handler(database: Database, playbook: Playbook) -> str:
    """The owner's columns, or the sales desk's: as constants, because a join on a constant alone is a loop."""
    columns = {"id": "UUID", "send_day": "DATE", "opens": "TIMESTAMP", "closes": "TIMESTAMP"}
    texts_of = ", ".join(f"{name}::VARCHAR" for name in columns)
    desks = database.rows(
        f"SELECT {texts_of} FROM {HANDLERS} WHERE external_id = {literal(playbook.policy.sales_desk)}"
    )
    desk = desks[0] if desks else (None,) * len(columns)
    return ", ".join(
        f"coalesce(owner.{name}, {literal(value)}::{kind}) AS handler_{name}"
        for (name, kind), value in zip(columns.items(), desk, strict=True)
    )


def _fault(way: Way, playbook: Playbook) -> str:
    return f"{channel_fault(way, playbook, f'lead.{way.hash}')} AS {way.channel}_fault"


def _usage(way: Way, playbook: Playbook) -> str:
    if way.channel not in playbook.policy.quota:
        return ""
    return f"""LEFT JOIN (
            SELECT lead_id, date_trunc('month', send_day) AS month, count(*) AS messages FROM message
            WHERE channel = {literal(way.channel)} AND NOT internal AND state IN {texts(*COUNTED)} GROUP BY ALL
        ) used_{way.scope} ON used_{way.scope}.lead_id = lead.id
            AND used_{way.scope}.month = date_trunc('month', slot.send_day)"""
