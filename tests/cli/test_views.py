"""What a person sees: data is shown as it is, whatever it holds, and an explanation speaks one language."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest

from cli.views import night as show
from cli.views import terminal as screen
from nurture.audit.check import Finding
from nurture.errors import InputError
from nurture.imports.layouts import FileKind
from nurture.imports.report import ImportReport, RefusedRow
from nurture.night.report import Counts, HeldBack, JourneyNight, NightReport
from nurture.reporting.explain import DepthPart, HistoryRow, LeadStory, MessageRow, NotSent, TouchVerdict
from nurture.reporting.outlook import ComingTouch, Condition, Conditions, Outlook
from nurture.reporting.status import PauseStatus, StageStatus, StateStatus, Status
from nurture.vocabulary import Language
from tests.support.small import at, journey, playbook

HOSTILE = ["note [/x]", "[abc]", "L[/b]1", "[red]1", "\\[b]", "end\\", ":smile:", "{0}", "100%", "[link=x]y"]
DAY, NEXT_DAY = date(2026, 11, 20), date(2026, 11, 21)
Shown = Callable[[], str]


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wide enough that nothing wraps."""
    monkeypatch.setattr(screen.out, "width", 400)
    monkeypatch.setattr(screen.err, "width", 400)


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> Shown:
    """What was printed since it was last asked."""
    return lambda: "".join(capsys.readouterr())


def outlook(text: str = "?", then: Literal["falls back", "leaves"] = "leaves") -> Outlook:
    return Outlook(
        journey="welcome",
        stage="first",
        asks=text,
        since=DAY,
        advances_if=Conditions("any", (Condition(text, False, 1, 2), Condition(text, True, 1, 1))),
        goal=Conditions("all", (Condition(text, False),)),
        falls_back_on=NEXT_DAY,
        then=then,
        coming=(ComingTouch(text, ("email",), NEXT_DAY, Condition(text, True)),),
    )


def story(text: str) -> LeadStory:
    """A story with this text wherever a company's own words can stand."""
    return LeadStory(
        lead=text,
        account=text,
        lifecycle="lead",
        mark=text,
        depth=Decimal("8.5"),
        depth_parts=(DepthPart(text, 2, Decimal("8.5")),),
        account_depth=Decimal("9.5"),
        account_depth_parts=(DepthPart(text, 3, Decimal("9.5")),),
        history=(HistoryRow(DAY, "welcome", "enrolled", None, "first", text),),
        messages=(MessageRow("0" * 32, DAY, "welcome", "first", text, "email", "planned", DAY, at(DAY), text),),
        not_sent=(NotSent("welcome", text, "refused", "no_consent", DAY, NEXT_DAY, 2),),
        outlook=outlook(text),
        not_entered=(text,),
        next_night=NEXT_DAY,
    )


def imported(text: str) -> ImportReport:
    return ImportReport(
        FileKind.LEADS,
        Path(text),
        *(1, 1, 0, 0, 0),
        refused=(RefusedRow(2, text),),
        refused_count=1,
        refused_file=Path(text),
        ignored_columns=(text,),
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_an_import_report_shows_headers_file_names_and_reasons_as_they_are(shown: Shown, text: str) -> None:
    show.import_report(imported(text), False)
    said = shown().splitlines()
    assert said[0].startswith(f"{Path(text).name}: 1 rows; 1 added, 0 changed")
    assert said[1].rstrip() == f"Columns that Nurture does not know: {text}."
    assert said[2].rstrip() == f"  line 2: {text}"
    assert said[3].startswith(f"All refused rows, with their reasons: {text}. Correct")


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_story_shows_every_text_as_it_is(shown: Shown, text: str, language: Language) -> None:
    show.lead_story(story(text), False, language)
    said = shown()
    assert said.count(text) == 16, said


@pytest.mark.parametrize("text", HOSTILE)
def test_tables_show_titles_heads_and_cells_as_they_are(shown: Shown, text: str) -> None:
    screen.table(text, [text, "n"], [[text, 1], [text, 2]])
    assert shown().count(text) == 4
    show.touch_verdicts([TouchVerdict(text, text, "refused", text, 1, [text])], False)
    assert shown().count(text) == 4


@pytest.mark.parametrize("text", HOSTILE)
def test_a_night_and_the_status_show_names_as_they_are(shown: Shown, text: str) -> None:
    held = (HeldBack(text, "refused", "no_consent", 1),)
    lines = (JourneyNight(text, Counts()),)
    show.night_report(NightReport(DAY, False, True, True, lines, (), held, (), ()), False)
    assert shown().count(text) == 2
    stages, states = (StageStatus(text, text, 1, 0.5),), (StateStatus(text, text, 1),)
    paused = (PauseStatus("touch", text, at(DAY), text),)
    show.status(Status(1, 1, 1, DAY, DAY, "", (), stages, states, paused, None), False)
    assert shown().count(text) == 6


@pytest.mark.parametrize("text", HOSTILE)
def test_problems_findings_notes_and_errors_show_texts_as_they_are(shown: Shown, text: str) -> None:
    show.problems(playbook(journey()), [text], False)
    show.findings([Finding(text, 0, ()), Finding(text, 2, (text,))], False)
    show.note(text, False)
    show.error(InputError(text))
    assert shown().count(text) == 6


@pytest.mark.parametrize("text", HOSTILE)
def test_a_bar_takes_any_file_name(monkeypatch: pytest.MonkeyPatch, shown: Shown, text: str) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(screen.err, "_force_terminal", True)
    monkeypatch.setattr(screen.err, "is_interactive", True)
    with show.progress(f"Importing {text}", silent=False) as tell:
        tell(1, 2)
    assert f"Importing {text}" in shown()


def test_a_terminal_obeys_nothing_that_stands_in_data(shown: Shown) -> None:
    show.lead_story(story("a\x1b[31mb\x07\x9bc"), False)
    show.error(InputError("a\x1b[2Jb"))
    said = shown()
    assert not re.search("[\x1b\x07\x9b]", said)
    assert "a\ufffd[31mb\ufffd\ufffdc" in said
    assert "a\ufffd[2Jb" in said


def test_json_is_the_data_itself_in_every_language(shown: Shown) -> None:
    show.lead_story(story("[abc]"), True, "zh")
    said = shown()
    assert '"state": "planned"' in said
    assert '"reason": "no_consent"' in said
    assert '"then": "leaves"' in said
    assert '"lead": "[abc]"' in said


@pytest.mark.parametrize("then", ["leaves", "falls back"])
def test_a_chinese_story_holds_no_english_word(shown: Shown, then: Literal["falls back", "leaves"]) -> None:
    show.lead_story(replace(story("某"), outlook=outlook("某", then)), False, "zh")
    assert set(re.findall("[A-Za-z]+", shown())) == {"welcome", "first", "UTC"}


def test_a_chinese_answer_about_a_touch_holds_no_english_word(shown: Shown) -> None:
    show.touch_verdicts([TouchVerdict("welcome", "first", "postponed", "lead_week_cap", 1, ["L1"])], False, "zh")
    said = shown()
    assert set(re.findall("[A-Za-z]+", said)) == {"welcome", "first", "L"}
    assert "已达每人 7 日上限" in said


@pytest.mark.parametrize(
    ("then", "en", "zh"),
    [
        ("leaves", "it leaves the journey as dormant on 2026-11-21", "将于 2026-11-21 因沉寂离开旅程"),
        ("falls back", "it falls back a stage on 2026-11-21", "将于 2026-11-21 退回上一阶段"),
    ],
)
def test_an_end_says_whether_the_lead_falls_back_or_leaves(
    shown: Shown, then: Literal["falls back", "leaves"], en: str, zh: str
) -> None:
    told = replace(story("某"), outlook=outlook(then=then))
    show.lead_story(told, False)
    assert en in shown()
    show.lead_story(told, False, "zh")
    assert zh in shown()


def test_a_count_is_shown_where_more_than_one_is_needed(shown: Shown) -> None:
    show.lead_story(story("did it"), False)
    said = [line.strip() for line in shown().splitlines()]
    assert "not yet  did it (1 of 2)" in said
    assert "yes      did it" in said


def test_a_long_sum_names_the_largest_parts_and_still_adds_up(shown: Shown) -> None:
    parts = tuple(DepthPart(f"kind{n}", 1, Decimal(n)) for n in range(9, 0, -1))
    show.lead_story(replace(story("某"), depth=Decimal(45), depth_parts=parts), False)
    assert (
        "Interaction depth 45.0 = kind9 9.0 + kind8 8.0 + kind7 7.0 + kind6 6.0 + kind5 5.0 + everything else 10.0"
        in shown()
    )


def test_a_person_reads_phrases_and_no_underscores(shown: Shown) -> None:
    show.lead_story(story("x"), False)
    show.touch_verdicts([TouchVerdict("welcome", "first", "postponed", "reply_open", 1, ["L1"])], False)
    said = shown()
    assert "no consent" in said
    assert "a reply waits for our answer" in said
    assert "_" not in said


def test_at_80_columns_a_sentence_goes_on_below_its_beginning(monkeypatch: pytest.MonkeyPatch, shown: Shown) -> None:
    monkeypatch.setattr(screen.out, "width", 80)
    show.lead_story(replace(story("x"), outlook=outlook("word " * 40)), False)
    said = shown().splitlines()
    assert max(len(line) for line in said) <= 80
    asks = next(number for number, line in enumerate(said) if "The lead asks" in line)
    assert said[asks + 1].startswith("  word")


def test_a_path_stays_in_one_line_so_that_it_can_be_copied(monkeypatch: pytest.MonkeyPatch, shown: Shown) -> None:
    monkeypatch.setattr(screen.out, "width", 40)
    path = "/a/very/long/way/down/to/the/refused/rows/of/leads.csv"
    show.import_report(imported(path), False)
    assert f"{path}. Correct them there and import it." in shown()
