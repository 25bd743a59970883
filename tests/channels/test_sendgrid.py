"""SendGrid's answers, one by one, from a stand-in on a real socket; the numbers are those of docs/email.md."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from nurture.channels import Fate, Outcome, Question
from nurture.channels.email.headers import Letterhead
from nurture.channels.envelope import Envelope
from nurture.channels.sendgrid import SendGrid
from nurture.errors import AccountError, TransientError
from nurture.keys.signed_links import Tokens
from tests.servers import behaviours as does
from tests.servers.sendgrid import KEY
from tests.servers.sendgrid import SendGrid as StandIn

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
EMPTY = dict.fromkeys(Envelope._fields, "")
A = f"{1:032x}"


def envelope(number: int = 1, **changes: str) -> Envelope:
    id = f"{number:032x}"
    return Envelope(
        **EMPTY
        | {
            "id": id, "journey": "product-trial", "stage": "awareness", "touch": "checklist", "channel": "email",
            "to": f"l{number}@company.example", "to_name": "沈亦舟",
            "sender": "白景行", "sender_address": "bai@ours.example",
            "subject": "广告：一页清单", "text": "你好。\n", "html": "<p>你好。</p>",
            "unsubscribe_url": f"https://n.ours.example/u/{id}.signed",
        }
        | changes
    )  # fmt: skip


@pytest.fixture
def server() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@pytest.fixture
def channel(server: StandIn, tmp_path: Path) -> Iterator[SendGrid]:
    made = open_channel(server.url, tmp_path)
    yield made
    made.finish()


def open_channel(url: str, folder: Path, now: datetime = NOW) -> SendGrid:
    letterhead = Letterhead(Tokens(b"k" * 32, "https://n.ours.example"), "reply.ours.example", folder)
    return SendGrid(SecretStr(KEY), url, letterhead, lambda: now)


def send(channel: SendGrid, *envelopes: Envelope) -> list[Outcome]:
    return list(channel.send(envelopes or [envelope()]))


def many(count: int) -> list[Envelope]:
    return [envelope(number) for number in range(1, count + 1)]


# -- accepted ------------------------------------------------------------------------------------------------------


def test_an_accepted_mail_is_one_that_sendgrid_named(channel: SendGrid, server: StandIn) -> None:
    assert send(channel) == [Outcome(Fate.ACCEPTED, provider_id="000001StandInSendGrid")]
    mail = server.api.accepted[0].mail
    assert mail["headers"]["List-Unsubscribe"] == f"<https://n.ours.example/u/{A}.signed>"
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["custom_args"] == {"nurture_message": A}
    assert set(mail["categories"]) == {"product-trial", "product-trial/awareness/checklist"}
    assert mail["tracking_settings"] == {
        "click_tracking": {"enable": False, "enable_text": False},
        "open_tracking": {"enable": False},
        "subscription_tracking": {"enable": False},
    }
    assert mail["reply_to"]["email"].startswith("r+")
    assert [each["type"] for each in mail["content"]] == ["text/plain", "text/html"]


def test_a_hundred_at_once_go_once_each_over_kept_connections(channel: SendGrid, server: StandIn) -> None:
    for start in (0, 100):
        assert {each.fate for each in send(channel, *many(200)[start : start + 100])} == {Fate.ACCEPTED}
    assert set(server.times_accepted().values()) == {1}
    assert len(server.times_accepted()) == 200
    assert server.api.connections <= 100


def test_an_attachment_goes_with_its_name(server: StandIn, tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"%PDF")
    channel = open_channel(server.url, tmp_path)
    send(channel, envelope(attachments="abc 清单.pdf"))
    channel.finish()
    attached = server.api.accepted[0].mail["attachments"][0]
    assert (attached["filename"], attached["type"], attached["content"]) == ("清单.pdf", "application/pdf", "JVBERg==")


# -- failure tests -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reset_in", "least", "most"), [(30, 30, 52), (None, 60, 82), (-5, 1, 23)])
def test_15_too_many_requests_wait_for_the_reset(
    server: StandIn, tmp_path: Path, reset_in: float | None, least: int, most: int
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    channel = open_channel(server.url, tmp_path, now)
    server.script.next(does.throttled(reset_in))
    (first,) = send(channel)
    assert (first.fate, first.why) == (Fate.NOT_SENT, "HTTP 429")
    assert first.retry_at is not None
    assert timedelta(seconds=least - 1) <= first.retry_at - now <= timedelta(seconds=most)
    with pytest.raises(TransientError, match="wants no more until"):
        send(channel)
    channel.finish()
    assert server.api.requests[A] == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_17_nobody_knows_what_a_server_did_that_failed(channel: SendGrid, server: StandIn, status: int) -> None:
    server.script.next(does.failing(status, accepts=True))
    assert send(channel) == [Outcome(Fate.UNKNOWN, why=f"HTTP {status}")]
    assert server.api.requests[A] == 1


@pytest.mark.parametrize("behaviour", [does.ACCEPT_THEN_RESET, does.ACCEPT_THEN_TRUNCATE], ids=["reset", "truncated"])
def test_19_an_answer_that_breaks_off_leaves_the_mail_in_doubt(
    channel: SendGrid, server: StandIn, behaviour: does.Behaviour
) -> None:
    server.script.next(behaviour)
    assert send(channel)[0].fate is Fate.UNKNOWN
    assert server.api.requests[A] == 1


def test_19_a_connection_that_ends_before_the_mail_was_read_leaves_it_in_doubt_as_well(
    channel: SendGrid, server: StandIn
) -> None:
    server.script.next(does.unread())
    assert send(channel)[0].fate is Fate.UNKNOWN
    assert server.api.accepted == []


def test_19_a_connection_that_ends_after_a_whole_answer_costs_nothing(channel: SendGrid, server: StandIn) -> None:
    server.script.next(does.ACCEPT_THEN_CLOSE, None)
    first, second = many(2)
    assert send(channel, first)[0].fate is Fate.ACCEPTED
    server.finish_what_was_begun()
    assert send(channel, second)[0].fate is Fate.ACCEPTED
    assert set(server.times_accepted().values()) == {1}


@pytest.mark.parametrize("behaviour", [does.ACCEPT_THEN_HANG, does.dripping(1.0)], ids=["hangs", "drips"])
def test_18_and_27_one_deadline_for_all_of_it(
    server: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behaviour: does.Behaviour
) -> None:
    monkeypatch.setattr("nurture.channels.email.http.DEADLINE", 0.5)
    channel = open_channel(server.url, tmp_path)
    server.script.next(behaviour)
    assert send(channel)[0].fate is Fate.UNKNOWN
    channel.finish()
    assert server.api.requests[A] == 1


def test_20_a_refused_connection_is_a_proof(server: StandIn, channel: SendGrid) -> None:
    with server.down(), pytest.raises(TransientError, match="cannot be reached"):
        send(channel)
    assert send(channel)[0].fate is Fate.ACCEPTED
    assert server.times_accepted() == {A: 1}


def test_21_one_bad_address_harms_no_other(channel: SendGrid, server: StandIn) -> None:
    server.script.for_address("l2@company.example", does.refusing("bad", "personalizations.0.to.0.email"))
    fates = [each.fate for each in send(channel, *many(3))]
    assert fates == [Fate.ACCEPTED, Fate.REJECTED, Fate.ACCEPTED]
    assert send(channel, envelope(2))[0].why == "HTTP 400 personalizations.0.to.0.email"


@pytest.mark.parametrize("behaviour", [does.credits_exceeded(), does.forbidden(), does.bad_key()])
def test_22_an_account_that_is_refused_is_tried_once(
    channel: SendGrid, server: StandIn, behaviour: does.Behaviour
) -> None:
    server.script.always(behaviour)
    for _ in range(2):
        with pytest.raises(AccountError, match="refuses us"):
            send(channel, *many(50))
    assert server.api.requests.total() == 1


def test_22_credits_that_end_in_the_middle_end_the_rest(channel: SendGrid, server: StandIn) -> None:
    server.script.next(None, None, does.credits_exceeded())
    fates = [each.fate for each in send(channel, *many(5))]
    assert fates.count(Fate.NOT_SENT) >= 1
    assert fates.count(Fate.ACCEPTED) == len(server.api.accepted)
    with pytest.raises(AccountError):
        send(channel)


def test_23_what_is_too_large_never_leaves(server: StandIn, tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(bytes(21_000_000))
    channel = open_channel(server.url, tmp_path)
    assert send(channel, envelope(attachments="abc big.pdf"))[0] == Outcome(Fate.REJECTED, why="21 MB, more than 20 MB")
    channel.finish()
    assert server.api.requests.total() == 0


def test_23_what_sendgrid_calls_too_large_is_rejected_and_the_others_go(channel: SendGrid, server: StandIn) -> None:
    server.script.next(does.too_large())
    assert [each.fate for each in send(channel, *many(3))] == [Fate.REJECTED, Fate.ACCEPTED, Fate.ACCEPTED]


def test_24_the_key_never_follows_a_redirect(channel: SendGrid, server: StandIn) -> None:
    with StandIn() as elsewhere:
        server.script.next(does.redirecting(f"{elsewhere.url}/v3/mail/send"))
        with pytest.raises(AccountError, match="does not lead to"):
            send(channel)
        assert elsewhere.api.connections == 0


def test_25_an_accepted_mail_without_a_name_is_accepted(channel: SendGrid, server: StandIn) -> None:
    server.script.next(does.without_message_id())
    assert send(channel) == [Outcome(Fate.ACCEPTED)]


@pytest.mark.parametrize(
    ("behaviour", "fate"),
    [
        (does.html_error(), Fate.UNKNOWN),
        (does.invalid_json(), Fate.REJECTED),
        (does.gzip_bomb(megabytes=50), Fate.UNKNOWN),
    ],
    ids=["html", "no json", "bomb"],
)
def test_26_an_answer_that_makes_no_sense_breaks_nothing(
    channel: SendGrid, server: StandIn, behaviour: does.Behaviour, fate: Fate
) -> None:
    server.script.next(behaviour)
    assert send(channel)[0].fate is fate


def test_28_what_is_only_pretended_is_never_accepted(channel: SendGrid, server: StandIn) -> None:
    server.script.next(does.saying(200, {}))
    with pytest.raises(AccountError, match="pretends"):
        send(channel)


def test_everything_rejected_for_one_reason_stops_before_twenty_thousand_are(
    channel: SendGrid, server: StandIn
) -> None:
    server.script.always(does.refusing("no", "from.email"))
    assert {each.fate for each in send(channel, *many(30))} == {Fate.REJECTED}
    with pytest.raises(AccountError, match=r"same reason: HTTP 400 from\.email"):
        send(channel)


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "nobody"}, {"subject": "a\r\nBcc: x@y.example"}, {"sender": "a\x00b"}, {"text": " "}, {"subject": ""},
        {"unsubscribe_url": "http://n.ours.example/u/1"},
    ],
)  # fmt: skip
def test_what_must_not_leave_stays(channel: SendGrid, server: StandIn, changes: dict[str, str]) -> None:
    assert send(channel, envelope(**changes))[0].fate is Fate.REJECTED
    assert server.api.requests.total() == 0


def test_the_key_and_the_reader_stay_out_of_every_reason(channel: SendGrid, server: StandIn) -> None:
    server.script.next(does.refusing("l1@company.example is bad", "l1@company.example"))
    told = f"{send(channel)} {channel!r}"
    assert KEY not in told
    assert "company.example" not in told


# -- what became of it ---------------------------------------------------------------------------------------------


def question(since: datetime, **changes: object) -> Question:
    return Question(A, "2026-11-25", since, to="l1@company.example", **changes)  # type: ignore[arg-type]


def test_4_what_the_log_knows_was_accepted(server: StandIn, tmp_path: Path) -> None:
    began = datetime.now(UTC)
    channel = open_channel(server.url, tmp_path, began + timedelta(minutes=11))
    server.script.next(does.failing(500, accepts=True))
    send(channel)
    assert channel.evidence([question(began)]) == {
        A: Outcome(Fate.ACCEPTED, provider_id="000001StandInSendGrid", why="it is in the log")
    }
    channel.finish()


def test_3_silence_is_a_proof_only_twice_and_late_and_beside_others(server: StandIn, tmp_path: Path) -> None:
    began = datetime.now(UTC)
    server.api.log_hides.add(A)

    def ask(minutes: int, silent: int | None = None) -> Fate | None:
        channel = open_channel(server.url, tmp_path, began + timedelta(minutes=minutes))
        since = None if silent is None else began + timedelta(minutes=silent)
        found = channel.evidence([question(began, silent_since=since)])
        channel.finish()
        return found[A].fate if A in found else None

    assert ask(5) is None, "too young"
    assert ask(61, silent=11) is Fate.UNKNOWN, "the log knows of nothing at that time"
    channel = open_channel(server.url, tmp_path)
    send(channel, envelope(2))
    channel.finish()
    assert ask(11) is Fate.UNKNOWN, "asked for the first time"
    assert ask(59, silent=11) is Fate.UNKNOWN, "too early"
    assert ask(61, silent=55) is Fate.UNKNOWN, "both times too close"
    assert ask(61, silent=11) is Fate.NOT_SENT


def test_a_log_that_cannot_be_asked_proves_nothing(server: StandIn, tmp_path: Path) -> None:
    server.api.log_is_down = True
    channel = open_channel(server.url, tmp_path)
    with pytest.raises(TransientError, match="503"):
        channel.evidence([question(NOW - timedelta(hours=2))])
    channel.finish()


def test_the_suppression_lists_are_read_page_by_page(server: StandIn, channel: SendGrid) -> None:
    since = NOW - timedelta(days=1)
    rows = [{"email": f"b{n}@company.example", "created": int(NOW.timestamp())} for n in range(501)]
    old = {"email": "old@company.example", "created": int((NOW - timedelta(days=3)).timestamp())}
    server.api.lists = {"bounces": [*rows, old], "spam_reports": rows[:1], "blocks": rows[:3]}
    found = list(channel.suppressed_since(since))
    assert len(found) == 502
    assert {(each.reason, each.scope.value) for each in found} == {("gone", "email"), ("complained", "all")}
