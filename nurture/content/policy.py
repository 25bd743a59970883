"""The policy: how often, when and in which order we may speak to people. Read from ``content/policy.toml``."""

from datetime import date, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from models import Channel
from nurture.content.email_policy import Law, Mailing
from nurture.content.files import read_toml


def _expand(ranges: object) -> object:
    """``["2026-10-01..2026-10-07"]`` as single dates."""
    if not isinstance(ranges, list):
        return ranges
    found: set[date] = set()
    for entry in ranges:
        first, _, last = str(entry).partition("..")
        day, end = date.fromisoformat(first), date.fromisoformat(last or first)
        if end < day:
            raise ValueError(f"{entry}: the range ends before it begins")
        while day <= end:
            found.add(day)
            day += timedelta(days=1)
    return frozenset(found)


Days = Annotated[frozenset[date], BeforeValidator(_expand)]
STRICT = ConfigDict(frozen=True, extra="forbid")


class Caps(BaseModel):
    """How many messages at most, counted on the day of sending, over all channels and journeys."""

    model_config = STRICT

    lead_per_day: int = Field(ge=1)
    lead_per_7_days: int = Field(ge=1)
    account_per_day: int = Field(ge=1)
    employee_per_day: int = Field(ge=1)


class Window(BaseModel):
    """When messages may go out: local time of the recipient, on working days."""

    model_config = STRICT

    opens: time
    closes: time
    spread_minutes: int = Field(ge=1)

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> "Window":
        minutes = (self.closes.hour - self.opens.hour) * 60 + self.closes.minute - self.opens.minute
        if minutes < self.spread_minutes:
            raise ValueError("the window must be open for at least spread_minutes")
        return self


class WorkCalendar(BaseModel):
    """The working days of a country: Monday to Friday, except holidays, plus worked weekends (调休)."""

    model_config = STRICT

    holidays: Days = frozenset()
    workdays: Days = frozenset()

    def works_on(self, day: date) -> bool:
        """Whether people work on this day."""
        return day in self.workdays or (day.weekday() < 5 and day not in self.holidays)


class Policy(BaseModel):
    """All of ``policy.toml``; the meaning of each entry stands beside it there."""

    model_config = STRICT

    country: str
    language: str = "zh-CN"
    sales_desk: str
    lookback: int = Field(ge=0)
    grace: int = Field(ge=0)
    reply_pause: int = Field(ge=0)
    render_errors_halt: float = Field(0.02, ge=0, le=1)
    caps: Caps
    quota: dict[Channel, int] = Field(default_factory=dict)
    window: Window
    priorities: dict[str, int] = Field(default_factory=dict)
    calendar: dict[str, WorkCalendar] = Field(default_factory=dict)
    email: Mailing = Field(default_factory=Mailing)
    law: dict[str, Law] = Field(default_factory=dict)

    @cached_property
    def _plain_week(self) -> WorkCalendar:
        return WorkCalendar()

    def works(self, country: str | None) -> WorkCalendar:
        """The working days of a country; Monday to Friday where the policy names none."""
        return self.calendar.get(country or self.country, self._plain_week)

    def ends(self, country: str) -> date | None:
        """The last day about which a country's calendar says anything."""
        calendar = self.calendar.get(country, self._plain_week)
        return max(calendar.holidays | calendar.workdays, default=None)

    def rank(self, journey: str) -> tuple[int, str]:
        """Sorts journeys: the higher priority first, then by name."""
        return (-self.priorities.get(journey, 0), journey)


def read_policy(content: Path) -> Policy:
    """The policy of a content folder.

    Raises:
        ContentError: the file is missing or an entry is wrong; names the file and the entry.
    """
    return read_toml(content / "policy.toml", Policy)
