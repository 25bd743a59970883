"""The rules that marketers write: conditions on a lead, built from typed columns and helpers.

Every rule is three things at once: one SQL predicate over sets of leads (never NULL), a sentence in English and
Chinese, and a place in a file for error messages. ``docs/the-night.md`` says exactly what each helper counts.

The predicates speak of these aliases: ``lead``, ``account``, ``f`` (facts: one count per distinct ``did``) and
``s`` (standing: consent, and where the lead stood when the night began).
"""

from dataclasses import dataclass
from hashlib import md5
from typing import Literal

from nurture.content.event_kinds import EventCatalogue
from nurture.journey.expressions import Rule, refuse
from nurture.journey.sentences import Sentence, consented_sentence, did_sentence
from nurture.storage.sql import literal
from nurture.vocabulary import Language

Since = Literal["journey", "stage", "ever"]
LONGEST = 3660
CONVERSATION = "*conversation*"


@dataclass(frozen=True)
class Days:
    """A whole number of days; made by ``days(n)``."""

    n: int


def days(n: int) -> Days:
    """So many days. Journeys count in days, not hours."""
    if not isinstance(n, int) or isinstance(n, bool) or not 0 <= n <= LONGEST:
        refuse(f"days({n!r}) is not a whole number of days up to ten years.", "Write days(3).")
    return Days(n)


@dataclass(frozen=True, eq=False)
class Did(Rule):
    """The lead did something often enough. ``docs/the-night.md`` says exactly what counts."""

    kind: str
    times: int = 1
    within: int | None = None
    since: Since = "journey"
    about: str | None = None

    @property
    def fact(self) -> str:
        """The name of the count that this rule reads; equal counts have equal names, whatever ``times`` is."""
        spec = f"{self.kind}|{self.within}|{self.since}|{self.about}"
        return "f_" + md5(spec.encode(), usedforsecurity=False).hexdigest()[:12]

    def sql(self) -> str:
        """The count, compared."""
        return f"(coalesce(f.{self.fact}, 0) >= {self.times})"

    def sentence(self, catalogue: EventCatalogue, language: Language) -> Sentence:
        """downloaded material at least 2 times during the journey"""
        name = None if self.kind == CONVERSATION else getattr(catalogue.events[self.kind], language)
        return did_sentence(name, self.times, self.within, self.since, self.about, language)


@dataclass(frozen=True, eq=False)
class InStage(Rule):
    """The lead stood in a stage when the night began."""

    stage: str
    journey: str | None = None

    def sql(self) -> str:
        """Compares where the lead stood."""
        of_journey = f" AND s.stood_journey IS NOT DISTINCT FROM {literal(self.journey)}" if self.journey else ""
        return f"(s.stood_in IS NOT DISTINCT FROM {literal(self.stage)}{of_journey})"

    def sentence(self, catalogue: EventCatalogue, language: Language) -> Sentence:
        """stands in the stage hands_on"""
        where = f"{self.journey}/{self.stage}" if self.journey else self.stage
        return Sentence(f"stands in the stage {where}" if language == "en" else f"处于阶段 {where}")


@dataclass(frozen=True, eq=False)
class Consented(Rule):
    """The lead consents to a channel."""

    scope: Literal["email", "wecom", "phone"]

    def sql(self) -> str:
        """Reads the standing consent."""
        return f"coalesce(s.{self.scope}_ok, false)"

    def sentence(self, catalogue: EventCatalogue, language: Language) -> Sentence:
        """consented to email"""
        return consented_sentence(self.scope, language)


def dids(*rules: Rule) -> list[Did]:
    """All distinct counts that these rules need, in the order of their names."""
    found = {part.fact: part for rule in rules for part in rule.every() if isinstance(part, Did)}
    return [found[name] for name in sorted(found)]


def did(
    kind: str,
    times: int = 1,
    *,
    within: Days | None = None,
    since: Since = "journey",
    about: str | None = None,
) -> Did:
    """The lead did this at least ``times`` times.

    Args:
        kind: An event kind declared in ``content/events.toml``.
        times: How often at least.
        within: Only the last so many days.
        since: ``journey`` (from 90 days before enrolment), ``stage`` (since the lead entered its stage) or ``ever``.
        about: Only interactions about this content or object.
    """
    if not isinstance(kind, str) or not kind:
        refuse("did() wants the name of an event kind.", 'Write did("webinar.attended").')
    if not isinstance(times, int) or isinstance(times, bool) or times < 1:
        refuse(f"times={times!r} is not a number of times.", "Write times=2; for “never” write ~did(…).")
    if since not in ("journey", "stage", "ever"):
        refuse(f"since={since!r} is not known.", 'Write since="journey", "stage" or "ever".')
    if within is not None and not isinstance(within, Days):
        refuse(f"within={within!r} is not a number of days.", "Write within=days(30).")
    return Did(kind, times, within.n if within else None, since, about)


def spoke_to_us(*, times: int = 1, within: Days | None = None) -> Did:
    """The lead and a person of ours spoke: any kind that ``events.toml`` marks as a conversation."""
    return did(CONVERSATION, times, within=within, since="ever")


def in_stage(stage: str, journey: str | None = None) -> InStage:
    """The lead stood in this stage (of this journey) when the night began."""
    return InStage(stage, journey)


def consented(scope: Literal["email", "wecom", "phone"]) -> Consented:
    """The lead consents to this channel, provably and until today."""
    if scope not in ("email", "wecom", "phone"):
        refuse(f"nobody consents to {scope!r}.", 'Write consented("email"), "wecom" or "phone".')
    return Consented(scope)
