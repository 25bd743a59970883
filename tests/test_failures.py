"""docs/failures.md: every failure has its row, its test and its guard."""

import re
from pathlib import Path

import pytest

ROWS = re.findall(
    r"^\| (\d+) \|.*\| `([\w/]+\.py)`: `(\w+)` \|$", Path("docs/failures.md").read_text(encoding="utf-8"), re.M
)
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in Path("tests").rglob("test_*.py"))
NAMED = re.findall(r"def test_((?:\d+_(?:and_)?)+)", TESTS) + re.findall(r'^    """(\d+)"""$', TESTS, re.M)
NUMBERS = {int(number) for names in NAMED for number in re.findall(r"\d+", names)}


def test_every_number_of_a_test_has_its_row_and_every_row_its_test() -> None:
    assert {int(number) for number, _, _ in ROWS} == NUMBERS


@pytest.mark.parametrize(("number", "file", "guard"), ROWS)
def test_the_guard_is_there(number: str, file: str, guard: str) -> None:
    source = Path(file if file.startswith(("flows/", "cli/")) else f"nurture/{file}").read_text(encoding="utf-8")
    assert re.search(rf"^\s*(?:async )?(?:def|class) {guard}\b|^{guard}\b.* = ", source, re.M), number
