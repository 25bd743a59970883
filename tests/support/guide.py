"""The marketer's guide as the tests read it: its Python blocks, what stands under each, and the people in its tables.

A table of leads says in a few fixed phrases what is known of each; ``PHRASES`` are all of them. The guide's tonight is
Monday, 9 November 2026, unless a table names its nights.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from models import Account, BuyingRole, Enrolment, Interaction, Lifecycle, Move, Run, StageEntry, Step
from models.types import derived_id
from nurture import journey as face
from nurture.journey import Journey, days
from nurture.journey.expressions import Rule
from nurture.night.facts import lead_with_evidence, take_facts, take_standing
from nurture.night.scoring import score
from nurture.storage.database import Database
from tests.support.small import EVENTS, MONDAY, STAFF, at, consent, journey, lead, playbook, put

GUIDE = Path(__file__).parent.parent.parent / "docs" / "journeys.md"
WRITTEN_IN = "flows/journeys/fair_follow_up.py"
PIECES = re.compile(r"^```(\w+)\n(.*?)^```$|^((?:\|[^\n]*\n)+)", re.MULTILINE | re.DOTALL)
WHEN = r"(today|yesterday|\d+ days ago)"
WORDS = {word: getattr(face, word) for word in face.__all__}


@dataclass(frozen=True)
class Example:
    """A Python block of the guide, and the text or table that stands next under it."""

    line: int
    source: str
    text: str = ""
    table: tuple[tuple[str, ...], ...] = ()

    def __str__(self) -> str:
        return f"line {self.line}"

    @property
    def is_journey(self) -> bool:
        """Whether it makes a journey."""
        return "= Journey(" in self.source

    @property
    def is_refused(self) -> bool:
        """Whether it shows a mistake."""
        return self.text.startswith(WRITTEN_IN)


def examples() -> list[Example]:
    """Every Python block of the guide."""
    guide = GUIDE.read_text(encoding="utf-8")
    pieces = list(PIECES.finditer(guide))
    found = []
    for piece, following in zip(pieces, [*pieces[1:], None], strict=True):
        if piece[1] == "python":
            text = following[2] if following and following[1] == "text" else ""
            table = _cells(following[3]) if following and following[3] else ()
            found.append(Example(guide[: piece.start()].count("\n") + 2, piece[2], text, table))
    return found


def _cells(table: str) -> tuple[tuple[str, ...], ...]:
    """The cells of a table, head and rule line left out."""
    lines = [line[1:-1].replace("`", "").split("|") for line in table.splitlines()]
    return tuple(tuple(cell.strip() for cell in line) for line in lines[2:])


def run_source(source: str) -> dict[str, Any]:
    """What a block defines; the words of the two vocabularies are at hand."""
    names = {**WORDS, "date": date}
    exec(compile(source, WRITTEN_IN, "exec"), names)
    return names


def rule_of(source: str) -> Rule:
    """The rule that a block is."""
    rule = eval(compile(source, WRITTEN_IN, "eval"), {**WORDS, "date": date})
    assert isinstance(rule, Rule)
    return rule


def journey_of(source: str) -> Journey:
    """The journey that a block makes."""
    (made,) = {id(value): value for value in run_source(source).values() if isinstance(value, Journey)}.values()
    return made


# -- people ------------------------------------------------------------------------------------------------


@dataclass
class Person:
    """A made-up lead, as a table tells of it."""

    name: str
    today: date = MONDAY
    about_lead: dict[str, Any] = field(default_factory=dict)
    about_account: dict[str, Any] = field(default_factory=dict)
    has_account: bool = True
    rows: list[Any] = field(default_factory=list)
    moves: list[tuple[date, Move, str]] = field(default_factory=list)
    walks: str = ""

    def told(self, phrases: str) -> Iterator[Any]:
        """Understand a cell; yields the rows that it adds."""
        before = len(self.rows)
        for phrase in filter(None, (part.strip() for part in phrases.split(";"))):
            self._understand(phrase)
        yield from self.rows[before:]

    def _understand(self, phrase: str) -> None:
        for pattern, meaning in PHRASES.items():
            if match := re.fullmatch(pattern, phrase):
                return meaning(self, *match.groups())
        raise AssertionError(f"the guide says {phrase!r} of a lead, which no phrase means")

    def day(self, when: str) -> date:
        """The date of ``today``, ``yesterday``, ``12 days ago``."""
        ago = {"today": 0, "yesterday": 1}.get(when) if not when[0].isdigit() else int(when.split()[0])
        assert ago is not None
        return self.today - timedelta(days=ago)

    def did(self, kind: str, about: str | None, when: str, known: str | None) -> None:
        """Something that the lead did."""
        assert kind in EVENTS.events, kind
        day, seen = self.day(when), self.day(known or when)
        key = derived_id("interaction", self.name, kind, day, len(self.rows))
        times: dict[str, Any] = {"occurred_at": at(day), "occurred_on": day, "seen_at": at(seen, 13)}
        self.rows.append(Interaction(key=key, lead_id=derived_id("lead", self.name), kind=kind, about=about, **times))

    def agreed(self, action: str, scope: str, when: str, proof: str | None) -> None:
        """An act of consent."""
        act = consent(self.name, {"agreed to": "granted", "withdrew from": "withdrawn"}[action], scope, self.day(when))
        act.proven = not proof
        self.rows.append(act)

    def moved(self, move: Move, where: str, when: str) -> None:
        """A step of a walk."""
        journey_name, _, stage = where.rpartition("/")
        self.walks = self.walks or journey_name
        self.moves.append((self.day(when), move, stage))

    def stored(self) -> list[Any]:
        """All rows of this person."""
        account = Account(id=derived_id("account", self.name), external_id=self.name, name="—", **self.about_account)
        own = {"account_id": account.id} if self.has_account else {}
        return [account, lead(self.name, **own, **self.about_lead), *self.rows, *self._walk()]

    def _walk(self) -> list[Any]:
        if not self.moves:
            return []
        first, last = self.moves[0], self.moves[-1]
        walk: dict[str, Any] = {"journey": self.walks, "lead_id": derived_id("lead", self.name), "fingerprint": "—"}
        enrolment = Enrolment(
            id=derived_id("enrolment", self.name), number=1, entered_on=first[0], stage=last[2], stage_since=last[0],
            entries=len(self.moves), **walk,
        )  # fmt: skip
        steps = [
            StageEntry(enrolment_id=enrolment.id, sequence=n, night=night, move=move, to_stage=stage, why="—",
                       why_zh="—", **walk)
            for n, (night, move, stage) in enumerate(self.moves, 1)
        ]  # fmt: skip
        return [enrolment, *steps]


def _about_lead(person: Person, column: str, value: str) -> None:
    known: Any = {"lifecycle": Lifecycle, "role": BuyingRole}
    person.about_lead[column] = known.get(column, str)(value)


def _about_account(person: Person, column: str, value: str) -> None:
    known: Any = {"employees": int, "maintenance_ends": date.fromisoformat}
    person.about_account[column] = known.get(column, str)(value)


def _nothing(person: Person) -> None:
    pass


def _no_account(person: Person) -> None:
    person.has_account = False


PHRASES: dict[str, Callable[..., None]] = {
    rf"([a-z_]+\.[a-z_]+)(?: about (\S+))? {WHEN}(?:, known since {WHEN})?": Person.did,
    rf"(agreed to|withdrew from) (email|wecom|phone|all) {WHEN}(, without proof)?": Person.agreed,
    rf"entered (\S+) {WHEN}": lambda person, *said: Person.moved(person, Move.ENROLLED, *said),
    rf"moved on to (\S+) {WHEN}": lambda person, *said: Person.moved(person, Move.ADVANCED, *said),
    rf"fell back to (\S+) {WHEN}": lambda person, *said: Person.moved(person, Move.FELL_BACK, *said),
    r"account (industry|country|city|plan|employees|maintenance_ends) (\S+)": _about_account,
    r"(role|lifecycle|source|language|country|mark|wecom_id) (\S+)": _about_lead,
    r"no account": _no_account,
    r"nothing": _nothing,
}


def who_matches(database: Database, rule: Rule, people: Iterable[Person]) -> set[str]:
    """The names for whom a rule of the product trial holds tonight: its SQL, run in a real database."""
    people = list(people)
    put(database, STAFF, *(row for person in people for row in person.stored()))
    nights = {night for person in people for night, _, _ in person.moves}
    taken = partial(Run, journey="*", step=Step.TAKE_IN)
    put(database, *(taken(night=night, closed_at=at(night, 2), seen_until=at(night, 2)) for night in nights))
    walk = journey("product-trial", audience=rule, reenter_after=days(1))
    database.run("CREATE OR REPLACE TEMP VIEW tonight_lead AS SELECT * FROM lead")
    with database.transaction():
        score(database, EVENTS, MONDAY)
        take_standing(database, playbook(walk), MONDAY)
        take_facts(database, walk, playbook(walk), MONDAY)
    found = database.rows(f"SELECT lead.external_id FROM {lead_with_evidence(walk)} WHERE {rule.sql()}")
    return {row[0] for row in found}
