"""``lead`` and ``account`` as a marketer writes them: typed columns that compare into rules.

An editor completes the names, mypy checks the values, and a misspelt name or an impossible value is refused with the
nearest right one.
"""

from dataclasses import dataclass, fields
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, NoReturn

from models import BuyingRole, Lifecycle
from nurture.content.event_kinds import EventCatalogue
from nurture.journey.expressions import Expression, Rule, refuse
from nurture.journey.sentences import COMPARED, COMPARED_DATES, COMPARED_NUMBERS, Sentence, compared, one_of
from nurture.storage.sql import Value, literal, texts
from nurture.vocabulary import Language, Words, name_of

LARGEST = 1e12
OPERATORS = {"=": "IS NOT DISTINCT FROM", "!=": "IS DISTINCT FROM"}


@dataclass(frozen=True, eq=False)
class Column(Expression):
    """A column of a lead or its account, with its names for people."""

    sql_name: str
    en: str
    zh: str

    def label(self, language: Language) -> str:
        """The column's name in a sentence."""
        return self.en if language == "en" else self.zh

    def verbs(self) -> dict[str, Words]:
        """How comparisons are said of it."""
        return COMPARED

    def said(self, value: Value, language: Language) -> str:
        """A value in a sentence."""
        return str(value)

    def is_missing(self) -> "Rule":
        """Nothing is known here."""
        return Compare(self, "=", None)

    def _stray(self, other: object) -> NoReturn:
        refuse(
            f"{self.sql_name} is a column, not a rule.",
            'Put parentheses around each comparison: (lead.role == "user") & (depth() >= 5).',
        )

    __and__ = __or__ = __rand__ = __ror__ = _stray

    def __invert__(self) -> NoReturn:
        self._stray(None)


@dataclass(frozen=True, eq=False)
class Text(Column):
    """A column of words, of a closed vocabulary or of any."""

    vocabulary: type[StrEnum] | None = None

    def said(self, value: Value, language: Language) -> str:
        """The name that people use, in a closed vocabulary; any other word is said as it is stored."""
        return name_of(self.vocabulary, str(value), language) if self.vocabulary else str(value)

    def __eq__(self, other: str | None) -> Rule:  # type: ignore[override]
        return Compare(self, "=", self._checked(other))

    def __ne__(self, other: str | None) -> Rule:  # type: ignore[override]
        return Compare(self, "!=", self._checked(other))

    __hash__ = object.__hash__

    def is_in(self, *values: str) -> Rule:
        """One of these values."""
        if not values:
            refuse(f"{self.sql_name}.is_in() names no value.", "Name at least one.")
        return OneOf(self, tuple(str(self._checked(value)) for value in values))

    def _checked(self, value: str | None) -> str | None:
        if value is not None and not isinstance(value, str):
            refuse(
                f"{self.sql_name} holds words and cannot equal {type(value).__name__} {value!r}.",
                "Quote the value, and put parentheses around each comparison.",
            )
        choices = tuple(str(choice) for choice in self.vocabulary or ())
        if value is not None and choices and value not in choices:
            refuse(
                f"{self.sql_name} never is {value!r}.{did_you_mean(value, choices)}",
                f"Known: {', '.join(choices)}.",
            )
        return value


@dataclass(frozen=True, eq=False)
class Number(Column):
    """A column of numbers."""

    def __eq__(self, other: float) -> Rule:  # type: ignore[override]
        return Compare(self, "=", self._checked(other))

    def __ne__(self, other: float) -> Rule:  # type: ignore[override]
        return Compare(self, "!=", self._checked(other))

    def __lt__(self, other: float) -> Rule:
        return Compare(self, "<", self._checked(other))

    def __le__(self, other: float) -> Rule:
        return Compare(self, "<=", self._checked(other))

    def __gt__(self, other: float) -> Rule:
        return Compare(self, ">", self._checked(other))

    def __ge__(self, other: float) -> Rule:
        return Compare(self, ">=", self._checked(other))

    __hash__ = object.__hash__

    def verbs(self) -> dict[str, Words]:
        """Numbers equal."""
        return COMPARED_NUMBERS

    def _checked(self, value: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LARGEST:
            refuse(f"{self.sql_name} is a number and was compared with {value!r}.", "Compare it with a number.")
        return value


@dataclass(frozen=True, eq=False)
class Day(Column):
    """A column of dates; ``before(column, days(n))`` makes an anniversary of it."""

    def __eq__(self, other: date) -> Rule:  # type: ignore[override]
        return Compare(self, "=", self._checked(other))

    def __ne__(self, other: date) -> Rule:  # type: ignore[override]
        return Compare(self, "!=", self._checked(other))

    def __lt__(self, other: date) -> Rule:
        return Compare(self, "<", self._checked(other))

    def __ge__(self, other: date) -> Rule:
        return Compare(self, ">=", self._checked(other))

    __hash__ = object.__hash__

    def verbs(self) -> dict[str, Words]:
        """Days come before one another."""
        return COMPARED_DATES

    def _checked(self, value: date) -> date:
        if not isinstance(value, date):
            refuse(f"{self.sql_name} is a date and was compared with {value!r}.", "Write date(2026, 12, 31).")
        return value


@dataclass(frozen=True, eq=False)
class Compare(Rule):
    """One column against one value."""

    column: Column
    comparison: str
    value: Value

    def sql(self) -> str:
        """``=`` and ``!=`` take a missing value as a value; the others are false for it."""
        if operator := OPERATORS.get(self.comparison):
            return f"({self.column.sql_name} {operator} {literal(self.value)})"
        return f"coalesce({self.column.sql_name} {self.comparison} {literal(self.value)}, false)"

    def sentence(self, catalogue: EventCatalogue, language: Language) -> Sentence:
        """The lead's role is user."""
        value = None if self.value is None else self.column.said(self.value, language)
        return compared(self.column.label(language), self.comparison, value, self.column.verbs(), language)


@dataclass(frozen=True, eq=False)
class OneOf(Rule):
    """One column against several values."""

    column: Column
    values: tuple[str, ...]

    def sql(self) -> str:
        """False for a missing value."""
        return f"coalesce({self.column.sql_name} IN {texts(*self.values)}, false)"

    def sentence(self, catalogue: EventCatalogue, language: Language) -> Sentence:
        """The lead's role is one of user or technical."""
        values = [self.column.said(value, language) for value in self.values]
        return one_of(self.column.label(language), values, self.column.verbs(), language)


@dataclass(frozen=True)
class Columns:
    """A table's columns; an unknown one is refused with the nearest known."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            if name.startswith("__"):
                raise AttributeError(name)
            known = tuple(column.name for column in fields(self))
            table = type(self).__name__.removesuffix("Columns").lower()
            refuse(f"{table} has no column {name!r}.{did_you_mean(name, known)}", f"Known: {', '.join(known)}.")


@dataclass(frozen=True)
class LeadColumns(Columns):
    """What a rule may ask of a lead."""

    role: Text = Text("lead.role", "the lead's role", "线索角色", BuyingRole)
    lifecycle: Text = Text("lead.lifecycle", "the lead's lifecycle", "线索生命周期", Lifecycle)
    source: Text = Text("lead.source", "the lead's source", "线索来源")
    language: Text = Text("lead.language", "the lead's language", "线索语言")
    country: Text = Text("lead.country", "the lead's country", "线索所在国家")
    mark: Text = Text("lead.mark", "the lead's mark", "线索标记")
    wecom_id: Text = Text("lead.wecom_id", "the lead's WeCom ID", "企业微信 ID")
    email: Text = Text("lead.email", "the lead's email", "线索邮箱")


@dataclass(frozen=True)
class AccountColumns(Columns):
    """What a rule may ask of a lead's account; a lead without one has every column missing."""

    industry: Text = Text("account.industry", "the account's industry", "企业行业")
    country: Text = Text("account.country", "the account's country", "企业所在国家")
    city: Text = Text("account.city", "the account's city", "企业所在城市")
    plan: Text = Text("account.plan", "the account's plan", "企业套餐")
    employees: Number = Number("account.employees", "the account's headcount", "企业人数")
    depth: Number = Number("account.depth", "the account's interaction depth", "企业互动深度")
    maintenance_ends: Day = Day("account.maintenance_ends", "the end of maintenance", "维保到期日")


def depth() -> Number:
    """The lead's interaction depth tonight: what it did lately, weighed by ``content/events.toml``."""
    return Number("lead.depth", "the interaction depth", "互动深度")


def did_you_mean(word: str, known: tuple[str, ...]) -> str:
    """`` Did you mean 'x'?``, or nothing."""
    near = get_close_matches(word, [str(each) for each in known], n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


lead = LeadColumns()
account = AccountColumns()
