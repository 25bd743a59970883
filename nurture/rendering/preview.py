"""Previewing: every text of a journey as one person would read it, in a gallery of its own. Nothing is planned or
sent.
"""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from models import Channel
from models.types import derived_id
from nurture.channels.preview import Preview
from nurture.channels.preview.gallery import hang
from nurture.channels.registry import places
from nurture.content.personas import Persona
from nurture.content.targeting import most_specific
from nurture.errors import InputError
from nurture.journey.definition import Journey
from nurture.journey.playbook import Playbook
from nurture.keys.signed_links import tokens_of
from nurture.rendering.contexts import person
from nurture.rendering.freeze import open_workshop
from nurture.rendering.shards import OF_PERSON, Failure
from nurture.settings import Settings
from nurture.storage.database import Database, in_memory
from nurture.storage.sql import Value, literal

Row = dict[str, Any]
FIRST_WORDS = 20
NOT_FITTING = "no content for this person"


@dataclass(frozen=True)
class Previewed:
    """One touch on one channel: the file that this person gets, or why they get nothing.

    ``failed`` says that the text is at fault.
    """

    stage: str
    touch: str
    channel: str
    file: str
    subject: str
    problem: str
    failed: bool


@dataclass(frozen=True)
class PreviewReport:
    """What was written where."""

    page: Path
    touches: tuple[Previewed, ...]

    @property
    def failed(self) -> bool:
        """Whether a text that this person should get cannot be rendered."""
        return any(touch.failed for touch in self.touches)


@dataclass(frozen=True)
class Who:
    """The person for whom is previewed, as the columns of a context and what the choice of files asks."""

    name: str
    row: Row
    language: str | None
    role: str | None
    industry: str | None
    employees: int | None
    impersonal: bool = False


def persona_reader(name: str, personas: Mapping[str, Persona], today: date) -> Who:
    """A persona as a reader.

    Raises:
        InputError: there is no such persona.
    """
    if name not in personas:
        raise InputError(f"No persona is called {name!r}. Known: {', '.join(personas)}.")
    lead, account, owner = personas[name].lead, personas[name].account, personas[name].owner
    row: Row = dict.fromkeys(OF_PERSON) | {
        "external_id": name, "name": lead.name, "role": lead.role, "email": lead.email or f"{name}@persona.example",
        "mobile": lead.mobile, "wecom_id": lead.wecom_id or name, "source": lead.source, "depth": lead.depth,
        "country": account.country, "account_name": account.name, "industry": account.industry, "city": account.city,
        "employees": account.employees, "plan": account.plan, "maintenance_ends": account.maintenance_ends,
        "owner_name": owner.name, "owner_title": owner.title, "owner_email": owner.email or "owner@persona.example",
        "owner_wecom": "owner",
        "why": "downloaded material at least 2 times", "why_zh": "下载资料至少 2 次",
        "recent": [{"day": today, "kind": "content.downloaded"}],
    }  # fmt: skip
    return Who(name, row, lead.language, lead.role, account.industry, account.employees)


def lead_reader(database: Database, playbook: Playbook, external_id: str) -> Who:
    """A real lead as a reader.

    Raises:
        InputError: there is no such lead.
    """
    rows = database.arrow(person(playbook, external_id)).to_pylist()
    if not rows:
        raise InputError(f"No lead has the id {external_id!r}.")
    row = rows[0]
    return Who(external_id, row, row["language"], row["role"], row["industry"], row["employees"], row["impersonal"])


def preview(settings: Settings, playbook: Playbook, journey: Journey, who: Who, now: datetime) -> PreviewReport:
    """Render every touch of a journey for a person into ``preview/<journey>-<person>/``."""
    rows = _rows(playbook, journey, who)
    numbers = {row["template"] for row in rows if row["template"] is not None}
    workshop = open_workshop(settings, playbook, tokens_of(settings), numbers)
    failures: list[Failure] = []
    envelopes = list(workshop.envelopes([row for row in rows if row["template"] is not None], failures))
    folder = settings.home / "preview" / _folder_name(journey, who)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    Preview(folder.parent, settings.paths.rendered, now).send(envelopes)
    hang(folder, places([journey]))
    subjects = {envelope.id: envelope.subject or envelope.text[:FIRST_WORDS] + "…" for envelope in envelopes}
    problems = {failure.message_id: failure for failure in failures}
    return PreviewReport(folder / "index.html", tuple(_told(playbook, row, subjects, problems) for row in rows))


def _rows(playbook: Playbook, journey: Journey, who: Who) -> list[Row]:
    """One context for each touch and leg."""
    legs = [(stage.key, touch.key, channel) for stage, touch in journey.touches() for channel in touch.legs]
    return [_row(playbook, journey, stage, touch, channel, who) for stage, touch, channel in legs]


def row_of(playbook: Playbook, named: str, channel: Channel, who: Who) -> Row:
    """The context of one touch (``journey/touch``) on one channel.

    Raises:
        InputError: there is no such touch by this channel.
    """
    legs = {
        f"{journey.name}/{touch.key}": (journey, stage.key)
        for journey in playbook.journeys
        for stage, touch in journey.touches()
        if channel in touch.legs
    }
    if named not in legs:
        raise InputError(f"No touch by {channel} is called {named!r}. Known: {', '.join(legs)}.")
    journey, stage = legs[named]
    return _row(playbook, journey, stage, named.partition("/")[2], channel, who)


def _row(playbook: Playbook, journey: Journey, stage: str, touch: str, channel: Channel, who: Who) -> Row:
    return who.row | {
        "id": derived_id("preview", journey.name, touch, channel, who.name).hex,
        "journey": journey.name,
        "stage": stage,
        "touch": touch,
        "channel": channel.value,
        "night": _folder_name(journey, who),
        "revision": 1,
        "template": _template(playbook, (journey.name, stage, touch, channel), who),
    }


def _folder_name(journey: Journey, who: Who) -> str:
    """A name that leads nowhere else, whatever the lead is called."""
    return re.sub(r"[^\w-]", "_", f"{journey.name}-{who.name}")


def _template(playbook: Playbook, place: tuple[str, str, str, Channel], who: Who) -> int | None:
    """The number of the file that this person gets: asked in the same words as in the night."""
    files = [
        (number, file)
        for number, file in enumerate(playbook.content)
        if (file.journey, file.stage, file.touch, file.channel) == place
    ]
    lead = _one_row(language=who.language, role=who.role, wished_language=None)
    lead += f", {literal(who.impersonal)} AS impersonal"
    account = _one_row(industry=who.industry, employees=who.employees)
    with in_memory() as database:
        choice = most_specific(files, playbook.policy.language)
        number = database.one(f"SELECT {choice} FROM ({lead}) lead, ({account}) account")[0]
    return None if number is None else int(number)


def _one_row(**columns: Value) -> str:
    return "SELECT " + ", ".join(
        f"{literal(value)}{'::INTEGER' if name == 'employees' else '::VARCHAR'} AS {name}"
        for name, value in columns.items()
    )


def _told(playbook: Playbook, row: Row, subjects: Mapping[str, str], problems: Mapping[str, Failure]) -> Previewed:
    number = row["template"]
    file = playbook.content[number].path.name if number is not None else ""
    failure = problems.get(row["id"])
    problem = "" if file else NOT_FITTING
    return Previewed(
        row["stage"],
        row["touch"],
        row["channel"],
        file,
        subjects.get(row["id"], ""),
        failure.why if failure else problem,
        bool(failure and failure.of_text),
    )
