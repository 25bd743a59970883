"""When words go wrong (45 to 47 of the failure list): a text that fails, attacks or runs away loses itself alone."""

import shutil
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models import BuyingRole
from models.types import derived_id
from nurture.errors import ContentError, RenderError
from nurture.journey import Journey, Stage, days, email
from nurture.journey import lead as their
from nurture.rendering.freeze import FrozenNight
from nurture.templates.compiler import Compiler
from nurture.templates.engine import Engine
from tests.support.homes.words import House, build, letter
from tests.support.small import ACCOUNT, MONDAY, STAFF, consent, journey, lead
from tests.templates.test_engine import VOICE, file, read

TUESDAY = MONDAY + timedelta(days=1)
HELLO = [Stage("first", asks="?", touches=[email("hello", after=days(0))])]

POISONS = {
    "misspelt": (BuyingRole.USER, "{{ account.citty }}"),
    "unclosed": (BuyingRole.TECHNICAL, "{% if account.city %}\n{{ lead.name }}"),
    "unknown": (BuyingRole.FINANCE, "{{ account.plan }}"),
    "filtered": (BuyingRole.PROCUREMENT, "{% if account.plan %}\n{{ account.plan | day }}\n{% endif %}\nHello"),
    "healthy": (BuyingRole.CHAMPION, "Hello {{ lead.name }}"),
}
OUTCOMES = [
    pytest.param("misspelt", 0, 3, True, id="a name that does not exist: all of its messages"),
    pytest.param("unclosed", 0, 3, True, id="a text that is no template: all of its messages"),
    pytest.param("unknown", 49, 1, False, id="a field not known of one in fifty: that one"),
    pytest.param("filtered", 48, 2, True, id="a filter that fails for two in fifty: those two"),
    pytest.param("healthy", 3, 0, False, id="the text that is right: nothing"),
]
PLANNED = ACCOUNT.model_copy(update={"id": derived_id("account", "A2"), "external_id": "A2", "plan": "secret-plan"})


def poisonous(name: str) -> Journey:
    return journey(name, stages=HELLO, audience=their.role == POISONS[name][0])


def people(name: str, with_plan: int, without: int) -> list[Any]:
    """Leads of one journey's role; those with a plan belong to the company that has one."""
    found: list[Any] = []
    for number in range(with_plan + without):
        company = PLANNED.id if number < with_plan else ACCOUNT.id
        person = lead(f"{name}-{number}", role=POISONS[name][0], account_id=company)
        found += [person.model_copy(update={"name": f"Person {number}"}), consent(f"{name}-{number}")]
    return found


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> tuple[House, FrozenNight]:
    """A night in which four of five journeys have a text that fails, each in its own way."""
    house = build(tmp_path_factory.mktemp("poisoned"), empty_database, *map(poisonous, POISONS))
    for name, (_, body) in POISONS.items():
        house.write(f"{name}/first/hello.email.md", letter(body))
    house.put(STAFF, ACCOUNT, PLANNED)
    house.put(*people("misspelt", 0, 3), *people("unclosed", 0, 3), *people("healthy", 0, 3))
    house.put(*people("unknown", 49, 1), *people("filtered", 2, 48))
    return house, house.night()


@pytest.fixture
def copied(poisoned: tuple[House, FrozenNight], tmp_path: Path) -> House:
    shutil.copytree(poisoned[0].root, tmp_path, dirs_exist_ok=True)
    return replace(poisoned[0], root=tmp_path)


@pytest.mark.parametrize(("name", "kept", "lost", "paused"), OUTCOMES)
def test_45_a_poison_template_loses_only_its_own_messages(
    poisoned: tuple[House, FrozenNight], name: str, kept: int, lost: int, paused: bool
) -> None:
    house, frozen = poisoned
    messages = f"SELECT state, payload_hash IS NULL, count(*) FROM message WHERE journey = '{name}' GROUP BY ALL"
    assert house.ask(messages) == ([("planned", False, kept)] if kept else [])
    failed = f"journey = '{name}' AND verdict = 'postponed' AND reason = 'render_error' AND message_id IS NULL"
    assert house.ask(f"SELECT count(*) FROM decision WHERE {failed}") == [(lost,)]
    assert house.ask(f"SELECT count(*) > 0 FROM pause WHERE kind = 'touch' AND name = '{name}/hello'") == [(paused,)]
    assert (f"{name}/hello" in frozen.halted) is paused


def test_45_the_counts_of_a_poisoned_night_still_add_up(poisoned: tuple[House, FrozenNight]) -> None:
    house, frozen = poisoned
    assert house.breaches() == []
    assert (frozen.rendered, frozen.failed) == (100, 9)
    counts = "SELECT planned, postponed FROM run WHERE step = 'choose' AND journey = 'filtered'"
    assert house.ask(counts) == [(48, 2)]
    assert house.ask("SELECT rendered, render_errors FROM run WHERE step = 'render'") == [(100, 9)]


def test_45_what_is_told_of_a_failure_holds_no_word_of_a_person(poisoned: tuple[House, FrozenNight]) -> None:
    told = " ".join(fault.why for fault in poisoned[1].faults)
    assert "citty" in told
    assert "AttributeError" in told
    assert "secret-plan" not in told
    assert "Person" not in told


def test_45_paused_touches_wait_and_the_others_go_out(copied: House) -> None:
    report = copied.dispatch()
    assert (dict(report.sent), dict(report.stopped)) == ({"accepted": 52}, {"paused": 48})
    assert len(list(copied.outbox(".eml"))) == 52
    assert copied.breaches() == []


def test_45_nobody_moved_on_and_the_next_night_writes_again(copied: House) -> None:
    for name in POISONS:
        copied.write(f"{name}/first/hello.email.md", letter("Hello {{ lead.name }}"))
    frozen = copied.night(TUESDAY)
    assert (frozen.rendered, frozen.failed) == (9, 0)
    assert copied.ask("SELECT DISTINCT move, to_stage FROM stage_entry") == [("enrolled", "first")]
    assert copied.breaches() == []


TOO_DEEP = {
    "brackets too deep": "{{ " + "(" * 5000 + "lead.name" + ")" * 5000 + " }}",
    "lists too deep": "{{ " + "[" * 3000 + "]" * 3000 + " }}",
    "denials too deep": "{{ " + "not " * 5000 + "lead.name }}",
    "conditions too deep": "{% if lead.name %}\n" * 200 + "x\n" + "{% endif %}\n" * 200,
    "a chain too long": "{% if " + " and ".join(["lead.name"] * 5000) + " %}x{% endif %}",
}
BREAKS_THE_COMPILER = TOO_DEEP | {
    "an empty tag": "{% %}",
    "a tag without a line": "{% autoescape false %}x{% endautoescape %}",
    "a placeholder that nobody made": "jx&#48;999xj",
    "a bomb in other braces": r"{\{\{ 'a'\*99999999999 }}",
    "an attachment without a folder": "",
}


@pytest.mark.parametrize("kind", BREAKS_THE_COMPILER)
def test_45_a_text_that_breaks_the_compiler_loses_only_its_own_messages(
    tmp_path: Path, empty_database: Path, kind: str
) -> None:
    house = build(tmp_path, empty_database)
    broken = letter(BREAKS_THE_COMPILER[kind] or "x")
    if not BREAKS_THE_COMPILER[kind]:
        broken = broken.replace("sender:", "attachments: [plan.pdf]\nsender:")
    house.write("welcome/first/a-poison.email.md", broken)
    house.write("welcome/first/healthy.email.md", letter("Hello {{ lead.name }}"))
    letters, failures = house.envelopes({"id": "poisoned", "template": 0}, {"id": "healthy", "template": 1})
    assert "healthy" in {each.id for each in letters}
    assert len(letters) + len(failures) == 2


FRAMES = [
    ("wording.toml", "{{ lead.name }}，", "{{ lead.name "),
    ("wording.toml", "{{ lead.name }}，", "{{ lead.nam }}"),
    ("wording.toml", "{{ lead.name }}，", "{{ 9 ** 9 ** 9 }}"),
    ("wording.toml", "{{ lead.name }}，", "{{ ''.__class__ }}"),
    ("layout/email.html", "{{ body }}", "{{ body }}{% if %}"),
    ("layout/email.html", "{{ body }}", "{{ body }}{{ nosuch }}"),
    ("layout/email.txt", "{{ say.reply }}", "{{ say.reply"),
    ("links.toml", "[checklist]", "[empty]\n[checklist]"),
    ("links.toml", "https://", "javascript://"),
]


@pytest.mark.parametrize(("name", "find", "put"), FRAMES)
def test_45_a_frame_that_cannot_be_used_is_named_and_nothing_goes_out_in_it(
    tmp_path: Path, empty_database: Path, name: str, find: str, put: str
) -> None:
    house = build(tmp_path, empty_database)
    house.write("welcome/first/hello.email.md", letter('{{ greeting }}\n\n[x]({{ link("checklist") }})'))
    path = house.settings.content / name
    path.write_text(path.read_text().replace(find, put))
    try:
        letters, failures = house.envelopes({})
    except ContentError as error:
        told = str(error)
    else:
        assert letters == []
        told = failures[0].why
    assert Path(name).name in told


INJECTIONS = [
    "{{ lead.__class__ }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ '{0.__class__}'.format(lead) }}",
    "{{ lead | attr('__class__') }}",
    "{{ ('{0.__class__}' | attr('format'))(lead) }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'].popen('id') }}",
    "{{ lead._private }}",
    "{{ [].append(1) }}",
    "{{ lead.clear() }}",
    "{{ self.__init__ }}",
    "{{ namespace().__class__ }}",
    "{{ lead['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "{% import 'os' as os %}{{ os }}",
    "{% set x = ''.__class__ %}{{ x }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    r"{\{\{ ''.__class__ }}",
]


@pytest.mark.parametrize("payload", INJECTIONS)
def test_46_an_injection_in_a_template_is_refused_or_only_text(payload: str) -> None:
    try:
        shown = read(file(payload)).text
    except ContentError:
        return
    assert "}}" in shown


@pytest.mark.parametrize("payload", [each for each in INJECTIONS if not each.startswith("{\\")])
def test_46_behind_the_grammar_stands_the_sandbox(payload: str) -> None:
    compiled = Compiler(VOICE, "zh-CN").compile(file("x", "staff"))
    values = {"language": "en", "lead": {"name": "Ann"}, "links": {}}
    with pytest.raises(RenderError):
        Engine(VOICE).render(replace(compiled, text=payload), values)


@pytest.mark.parametrize("payload", [*INJECTIONS, "{{7*7}}", "{% if 1 %}49{% endif %}", "{# x #}", "jx0000xj"])
def test_46_an_injection_in_a_field_is_printed_and_never_evaluated(payload: str) -> None:
    message = read(file("{{ greeting }}\n\n{{ lead.name }}", subject="{{ lead.name }}"), name=payload)
    assert message.subject == payload
    assert message.text.startswith(f"Hello {payload},\n\n{payload}\n")


RUNAWAYS = TOO_DEEP | {
    "a loop of 10^10": "{% for x in range(10000000000) %}x{% endfor %}",
    "loops in loops": "{% for step in recent %}\n" * 15 + "x\n" + "{% endfor %}\n" * 15,
    "a power of powers": "{{ 9**(9**9) }}",
    "a long string": "{{ 'a' * 1000000000 }}",
    "a long string by a filter": "{{ 'a' | center(1000000000) }}",
    "a macro that calls itself": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "a loop that calls itself": "{% for step in recent recursive %}{{ loop(recent) }}{% endfor %}",
}


@pytest.mark.parametrize("kind", RUNAWAYS)
def test_47_a_template_that_would_run_away_is_refused_at_once(kind: str) -> None:
    began = time.monotonic()
    with pytest.raises(ContentError):
        Compiler(VOICE, "zh-CN").compile(file(RUNAWAYS[kind], "staff"))
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(("channel", "most"), [("wecom", 4_000), ("staff", 4_000), ("email", 102_400)])
def test_47_what_comes_out_too_large_is_refused(channel: str, most: int) -> None:
    with pytest.raises(RenderError, match=f"{most:,} are the most"):
        read(file("好" * (most // 3 + 1), channel))


def test_47_a_wecom_text_of_exactly_4000_bytes_goes_out() -> None:
    assert len(read(file("好" * 1_333, "wecom")).text.encode()) == 4_000
    with pytest.raises(RenderError, match="4,001 bytes"):
        read(file("好" * 1_333 + "a", "wecom"))
