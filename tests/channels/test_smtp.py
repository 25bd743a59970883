"""A relay's answers, stage by stage, from a real SMTP server on this machine."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from pydantic import SecretStr

from nurture.channels import Fate, Outcome
from nurture.channels.email.headers import Letterhead
from nurture.channels.email.smtp import Relay, Smtp, read_relays
from nurture.channels.envelope import Envelope
from nurture.content.bounce_rules import read_answers
from nurture.errors import AccountError, InputError, TransientError
from nurture.keys.signed_links import Tokens
from nurture.settings import Settings
from tests.channels.test_sendgrid import envelope, many
from tests.servers.certificate import certified
from tests.servers.threads import listening
from tests.support.small import CONTENT

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)


class Post:
    """Takes mails, unless told what to answer to a recipient; at RCPT, or at the end of DATA."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.at_rcpt: dict[str, str] = {}
        self.at_data: dict[str, str] = {}
        self.breaks_in_data = False

    async def handle_RCPT(self, server: SMTP, session: Any, mail: Any, address: str, options: Any) -> str:  # noqa: N802
        if address in self.at_rcpt:
            return self.at_rcpt[address]
        mail.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, mail: Any) -> str:  # noqa: N802
        if said := self.at_data.get(mail.rcpt_tos[0]):
            return said
        self.taken.append(mail)
        if self.breaks_in_data:
            assert server.transport
            server.transport.abort()
            await asyncio.sleep(0)
        return "250 OK"


@pytest.fixture
def post() -> Post:
    return Post()


def let_in(server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=data.password == b"right", handled=False)


@pytest.fixture
def port(post: Post) -> Iterator[int]:
    with listening() as free:
        number = int(free.getsockname()[1])

    relay = Controller(
        post, hostname="127.0.0.1", port=number, authenticator=let_in, auth_require_tls=False, decode_data=False
    )
    relay.start()
    yield number
    relay.stop()


def open_channel(
    port: int, folder: Path, password: str = "right", tls_first: bool = False, trusted: Path | None = None
) -> Smtp:
    letterhead = Letterhead(Tokens(b"k" * 32, "https://n.ours.example"), "reply.ours.example", folder)
    relay = Relay("domestic", "127.0.0.1", port, "us", SecretStr(password), tls_first=tls_first)
    certificates = ssl.create_default_context(cafile=trusted)
    return Smtp(relay, letterhead, read_answers(CONTENT), lambda: NOW, certificates)


@pytest.fixture
def channel(port: int, tmp_path: Path) -> Iterator[Smtp]:
    made = open_channel(port, tmp_path)
    yield made
    made.finish()


def send(channel: Smtp, *envelopes: Envelope) -> list[Outcome]:
    return list(channel.send(envelopes or [envelope()]))


def test_a_mail_that_the_relay_took_is_accepted(channel: Smtp, post: Post) -> None:
    assert send(channel)[0].fate is Fate.ACCEPTED
    mail = message_from_bytes(post.taken[0].content, policy=default)
    assert post.taken[0].rcpt_tos == ["l1@company.example"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Subject"] == "广告：一页清单"
    assert mail["Reply-To"].startswith("r+")
    assert mail["X-Nurture-Message"] == envelope().id


@pytest.mark.parametrize("tls_first", [True, False], ids=["TLS first", "STARTTLS"])
def test_a_relay_is_talked_to_in_secret_and_only_when_somebody_vouches_for_it(
    post: Post, tmp_path: Path, tls_first: bool
) -> None:
    tls, certificate = certified(tmp_path)
    with listening() as free:
        port = int(free.getsockname()[1])
    speaks = (
        {"ssl_context": tls, "auth_require_tls": False} if tls_first else {"tls_context": tls, "require_starttls": True}
    )
    server = Controller(post, hostname="127.0.0.1", port=port, authenticator=let_in, decode_data=False, **speaks)
    server.start()
    for trusted, taken in ((certificate, 1), (None, 1)):
        channel = open_channel(port, tmp_path, tls_first=tls_first, trusted=trusted)
        with suppress(TransientError):
            send(channel)
        channel.finish()
        assert len(post.taken) == taken
    server.stop()


def test_twenty_go_once_each_over_a_few_connections(channel: Smtp, post: Post) -> None:
    assert {each.fate for each in send(channel, *many(20))} == {Fate.ACCEPTED}
    assert sorted(mail.rcpt_tos[0] for mail in post.taken) == sorted(each.to for each in many(20))


@pytest.mark.parametrize(
    ("said", "fate", "waits"),
    [
        ("451 4.7.1 try later", Fate.NOT_SENT, timedelta(minutes=15)),
        ("550 5.1.1 user not found", Fate.GONE, None),
        ("550 Domain frequency limited", Fate.NOT_SENT, timedelta(hours=1)),
        ("451 DT:SPM 163", Fate.NOT_SENT, timedelta(hours=1)),
        ("554 5.7.1 no", Fate.REJECTED, None),
    ],
)
@pytest.mark.parametrize("stage", ["rcpt", "data"])
def test_61_refusals_are_for_now_or_for_good_by_what_they_say(
    channel: Smtp, post: Post, stage: str, said: str, fate: Fate, waits: timedelta | None
) -> None:
    {"rcpt": post.at_rcpt, "data": post.at_data}[stage]["l1@company.example"] = said
    found = send(channel, *many(2))
    assert (found[0].fate, found[0].retry_at) == (fate, NOW + waits if waits else None)
    assert found[1].fate is Fate.ACCEPTED


def test_a_connection_that_breaks_after_the_text_leaves_it_in_doubt(channel: Smtp, post: Post) -> None:
    post.breaks_in_data = True
    assert send(channel)[0].fate is Fate.UNKNOWN
    assert len(post.taken) == 1
    assert channel.evidence([]) == {}


def test_a_wrong_password_stops_the_relay(port: int, post: Post, tmp_path: Path) -> None:
    channel = open_channel(port, tmp_path, "wrong")
    for _ in range(2):
        with pytest.raises(AccountError, match="does not let us in") as told:
            send(channel)
        assert "wrong" not in str(told.value)
    channel.finish()
    assert post.taken == []


def test_a_relay_that_is_not_there_takes_nothing(tmp_path: Path) -> None:
    with listening() as free:
        port = int(free.getsockname()[1])
    channel = open_channel(port, tmp_path)
    with pytest.raises(TransientError, match="cannot be reached"):
        send(channel)
    channel.finish()


def test_relays_are_named_and_secrets_stay_out_of_every_message() -> None:
    settings = Settings(
        smtp_relays=SecretStr("domestic=smtps://u%40x:p%3Aw@smtp.example:465 other=smtp://smtp.example")
    )
    found = read_relays(settings)
    assert (found["domestic"].user, found["domestic"].password.get_secret_value()) == ("u@x", "p:w")
    assert (found["other"].port, found["other"].tls_first, found["other"].in_clear) == (587, False, False)
    assert "p:w" not in repr(found)
    with pytest.raises(InputError, match="entry 1") as told:
        read_relays(Settings(smtp_relays=SecretStr("smtps://u:hidden@smtp.example")))
    assert "hidden" not in str(told.value)
