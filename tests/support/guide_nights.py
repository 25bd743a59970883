"""Stories of the marketer's guide, night by night: closed in a real database, and told in the guide's own words."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from models import Channel, Reason
from models.types import derived_id
from nurture.journey import Journey
from nurture.ledger.message_ids import name_of_message
from nurture.storage.database import Database
from nurture.storage.sql import literal
from nurture.vocabulary import name_of
from tests.support.guide import Person
from tests.support.small import STAFF, night, playbook, put

MOVES = {"enrolled": "enters", "advanced": "moves on to", "fell_back": "falls back to", "left": "leaves"}
Row = tuple[str, ...]


def nights_of(cell: str) -> list[date]:
    """``Mon 9 Nov``, or ``Mon 9 Nov to Fri 13 Nov``; a wrong weekday is refused."""
    ends = [datetime.strptime(f"{part} 2026Z", "%a %d %b %Y%z").date() for part in cell.split(" to ")]
    assert [f"{day:%a} {day.day} {day:%b}" for day in ends] == cell.split(" to ")
    return [ends[0] + timedelta(days=n) for n in range((ends[-1] - ends[0]).days + 1)]


def told(database: Database, walk: Journey, table: tuple[Row, ...]) -> Iterator[tuple[str, str]]:
    """Each night of the story, and what was decided; between two rows of the table nothing may happen."""
    (before, known, _), *story = table
    assert before == "before"
    ann = Person("ann", today=nights_of(story[0][0])[0])
    list(ann.told(known))
    put(database, STAFF, *ann.stored())
    expected = ann.today
    for cell, does, _ in story:
        nights = nights_of(cell)
        while expected < nights[0]:
            yield f"{expected}, which no row names", _close(database, walk, expected)
            expected += timedelta(days=1)
        ann.today = nights[0]
        put(database, *ann.told(does))
        for each in nights:
            yield cell, _close(database, walk, each)
        expected = nights[-1] + timedelta(days=1)


def _close(database: Database, walk: Journey, when: date) -> str:
    night(database, playbook(walk), when)
    decided = "; ".join([*_moves(database, when), *_messages(database, when), *_held(database, when)])
    database.run(f"UPDATE message SET state = 'accepted' WHERE state = 'planned' AND send_day <= {literal(when)}")
    return decided or "nothing"


def _of_ann(when: date) -> str:
    return f"lead_id = {literal(derived_id('lead', 'ann'))} AND night = {literal(when)}"


def _moves(database: Database, when: date) -> list[str]:
    rows = database.rows(f"""
        SELECT move, coalesce(to_stage, (SELECT exit_reason FROM enrolment e WHERE e.id = enrolment_id))
        FROM stage_entry WHERE {_of_ann(when)} ORDER BY sequence""")
    return [f"{MOVES[move]} {where}" if move != "left" else f"leaves ({where})" for move, where in rows]


def _messages(database: Database, when: date) -> list[str]:
    rows = database.rows(
        f"SELECT {name_of_message('message')}, channel, send_day FROM message WHERE {_of_ann(when)} ORDER BY 1"
    )
    return [
        f"{touch} {'as a task' if channel == Channel.STAFF else 'by ' + name_of(Channel, channel, 'en')}"
        f" on {day:%a} {day.day} {day:%b}"
        for touch, channel, day in rows
    ]


def _held(database: Database, when: date) -> list[str]:
    rows = database.rows(f"""
        SELECT {name_of_message("decision")}, verdict, reason FROM decision
        WHERE {_of_ann(when)} AND verdict <> 'planned' ORDER BY 1""")
    return [f"{touch} {verdict}: {name_of(Reason, reason, 'en')}" for touch, verdict, reason in rows]
