"""What rules are made of: the tree of conditions, and the refusal of Python's traps.

Python cannot overload ``and``, ``or``, ``not`` or chained comparison; they would silently drop half a rule, so they
are refused with a remedy.
"""

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from nurture.content.event_kinds import EventCatalogue
from nurture.errors import JourneyError
from nurture.journey.sentences import Sentence, joined, negated
from nurture.vocabulary import Language


@dataclass(frozen=True)
class Origin:
    """Where in a journey file something was written."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def origin_here() -> Origin:
    """The first place up the call stack that is not the vocabulary itself."""
    frame = sys._getframe(1)
    home = str(Path(__file__).parent)
    while frame.f_back and (frame.f_code.co_filename.startswith(home) or frame.f_code.co_filename == "<string>"):
        frame = frame.f_back
    return Origin(frame.f_code.co_filename, frame.f_lineno)


def refuse(problem: str, remedy: str, origin: Origin | None = None) -> NoReturn:
    """Raise the error that a marketer can act on."""
    raise JourneyError(f"{origin or origin_here()}: {problem} {remedy}")


class Expression:
    """What rules and columns share: Python's traps, refused."""

    def __bool__(self) -> NoReturn:
        refuse(
            "A rule has no truth of its own while the journey is being read.",
            "Combine rules with &, | and ~ instead of and, or, not; write a chained comparison as two rules: "
            "(a < x) & (x < b); for a list of values use column.is_in(...).",
        )

    def __contains__(self, item: object) -> NoReturn:
        refuse("`in` cannot look into a column.", "Use column.is_in('a', 'b').")

    def __iter__(self) -> Iterator[Any]:
        refuse("A rule or column is not a list.", "Use column.is_in('a', 'b') to compare with several values.")

    __hash__ = object.__hash__


@dataclass(frozen=True, eq=False)
class Rule(Expression, ABC):
    """A condition on a lead."""

    origin: Origin = field(default_factory=origin_here, kw_only=True, repr=False)

    @abstractmethod
    def sql(self) -> str:
        """The predicate; true or false for every lead, never NULL."""

    @abstractmethod
    def sentence(self, catalogue: EventCatalogue, language: Language) -> Sentence:
        """The rule in words, with how tightly the words bind."""

    def parts(self) -> tuple["Rule", ...]:
        """The rules that this one is made of."""
        return ()

    def words(self, catalogue: EventCatalogue, language: Language = "en") -> str:
        """The rule in words, for people."""
        return self.sentence(catalogue, language).text

    def every(self) -> Iterator["Rule"]:
        """This rule and all rules inside it."""
        yield self
        for part in self.parts():
            yield from part.every()

    def __and__(self, other: "Rule") -> "Rule":
        return All((*_flat(self, All), *_flat(_a_rule(other), All)))

    def __or__(self, other: "Rule") -> "Rule":
        return AnyOf((*_flat(self, AnyOf), *_flat(_a_rule(other), AnyOf)))

    def __rand__(self, other: object) -> NoReturn:
        _not_a_rule(other)

    def __ror__(self, other: object) -> NoReturn:
        _not_a_rule(other)

    def __invert__(self) -> "Rule":
        return Not(self)

    def _compared(self, other: object) -> NoReturn:
        refuse(
            "A rule cannot be compared.",
            'For "at least twice" write did("…", times=2); put parentheses around each comparison: '
            '(lead.role == "user") & (depth() >= 5).',
        )

    __lt__ = __le__ = __gt__ = __ge__ = _compared
    __eq__ = _compared
    __ne__ = _compared
    __hash__ = object.__hash__


def _flat(rule: Rule, kind: type[Rule]) -> tuple[Rule, ...]:
    """``a & b & c`` is one list of three."""
    return rule.parts() if isinstance(rule, kind) else (rule,)


def _a_rule(value: object) -> Rule:
    return value if isinstance(value, Rule) else _not_a_rule(value)


def _not_a_rule(value: object) -> NoReturn:
    refuse(
        f"& and | join rules, and {value if isinstance(value, str | int | float) else type(value).__name__!r} is none.",
        'Put parentheses around each comparison: (lead.source != "partner") & (depth() >= 5).',
    )


@dataclass(frozen=True, eq=False)
class All(Rule):
    """Every part holds."""

    rules: tuple[Rule, ...]

    def parts(self) -> tuple[Rule, ...]:
        """The parts."""
        return self.rules

    def sql(self) -> str:
        """Joined by AND."""
        return "(" + " AND ".join(rule.sql() for rule in self.rules) + ")"

    def sentence(self, catalogue: EventCatalogue, language: Language) -> Sentence:
        """… and …"""
        return joined([rule.sentence(catalogue, language) for rule in self.rules], "and", language)


@dataclass(frozen=True, eq=False)
class AnyOf(Rule):
    """At least one part holds."""

    rules: tuple[Rule, ...]

    def parts(self) -> tuple[Rule, ...]:
        """The parts."""
        return self.rules

    def sql(self) -> str:
        """Joined by OR."""
        return "(" + " OR ".join(rule.sql() for rule in self.rules) + ")"

    def sentence(self, catalogue: EventCatalogue, language: Language) -> Sentence:
        """… or …"""
        return joined([rule.sentence(catalogue, language) for rule in self.rules], "or", language)


@dataclass(frozen=True, eq=False)
class Not(Rule):
    """The part does not hold."""

    rule: Rule

    def parts(self) -> tuple[Rule, ...]:
        """The part."""
        return (self.rule,)

    def sql(self) -> str:
        """Negated."""
        return f"(NOT {self.rule.sql()})"

    def sentence(self, catalogue: EventCatalogue, language: Language) -> Sentence:
        """not …"""
        return negated(self.rule.sentence(catalogue, language), language)
