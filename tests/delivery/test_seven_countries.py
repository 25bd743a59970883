"""72. A live night of 500 leads in seven countries: each mail that left was allowed to: consent, law, time, caps."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from models import Channel as Kind
from nurture.channels.email.headers import Letterhead
from nurture.channels.registry import SENDGRID, Outlet
from nurture.channels.sendgrid import SendGrid as Channel
from nurture.content.policy import read_policy
from nurture.delivery.dispatch import Dispatch
from nurture.journey import Stage, days, email, wecom
from nurture.keys.signed_links import Tokens
from tests.servers.sendgrid import KEY, SendGrid
from tests.support.counting_channel import accepted_by
from tests.support.homes.live import LiveHouse, build
from tests.support.homes.words import letter
from tests.support.small import CONTENT, MONDAY, STAFF, consent, journey, lead

PLACES = {
    "CN": "Asia/Shanghai", "DE": "Europe/Berlin", "US": "America/New_York", "IN": "Asia/Kolkata",
    "GB": "Europe/London", "AU": "Australia/Adelaide", "BR": "America/Sao_Paulo",
}  # fmt: skip
LEGS = journey(stages=[Stage("only", asks="?", touches=[email("hello", after=days(0), otherwise=wecom("hello"))])])
LEADS = 500


@pytest.fixture
def house(tmp_path: Path, empty_database: Path) -> LiveHouse:
    """Everybody's mail goes abroad; consents are proven, unproven, withdrawn or missing, some with one for abroad."""
    shipped = read_policy(CONTENT)
    mailing = {"providers": {SENDGRID: {"country": "US"}}}
    made = build(
        tmp_path, empty_database, journeys=(LEGS,), mailing=mailing,
        law={country: law.model_dump() for country, law in shipped.law.items()}, connected=frozenset({Kind.WECOM}),
    )  # fmt: skip
    made.write("welcome/only/hello.email.en.md", letter("Hello.", "Hello"))
    made.write("welcome/only/hello.email.md", letter("你好。", "你好"))
    made.write("welcome/only/hello.wecom.md", "Hello.")
    choice = random.Random(72)
    rows = [type(STAFF)(**STAFF.model_dump() | {"wecom_userid": "li"})]
    for number in range(LEADS):
        name, country = f"l{number}", choice.choice(list(PLACES))
        language = "zh-CN" if country == "CN" and number % 3 else "en"
        reach = {"wecom_id": f"w{number}", "wecom_hash": f"w{number}"} if number % 2 else {}
        rows.append(lead(name, country=country, timezone=PLACES[country], language=language, **reach))
        match choice.randrange(6):
            case 0:
                rows.append(consent(name).model_copy(update={"proven": False}))
            case 1:
                rows += [consent(name), consent(name, "withdrawn", day=MONDAY - timedelta(days=2))]
            case 2:
                pass
            case _:
                rows.append(consent(name))
        rows += [consent(name, scope="cross_border")] if choice.random() < 0.3 else []
        rows += [consent(name, scope="wecom")] if number % 2 else []
    made.put(*rows)
    return made


@pytest.mark.slow
def test_72_each_mail_that_left_was_allowed_to(house: LiveHouse) -> None:
    house.night()
    house.approve()
    sent_at = dict[str, datetime]()
    with SendGrid() as server:
        for hour in range(36):
            now = datetime(MONDAY.year, MONDAY.month, MONDAY.day, tzinfo=UTC) + timedelta(hours=hour)
            before = len(server.api.accepted)
            dispatch(house, server.url, now)
            sent_at |= {each.message: now for each in server.api.accepted[before:]}
        mails = {each.message: each.mail for each in server.api.accepted}
    people = {
        row[0]: row[1:]
        for row in house.ask("""
            SELECT replace(m.id::VARCHAR, '-', ''), lead.external_id, lead.country, lead.timezone
            FROM message m JOIN lead ON lead.id = m.lead_id""")
    }
    assert len(mails) > 150
    assert {people[each][1] for each in mails} == set(PLACES)
    for message, mail in mails.items():
        name, country, zone = people[message]
        prove_allowed(house, name, country, sent_at[message])
        prove_lawful(mail, country)
        local = sent_at[message].astimezone(ZoneInfo(zone))
        assert 9 <= local.hour < 18
        assert local.weekday() < 5
    assert max(Counter(people[each][0] for each in mails).values()) == 1
    assert len(accepted_by(house.settings.home / "preview.log")) > 10, "some went by the next leg instead"
    assert house.breaches() == []


def dispatch(house: LiveHouse, url: str, now: datetime) -> None:
    letterhead = Letterhead(
        Tokens(b"k" * 32, house.settings.public_url), "reply.ours.example", house.settings.paths.rendered
    )
    channel = Channel(SecretStr(KEY), url, letterhead, lambda: now)
    playbook = house.playbook
    outlets = [
        Outlet(lane, channel if lane.provider == SENDGRID else house.channel(lane.provider))
        for lane in house.lanes(playbook)
    ]
    Dispatch(house.store, house.settings, playbook, outlets, now).run()


def prove_allowed(house: LiveHouse, name: str, country: str, now: datetime) -> None:
    """By reading the consents one by one, as a lawyer would."""
    rows = house.ask(f"""
        SELECT scope, action, proven, occurred_at FROM consent JOIN lead ON lead.id = consent.lead_id
        WHERE external_id = '{name}' AND occurred_at < TIMESTAMP '{now:%F %T}' ORDER BY occurred_at, action""")
    said = [action for scope, action, proven, _ in rows if scope in ("email", "all") and proven]
    assert said, name
    assert said[-1] in ("granted", "confirmed"), name
    if country == "CN":
        assert any(scope == "cross_border" and proven for scope, _, proven, _ in rows), name


def prove_lawful(mail: dict[str, Any], country: str) -> None:
    text, html = (part["value"] for part in mail["content"])
    for body in (text, html):
        assert "hello@hengchuan-data.example" in body
        assert any(address in body for address in ("Hengchuan Example Road", "衡川示例路"))
        assert "/u/" in body
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["subject"].startswith(("广告", "AD")) == (country == "CN")
