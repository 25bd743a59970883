"""Dates and clocks: business dates, working days, and the moment at which a recipient's window opens.

Everything is worked out once per (zone, country) pair in Python and joined as a small table: time zone
arithmetic inside DuckDB costs seconds per million rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from nurture.content.policy import Policy

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Slot:
    """When people in a zone and country can next be written to: one window, in UTC."""

    zone: str
    country: str
    send_day: date
    opens: datetime
    closes: datetime


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a date in a zone, in UTC."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def business_date(moment: datetime, zone: ZoneInfo) -> date:
    """The date of a moment in the business zone."""
    return moment.astimezone(zone).date()


def night_due_by(moment: datetime, zone: ZoneInfo, due: time) -> date:
    """The newest night that should be complete at a moment: each is due at a local time of its own date."""
    local = moment.astimezone(zone)
    return local.date() if local.time() >= due else local.date() - ONE_DAY


def slots(places: Iterable[tuple[str, str]], night: date, policy: Policy, business: ZoneInfo) -> list[Slot]:
    """The first window of each (zone, country) that opens at or after the start of the night."""
    earliest = start_of(night, business)
    return [
        _slot(zone, _known(zone, business), country, night, policy, earliest) for zone, country in sorted(set(places))
    ]


def _slot(zone: str, local: ZoneInfo, country: str, night: date, policy: Policy, earliest: datetime) -> Slot:
    calendar, day = policy.works(country), night
    while not calendar.works_on(day) or _local(day, policy.window.opens, local) < earliest:
        day += ONE_DAY
    opens, closes = (_local(day, clock, local) for clock in (policy.window.opens, policy.window.closes))
    return Slot(zone, country, day, opens, closes)


def is_open(zone: str, country: str, now: datetime, policy: Policy, business: ZoneInfo) -> tuple[date, bool]:
    """What date it is for people in a zone and country, and whether we may write to them at this moment."""
    there = now.astimezone(_known(zone, business))
    inside = policy.window.opens <= there.time() < policy.window.closes
    return there.date(), inside and policy.works(country).works_on(there.date())


def _known(zone: str, business: ZoneInfo) -> ZoneInfo:
    """A person's zone; the business one where the name is none, or one that this machine does not know."""
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return business


def _local(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


def reply_open_since(country: str, night: date, policy: Policy) -> date:
    """The earliest date of a reply that still pauses: fewer than ``reply_pause`` working days lie after it."""
    calendar, day, worked = policy.works(country), night, 0
    while worked < policy.reply_pause:
        worked += calendar.works_on(day)
        day -= ONE_DAY
    return day + ONE_DAY
