"""Homes in which commands are typed: the evening before a night, and the morning after it."""

from pathlib import Path

import pytest

from tests.support.homes.sending import NIGHT, Answer, Command, copy_over, move_in, type_in


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return move_in(tmp_path_factory.mktemp("evening") / "home")


@pytest.fixture(scope="module")
def morning(evening: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after a night whose three letters are due at noon."""
    home = copy_over(tmp_path_factory.mktemp("morning") / "home", evening)
    with pytest.MonkeyPatch.context() as patch:
        assert type_in(patch, home, "run", "--night", NIGHT) == 0
    return home


@pytest.fixture
def home(morning: Path, tmp_path: Path) -> Path:
    return copy_over(tmp_path / "home", morning)


@pytest.fixture
def nurture(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command inside this process, in a home of this test's own."""
    return lambda *words: Answer(type_in(monkeypatch, home, *words), *capsys.readouterr())
