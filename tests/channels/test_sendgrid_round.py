"""A mail's whole round: to SendGrid, back by its signed webhook through the real web process, into the ledger."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from models import Channel as Kind
from models import ConsentScope
from nurture.channels.email.headers import Letterhead
from nurture.channels.sendgrid import SendGrid as Channel
from nurture.delivery.dispatch import DispatchReport
from nurture.delivery.reconcile import Reconciliation
from nurture.inbound.drain import drain
from nurture.keys.address_hashes import open_address_key
from nurture.keys.signed_links import tokens_of
from nurture.recovery.backup import back_up
from nurture.recovery.restore import restore
from tests.servers.behaviours import ACCEPT_THEN_RESET, throttled
from tests.servers.sendgrid import KEY, Accepted, SendGrid
from tests.servers.webhook import Webhook, event
from tests.support.homes.live import LiveHouse, build
from tests.support.homes.words import letter
from tests.support.small import MONDAY, at, consent, lead
from tests.support.web_process import serving

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


def channel(house: LiveHouse, server: SendGrid, now: datetime) -> Channel:
    letterhead = Letterhead(tokens_of(house.settings), "", house.settings.paths.rendered / "attachments")
    return Channel(SecretStr(KEY), server.url, letterhead, lambda: now)


def dispatch(house: LiveHouse, server: SendGrid, hour: int = 15) -> DispatchReport:
    """One dispatch by the real channel."""
    now = at(MONDAY, hour).astimezone(UTC)
    return house.send(hour=hour, sendgrid=channel(house, server, now))  # type: ignore[arg-type]


def send(house: LiveHouse, server: SendGrid, hour: int = 15) -> dict[str, Accepted]:
    """One dispatch; what SendGrid has accepted since it began, by mailbox."""
    dispatch(house, server, hour)
    return {each.to.partition("@")[0]: each for each in server.api.accepted}


def tell(house: LiveHouse, *events: dict[str, object]) -> None:
    """Post events to the real web process, and take in what it wrote down."""
    with serving(house.settings.home, now=lambda: datetime.now(UTC)) as web:
        assert Webhook(web.url + "/hooks/sendgrid/events").post(*events) == 200
    with house.store.open() as database:
        drain(database, house.settings, house.playbook, datetime.now(UTC))


def test_16_who_says_for_ever_that_it_is_too_much_ends_the_dispatch_and_not_a_mail(
    house: LiveHouse, server: SendGrid
) -> None:
    server.script.always(throttled(None))
    report = dispatch(house, server)
    assert (house.states(), report.sent) == ({"planned": 2}, {"not_sent": 2})
    assert sum(server.api.requests.values()) == 1
    server.script.always(None)
    send(house, server, hour=16)
    assert set(server.times_accepted().values()) == {1}


def test_29_a_text_that_changes_between_two_attempts_changes_no_mail(house: LiveHouse, server: SendGrid) -> None:
    with server.down():
        send(house, server)
    assert house.states() == {"planned": 2}
    house.write("welcome/only/hello.email.md", letter("Another text."))
    accepted = send(house, server, hour=16)
    assert all("Good morning." in each.mail["content"][0]["value"] for each in accepted.values())


def test_35_after_a_restore_sendgrids_log_is_asked_before_anything_is_sent(
    house: LiveHouse, server: SendGrid, tmp_path: Path
) -> None:
    before = back_up(house.settings, tmp_path / "backups", at(MONDAY, 9).astimezone(UTC)).file
    send(house, server)
    restore(house.settings, before, at(MONDAY, 16).astimezone(UTC), replacing=True)
    assert "restored" in str(dispatch(house, server).guarded)
    now = datetime.now(UTC)  # as the log has it
    witness = {Kind.EMAIL: channel(house, server, now)}
    report = Reconciliation(house.store, house.settings.paths.attempts, witness, now).run()
    assert (report.found, report.lifted) == ({"accepted": 2}, True)
    send(house, server, hour=17)
    assert set(server.times_accepted().values()) == {1}


def test_a_mail_whose_answer_was_lost_is_settled_by_its_event(house: LiveHouse, server: SendGrid) -> None:
    server.script.for_address("ann@company.example", ACCEPT_THEN_RESET, times=1)
    accepted = send(house, server)
    assert house.states() == {"accepted": 1, "unknown": 1}
    tell(house, event(accepted["ann"], "processed"), event(accepted["ann"], "delivered", response="250 OK"))
    assert house.states() == {"accepted": 2}
    send(house, server)
    assert set(server.times_accepted().values()) == {1}


def test_62_who_complained_is_written_to_by_nobody_any_more_on_any_channel(house: LiveHouse, server: SendGrid) -> None:
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
