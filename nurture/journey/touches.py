"""What a lead gets, and when it is due: the words for touches.

A touch is plain frozen data. What is wrong with it is refused while its file is read, with file, line and remedy.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import date

from models import Channel
from nurture.journey.columns import Column, Day
from nurture.journey.expressions import Origin, Rule, origin_here, refuse
from nurture.journey.rules import Days

KEY = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


@dataclass(frozen=True)
class After:
    """So many days after the lead entered the stage."""

    days: int


@dataclass(frozen=True)
class Before:
    """So many days before a date of the lead's account."""

    column: Day
    days: int


@dataclass(frozen=True)
class On:
    """On one date, for everybody."""

    day: date


When = After | Before | On


def before(column: Day, distance: Days) -> Before:
    """Due so many days before the date in a column, for example ``before(account.maintenance_ends, days(60))``."""
    if not isinstance(column, Day):
        refuse("before() wants a date column.", "Write before(account.maintenance_ends, days(60)).")
    return Before(column, checked_days(distance, "before()").n)


def on(day: date) -> On:
    """Due on this date."""
    if not isinstance(day, date):
        refuse(f"on() wants a date, not {day!r}.", "Write on(date(2026, 12, 1)).")
    return On(day)


@dataclass(frozen=True)
class Touch:
    """Something a lead (or, by an internal staff task, an employee) gets once in an enrolment."""

    key: str
    legs: tuple[Channel, ...]
    when: When | None
    only_if: Rule | None
    reaches_lead: bool
    origin: Origin = field(repr=False)


def email(
    key: str,
    when: When | None = None,
    *,
    after: Days | None = None,
    only_if: Rule | None = None,
    otherwise: Touch | None = None,
) -> Touch:
    """An email to the lead."""
    return _touch(Channel.EMAIL, key, when, after, only_if, otherwise)


def wecom(
    key: str,
    when: When | None = None,
    *,
    after: Days | None = None,
    only_if: Rule | None = None,
    otherwise: Touch | None = None,
) -> Touch:
    """A WeCom (企业微信) message to the lead."""
    return _touch(Channel.WECOM, key, when, after, only_if, otherwise)


def staff(
    key: str,
    when: When | None = None,
    *,
    after: Days | None = None,
    only_if: Rule | None = None,
    otherwise: Touch | None = None,
    reaches_lead: bool = False,
) -> Touch:
    """A task for the lead's owner. With ``reaches_lead`` it ends at the lead (a call), and all restraint applies."""
    touch = _touch(Channel.STAFF, key, when, after, only_if, otherwise)
    if otherwise is not None and not reaches_lead:
        refuse(f"the internal task {key!r} cannot have an otherwise.", "Add reaches_lead=True, or drop it.")
    return replace(touch, reaches_lead=reaches_lead)


def _touch(
    channel: Channel,
    key: str,
    when: When | None,
    after: Days | None,
    only_if: Rule | None,
    otherwise: Touch | None,
) -> Touch:
    check_key(key, "touch", origin_here())
    if when is not None and after is not None:
        refuse(f"touch {key!r} says twice when it is due.", "Keep either after= or the date.")
    if when is not None and not isinstance(when, After | Before | On):
        refuse(
            f"touch {key!r}: {when!r} is not a time.",
            "Write after=days(3), before(account.…, days(60)) or on(date(…)).",
        )
    if after is not None:
        when = After(checked_days(after, f"after of touch {key!r}").n)
    check_rule(only_if, f"only_if of touch {key!r}", origin_here())
    return Touch(key, (channel, *_next_legs(key, otherwise)), when, only_if, True, origin_here())


def _next_legs(key: str, otherwise: Touch | None) -> tuple[Channel, ...]:
    if otherwise is None:
        return ()
    if not isinstance(otherwise, Touch):
        refuse(f"otherwise of touch {key!r} is not a touch.", f'Write otherwise=email("{key}").')
    if otherwise.key != key:
        refuse(
            f"touch {key!r} continues as {otherwise.key!r}.",
            "The same touch on another channel keeps its key.",
        )
    if otherwise.when is not None or otherwise.only_if is not None:
        refuse(f"otherwise of touch {key!r} has its own time or condition.", "It follows the touch: drop them.")
    if otherwise.legs[0] is Channel.STAFF and not otherwise.reaches_lead:
        refuse(f"otherwise of touch {key!r} does not reach the lead.", "Add reaches_lead=True.")
    return otherwise.legs


def check_key(key: object, what: str, origin: Origin) -> None:
    """Refuse a key that could not be an identity."""
    if not isinstance(key, str) or not KEY.fullmatch(key):
        refuse(
            f"{key!r} cannot be the key of a {what}.",
            "Use small letters, digits, - and _: peer-case.",
            origin,
        )


def check_rule(rule: object, what: str, origin: Origin, *, needed: bool = False) -> None:
    """Refuse what is not a rule."""
    if isinstance(rule, Rule) or (rule is None and not needed):
        return
    got = f"the column {rule.sql_name}" if isinstance(rule, Column) else repr(rule)
    refuse(f"{what} wants a rule, not {got}.", 'Write did("webinar.attended"), or lead.role == "user".', origin)


def checked_days(value: object, what: str, origin: Origin | None = None) -> Days:
    """The value, if it was made by ``days(n)``."""
    if not isinstance(value, Days):
        refuse(f"{what} wants a number of days, not {value!r}.", "Write days(3).", origin)
    return value
