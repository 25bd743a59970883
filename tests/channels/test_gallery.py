"""The gallery: a page with every message of an outbox, whatever they say, and however often it is hung."""

import re
import shutil
import subprocess
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from nurture.channels.preview import gallery
from nurture.channels.preview.gallery import hang
from tests.support.homes.due import FORKS
from tests.support.homes.outbox import NIGHT, channel, deliver, lay, letter, listed, shown


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "outbox" / NIGHT


def test_only_what_is_new_is_hung(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "CHUNK", 3)
    lay(folder, *map(letter, range(4)))
    assert hang(folder) == 4
    chunks = [(folder / "gallery" / f"{number:04d}.js").read_bytes() for number in (0, 1)]
    page = (folder / "gallery" / "list.js").read_bytes()
    assert hang(folder) == 4
    assert (folder / "gallery" / "list.js").read_bytes() == page
    lay(folder, letter(4))
    assert hang(folder) == 5
    assert [(folder / "gallery" / f"{number:04d}.js").read_bytes() for number in (0, 1)] == chunks
    assert [len(shown(folder, number)) for number in (0, 1, 2)] == [3, 1, 1]
    assert all(each["id"] in shown(folder, each["chunk"]) for each in listed(folder))
    assert len(list((folder / "gallery").glob("[0-9]*"))) == 3


def test_the_list_follows_the_journeys_then_the_names(tmp_path: Path, folder: Path) -> None:
    preview = channel(tmp_path, "trial/second/z", "trial/second/a", "trial/first/hello")
    preview.send([letter(1, touch="gone"), letter(2), letter(3, stage="second", touch="a", to_name="Bob")])
    preview.finish()
    preview.send([letter(4, stage="second", touch="a", to_name="Ann"), letter(5, stage="second", touch="z")])
    preview.finish()
    assert [int(each["id"], 16) for each in listed(folder)] == [5, 4, 3, 2, 1]


NAME = "</script><script>alert(1)</script><!-- ]]> \\ \" ' `${x}` ');"
HOSTILE = NAME + "\u2028\u2029"


def test_whatever_a_message_says_it_is_only_text_in_the_page(tmp_path: Path, folder: Path) -> None:
    mail = letter(1, html=HOSTILE, text=HOSTILE, subject=NAME, to_name=NAME, preheader=NAME, lead=NAME)
    deliver(tmp_path, mail, letter(2, channel="wecom", text=HOSTILE, to_name=HOSTILE))
    for script in (folder / "gallery").glob("*.js"):
        source = script.read_text(encoding="utf-8")
        assert not set("<\u2028\u2029") & set(source), script.name
        assert source.count("\n") == 1
    assert shown(folder)[f"{1:032x}"]["html"].rstrip("\r\n") == HOSTILE
    assert shown(folder)[f"{2:032x}"]["text"] == HOSTILE
    page = (folder / "index.html").read_bytes()
    deliver(tmp_path, letter(3))
    assert (folder / "index.html").read_bytes() == page


@pytest.mark.parametrize("torn", ["", "window.GALLERY = {", "window.GALLERY = {};\n"])
def test_a_list_that_a_power_cut_tore_is_made_again(tmp_path: Path, folder: Path, torn: str) -> None:
    deliver(tmp_path, letter(1))
    (folder / "gallery" / "list.js").write_text(torn)
    deliver(tmp_path, letter(2))
    assert all(each["id"] in shown(folder, each["chunk"]) for each in listed(folder))
    assert len(listed(folder)) == 2


@pytest.mark.parametrize(("name", "content"), [("notes.json", "{}"), ("old.eml", ""), ("list.json", "[")])
def test_a_file_that_is_not_ours_hides_no_message(tmp_path: Path, folder: Path, name: str, content: str) -> None:
    folder.mkdir(parents=True)
    (folder / name).write_text(content)
    deliver(tmp_path, letter(1))
    assert f"{1:032x}" in [each["id"] for each in listed(folder)]


def hang_often(folder: Path, first: int, told: Connection) -> None:
    """What a dispatcher does: lays messages down, and hangs them."""
    try:
        for number in range(first, first + 20):
            lay(folder, letter(number))
            hang(folder)
    finally:
        told.send(None)


def test_two_that_hang_at_once_lose_nothing(folder: Path) -> None:
    ours, theirs = FORKS.Pipe(duplex=False)
    children = [FORKS.Process(target=hang_often, args=(folder, first, theirs)) for first in (0, 1000)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    ours.close()
    assert [child.exitcode for child in children] == [0, 0]
    assert len(listed(folder)) == 40
    assert [each["id"] for each in listed(folder) if each["id"] not in shown(folder, each["chunk"])] == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium on the PATH")
def test_a_page_of_5000_messages_opens_from_its_folder(tmp_path: Path, folder: Path) -> None:
    owned = "</script><script>document.title = 'owned'</script>"
    lay(folder, *(letter(number, to_name=f"Ann {number}", subject=owned, html=owned) for number in range(5000)))
    assert hang(folder) == 5000
    flags = f"--headless --no-sandbox --disable-gpu --lang=en-US --user-data-dir={tmp_path / 'profile'}".split()
    page = ["--virtual-time-budget=20000", "--dump-dom", (folder / "index.html").as_uri()]
    seen = subprocess.run(["chromium", *flags, *page], capture_output=True, text=True, timeout=120, check=True).stdout
    assert re.search(r'<p id="count"[^>]*>5,000 messages</p>', seen)
    assert "owned" not in seen.partition("</title>")[0]
