"""Rules are SQL, words and a place in a file; Python's traps and typing mistakes are refused with a remedy."""

import importlib
import re
import subprocess
import sys
from dataclasses import fields
from datetime import date
from enum import StrEnum
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from models import Account, BuyingRole, Channel, ExitReason, Lead, Lifecycle, MessageState, Move, Reason, Verdict
from nurture.content.event_kinds import EventCatalogue, read_events
from nurture.errors import InputError, JourneyError
from nurture.journey import account, consented, days, depth, did, in_stage, lead, spoke_to_us
from nurture.journey.columns import AccountColumns, Column, Day, LeadColumns, Number
from nurture.journey.expressions import Rule
from nurture.journey.loader import load_journeys
from nurture.journey.rules import dids
from nurture.vocabulary import NAMES, name_of

EVENTS = read_events(Path("content"))
JOURNEY = """
from nurture.journey import (
    Journey, Stage, account, before, consented, days, depth, did, email, in_stage, lead, on, spoke_to_us, staff, wecom,
)
from datetime import date

journey = Journey(
    name="trap",
    serves=["lead"],
    audience={audience},
    goal=did("meeting.booked"),
    stages=[
        Stage("first", asks="?", touches=[{touches}], advance_if=did("trial.started")),
        Stage("second", asks="?"{second}),
    ],
)
"""
FINE = {"audience": "depth() >= 5", "touches": 'email("hello", after=days(0))', "second": ""}


def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> object:
    package = tmp_path / "trap_journeys"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "trap.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("trap_journeys", "trap_journeys.trap"):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
    return load_journeys("trap_journeys", EVENTS)


TRAPS = [
    # what is written, where, and the remedy that must be named
    ("audience", 'lead.role == "user" and depth() >= 5', "&, | and ~"),
    ("audience", 'lead.role == "user" or depth() >= 5', "&, | and ~"),
    ("audience", 'not did("webinar.attended")', "&, | and ~"),
    ("audience", "5 <= depth() <= 50", r"\(a < x\) & \(x < b\)"),
    ("audience", 'lead.source != "partner" & depth() >= 5', "parentheses around each comparison"),
    ("audience", 'lead.source == "fair" | lead.role == "user"', "parentheses around each comparison"),
    ("audience", 'did("webinar.attended") & lead.role', "parentheses around each comparison"),
    ("audience", 'lead.sorce == "partner"', "Did you mean 'source'"),
    ("audience", 'account.industri == "food"', "Did you mean 'industry'"),
    ("audience", 'lead.role == "champoin"', "Did you mean 'champion'"),
    ("audience", 'lead.lifecycle == "leads"', "Did you mean 'lead'"),
    ("audience", "lead.source == 5", "Quote the value"),
    ("audience", 'depth() >= "5"', "Compare it with a number"),
    ("audience", 'depth() >= float("inf")', "Compare it with a number"),
    ("audience", 'in_stage("frist")', "Did you mean 'first'"),
    ("audience", '~in_stage("first", "no-such")', "no stage is called 'no-such/first'"),
    ("touches", 'email("hello", after=days(10**9))', "up to ten years"),
    ("audience", 'account.maintenance_ends < "2026-12-31"', r"date\(2026, 12, 31\)"),
    ("audience", 'lead.source in ("fair", "search")', "is_in"),
    ("audience", '"fair" in lead.source', "is_in"),
    ("audience", "lead.source.is_in()", "Name at least one"),
    ("audience", 'did("webinar.attended") >= 2', "times=2"),
    ("audience", 'did("webinar.attended", times=0)', "~did"),
    ("audience", 'did("webinar.attended", within=30)', r"days\(30\)"),
    ("audience", 'did("webinar.attended", since="stages")', 'since="journey", "stage" or "ever"'),
    ("audience", 'did("webinar.atended")', "Did you mean 'webinar.attended'"),
    ("audience", "did", "wants a rule"),
    ("audience", "lead.role", "wants a rule"),
    ("audience", "True", "wants a rule"),
    ("audience", "None", "wants a rule"),
    ("audience", 'consented("fax")', "consented"),
    ("touches", 'email("hello", after=3)', r"days\(3\)"),
    ("touches", 'email("hello", after=days(1.5))', "whole number"),
    ("touches", 'email("hello", after=days(-1))', "whole number"),
    ("touches", 'email("hello")', r"after=days\(0\)"),
    ("touches", 'email("hello", before(lead.role, days(3)))', "date column"),
    ("touches", 'email("hello", on("2026-12-01"))', r"on\(date\(2026, 12, 1\)\)"),
    ("touches", 'email("hello", on(date(2026, 12, 1)), after=days(0))', "Keep either"),
    ("touches", 'email("Hello!", after=days(0))', "small letters"),
    ("touches", 'email("a", after=days(0)), wecom("a", after=days(1))', "rename one"),
    ("touches", 'wecom("a", after=days(0), otherwise=email("b"))', "keeps its key"),
    ("touches", 'wecom("a", after=days(0), otherwise=email("a", after=days(2)))', "follows the touch"),
    ("touches", 'staff("a", after=days(0), otherwise=email("a"))', "reaches_lead=True"),
    ("touches", '"hello"', r"Use email\(\), wecom\(\), staff\(\)"),
    ("touches", 'email("a", after=days(0), only_if=did)', "wants a rule"),
    ("second", ', advance_if=did("trial.started")', "What ends the journey is its goal"),
    ("second", ", fall_back_after=30", r"days\(3\)"),
    ("second", "), Stage('third', asks='?'", "no way on"),
]


@pytest.mark.parametrize(("where", "written", "remedy"), TRAPS, ids=[trap[1] for trap in TRAPS])
def test_a_mistake_is_refused_at_load_with_file_line_and_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, written: str, remedy: str
) -> None:
    source = JOURNEY.format(**{**FINE, where: written})
    with pytest.raises(JourneyError, match=remedy) as refusal:
        load(tmp_path, monkeypatch, source)
    place = re.match(r"(.+/trap_journeys/trap\.py):(\d+): ", str(refusal.value))
    assert place, refusal.value
    assert 6 <= int(place[2]) <= 15


def test_the_same_file_without_a_mistake_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (journey,) = load(tmp_path, monkeypatch, JOURNEY.format(**FINE))  # type: ignore[misc]
    assert journey.name == "trap"


def test_a_file_that_does_not_parse_is_named_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(JourneyError, match=r"trap\.py:2: SyntaxError"):
        load(tmp_path, monkeypatch, "\njourney = Journey(((\n")


def test_a_misspelt_name_is_named_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(JourneyError, match=r"trap\.py:2: NameError"):
        load(tmp_path, monkeypatch, "\njourney = Journy()\n")


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match="NURTURE_JOURNEYS"):
        load_journeys("no.such.package", EVENTS)


@pytest.mark.parametrize(
    ("rule", "sql"),
    [
        (lead.source != "partner", "(lead.source IS DISTINCT FROM 'partner')"),
        (lead.source == "it's", "(lead.source IS NOT DISTINCT FROM 'it''s')"),
        (lead.role.is_missing(), "(lead.role IS NOT DISTINCT FROM NULL)"),
        (lead.role.is_in("user", "finance"), "coalesce(lead.role IN ('user', 'finance'), false)"),
        (depth() >= 5, "coalesce(lead.depth >= 5, false)"),
        (
            (depth() >= 5) & ~consented("email"),
            "(coalesce(lead.depth >= 5, false) AND (NOT coalesce(s.email_ok, false)))",
        ),
        (in_stage("hands_on"), "(s.stood_in IS NOT DISTINCT FROM 'hands_on')"),
        (
            in_stage("a", "b"),
            "(s.stood_in IS NOT DISTINCT FROM 'a' AND s.stood_journey IS NOT DISTINCT FROM 'b')",
        ),
    ],
)
def test_a_rule_is_one_predicate_that_is_never_null(rule: object, sql: str) -> None:
    assert rule.sql() == sql  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("rule", "en", "zh"),
    [
        (
            did("content.downloaded", times=2) | did("webinar.attended"),
            "downloaded material at least 2 times during the journey or attended a webinar during the journey",
            "旅程期间下载资料至少 2 次，或者旅程期间参加直播课",
        ),
        (
            (lead.source != "partner") & (depth() >= 5),
            "the lead's source is not partner and the interaction depth is at least 5",
            "线索来源不是 partner，并且互动深度不低于 5",
        ),
        (
            (did("trial.started", since="stage") | spoke_to_us()) & lead.role.is_missing(),
            "(started the trial in this stage or spoke to us) and the lead's role is missing",
            "（本阶段内开始试用，或者与我们交流），并且线索角色为空",
        ),
        (
            did("content.downloaded", about="roi-guide", since="ever", times=2),
            "downloaded material about roi-guide at least 2 times",
            "下载资料（关于 roi-guide）至少 2 次",
        ),
        (
            (lead.role == "decision_maker") | lead.role.is_in("user", "technical", "finance"),
            "the lead's role is decision maker or the lead's role is one of user, technical or finance",
            "线索角色是决策者，或者线索角色是使用者、技术或财务",
        ),
        (lead.role.is_in("user"), "the lead's role is user", "线索角色是使用者"),
        (lead.lifecycle != "lapsed", "the lead's lifecycle is not lapsed", "线索生命周期不是已流失"),
        (lead.wecom_id.is_missing(), "the lead's WeCom ID is missing", "企业微信 ID 为空"),
        (account.employees == 50, "the account's headcount is 50", "企业人数等于 50"),
        (
            (account.maintenance_ends < date(2026, 12, 31)) & (account.maintenance_ends >= date(2026, 6, 1)),
            "the end of maintenance is before 2026-12-31 and the end of maintenance is not before 2026-06-01",
            "维保到期日早于 2026-12-31，并且维保到期日不早于 2026-06-01",
        ),
    ],
)
def test_a_rule_says_itself_in_english_and_chinese(rule: object, en: str, zh: str) -> None:
    assert rule.words(EVENTS) == en  # type: ignore[attr-defined]
    assert rule.words(EVENTS, "zh") == zh  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("rule", "en", "zh"),
    [
        (
            did("webinar.registered", within=days(30)),
            "never registered for a webinar in the last 30 days of the journey",
            "旅程中最近 30 天内未报名直播课",
        ),
        (did("trial.started", since="ever"), "never started the trial", "从未开始试用"),
        (
            did("content.downloaded", times=2),
            "downloaded material fewer than 2 times during the journey",
            "旅程期间下载资料不足 2 次",
        ),
        (consented("phone"), "no consent to phone calls", "未同意接听电话"),
        (consented("wecom"), "no consent to WeCom", "未同意通过企业微信联系"),
        (lead.source == "partner", "the lead's source is not partner", "线索来源不是 partner"),
        (lead.source.is_missing(), "the lead's source is not missing", "线索来源不为空"),
        (account.employees < 50, "not (the account's headcount is less than 50)", "并非（企业人数低于 50）"),
        (
            spoke_to_us() & (depth() >= 5),
            "not (spoke to us and the interaction depth is at least 5)",
            "并非（与我们交流，并且互动深度不低于 5）",
        ),
    ],
)
def test_a_single_part_is_denied_in_its_own_words_and_a_compound_in_brackets(rule: Rule, en: str, zh: str) -> None:
    assert ((~rule).words(EVENTS), (~rule).words(EVENTS, "zh")) == (en, zh)
    assert ((~~rule).words(EVENTS), (~~rule).words(EVENTS, "zh")) == (rule.words(EVENTS), rule.words(EVENTS, "zh"))


def test_a_never_does_not_reach_over_what_it_is_joined_to() -> None:
    rule = ~did("webinar.attended", since="ever") & did("trial.started", since="ever")
    assert rule.words(EVENTS) == "(never attended a webinar) and started the trial"
    assert rule.words(EVENTS, "zh") == "从未参加直播课，并且开始试用"


@pytest.mark.parametrize(
    "vocabulary", [BuyingRole, Channel, ExitReason, Lifecycle, MessageState, Move, Reason, Verdict]
)
def test_every_word_of_a_closed_vocabulary_has_a_name_in_both_languages(vocabulary: type[StrEnum]) -> None:
    assert set(NAMES[vocabulary]) == set(vocabulary)
    for word in vocabulary:
        assert "_" not in name_of(vocabulary, word, "en")
        assert re.search("[\u4e00-\u9fff]", name_of(vocabulary, word, "zh")) or not word
    names = [name_of(vocabulary, word, "zh") for word in vocabulary]
    assert len(set(names)) == len(names)


def test_a_word_that_no_vocabulary_knows_is_shown_as_it_is() -> None:
    assert name_of(Reason, "of_another_day", "zh") == "of_another_day"


def test_equal_counts_share_one_fact_whatever_the_number_of_times() -> None:
    once, twice = did("webinar.attended"), did("webinar.attended", times=2)
    assert once.fact == twice.fact
    assert once.fact != did("webinar.attended", since="stage").fact
    assert len(dids(once & twice, ~once)) == 1


@pytest.mark.parametrize(("columns", "table"), [(LeadColumns, Lead), (AccountColumns, Account)])
def test_every_column_that_a_rule_may_use_exists_with_its_type(columns: type, table: type[SQLModel]) -> None:
    stored = table.metadata.tables[str(table.__tablename__)].columns
    for each in fields(columns):
        column = getattr(columns(), each.name)
        assert isinstance(column, Column)
        assert column.sql_name == f"{table.__tablename__}.{each.name}"
        kind = stored[each.name].type
        python_type = getattr(kind, "impl", kind).python_type.__name__
        assert isinstance(column, Day) == (python_type == "date")
        assert isinstance(column, Number) == (python_type in ("int", "Decimal"))


def test_mypy_accepts_the_shipped_journeys_and_finds_typing_mistakes(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(
        "from nurture.journey import account, depth, did, lead\n"
        'a = depth() >= "5"\n'
        'c = lead.sorce == "x"\n'
        'd = did("x", within=30)\n'
        'e = did("x", since="stages")\n'
        'f = account.maintenance_ends < "2026-01-01"\n'
    )
    command = [sys.executable, "-m", "mypy", "--strict", "flows/journeys", str(tmp_path / "wrong.py")]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert sorted(re.findall(r"wrong\.py:(\d+): error", found)) == ["2", "3", "4", "5", "6"]
    assert "flows/" not in found


def test_an_event_catalogue_knows_its_traits() -> None:
    assert isinstance(EVENTS, EventCatalogue)
    assert EVENTS.where("pauses") == ["email.replied", "question.asked", "wecom.replied"]
    assert "email.opened" not in EVENTS.where("human")
    assert account.industry.label("zh") == "企业行业"
