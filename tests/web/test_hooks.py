"""What SendGrid posts, events and replies, over a real socket: taken is what is on disk, and only what is its own."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from nurture.errors import InputError
from nurture.inbound.spool import SpoolKind
from nurture.web.routes.sendgrid_signature import read_signatures
from nurture.web.routes.sendgrid_webhook import SIGNATURE, TIMESTAMP
from tests.servers.webhook import PROVIDER, batch, public_key
from tests.support.web_process import INBOUND, NOW, WebHouse, delivered, read_spool, serving, signed, web

__all__ = ["web"]

VECTOR = json.loads((Path(__file__).parent.parent / "data" / "sendgrid_webhook_vector.json").read_text())
ENVELOPE = {"to": ["r+abc@reply.example"], "from": "ann@company.example"}


def letter(text: str = "Hello") -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "Ann <ann@company.example>", "Re: checklist"
    message.set_content(text)
    return message.as_bytes()


def post_mail(web: WebHouse, raw: bytes, secret: str = INBOUND, envelope: object = ENVELOPE) -> httpx.Response:
    fields = {"envelope": (None, json.dumps(envelope)), "SPF": (None, "pass"), "email": (None, raw)}
    return web.ask("POST", f"/hooks/sendgrid/inbound/{secret}", files=fields)


def test_the_published_example_of_sendgrid_verifies() -> None:
    """57"""
    signatures = read_signatures([VECTOR["public_key"]])
    signed_at = NOW.fromtimestamp(int(VECTOR["timestamp"]), NOW.tzinfo)
    body = VECTOR["body"].encode()
    assert signatures.hold(VECTOR["signature"], VECTOR["timestamp"], body, signed_at + timedelta(hours=1))
    assert not signatures.hold(VECTOR["signature"], VECTOR["timestamp"], body.rstrip(), signed_at)


def test_a_signed_batch_is_one_line_as_it_came(web: WebHouse) -> None:
    events = [delivered(1), delivered(2) | {"category": ["a", "b"], "lf_send": "x"}]
    assert web.post_events(batch(*events)).status_code == 200
    assert web.lines() == [{"events": events}]


def test_what_sendgrid_did_not_sign_lately_is_refused_and_leaves_nothing(web: WebHouse) -> None:
    """57"""
    body = batch(delivered(1))
    good, stranger = signed(body), ec.generate_private_key(ec.SECP256R1())
    shifted = {SIGNATURE: good[SIGNATURE], TIMESTAMP: good[TIMESTAMP][:-1]}
    refused = [
        (body, {}),
        (body, {SIGNATURE: good[SIGNATURE]}),
        (body, good | {SIGNATURE: "!!"}),
        (body, good | {SIGNATURE: good[SIGNATURE] + "="}),
        (body, good | {SIGNATURE: good[SIGNATURE][:-8]}),
        (body, good | {TIMESTAMP: "+" + good[TIMESTAMP]}),
        (body, good | {TIMESTAMP: "yesterday"}),
        (json.dumps(json.loads(body)).encode(), good),
        (body, signed(body, key=stranger)),
        (good[TIMESTAMP][-1].encode() + body, shifted),
        (body, signed(body, NOW - timedelta(days=3))),
        (body, signed(body, NOW - timedelta(hours=26, seconds=1))),
        (body, signed(body, NOW + timedelta(minutes=11))),
    ]
    answers = [web.post_events(content, headers) for content, headers in refused]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, "No.\n")}
    assert web.lines() == []
    assert f'why="signature"}} {len(refused)}.0' in web.ask("GET", "/metrics").text


def test_two_headers_of_one_name_are_not_guessed_about(web: WebHouse) -> None:
    """57"""
    body = batch(delivered(1))
    headers = [*signed(body).items(), (TIMESTAMP, "1")]
    assert web.ask("POST", "/hooks/sendgrid/events", content=body, headers=headers).status_code == 401


def test_a_replay_within_the_window_is_thanked_and_is_the_same_line(web: WebHouse) -> None:
    """58"""
    body = batch(delivered(1))
    for age in (0, 1, 25):
        assert web.post_events(body, signed(body, NOW - timedelta(hours=age))).status_code == 200
    assert len({found.line.id for found in read_spool(web.desk.settings.paths.spool)}) == 1


def test_fifty_times_at_once_is_the_same_line(web: WebHouse) -> None:
    """54"""
    body = batch(delivered(1))
    with ThreadPoolExecutor(10) as pool:
        assert {answer.status_code for answer in pool.map(lambda _: web.post_events(body), range(50))} == {200}
    assert len({found.line.id for found in read_spool(web.desk.settings.paths.spool)}) == 1


def test_one_bad_event_does_not_cost_the_good_ones(web: WebHouse) -> None:
    """59"""
    events = [delivered(number) for number in range(999)]
    odd = [7, {"event": "account_status_change"}, {"event": "new_kind", "timestamp": 1}, {"category": "a"}]
    assert web.post_events(batch(*events, *odd)).status_code == 200  # type: ignore[arg-type]
    assert web.lines() == [{"events": [*events, *odd]}]


def test_a_byte_that_is_no_utf_8_spoils_only_its_word(web: WebHouse) -> None:
    """59"""
    body = batch(delivered(1), {"event": "bounce", "reason": "X"}).replace(b'"X"', b'"\xff"')
    assert web.post_events(body).status_code == 200
    assert web.lines() == [{"events": [delivered(1), {"event": "bounce", "reason": "\ufffd"}]}]


@pytest.mark.parametrize(
    "body", [b"[{", b"[" * 100_000, b"[1e999999, " + b"9" * 5_000 + b"]"], ids=["cut", "deep", "long"]
)
def test_what_is_signed_but_no_json_is_kept_for_a_person_and_not_asked_for_again(web: WebHouse, body: bytes) -> None:
    """59"""
    assert web.post_events(body).status_code == 200
    assert [path.read_bytes() for path in web.desk.spool.quarantined()] == [body]
    assert web.lines() == []


def test_a_batch_that_is_too_large_is_refused_before_it_is_read(web: WebHouse) -> None:
    """59"""
    body = b"[" + b" " * 5_000_000 + b"]"
    assert web.post_events(body).status_code == 413
    assert web.ask("POST", "/hooks/sendgrid/events", content=iter([b" " * 1_000_000] * 5)).status_code == 413


def test_either_of_two_keys_verifies_while_one_replaces_the_other(tmp_path: Path) -> None:
    young = ec.generate_private_key(ec.SECP256R1())
    keys = tmp_path / "keys"
    keys.write_text(f"{public_key(PROVIDER)}\n{public_key(young)}\n")
    body = batch(delivered(1))
    with serving(tmp_path / "home", sendgrid_webhook_keys=f"@{keys}") as house:
        assert house.post_events(body, signed(body, key=young)).status_code == 200
        assert house.post_events(body).status_code == 200


def test_without_a_key_nothing_is_taken(tmp_path: Path) -> None:
    body = batch(delivered(1))
    with serving(tmp_path / "home", sendgrid_webhook_keys="", inbound_secret=None, api_keys=None) as house:
        assert house.post_events(body).status_code == 401
        assert post_mail(house, letter()).status_code == 404
        assert house.tell({"lead": "L1"}).status_code == 401


@pytest.mark.parametrize(
    "key", ["nonsense", public_key(ec.generate_private_key(ec.SECP384R1()))], ids=["no key", "P-384"]
)
def test_a_key_that_sendgrid_does_not_use_is_refused_at_the_start(key: str) -> None:
    with pytest.raises(InputError, match="key 2"):
        read_signatures([VECTOR["public_key"], key])


def test_a_reply_lies_on_disk_as_it_came_when_sendgrid_is_thanked(web: WebHouse) -> None:
    """70"""
    raw = letter("A colleague asks: 多少钱?") + b"\r\n--x\r\n\xff\x00"
    assert post_mail(web, raw).status_code == 200
    (line,) = web.lines(SpoolKind.REPLY)
    assert line["from"] == "ann@company.example"
    assert line["to"] == ["r+abc@reply.example"]
    assert (web.desk.settings.paths.spool / "inbound" / line["file"]).read_bytes() == raw


def test_thirty_megabytes_go_to_disk_as_they_come(web: WebHouse) -> None:
    """70"""
    raw = letter() + b"attachment\r\n" * 2_500_000
    assert post_mail(web, raw).status_code == 200
    (line,) = web.lines()
    assert (web.desk.settings.paths.spool / "inbound" / line["file"]).stat().st_size == len(raw)


def test_what_is_larger_is_refused_and_leaves_nothing(web: WebHouse) -> None:
    """70"""
    assert post_mail(web, b"x" * 36_000_000).status_code == 413
    assert web.lines() == []
    assert not list((web.desk.settings.paths.spool / "inbound").iterdir())


def test_the_same_mail_again_is_the_same_line_and_to_another_address_is_not(web: WebHouse) -> None:
    """70"""
    for to in ("a@reply.example", "a@reply.example", "b@reply.example"):
        assert post_mail(web, letter(), envelope=ENVELOPE | {"to": [to]}).status_code == 200
    assert len({found.line.id for found in read_spool(web.desk.settings.paths.spool)}) == 2
    assert len(list((web.desk.settings.paths.spool / "inbound").iterdir())) == 1


@pytest.mark.parametrize("envelope", ["x", None, [], {"to": "a@b.example"}, {"to": [1, None], "from": {}}])
def test_a_mail_with_an_odd_envelope_is_kept_all_the_same(web: WebHouse, envelope: object) -> None:
    """70"""
    assert post_mail(web, letter(), envelope=envelope).status_code == 200
    (line,) = web.lines()
    assert line["to"] == (["a@b.example"] if isinstance(envelope, dict) and envelope["to"] == "a@b.example" else [])


def test_without_the_secret_no_mail_is_taken(web: WebHouse) -> None:
    """70"""
    for secret in (INBOUND[:-1], INBOUND.upper(), "x", "%00"):
        assert post_mail(web, letter(), secret).status_code == 404
    assert not web.desk.settings.paths.spool.exists()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\nno header\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\nbody\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\ncut off'),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="\xff\r\n\r\nb\r\n--x--'),
        ("multipart/form-data; boundary=", b""),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n" * 1_100 + b"--x--",
        ),
    ],
)
def test_what_is_no_post_of_inbound_parse_is_refused_and_leaves_nothing(web: WebHouse, kind: str, body: bytes) -> None:
    """70"""
    address = f"/hooks/sendgrid/inbound/{INBOUND}"
    assert web.ask("POST", address, content=body, headers={"Content-Type": kind}).status_code == 400
    assert list(web.desk.settings.paths.spool.rglob("*")) in ([], [web.desk.settings.paths.spool / "inbound"])


def test_a_parsed_mail_is_asked_for_again_until_raw_mails_are_posted(web: WebHouse) -> None:
    """70. Nobody is thanked for a mail whose words were not kept; SendGrid tries for three days."""
    fields = {"envelope": (None, json.dumps(ENVELOPE)), "text": (None, "Hello")}
    assert web.ask("POST", f"/hooks/sendgrid/inbound/{INBOUND}", files=fields).status_code == 503
    assert web.lines() == []
