"""What other systems tell: shape, keys, idempotency, Segment's names, and nonsense."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from nurture.errors import InputError
from nurture.web.api_keys import read_api_keys, read_inbound_secret
from nurture.web.openapi import document
from tests.support.web_process import NOW, WebHouse, read_spool, web

__all__ = ["web"]

DOWNLOAD = {"lead": "L1", "kind": "content.downloaded", "occurred_at": "2026-11-20T10:00:00+08:00"}
TOO_MANY = json.dumps([DOWNLOAD] * 1_001).encode()
TOLD = {"type": "track", "lead": "L1", "kind": "content.downloaded", "occurred_at": "2026-11-20T02:00:00+00:00"}


def test_an_event_is_a_line_with_its_moment_in_utc(web: WebHouse) -> None:
    answer = web.tell(DOWNLOAD | {"about": "checklist", "id": "d-1"})
    assert (answer.status_code, answer.json()) == (202, {"taken": [0], "refused": []})
    assert web.lines() == [TOLD | {"about": "checklist", "event_id": "d-1", "source": "shop"}]


def test_what_is_known_of_a_person_is_a_line_too(web: WebHouse) -> None:
    assert web.tell({"type": "identify", "lead": "L1", "traits": {"role": "user", "企": "x"}}).status_code == 422
    assert web.tell({"type": "identify", "lead": "L1", "traits": {"role": "user"}}).status_code == 202
    assert web.lines() == [
        {"type": "identify", "lead": "L1", "traits": {"role": "user"}, "occurred_at": NOW.isoformat()}
    ]


def test_the_names_of_segment_are_understood(web: WebHouse) -> None:
    moment = "2026-11-20T02:00:00.000Z"
    track = {"type": "track", "userId": "L1", "event": "content.downloaded", "timestamp": moment, "messageId": "m-1"}
    known = {"type": "identify", "userId": "L1", "traits": {"role": "user", "plan": "gold"}, "timestamp": moment}
    answer = web.tell({"batch": [track | {"properties": {"about": "checklist"}}, known, {"anonymousId": "x"}]})
    assert answer.json()["taken"] == [0, 1]
    assert [each["index"] for each in answer.json()["refused"]] == [2]
    assert web.lines() == [
        TOLD | {"about": "checklist", "event_id": "m-1", "source": "shop"},
        {"type": "identify", "lead": "L1", "traits": {"role": "user"}, "occurred_at": "2026-11-20T02:00:00+00:00"},
    ]


def test_what_is_not_taken_is_named_by_its_place_and_without_its_contents(web: WebHouse) -> None:
    secret = "ann@company.example"
    wrong: list[Any] = [
        7, {}, DOWNLOAD | {"lead": ""}, DOWNLOAD | {"lead": secret * 20}, DOWNLOAD | {"kind": secret},
        DOWNLOAD | {"occurred_at": "2026-11-20T10:00:00"}, DOWNLOAD | {"occurred_at": "2026-11-21T10:00:00Z"},
        DOWNLOAD | {"occurred_at": secret}, DOWNLOAD | {"about": "a\nb"}, DOWNLOAD | {"id": "\ud800"},
        DOWNLOAD | {secret: secret}, {"type": "identify", "lead": "L1", "traits": {"name": 7}},
        {"type": "alias", "userId": secret}, {"type": [secret]}, {"userId": {"a": secret}, "traits": secret},
    ]  # fmt: skip
    answer = web.tell({"events": [DOWNLOAD, *wrong, DOWNLOAD]})
    assert answer.status_code == 202
    assert answer.json()["taken"] == [0, len(wrong) + 1]
    assert [each["index"] for each in answer.json()["refused"]] == list(range(1, len(wrong) + 1))
    assert all(each["why"] for each in answer.json()["refused"])
    assert secret not in answer.text
    assert len(web.lines()) == 2


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[" * 100_000, b"[]", b'{"events": []}', b'{"events": 7}', b"7", b"null", TOO_MANY],
)
def test_a_body_without_events_is_refused_whole(web: WebHouse, body: bytes) -> None:
    answer = web.tell(body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert web.lines() == []


def test_only_whoever_has_a_key_may_tell(web: WebHouse) -> None:
    for key in ("x", "an-api-key-of-a-sho", "an-api-key-of-a-shop2"):
        assert web.tell(DOWNLOAD, key).status_code == 401
    assert web.ask("POST", "/v1/events", json=DOWNLOAD).status_code == 401
    assert web.ask("POST", "/v1/events", json=DOWNLOAD, auth=("shop", "an-api-key-of-a-shop")).status_code == 401
    assert web.tell(b"x" * 1_000_001).status_code == 413
    assert web.lines() == []


def test_the_same_request_again_is_the_same_lines(web: WebHouse) -> None:
    for key in ("order-7", "order-7", "order-8"):
        web.tell([DOWNLOAD, DOWNLOAD], **{"Idempotency-Key": key})
    ids = [found.line.id for found in read_spool(web.desk.settings.paths.spool)]
    assert ids[:2] == ids[2:4]
    assert len(set(ids)) == 4
    assert web.tell(DOWNLOAD, **{"Idempotency-Key": "x" * 201}).status_code == 400


def test_an_id_of_their_own_makes_an_event_the_same_line_and_without_one_it_is_new(web: WebHouse) -> None:
    web.tell([DOWNLOAD | {"id": "d-1"}, DOWNLOAD | {"id": "d-1"}, DOWNLOAD | {"id": "d-1", "source": "site"}, DOWNLOAD])
    web.tell([DOWNLOAD])
    ids = [found.line.id for found in read_spool(web.desk.settings.paths.spool)]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 4


def test_the_openapi_document_describes_every_route(web: WebHouse) -> None:
    assert web.ask("GET", "/v1/openapi.json").json() == document()
    assert {"Track", "Identify"} <= document()["components"]["schemas"].keys()
    for path in document()["paths"]:
        assert web.ask("GET", path.replace("{", "").replace("}", "")).status_code in (200, 404, 405)


def test_health_and_counters_tell_nothing_but_numbers(web: WebHouse) -> None:
    web.tell(DOWNLOAD)
    assert web.ask("GET", "/healthz").text == "ok\n"
    counted = web.ask("GET", "/metrics").text
    assert 'nurture_web_lines_total{kind="event"} 1.0' in counted
    assert 'nurture_web_answers_total{route="tell",status="202"} 1.0' in counted
    assert "L1" not in counted


@pytest.mark.parametrize(
    "setting", ["shop", "shop:short", ":an-api-key-of-a-shop", "a:an-api-key-of-a-shop a:an-api-key-of-b-shop"]
)
def test_an_api_key_that_protects_nothing_is_refused_at_the_start(setting: str) -> None:
    with pytest.raises(InputError, match="NURTURE_API_KEYS, entry") as refused:
        read_api_keys(SecretStr(setting))
    assert "an-api-key" not in str(refused.value)


def test_a_secret_that_can_be_guessed_or_a_file_that_is_not_there_is_refused_at_the_start() -> None:
    for setting in ("guess", "@/nowhere"):
        with pytest.raises(InputError, match="NURTURE_INBOUND_SECRET"):
            read_inbound_secret(SecretStr(setting))


HOSTILE_MOMENTS = [
    "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "1969-12-31T23:59:59Z",
]  # fmt: skip


@pytest.mark.parametrize("moment", HOSTILE_MOMENTS)
def test_76_a_moment_that_no_calendar_holds_costs_only_its_own_event(web: WebHouse, moment: str) -> None:
    answer = web.tell([DOWNLOAD | {"id": "1"}, DOWNLOAD | {"occurred_at": moment}, DOWNLOAD | {"id": "3"}])
    assert answer.status_code == 202
    assert (answer.json()["taken"], [each["index"] for each in answer.json()["refused"]]) == ([0, 2], [1])
    assert "occurred_at" in answer.json()["refused"][0]["why"]
    assert len(web.lines()) == 2
