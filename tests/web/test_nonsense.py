"""Nonsense made from the OpenAPI document, thrown at a real socket: nothing makes the web process fail, and it answers
as the document says.
"""

from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from models import ConsentScope
from nurture.web.openapi import document
from tests.servers.webhook import batch
from tests.support.web_process import API_KEY, INBOUND, MESSAGE, NOW, WebHouse, serving

SCHEMA = schemathesis.openapi.from_dict(document())
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OFTEN = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHouse]:
    with serving(tmp_path_factory.mktemp("nonsense")) as open_house:
        yield open_house


@SCHEMA.parametrize()
@OFTEN
def test_nonsense_never_makes_it_fail(case: schemathesis.Case, house: WebHouse) -> None:
    case.call_and_validate(base_url=house.url, headers={"Authorization": f"Bearer {API_KEY}"}, checks=CHECKS)


@SCHEMA.include(path_regex=r"\{token").parametrize()
@OFTEN
def test_nonsense_behind_a_right_address_never_makes_it_fail(case: schemathesis.Case, house: WebHouse) -> None:
    rights = {
        "/u/{token}": house.tokens.unsubscribe_url(MESSAGE),
        "/p/{token}": house.tokens.preferences_url(MESSAGE),
        "/l/{token}": house.tokens.link_url(MESSAGE, "https://x.example/"),
        "/confirm/{token}": house.tokens.confirm_url(MESSAGE, ConsentScope.ALL, NOW),
    }
    case.path_parameters["token"] = rights[case.operation.path].rpartition("/")[2]
    case.call_and_validate(base_url=house.url, checks=CHECKS, allow_redirects=False)


@given(st.lists(JSON, max_size=5))
@OFTEN
def test_whatever_sendgrid_signs_is_thanked(house: WebHouse, events: list[Any]) -> None:
    assert house.post_events(batch(*events)).status_code == 200


@given(st.binary(min_size=1), st.binary())
@OFTEN
def test_whatever_mail_comes_is_kept(house: WebHouse, raw: bytes, envelope: bytes) -> None:
    fields = {"envelope": (None, envelope), "email": (None, raw)}
    assert house.ask("POST", f"/hooks/sendgrid/inbound/{INBOUND}", files=fields).status_code == 200


@given(JSON)
@OFTEN
def test_whatever_is_told_gets_an_answer(house: WebHouse, body: Any) -> None:
    assert house.tell(body).status_code in (202, 400, 422)
