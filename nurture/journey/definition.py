"""The words in which a journey is written: journeys and their stages.

A journey is plain frozen data. What is wrong with it is refused while its file is read, with file, line and remedy.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from hashlib import sha256
from typing import Literal

from models import Lifecycle
from nurture.journey.columns import did_you_mean
from nurture.journey.expressions import Origin, Rule, origin_here, refuse
from nurture.journey.rules import Days
from nurture.journey.touches import Touch, check_key, check_rule, checked_days

# Words and places do not change what a journey means.
NOT_MEANING = frozenset({"origin", "en", "zh", "asks"})


@dataclass(frozen=True)
class Stage:
    """A question that the lead has, what we give for it, and what shows that it is answered.

    Args:
        key: The stage's identity; leads stand on it.
        asks: The lead's own question.
        touches: What the lead gets here.
        advance_if: What shows that the lead may go on; every stage but the last has it.
        fall_back_after: How long a lead may stand here without a move; from the first stage it leaves as dormant.
        marks: What to tell sales when a lead comes here, for example ``nearly-qualified``.
    """

    key: str
    asks: str
    touches: Sequence[Touch] = ()
    advance_if: Rule | None = None
    fall_back_after: Days | None = None
    marks: str | None = None
    origin: Origin = field(default_factory=origin_here, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        check_key(self.key, "stage", self.origin)
        object.__setattr__(self, "touches", tuple(self.touches))
        for touch in self.touches:
            if not isinstance(touch, Touch):
                refuse(
                    f"stage {self.key!r} has a touch that is none: {touch!r}.",
                    "Use email(), wecom(), staff().",
                    self.origin,
                )
            if touch.when is None:
                refuse(
                    f"touch {touch.key!r} does not say when.",
                    "Add after=days(0), before(…) or on(…).",
                    touch.origin,
                )
        check_rule(self.advance_if, f"advance_if of stage {self.key!r}", self.origin)
        if self.fall_back_after is not None:
            checked_days(self.fall_back_after, f"fall_back_after of stage {self.key!r}", self.origin)
        if self.marks is not None:
            check_key(self.marks, "mark", self.origin)


@dataclass(frozen=True)
class Journey:
    """A walk through stages, for leads that it serves, until its goal.

    Args:
        name: The journey's identity; enrolments carry it.
        serves: Lifecycles; leaving them is leaving the journey.
        audience: Who enters.
        stages: In walking order.
        goal: What ends the journey well.
        goal_scope: ``account`` stops the lead's whole buying group when one reaches the goal.
        goal_makes: The lead's lifecycle after the goal.
        reenter_after: How long after leaving a lead may enter again; not at all when missing.
        interrupts: Whether the journey may end one of lower rank instead of waiting for its end.
    """

    name: str
    serves: Sequence[str]
    audience: Rule
    stages: Sequence[Stage]
    goal: Rule
    goal_scope: Literal["lead", "account"] = "lead"
    goal_makes: str = Lifecycle.QUALIFIED
    reenter_after: Days | None = None
    interrupts: bool = False
    origin: Origin = field(default_factory=origin_here, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        check_key(self.name, "journey", self.origin)
        object.__setattr__(self, "serves", tuple(self.serves) if not isinstance(self.serves, str) else (self.serves,))
        object.__setattr__(self, "stages", tuple(self.stages))
        for lifecycle in (*self.serves, self.goal_makes):
            _check_lifecycle(lifecycle, self.origin)
        check_rule(self.audience, "audience", self.origin, needed=True)
        check_rule(self.goal, "goal", self.origin, needed=True)
        if self.goal_scope not in ("lead", "account"):
            refuse(f"goal_scope={self.goal_scope!r} is not known.", 'Write "lead" or "account".', self.origin)
        if self.reenter_after is not None:
            checked_days(self.reenter_after, "reenter_after", self.origin)
        self._check_stages()

    def _check_stages(self) -> None:
        if not self.stages:
            refuse(f"journey {self.name!r} has no stages.", "Give it at least one Stage.", self.origin)
        for stage in self.stages:
            if not isinstance(stage, Stage):
                refuse(
                    f"journey {self.name!r} has a stage that is none: {stage!r}.",
                    "Use Stage(…).",
                    self.origin,
                )
        _check_unique([(stage.key, stage.origin) for stage in self.stages], "stage")
        _check_unique([(touch.key, touch.origin) for _, touch in self.touches()], "touch")
        _check_unique([(stage.marks, stage.origin) for stage in self.stages if stage.marks], "mark")
        for stage in self.stages[:-1]:
            if stage.advance_if is None:
                refuse(f"stage {stage.key!r} has no way on.", "Give it advance_if=….", stage.origin)
        last = self.stages[-1]
        if last.advance_if is not None:
            refuse(
                f"the last stage, {last.key!r}, cannot advance.",
                "What ends the journey is its goal.",
                last.origin,
            )

    def touches(self) -> Iterator[tuple[Stage, Touch]]:
        """Every touch with its stage, in order."""
        for stage in self.stages:
            for touch in stage.touches:
                yield stage, touch

    def rules(self) -> list[Rule]:
        """Every rule of the journey."""
        optional = [stage.advance_if for stage in self.stages] + [touch.only_if for _, touch in self.touches()]
        return [self.audience, self.goal, *(rule for rule in optional if rule is not None)]

    @cached_property
    def fingerprint(self) -> str:
        """Changes when, and only when, the meaning of the journey changes; sixteen hex digits."""
        return sha256(_canonical(self).encode()).hexdigest()[:16]


def _check_lifecycle(value: str, origin: Origin) -> None:
    if value not in tuple(Lifecycle):
        known = tuple(Lifecycle)
        refuse(
            f"no lifecycle is called {value!r}.{did_you_mean(str(value), known)}",
            f"Known: {', '.join(known)}.",
            origin,
        )


def _check_unique(keys: Sequence[tuple[str | None, Origin]], what: str) -> None:
    seen: set[str | None] = set()
    for key, origin in keys:
        if key in seen:
            refuse(f"two {what}s are called {key!r}.", "Keys are identities: rename one.", origin)
        seen.add(key)


def _canonical(thing: object) -> str:
    """The thing as text, without where it was written."""
    if is_dataclass(thing) and not isinstance(thing, type):
        meaning = [f.name for f in fields(thing) if f.name not in NOT_MEANING]
        inside = [f"{name}={_canonical(getattr(thing, name))}" for name in meaning]
        return f"{type(thing).__name__}({', '.join(inside)})"
    if isinstance(thing, list | tuple):
        return "[" + ", ".join(_canonical(part) for part in thing) + "]"
    return repr(thing)
