"""What ``nurture check`` finds beyond what cannot even be read: gaps between journeys, content and policy."""

from datetime import date, timedelta

from models import Channel
from nurture.content.catalogue import NOTICES
from nurture.journey.definition import Journey
from nurture.journey.orphans import find_stranded
from nurture.journey.playbook import Playbook
from nurture.storage.database import Database
from nurture.storage.sql import literal

CARDS = {"mark", "goal", "reply"}
CALENDAR_WARNING = timedelta(days=60)


def check_playbook(playbook: Playbook, today: date) -> list[str]:
    """Every problem of the files themselves, each in a sentence that says where and what to do."""
    problems = [problem for journey in playbook.journeys for problem in _without_content(playbook, journey)]
    problems += _content_of_nothing(playbook)
    problems += _notices_without_card(playbook)
    names = {journey.name for journey in playbook.journeys}
    problems += [
        f"policy.toml: priorities names {name!r}, and no journey is called so. Known: {', '.join(sorted(names))}."
        for name in sorted(set(playbook.policy.priorities) - names)
    ]
    return problems + _calendars_that_end(playbook, today)


def check_against(database: Database, playbook: Playbook) -> list[str]:
    """Every problem between the files and this database: leads left behind, tasks that would reach nobody."""
    problems = [str(each) for each in find_stranded(database, playbook)]
    desk = playbook.policy.sales_desk
    if not database.rows(f"SELECT 1 FROM staff WHERE external_id = {literal(desk)}"):
        problems.append(
            f"policy.toml: sales_desk names {desk!r}, and no employee is called so: tasks of leads without "
            "an owner would reach nobody. Import the employee, or name another."
        )
    return problems


def _calendars_that_end(playbook: Playbook, today: date) -> list[str]:
    ends = {country: playbook.policy.ends(country) for country in playbook.policy.calendar}
    return [
        f"policy.toml: calendar.{country} ends on {end}; add the next year's holidays, or we write to people on them."
        for country, end in ends.items()
        if end is not None and end < today + CALENDAR_WARNING
    ]


def _without_content(playbook: Playbook, journey: Journey) -> list[str]:
    written = {(file.journey, file.stage, file.touch, file.channel) for file in playbook.content}
    return [
        f"{touch.origin}: nobody can get {touch.key!r} by {channel}: write content/{journey.name}/{stage.key}/"
        f"{touch.key}.{channel}.md."
        for stage, touch in journey.touches()
        for channel in touch.legs
        if (journey.name, stage.key, touch.key, channel) not in written
    ]


def _content_of_nothing(playbook: Playbook) -> list[str]:
    used: set[tuple[str, str, str, Channel]] = {
        (journey.name, stage.key, touch.key, channel)
        for journey in playbook.journeys
        for stage, touch in journey.touches()
        for channel in touch.legs
    }
    return [
        f"{file.path}: no journey has this touch on this channel. Rename the file, or remove it."
        for file in playbook.content
        if (file.journey, file.stage, file.touch, file.channel) not in used
        and not (file.journey == NOTICES and file.touch in CARDS)
    ]


def _notices_without_card(playbook: Playbook) -> list[str]:
    written = {file.touch for file in playbook.content if file.journey == NOTICES and not file.language}
    return [f"content/{NOTICES}/{card}.staff.md: missing; sales could not be told." for card in CARDS - written]
