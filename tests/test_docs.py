"""What the documents show is true: the journey in the README loads, the commands exist, the links lead somewhere."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from cli.main import app
from nurture import journey as face
from nurture.journey import Journey
from nurture.journey.loader import check_event_kinds
from tests.support.small import EVENTS

ROOT = Path(__file__).parent.parent
READMES = ["README.md", "README.zh-CN.md"]
DOCUMENTS = sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("name", READMES)
def test_the_journey_in_the_readme_is_one(name: str) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(source, names)
    journey = names["journey"]
    assert isinstance(journey, Journey)
    check_event_kinds([journey], EVENTS)


def test_a_marketer_needs_one_import_line() -> None:
    words = "Journey Stage email wecom staff days before on lead account depth did in_stage consented spoke_to_us"
    assert sorted(face.__all__) == sorted(words.split())
    assert all(hasattr(face, word) for word in face.__all__)
    assert (ROOT / "nurture" / "py.typed").exists()


@pytest.mark.parametrize("name", READMES)
def test_every_command_in_the_readme_exists(name: str) -> None:
    shown = set(re.findall(r"\.venv/bin/nurture (\w+)", (ROOT / name).read_text(encoding="utf-8")))
    assert shown <= set(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_inside_the_project_leads_somewhere(name: str) -> None:
    document = ROOT / name
    links = re.findall(r"\]\(([^)#:{]+)\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_lock_names_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"^--", lock, re.MULTILINE)
    assert "://" not in lock
    assert lock.count("--hash=sha256:") > 1000


def test_every_make_target_teaches() -> None:
    targets = set(re.findall(r"^([a-z-]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE))
    taught = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets == taught
    assert {"help", "setup", "demo", "test", "test-all", "check", "bench", "clean"} <= taught
