"""Looking before anything is sent: `nurture preview` and `nurture check`, as a person types them."""

import json
import re
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from nurture.settings import Settings
from nurture.storage.database import Store
from tests.support.homes.sending import AWARENESS, Answer, Command, copy_over, edit, move_in, rows, type_in
from tests.support.sample_house import ROOT


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return move_in(tmp_path_factory.mktemp("evening") / "home")


@pytest.fixture
def home(evening: Path, tmp_path: Path) -> Path:
    return copy_over(tmp_path / "home", evening)


@pytest.fixture
def nurture(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return lambda *words: Answer(type_in(monkeypatch, home, *words), *capsys.readouterr())


def change(home: Path, statement: str) -> None:
    with Store.of(Settings(home=home)).open() as database:
        database.run(statement)


def files_of(answer: Answer) -> dict[tuple[str, str], str]:
    return {(each["touch"], each["channel"]): each["file"] for each in json.loads(answer.said)["touches"]}


def test_a_persona_needs_no_database_and_reads_the_whole_journey(nurture: Command, home: Path) -> None:
    (home / "nurture.duckdb").unlink()
    shutil.copytree(ROOT / AWARENESS.parent, home / AWARENESS.parent, dirs_exist_ok=True)
    seen = nurture("preview", "product-trial", "--persona", "user-zh")
    assert seen.code == 0
    folder = home / "preview" / "product-trial-user-zh"
    assert f"open {folder / 'index.html'}" in seen.said
    listed = (folder / "gallery" / "list.js").read_text(encoding="utf-8")
    assert "沈亦舟" in listed
    stages = re.findall(r'"stage": "(\w+)"', listed)
    assert stages == ["awareness"] * 5 + ["application"] * 4 + ["hands_on"] * 5 + ["q_and_a"] * 4
    assert not (home / "nurture.duckdb").exists()


@pytest.mark.parametrize(
    ("persona", "file"),
    [
        ("technical-zh", "checklist.email.technical.zh-CN.md"), ("newcomer-zh", "checklist.email.zh-CN.md"),
    ],
)  # fmt: skip
def test_each_persona_reads_what_is_written_for_them(nurture: Command, persona: str, file: str) -> None:
    assert files_of(nurture("preview", "product-trial", "--persona", persona, "--json"))["checklist", "email"] == file


def test_a_lead_reads_what_a_night_would_send_and_nothing_is_planned(nurture: Command, home: Path) -> None:
    change(home, "UPDATE lead SET wecom_id = 'wm1' WHERE external_id = 'L2'")
    seen = nurture("preview", "product-trial", "--lead", "L2", "--json")
    assert seen.code == 0
    assert files_of(seen)["checklist", "email"] == "checklist.email.procurement.en.md"
    assert b"Ann Lee" in next((home / "preview" / "product-trial-L2").glob("*.eml")).read_bytes()
    assert rows(home, "FROM message") == rows(home, "FROM enrolment") == []


def test_what_a_lead_has_no_address_for_is_no_fault_of_the_texts(nurture: Command, home: Path) -> None:
    shutil.copy(ROOT / AWARENESS / "peer-case.wecom.zh-CN.md", home / AWARENESS)
    seen = nurture("preview", "product-trial", "--lead", "L1")
    assert "no wecom address" in seen.said
    assert seen.code == 0


def test_a_text_that_this_person_should_get_and_cannot_ends_with_one(nurture: Command, home: Path) -> None:
    edit(home, "checklist.email.technical.zh-CN.md", "{{ greeting }}", "{{ account.plan }}")
    seen = nurture("preview", "product-trial", "--persona", "technical-zh")
    assert seen.code == 1
    assert "has no attribute 'plan'" in seen.said


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("product-trial",), "--persona with one of: user-zh, "),
        (("product-trial", "--lead", "L1", "--persona", "user-zh"), "--persona with one of: user-zh, "),
        (("product-trial", "--persona", "nobody"), "No persona is called 'nobody'. Known: user-zh, "),
        (("product-trial", "--lead", "L999"), "No lead has the id 'L999'."),
        (("trial", "--persona", "user-zh"), "No journey is called 'trial'. Known: product-trial, renewal, win-back."),
    ],
)
def test_who_reads_what_must_be_clear(nurture: Command, home: Path, words: tuple[str, ...], complaint: str) -> None:
    refused = nurture("preview", *words)
    assert refused.code == 2
    assert complaint in refused.complained
    assert not (home / "preview").exists()


def test_looking_again_shows_todays_texts_alone(nurture: Command, home: Path) -> None:
    look = ("preview", "product-trial", "--persona", "user-zh")
    for texts in (1, 0):
        assert nurture(*look).code == 0
        assert len([*(home / "preview").rglob("*.eml"), *(home / "preview").rglob("*.json")]) == texts
        (home / AWARENESS / "checklist.email.zh-CN.md").unlink(missing_ok=True)


def test_a_page_is_there_although_nothing_fits_this_person(nurture: Command) -> None:
    seen = nurture("preview", "win-back", "--lead", "L1", "--json")
    assert (seen.code, set(files_of(seen).values())) == (0, {""})
    assert Path(json.loads(seen.said)["page"]).is_file()


@pytest.mark.parametrize("name", ["2026/001", "x/../../../precious"])
def test_whatever_a_lead_is_called_its_preview_touches_nothing_else(nurture: Command, home: Path, name: str) -> None:
    precious = home.parent / "precious" / "file"
    precious.parent.mkdir()
    precious.write_text("mine")
    change(home, f"UPDATE lead SET external_id = '{name}', wecom_id = 'wm1' WHERE external_id = 'L1'")
    with suppress(OSError):
        seen = nurture("preview", "win-back", "--lead", name, "--json")
    assert precious.exists()
    page = Path(json.loads(seen.said)["page"]).resolve()
    assert (seen.code, page.is_file(), page.parent.parent) == (0, True, home.resolve() / "preview")


# -- check -------------------------------------------------------------------------------------------------------------


def test_a_check_names_the_file_and_line_of_a_bad_text_and_ends_with_one(nurture: Command, home: Path) -> None:
    path = home / AWARENESS / "checklist.email.en.md"
    edit(home, path.name, "{{ greeting }}", "{{ lead.nmae }}")
    line = path.read_text(encoding="utf-8").splitlines().index("{{ lead.nmae }}") + 1
    found = nurture("check")
    assert found.code == 1
    assert f"{path}:{line}: there is no field of lead 'nmae'" in re.sub(r"\s*\n\s*", " ", found.said)
    told: list[str] = json.loads(nurture("check", "--json").said)
    assert sum(each.startswith(f"{path}:{line}: ") for each in told) == 1


def test_a_text_that_cannot_even_be_read_ends_with_two(nurture: Command, home: Path) -> None:
    bad = home / AWARENESS / "checklist.email.en.md"
    bad.write_text("---\nsubject: it never ends\n")
    done = nurture("check")
    assert done.code == 2
    assert f"{bad}: its front matter does not end." in done.complained
