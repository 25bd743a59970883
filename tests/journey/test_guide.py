"""The marketer's guide is true: examples run, tables are asked in a database, refusals are the real ones."""

import ast
import inspect
import re
import shutil
from dataclasses import fields
from pathlib import Path

import pytest
from typer.main import get_command

from cli.main import app
from models import Lifecycle, Reason
from nurture.errors import JourneyError, NightRefused
from nurture.journey import Journey, Stage
from nurture.journey.columns import AccountColumns, LeadColumns
from nurture.journey.loader import check_event_kinds, check_stages_asked_for, load_journeys
from nurture.storage.database import Database
from nurture.vocabulary import name_of
from tests.support.guide import GUIDE, WORDS, WRITTEN_IN, Example, Person, examples, journey_of, rule_of, who_matches
from tests.support.guide_nights import told
from tests.support.homes.sending import type_in
from tests.support.sample_house import ROOT, copy_of
from tests.support.small import EVENTS, MONDAY, journey, night, one_in, playbook, put

TEXT = GUIDE.read_text(encoding="utf-8")
EXAMPLES = examples()
JOURNEYS = [example for example in EXAMPLES if example.is_journey]
REFUSED = [example for example in EXAMPLES if example.is_refused]
RULES = [example for example in EXAMPLES if not example.is_journey and not example.is_refused]
STORIES = [example for example in JOURNEYS if example.table]
SHIPPED = load_journeys("flows.journeys", EVENTS)


def words(text: str) -> list[str]:
    return text.split()


def check(*journeys: Journey) -> None:
    check_event_kinds(journeys, EVENTS)
    check_stages_asked_for([*journeys, *SHIPPED])


@pytest.mark.parametrize("example", JOURNEYS, ids=str)
def test_a_journey_of_the_guide_loads(example: Example) -> None:
    check(journey_of(example.source))


@pytest.mark.parametrize("example", one_in(4, STORIES), ids=str)
def test_a_story_of_the_guide_happens_night_by_night(database: Database, example: Example) -> None:
    expected = {cell: decided for cell, _, decided in example.table}
    for cell, decided in told(database, journey_of(example.source), example.table):
        assert (cell, decided) == (cell, expected.get(cell, "nothing"))


@pytest.mark.parametrize("example", RULES, ids=str)
def test_a_rule_of_the_guide_matches_the_leads_that_it_says(database: Database, example: Example) -> None:
    rule = rule_of(example.source)
    check(journey(audience=rule))
    people = [Person(name) for name, _, _ in example.table]
    for person, (_, known, _) in zip(people, example.table, strict=True):
        list(person.told(known))
    answers = {name: answer for name, _, answer in example.table}
    assert set(answers.values()) == {"yes", "no"}
    assert len(answers) == len(example.table)
    assert who_matches(database, rule, people) == {name for name, answer in answers.items() if answer == "yes"}


@pytest.mark.parametrize("example", REFUSED, ids=str)
def test_a_refusal_of_the_guide_is_the_real_one(example: Example) -> None:
    with pytest.raises(JourneyError) as refusal:
        check(journey(audience=rule_of(example.source)))
    assert words(str(refusal.value)) == words(example.text)


def test_a_renamed_stage_is_refused_in_the_words_of_the_guide(database: Database) -> None:
    first = JOURNEYS[0]
    (before, _, _), (fair, does, _), *_ = first.table
    assert (before, fair) == ("before", "Fri 6 Nov")
    ann = Person("ann", today=MONDAY)
    list(ann.told(does.replace("today", "yesterday")))
    put(database, *ann.stored())
    night(database, playbook(journey_of(first.source)), MONDAY)
    with pytest.raises(NightRefused) as refusal:
        night(database, playbook(journey_of(first.source.replace('"thanks"', '"thank-you"'))), MONDAY)
    assert f"```text\n{refusal.value}\n```" in TEXT


def test_words_leave_the_fingerprint_alone_and_meaning_changes_it() -> None:
    source = JOURNEYS[0].source
    asks_otherwise, waits_longer = source.replace("worth my time", "any use"), source.replace("days(4)", "days(5)")
    assert source != asks_otherwise
    assert journey_of(asks_otherwise).fingerprint == journey_of(source).fingerprint
    assert journey_of(waits_longer).fingerprint != journey_of(source).fingerprint


# -- nothing is left out -------------------------------------------------------------------------------------


def shown() -> set[str]:
    """Every name, attribute and keyword that an example uses which is not a refusal."""
    nodes = [node for example in [*JOURNEYS, *RULES] for node in ast.walk(ast.parse(example.source))]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return names | attributes | {node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg}


def keywords(word: object) -> set[str]:
    """What may be said beside a word by name; what stands first is said without."""
    parameters = inspect.signature(word).parameters.values() if callable(word) else ()
    return {each.name for each in parameters if each.default is not each.empty} - {"when", "journey", "origin"}


def test_every_word_of_the_vocabulary_has_an_example() -> None:
    assert set(WORDS) - shown() == set()


@pytest.mark.parametrize("word", sorted(WORDS))
def test_everything_that_a_word_can_say_has_an_example(word: str) -> None:
    assert keywords(WORDS[word]) - shown() == set()


def test_what_a_journey_or_stage_must_have_is_in_an_example() -> None:
    assert {each.name for kind in (Journey, Stage) for each in fields(kind)} - shown() == {"key", "origin"}


def test_every_question_to_a_column_has_an_example() -> None:
    assert {"is_in", "is_missing"} <= shown()


@pytest.mark.parametrize(("table", "columns"), [("lead", LeadColumns), ("account", AccountColumns)])
def test_every_column_is_in_the_guide_and_no_other(table: str, columns: type) -> None:
    rows = re.findall(rf"^\| (`{table}\..*?) \|", TEXT, re.MULTILINE)
    assert sorted(re.findall(r"`\w+\.(\w+)`", " ".join(rows))) == sorted(each.name for each in fields(columns))


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason])
def test_every_reason_for_nothing_is_in_the_guide(reason: Reason) -> None:
    assert re.search(rf"^\| .*{re.escape(name_of(Reason, reason, 'en'))}", TEXT, re.MULTILINE)


def test_every_lifecycle_is_in_the_guide() -> None:
    assert all(f"`{lifecycle}`" in TEXT for lifecycle in Lifecycle)


def test_every_block_of_the_guide_is_asked_something() -> None:
    assert [str(rule) for rule in RULES if not rule.table] == []
    assert len(STORIES) >= 4
    assert len(REFUSED) >= 12
    assert TEXT.count(WRITTEN_IN + ":1: ") == len(REFUSED)


def test_every_command_of_the_guide_exists_with_its_options() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    lines = re.findall(r"nurture ([a-z]+)((?: [^`\n]*)?)[`\n]", re.sub(r"\.venv/bin/", "", TEXT))
    assert len(lines) >= 12
    for name, rest in lines:
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, name


# -- the first journey, as a person would do it ---------------------------------------------------------------


@pytest.fixture(scope="module")
def written(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company, the shipped journeys and texts, and the files of the guide beside them."""
    home = copy_of(sample_home, tmp_path_factory.mktemp("guide") / "home")
    shutil.copytree(ROOT / "content", home / "content", ignore=shutil.ignore_patterns("sample"))
    shutil.copytree(ROOT / "flows" / "journeys", home / "their_journeys")
    (home / "their_journeys" / Path(WRITTEN_IN).name).write_text(JOURNEYS[0].source)
    texts = re.findall(r"`(content/fair-follow-up/\S+\.md)`:\n\n```markdown\n(.*?)```", TEXT, re.DOTALL)
    for path, text in texts:
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text, encoding="utf-8")
    assert len(texts) == 2
    return home


@pytest.fixture
def home(written: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(written)
    monkeypatch.setenv("NURTURE_JOURNEYS", "their_journeys")
    return written


def test_the_first_journey_passes_the_check(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = type_in(monkeypatch, home, "check")
    assert "no problem(s)" in (said := capsys.readouterr().out), said
    assert code == 0


def test_the_first_journey_can_be_looked_at(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert type_in(monkeypatch, home, "preview", "fair-follow-up", "--persona", "user-en") == 0
    assert "what-we-said" in capsys.readouterr().out


def test_the_dry_run_says_what_the_guide_shows(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--night", "2026-11-20", "--dry-run", "--journey", "fair-follow-up"]
    assert type_in(monkeypatch, home, "run", *options) == 0
    (shown_there,) = re.findall(r"```text\n(Night 2026-11-20 .*?)```", TEXT, re.DOTALL)
    assert words(capsys.readouterr().out) == words(shown_there)
