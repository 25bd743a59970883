"""The preview channel delivers into a folder: each message whole and once, and nothing by half."""

import errno
import json
import os
import resource
import tempfile
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from nurture.channels import Fate, Outcome, Question
from nurture.channels.envelope import Envelope
from nurture.channels.preview.gallery import hang
from nurture.errors import TransientError
from tests.support.homes.due import FORKS
from tests.support.homes.outbox import LEAVE, NIGHT, NOW, channel, deliver, letter, listed, shown


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "outbox" / NIGHT


def test_a_mail_is_a_file_that_mail_clients_open(tmp_path: Path, folder: Path) -> None:
    assert deliver(tmp_path, letter(7)) == [Outcome(Fate.ACCEPTED, f"{7:032x}.eml")]
    raw = (folder / f"{7:032x}.eml").read_bytes()
    mail = message_from_bytes(raw, policy=default)
    assert [mail[name] for name in ("Subject", "From", "To", "Message-ID", "List-Unsubscribe-Post")] == [
        "Hello", "Bo <bo@us.example>", "Ann <ann@company.example>", f"<{7:032x}@us.example>",
        "List-Unsubscribe=One-Click",
    ]  # fmt: skip
    assert f"List-Unsubscribe: <{LEAVE}>\r\n".encode() in raw
    assert [part.get_content().strip() for part in mail.iter_parts()] == ["Hello", "<p>Hello</p>"]
    assert oct((folder / f"{7:032x}.eml").stat().st_mode)[-3:] == "644"


def test_a_chat_and_a_card_are_the_requests_that_they_would_be(tmp_path: Path, folder: Path) -> None:
    chat = letter(1, channel="wecom", to="wm1", sender_address="qin", text="您好")
    card = letter(2, channel="staff", to="qin", subject="打电话", text="今天")
    assert [each.provider_id for each in deliver(tmp_path, chat, card)] == [f"{1:032x}.json", f"{2:032x}.json"]
    asked = [json.loads((folder / f"{number:032x}.json").read_text())["request"] for number in (1, 2)]
    text, told = {"content": "您好"}, {"title": "打电话", "description": "今天"}
    assert asked == [
        {"chat_type": "single", "external_userid": ["wm1"], "sender": "qin", "text": text},
        {"touser": "qin", "msgtype": "textcard", "textcard": told},
    ]
    assert [(each["subject"], each["channel"]) for each in listed(folder)] == [("您好", "wecom"), ("打电话", "staff")]
    assert shown(folder)[f"{2:032x}"]["text"] == "今天"


def test_attachments_are_in_the_mail_and_are_not_taken_for_its_text(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "rendered" / "attachments").mkdir(parents=True)
    files = {"选型清单.pdf": b"%PDF\x00\xff", "read me.txt": b"not the text", "page.html": b"<p>not the page</p>"}
    for number, content in enumerate(files.values()):
        (tmp_path / "rendered" / "attachments" / f"d{number}").write_bytes(content)
    names = "\n".join(f"d{number} {name}" for number, name in enumerate(files))
    deliver(tmp_path, letter(attachments=names))
    mail = message_from_bytes((folder / f"{0:032x}.eml").read_bytes(), policy=default)
    assert {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()} == files
    picture = shown(folder)[f"{0:032x}"]
    assert (picture["text"].strip(), picture["html"].strip()) == ("Hello", "<p>Hello</p>")


def test_a_file_is_never_replaced(tmp_path: Path, folder: Path) -> None:
    deliver(tmp_path, letter())
    before = (folder / f"{0:032x}.eml").read_bytes()
    assert deliver(tmp_path, letter(text="Other words")) == [
        Outcome(Fate.ACCEPTED, f"{0:032x}.eml", "was there already")
    ]
    assert (folder / f"{0:032x}.eml").read_bytes() == before
    assert len(listed(folder)) == 1


def test_the_folder_proves_what_was_delivered(tmp_path: Path, folder: Path) -> None:
    deliver(tmp_path, letter(1), letter(2, channel="wecom"))
    with tempfile.NamedTemporaryFile(dir=folder, prefix="."):
        asked = [Question(f"{number:032x}", NIGHT, NOW) for number in (1, 2, 3)]
        asked.append(Question(f"{1:032x}", "2026-11-10", NOW))
        found = channel(tmp_path).evidence(asked[:3])
        assert channel(tmp_path).evidence(asked[3:])[f"{1:032x}"].fate is Fate.NOT_SENT
    assert [found[each.id].fate for each in asked[:3]] == [Fate.ACCEPTED, Fate.ACCEPTED, Fate.NOT_SENT]


def test_what_was_written_by_half_is_no_message(tmp_path: Path, folder: Path) -> None:
    deliver(tmp_path, letter(1))
    descriptor, half = tempfile.mkstemp(dir=folder, prefix=".")
    os.write(descriptor, b"Subject: Hel")
    os.close(descriptor)
    assert hang(folder) == 1
    assert Path(half).exists()


INJECTIONS = [
    "=?utf-8?q?a=0D=0ABcc:_x@y.example?=", "=\ufeff?utf-8?q?a=0D=0ABcc:_x@y.example?=", "a\r\nBcc: x@y.example",
    "=?foo?q?a?=", "=?utf-8?b?a?=", "Lin, Ann <x@y.example>", '"', "\\", "Ann (", "a" * 300, "林,晚舟" * 20,
    "Lin, Ann " + "Mary " * 20 + "Incorporated",
]  # fmt: skip


@pytest.mark.parametrize("field", ["to_name", "subject", "sender", "lead"])
@pytest.mark.parametrize("text", INJECTIONS, ids=range(len(INJECTIONS)))
def test_no_text_adds_a_header_or_an_address(tmp_path: Path, folder: Path, field: str, text: str) -> None:
    deliver(tmp_path, letter())
    (outcome,) = deliver(tmp_path, letter(1, **{field: text}))
    assert outcome.fate is Fate.ACCEPTED
    ours, theirs = (
        message_from_bytes((folder / f"{number:032x}.eml").read_bytes(), policy=default) for number in (0, 1)
    )
    assert theirs.keys() == ours.keys()
    assert [address.addr_spec for address in theirs["To"].addresses] == ["ann@company.example"]
    assert [address.addr_spec for address in theirs["From"].addresses] == ["bo@us.example"]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("changes", [{"to": "a b@company.example"}, {"attachments": "gone sheet.pdf"}], ids=str)
def test_a_message_that_cannot_be_written_stops_no_other(tmp_path: Path, changes: dict[str, str], first: bool) -> None:
    bad, good = letter(1, **changes), letter(2)
    outcomes = deliver(tmp_path, *((bad, good) if first else (good, bad)))
    assert [each.fate is Fate.ACCEPTED for each in outcomes] == [not first, first]


# -- the disk is full --------------------------------------------------------------------------------------------------


def deliver_with(limit: int, tmp_path: Path, envelopes: list[Envelope], told: Connection) -> None:
    """Deliver in a process whose files may only be so large."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    try:
        told.send([each.fate.value for each in channel(tmp_path).send(envelopes)])
    except TransientError as error:
        told.send(str(error))


def told_by(target: Callable[..., None], *arguments: Any) -> Any:
    ours, theirs = FORKS.Pipe(duplex=False)
    child = FORKS.Process(target=target, args=(*arguments, theirs))
    child.start()
    theirs.close()
    child.join()
    return ours.recv()


def test_a_full_disk_leaves_nothing_by_half_and_is_told(tmp_path: Path, folder: Path) -> None:
    told = told_by(deliver_with, 500, tmp_path, [letter(1), letter(2)])
    assert told == f"{tmp_path / 'outbox'}: cannot be written ({os.strerror(errno.EFBIG)})."
    assert list(folder.iterdir()) == []
    assert [each.fate for each in deliver(tmp_path, letter(1), letter(2))] == [Fate.ACCEPTED] * 2


def test_what_is_on_disk_before_it_is_full_stays_and_the_rest_was_not_sent(tmp_path: Path, folder: Path) -> None:
    told = told_by(deliver_with, 10_000, tmp_path, [letter(1), letter(2, html="x" * 20_000), letter(3)])
    assert told == ["accepted", "not_sent", "accepted"]
    assert sorted(path.name for path in folder.iterdir()) == [f"{1:032x}.eml", f"{3:032x}.eml"]
