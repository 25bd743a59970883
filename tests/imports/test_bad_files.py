"""A file that cannot be trusted as a whole: the command says so, ends with 2, and has imported nothing."""

import sys
from pathlib import Path

import pytest

from cli.main import main
from nurture.settings import Settings
from nurture.storage.database import Store
from tests.support.sample_house import ROOT

TABLES = ("staff", "account", "lead", "identity", "consent", "interaction")
GOOD = b"id,name\nX1,Ann\n"  # a good row first: it must not come in either


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with an empty database."""
    settings = Settings(home=tmp_path / "home")
    with Store.of(settings).open(create=True):
        return settings.home


@pytest.mark.parametrize("kind", ["staff", "accounts", "leads"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(GOOD + b"X2,Caf\xe9\n", ":3: byte 21 is neither UTF-8 nor GBK. Save", id="wrong encoding"),
        pytest.param(
            "id,name\nX1,Müller\nX2,Jäger\nX3,Köln\n".encode("latin-1"), "Western encoding", id="Latin-1 like GBK"
        ),
        pytest.param(b"id,remark\nX1,Ann\n", ":1: missing columns: name. Found: id", id="missing columns"),
        pytest.param(GOOD + b"X2,\x00\n", ":3: a NUL character", id="NUL"),
        pytest.param(GOOD.decode().encode("utf-16-le"), ":1: a NUL character", id="UTF-16 without its mark"),
        pytest.param(GOOD + b"X2," + b"x" * 5_000_000 + b"\n", ":3: a cell of over 1 MB", id="5 MB field"),
        pytest.param(GOOD + b'X2,"' + b"x,y\n" * 1_250_000 + b'"\n', ":3: a cell of over 1 MB", id="5 MB quoted"),
        pytest.param(GOOD + b"X2,Bob\nX1,Bea\n", ":4: the same id “X1” as in line 2, but different", id="conflict"),
        pytest.param(b"\n<!DOCTYPE html>\n<html><body>Log in", "this is a web page", id="HTML"),
    ],
)
def test_a_bad_file_ends_with_two_a_clear_report_and_nothing_imported(
    home: Path,
    kind: str,
    content: bytes,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = home.parent / "bad.csv"
    path.write_bytes(content)
    monkeypatch.setenv("NURTURE_HOME", str(home))
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["nurture", "import", kind, str(path)])
    with pytest.raises(SystemExit) as ended:
        main()
    seen = capsys.readouterr()
    assert ended.value.code == 2
    assert f"{path}" in seen.err
    assert said in seen.err
    assert "Traceback" not in seen.err + seen.out
    assert rows_in(home) == dict.fromkeys(TABLES, 0)
    assert not (home / "refused").exists()


def rows_in(home: Path) -> dict[str, int]:
    with Store.of(Settings(home=home)).open() as database:
        return {table: int(database.one(f"SELECT count(*) FROM {table}")[0]) for table in TABLES}
