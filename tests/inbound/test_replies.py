"""A person who writes back is answered by a person; machines that write to us stop nothing and get no answer (70)."""

from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from models import Channel
from nurture.channels.routing import Lane
from nurture.delivery.claim import START, Claiming
from nurture.storage.database import Database
from tests.support.homes.inbound import BOOK, SENT, TUESDAY, House, house
from tests.support.small import one_in, verdicts


def mail(
    body: str = "What does it cost?", subject: str = "Re: Hello", sender: str = "ann@company.example", **headers: str
) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "reply@us.example", subject
    message["Message-ID"] = headers.pop("message_id", "<1@company.example>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    return message.as_bytes()


def arrive(home: House, raw: bytes, name: str = "ann", sender: str = "ann@company.example", **where: Any) -> None:
    to = where.get("to") or [f"{home.tokens.reply_name(home.message(name).hex)}@reply.us.example"]
    home.say("reply", file=home.spool.keep(raw), to=to, **{"from": sender})


def cards(home: House) -> list[tuple[str, str]]:
    return home.rows("SELECT state, channel FROM message WHERE internal ORDER BY id")


def test_a_reply_pauses_the_leads_touches_and_plans_a_card_for_the_owner(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    arrive(home, mail())
    assert home.drain().cards == 1
    assert home.did("ann") == ["email.replied"]
    assert cards(home) == [("planned", "staff")]
    assert home.rows("SELECT subject, body, sender_known FROM reply") == [("Re: Hello", "What does it cost?", True)]
    thursday = TUESDAY + timedelta(days=2)
    home.night(thursday)
    assert verdicts(database, "ann", thursday) == [("second-letter", "postponed", "reply_open")]


def test_the_same_reply_twice_counts_once(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    arrive(home, mail())
    arrive(home, mail())
    home.drain()
    arrive(home, mail())
    home.drain()
    assert home.did("ann") == ["email.replied"]
    assert len(cards(home)) == 1


def test_a_reply_is_a_fact_of_its_message(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    arrive(home, mail())
    home.drain()
    assert home.rows("SELECT message_id, replied_at IS NOT NULL FROM message_fact") == [(home.message("ann"), True)]


AUTOMATIC = [
    {"Auto_Submitted": "auto-replied"}, {"Auto_Submitted": "auto-generated; x=y"},
    {"X_Auto_Response_Suppress": "All"}, {"X_Autoreply": "yes"}, {"Precedence": "bulk"}, {"Precedence": "auto_reply"},
    {"Precedence": "junk"}, {"subject": "自动回复：您好"}, {"subject": "Automatic reply: Hello"},
    {"subject": "Out of Office"}, {"subject": "外出 until Monday"}, {"subject": "=?utf-8?B?6Ieq5Yqo5Zue5aSN?="},
]  # fmt: skip


@pytest.mark.parametrize("headers", one_in(3, AUTOMATIC), ids=repr)
def test_70_what_a_machine_wrote_is_counted_and_stops_nothing(
    database: Database, tmp_path: Path, headers: dict[str, str]
) -> None:
    home = house(database, tmp_path, "ann")
    arrive(home, mail(**headers))
    home.drain()
    assert home.did("ann") == []
    assert cards(home) == []
    assert home.rows("SELECT kind FROM signal") == [("auto_replied",)]


@pytest.mark.parametrize("sender", ["", "<>", "MAILER-DAEMON@mx.example"])
def test_70_a_mail_from_nobody_is_no_persons(database: Database, tmp_path: Path, sender: str) -> None:
    home = house(database, tmp_path, "ann")
    arrive(home, mail(), sender=sender)
    home.drain()
    assert home.did("ann") == []


def test_70_a_delivery_report_is_no_persons(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    raw = b'Content-Type: multipart/report; boundary="b"\r\nSubject: Failed\r\n\r\n--b\r\n\r\nuser unknown\r\n--b--\r\n'
    arrive(home, raw)
    home.drain()
    assert home.did("ann") == []


def test_70_two_machines_that_write_to_each_other_fill_nobodys_day(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    for n in range(20):
        arrive(home, mail(message_id=f"<{n}@x.example>"))
        if n % 7 == 0:
            home.drain()
    home.drain()
    assert len(cards(home)) == 3
    assert home.rows("SELECT count(*) FROM reply") == [(20,)]


def test_70_a_reply_from_another_address_is_told_as_such(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    arrive(home, mail(sender="boss@company.example"))
    home.drain()
    assert home.rows("SELECT sender_known FROM reply") == [(False,)]
    assert len(cards(home)) == 1


def test_70_a_mail_to_no_message_of_ours_is_set_aside_whoever_it_says_it_is_from(
    database: Database, tmp_path: Path
) -> None:
    home = house(database, tmp_path, "ann")
    arrive(home, mail(), to=["r+abc@reply.us.example", "info@us.example"])
    assert home.drain().quarantined == 1
    assert home.did("ann") == []


def test_a_mail_that_quotes_what_the_provider_called_our_letter_is_a_reply_to_it(
    database: Database, tmp_path: Path
) -> None:
    home = house(database, tmp_path, "ann")
    database.run("UPDATE message SET provider_id = 'AbCdEfGhIjKlMnOpQrStUv'")
    arrive(home, mail(In_Reply_To="<AbCdEfGhIjKlMnOpQrStUv@geopod-ismtpd-1>"), to=["reply@us.example"])
    home.drain()
    assert home.did("ann") == ["email.replied"]


def test_70_a_mail_without_an_id_or_any_sense_is_taken_as_it_is(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    for raw in (
        b"",
        b"\xff" * 1000,
        b"From: a\r\n\r\nHello",
        b"Content-Type: text/plain; charset=klingon\r\n\r\nnuqneH",
    ):
        arrive(home, raw)
    arrive(
        home,
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 500,
    )
    home.drain()
    assert home.spool.is_empty()
    assert len(cards(home)) == 3


def test_70_a_large_attachment_is_not_opened(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    message = EmailMessage()
    message["From"], message["Message-ID"] = "ann@company.example", "<big@x>"
    message.set_content("See attached.")
    message.add_attachment(b"PK" + bytes(20_000_000), maintype="application", subtype="zip", filename="bomb.zip")
    arrive(home, message.as_bytes())
    home.drain()
    assert home.rows("SELECT body FROM reply") == [("See attached.",)]


@pytest.mark.parametrize(
    "body",
    one_in(3, ["退订", "退订。", "TD", "td\n\n> 原文", "Unsubscribe!", "> On Monday you wrote\n\nSTOP", 
     "\n\n  remove me \n-- \nAnn", "ＴＤ", "stop", "停止联系"]),
)  # fmt: skip
def test_a_first_line_that_says_so_is_a_withdrawal(database: Database, tmp_path: Path, body: str) -> None:
    home = house(database, tmp_path, "ann")
    arrive(home, mail(body))
    home.drain()
    assert [row[1:] for row in home.consents("ann")] == [("withdrawn", "reply")]


@pytest.mark.parametrize(
    "body",
    one_in(3, ["How do I unsubscribe my colleague?", "Please do not stop.", "Thanks!\nunsubscribe", "> 退订",
     "我们不退订", "On Mon, Nov 9, Bai wrote:\nunsubscribe", "-----原始邮件-----\n退订"]),
)  # fmt: skip
def test_nothing_else_is(database: Database, tmp_path: Path, body: str) -> None:
    home = house(database, tmp_path, "ann")
    arrive(home, mail(body))
    home.drain()
    assert home.consents("ann") == []


def test_an_answer_in_html_is_read_without_its_quotation(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    message = EmailMessage()
    message["From"] = "ann@company.example"
    message.set_content("<style>p{}</style><p>退订</p><blockquote>unsubscribe</blockquote>", subtype="html")
    arrive(home, message.as_bytes())
    home.drain()
    assert home.rows("SELECT body FROM reply") == [("退订",)]
    assert home.consents("ann") == [("email", "withdrawn", "reply")]


def test_gbk_that_calls_itself_gb2312_is_read(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    raw = "From: ann@company.example\r\nContent-Type: text/plain; charset=gb2312\r\n\r\n请问多少钱，镕".encode("gbk")
    arrive(home, raw)
    home.drain()
    assert home.rows("SELECT body FROM reply") == [("请问多少钱，镕",)]


def test_nobody_gets_a_card_where_nobody_looks_after_the_lead(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    database.run("DELETE FROM staff")
    arrive(home, mail())
    assert home.drain().cards == 0
    assert home.rows("SELECT card_id FROM reply") == [(None,)]


def test_a_card_is_told_within_the_owners_night_too(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    arrive(home, mail())
    home.drain(SENT + timedelta(hours=12))
    database.run("UPDATE message SET payload_hash = 'h', payload_file = 'f' WHERE internal")
    at_night = SENT + timedelta(hours=12, minutes=10)
    assert len(Claiming(database, BOOK, Lane(Channel.STAFF), at_night).claim(START, 10).messages) == 1


HOSTILE = [
    b"From: " + b"(" * 300 + b"\n", b"From: " + b"(" * 5000 + b"\n", b"To: " + b'"' + b"\\(" * 900 + b"\n",
    b"Subject: " + b"=?utf-8?B?" + b"QUFB" * 4000 + b"?=\n", b"Content-Type: multipart/" + b"(" * 400 + b"\n",
]  # fmt: skip


@pytest.mark.parametrize("header", HOSTILE, ids=range(len(HOSTILE)))
def test_73_a_hostile_mail_stops_nothing_and_who_leaves_behind_it_has_left(
    database: Database, tmp_path: Path, header: bytes
) -> None:
    home = house(database, tmp_path, "ann", "bob")
    arrive(home, header + b"\nHello\n")
    home.say("leave", message=home.message("bob").hex, scope="all")
    home.drain()
    assert home.did("ann") == ["email.replied"]
    assert home.suppressed("bob") == [("all", "left")]
    assert home.spool.pending() == 0


def test_73_whatever_a_line_brings_about_only_that_line_is_set_aside(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = house(database, tmp_path, "ann", "bob")
    arrive(home, mail())
    home.say("leave", message=home.message("bob").hex, scope="all")

    def fails(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("nurture.inbound.replies.read_mail", fails)
    assert home.drain().quarantined == 1
    assert home.suppressed("bob") == [("all", "left")]
    assert len(home.spool.quarantined()) == 1


def test_a_fault_of_the_house_sets_no_line_aside(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = house(database, tmp_path, "ann")
    arrive(home, mail())

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nurture.inbound.replies.read_mail", fails)
    with pytest.raises(OSError, match="No space"):
        home.drain()
    assert home.spool.quarantined() == []
