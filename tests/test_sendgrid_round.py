"""A mail's whole round: to SendGrid, back by its signed webhook through the real web process, into the ledger."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from models import ConsentScope
from nurture.addresses import open_address_key
from nurture.channels.mail import Letterhead
from nurture.channels.sendgrid import SendGrid as Channel
from nurture.inbound import drain
from nurture.tokens import tokens_of
from tests.live_house import LiveHouse, build
from tests.servers.behaviours import ACCEPT_THEN_RESET
from tests.servers.sendgrid import KEY, Accepted, SendGrid
from tests.servers.webhook import Webhook, event
from tests.small import MONDAY, consent, lead
from tests.web_house import serving

MAILING = {"routes": [{"via": "sendgrid"}]}


@pytest.fixture
def server() -> Iterator[SendGrid]:
    with SendGrid() as server:
        yield server


@pytest.fixture
def house(tmp_path: Path, empty_database: Path) -> LiveHouse:
    """Ann and Bob, whose letters wait for SendGrid."""
    made = build(tmp_path, empty_database, mailing=MAILING)
    with made.store.open() as database, database.transaction():
        key = open_address_key(database, made.settings)
    for name in ("ann", "bob"):
        made.put(lead(name, email_hash=key.hash(f"{name}@company.example")), consent(name))
        made.put(consent(name, scope="wecom"))
    made.night()
    made.approve()
    return made


def send(house: LiveHouse, server: SendGrid) -> dict[str, Accepted]:
    """One dispatch by the real channel; what SendGrid accepted, by mailbox."""
    letterhead = Letterhead(tokens_of(house.settings), "", house.settings.rendered / "attachments")
    house.send(sendgrid=Channel(SecretStr(KEY), server.url, letterhead, lambda: datetime.now(UTC)))  # type: ignore[arg-type]
    return {each.to.partition("@")[0]: each for each in server.api.accepted}


def tell(house: LiveHouse, *events: dict[str, object]) -> None:
    """Post events to the real web process, and take in what it wrote down."""
    with serving(house.settings.home, now=lambda: datetime.now(UTC)) as web:
        assert Webhook(web.url + "/hooks/sendgrid/events").post(*events) == 200
    with house.store.open() as database:
        drain(database, house.settings, house.playbook, datetime.now(UTC))


def test_a_mail_whose_answer_was_lost_is_settled_by_its_event(house: LiveHouse, server: SendGrid) -> None:
    server.script.for_address("ann@company.example", ACCEPT_THEN_RESET, times=1)
    accepted = send(house, server)
    assert house.states() == {"accepted": 1, "unknown": 1}
    tell(house, event(accepted["ann"], "processed"), event(accepted["ann"], "delivered", response="250 OK"))
    assert house.states() == {"accepted": 2}
    send(house, server)
    assert set(server.times_accepted().values()) == {1}


def test_who_complained_is_written_to_by_nobody_any_more_on_any_channel(house: LiveHouse, server: SendGrid) -> None:
    accepted = send(house, server)
    tell(house, event(accepted["ann"], "spamreport"), event(accepted["bob"], "delivered", response="250 OK"))
    assert house.ask("SELECT scope, reason FROM suppression") == [(ConsentScope.ALL, "complained")]
    assert house.ask("""
        SELECT DISTINCT lead.external_id, c.action FROM consent c JOIN lead ON lead.id = c.lead_id
        WHERE c.action = 'withdrawn'""") == [("ann", "withdrawn")]
    house.night(MONDAY + timedelta(days=7))
    assert house.ask(f"""
        SELECT lead.external_id FROM message m JOIN lead ON lead.id = m.lead_id
        WHERE m.night > DATE '{MONDAY}' AND NOT m.internal""") == [("bob",)]
