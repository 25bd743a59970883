"""A home with a content folder of its own, three leads who get the checklist of the product trial, and the command."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from cli.views import night as show
from nurture.content.event_kinds import read_events
from nurture.imports.import_file import import_file
from nurture.imports.layouts import FileKind
from nurture.settings import Settings
from nurture.storage.database import Store
from tests.support.sample_house import ROOT

AWARENESS = Path("content") / "product-trial" / "awareness"
NIGHT, NOON = "2026-10-12", "2026-10-12 12:00"
BEFORE = datetime(2026, 10, 11, 12, tzinfo=UTC)
CSV = {
    "staff": "id,name,email,wecom_userid,title\nS001,秦予安,qin@us.example,qin,销售服务台\n",
    "accounts": "id,name,industry,employees\nA1,某某塑料制品有限公司,plastics,180\n",
    "leads": "id,name,account,owner,email,role,language,lifecycle\n"
    "L1,林晚舟,A1,S001,lin@company.example,technical,zh-CN,lead\n"
    "L2,Ann Lee,,S001,ann@company.example,procurement,en,lead\n"
    "L3,言小满,,S001,yan@company.example,,,lead\n",
    "consents": "lead,scope,action,occurred_at,source,wording,evidence\n"
    + "".join(f"L{n},email,granted,2026-01-02T10:00:00+08:00,fair,w1,card {n}\n" for n in (1, 2, 3)),
    "events": "id,lead,kind,occurred_at\n"
    + "".join(f"E{n},L{n},form.submitted,2026-10-11T10:00:00+08:00\n" for n in (1, 2, 3)),
}


@dataclass(frozen=True)
class Answer:
    """What a person sees of a command."""

    code: int
    said: str
    complained: str


Command = Callable[..., Answer]


def move_in(home: Path) -> Path:
    """The evening before the night; of the texts there are those of one touch, for speed."""
    (home / AWARENESS).mkdir(parents=True)
    for text in (ROOT / AWARENESS).glob("checklist.*"):
        shutil.copy(text, home / AWARENESS)
    shutil.copytree(ROOT / "content" / "layout", home / "content" / "layout")
    for file in (ROOT / "content").glob("*.toml"):
        shutil.copy(file, home / "content")
    settings, events = Settings(home=home), frozenset(read_events(ROOT / "content").events)
    for kind in FileKind:
        (home / f"{kind}.csv").write_text(CSV[kind.value], encoding="utf-8")
        report = import_file(Store.of(settings), settings, kind, home / f"{kind}.csv", now=BEFORE, events=events)
        assert report.refused_count == 0, report
    return home


def copy_over(home: Path, another: Path) -> Path:
    """The home as another one is, whatever was there."""
    shutil.rmtree(home, ignore_errors=True)
    return Path(shutil.copytree(another, home))


def type_in(patch: pytest.MonkeyPatch, home: Path, *words: str) -> int:
    """A command line inside this process; what it ends with."""
    patch.setenv("NURTURE_HOME", str(home))
    patch.setenv("NURTURE_CONTENT", str(home / "content"))
    patch.chdir(ROOT)
    patch.setattr(sys, "argv", ["nurture", *words])
    patch.setattr(show.out, "width", 200)
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    """What the database of a home answers."""
    with Store.of(Settings(home=home)).open() as database:
        return database.rows(query)


def states(home: Path) -> dict[str, int]:
    """How many messages stand where."""
    return dict(rows(home, "SELECT state, count(*) FROM message GROUP BY state"))


def edit(home: Path, pattern: str, before: str, after: str) -> None:
    """Other words in some content files."""
    letters = list((home / "content").rglob(pattern))
    for letter in letters:
        assert before in letter.read_text(encoding="utf-8")
        letter.write_text(letter.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    assert letters
