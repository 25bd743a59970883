"""Who carries a mail, how many a day and an hour, and what halts it: routes, the law, ramp, breakers, kill switch."""

from datetime import UTC, timedelta
from pathlib import Path

import pytest

from models import BuyingRole, Channel, ConsentScope, Meaning, PauseKind, Signal, SignalKind, Staff
from models.types import derived_id
from nurture.channels import Fate, Outcome
from nurture.content.email_policy import Mailing
from nurture.content.policy import read_policy
from nurture.errors import AccountError, ContentError
from nurture.journey import Stage, days, email, wecom
from nurture.safeguards.kill_switch import KillSwitch
from nurture.safeguards.operator import Operator
from nurture.settings import Mode
from tests.support.homes.live import TUESDAY, LiveHouse, build
from tests.support.homes.words import letter, parsed
from tests.support.small import CONTENT, MONDAY, STAFF, at, consent, journey, lead

PEOPLE = ("ann", "bob", "cyd")
CN_LAW = {"CN": {"subject_prefix": {"zh-CN": "广告：", "en": "AD: "}, "consent_abroad": True}}
BREAKERS = {
    "days": 7, "complaints_warn": 0.001, "complaints_halt": 0.003, "bounces_halt": 0.05,
    "least_delivered": 1000, "least_complaints": 2, "least_bounces": 1,
}  # fmt: skip


def approved(house: LiveHouse) -> LiveHouse:
    house.night()
    house.approve()
    return house


# -- routes and the law --------------------------------------------------------------------------------------------


def test_mail_goes_by_the_first_route_that_fits_country_and_domain(tmp_path: Path, empty_database: Path) -> None:
    routes = [
        {"countries": ["CN"], "via": "domestic"},
        {"domains": ["special.example"], "via": "boutique"},
        {"via": "sendgrid"},
    ]
    house = build(tmp_path, empty_database, mailing={"routes": routes})
    house.put(lead("ann", country="CN"), lead("bob"), lead("cyd", country="DE"))
    house.put(lead("dee", country="DE", email="dee@special.example"), *map(consent, (*PEOPLE, "dee")))
    approved(house).send()
    assert house.got("domestic") == ["ann", "bob"], "who has no country is where the policy is at home"
    assert (house.got("sendgrid"), house.got("boutique")) == (["cyd"], ["dee"])


def test_a_policy_whose_routes_leave_somebody_out_is_refused() -> None:
    with pytest.raises(ValueError, match="must take all"):
        Mailing.model_validate({"routes": [{"countries": ["CN"], "via": "domestic"}]})
    with pytest.raises(ValueError, match="ever reached"):
        Mailing.model_validate({"routes": [{"via": "a"}, {"via": "b"}]})


def abroad(tmp_path: Path, empty_database: Path) -> LiveHouse:
    """Everybody's mail goes by a provider in the US, and the touch has a next leg."""
    legs = journey(stages=[Stage("only", asks="?", touches=[email("hello", after=days(0), otherwise=wecom("hello"))])])
    mailing = {"providers": {"sendgrid": {"country": "US"}}}
    house = build(
        tmp_path, empty_database, journeys=(legs,), mailing=mailing, law=CN_LAW, connected=frozenset({Channel.WECOM})
    )
    house.write("welcome/only/hello.wecom.md", "Hello.")
    house.put(Staff(**STAFF.model_dump() | {"wecom_userid": "li"}))
    for name, country in (("ann", "CN"), ("bob", "CN"), ("cyd", "DE")):
        house.put(lead(name, country=country, wecom_id=f"wm-{name}", wecom_hash=f"w-{name}"))
        house.put(consent(name), consent(name, scope="wecom"))
    return house


def test_no_chinese_lead_leaves_the_country_without_a_consent_of_its_own(tmp_path: Path, empty_database: Path) -> None:
    """The next leg of the touch takes over."""
    house = abroad(tmp_path, empty_database)
    house.put(consent("bob", scope="cross_border"))
    approved(house).send()
    assert (house.got("sendgrid"), house.got("preview")) == (["bob", "cyd"], ["ann"])


@pytest.mark.slow
def test_a_yes_to_everything_is_none_to_a_provider_abroad(tmp_path: Path, empty_database: Path) -> None:
    house = abroad(tmp_path, empty_database)
    house.put(consent("ann", scope="all"))
    approved(house).send()
    assert "ann" not in house.got("sendgrid")


def test_a_consent_abroad_that_is_withdrawn_after_the_night_stops_the_mail(
    tmp_path: Path, empty_database: Path
) -> None:
    house = abroad(tmp_path, empty_database)
    house.put(consent("bob", scope="cross_border"))
    approved(house).put(consent("bob", "withdrawn", scope=ConsentScope.CROSS_BORDER, day=MONDAY))
    report = house.send()
    assert (house.got("sendgrid"), report.stopped["no_cross_border"]) == (["cyd"], 1)


@pytest.mark.slow
def test_withdrawing_from_abroad_is_no_withdrawal_from_everything(tmp_path: Path, empty_database: Path) -> None:
    house = abroad(tmp_path, empty_database)
    house.put(consent("ann", "withdrawn", scope="cross_border"))
    approved(house).send()
    assert house.got("preview") == ["ann", "bob"]


def test_subjects_to_china_begin_with_the_word_for_advertising_once(tmp_path: Path, empty_database: Path) -> None:
    """Measures for the Administration of Internet E-mail Services, art. 13."""
    law = {"CN": CN_LAW["CN"] | {"consent_abroad": False}}
    house = build(tmp_path, empty_database, mode=Mode.PREVIEW, law=law)
    house.write("welcome/only/hello.email.en.md", letter("Hi.", "Hello"))
    house.write("welcome/only/hello.email.zh-CN.md", letter("你好。", "你好"))
    already = letter("你好。", "广告：在先").replace("---\n", "---\nfor: {role: user}\n", 1)
    house.write("welcome/only/hello.email.users.zh-CN.md", already)
    for name, country, language in (("ann", "CN", "zh-CN"), ("bob", "CN", "en"), ("cyd", "DE", "en")):
        house.put(lead(name, country=country, language=language), consent(name))
    house.put(lead("dee", country="CN", language="zh-CN", role=BuyingRole.USER), consent("dee"))
    house.night()
    house.dispatch()
    subjects = sorted(str(parsed(raw)["Subject"]) for raw in house.outbox(".eml"))
    assert subjects == ["AD: Hello", "Hello", "广告：你好", "广告：在先"]


# -- how many ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_ramp_lets_a_few_go_on_the_first_day_and_more_on_the_second(tmp_path: Path, empty_database: Path) -> None:
    mailing = {"providers": {"sendgrid": {"country": "US", "ramp": [2, 3]}}}
    house = approved(build(tmp_path, empty_database, *"abcdefgh", mailing=mailing))
    first = house.send()
    again = house.send()
    assert (first.sent["accepted"], again.sent["accepted"], again.stopped["ramp"]) == (2, 0, 6)
    assert house.send(TUESDAY).sent["accepted"] == 3
    assert house.send(TUESDAY + timedelta(days=1)).sent["accepted"] == 3, "after the ramp all go"
    assert house.breaches() == []


@pytest.mark.slow
def test_one_domain_gets_so_many_an_hour_and_the_rest_in_the_next(tmp_path: Path, empty_database: Path) -> None:
    house = build(tmp_path, empty_database, *"abcde", mailing={"hourly": {"company.example": 2}})
    house.put(lead("zoe", email="zoe@elsewhere.example"), consent("zoe"))
    first = approved(house).send(hour=12)
    assert (first.sent["accepted"], first.stopped["hourly"]) == (3, 3)
    assert house.send(hour=12).sent["accepted"] == 0
    assert house.send(hour=13).sent["accepted"] == 2


# -- what halts ----------------------------------------------------------------------------------------------------


def heard(house: LiveHouse, kind: str, meaning: str, *names: str) -> None:
    """What a provider tells of the messages of some leads."""
    ids = dict(house.ask("SELECT external_id, m.id FROM message m JOIN lead ON lead.id = m.lead_id"))
    for name in names:
        moment = at(MONDAY, 16).astimezone(UTC)
        house.put(
            Signal(
                key=derived_id("signal", kind, name), kind=SignalKind(kind), meaning=Meaning(meaning),
                message_id=ids[name], sure=True,
                occurred_at=moment, occurred_on=MONDAY, seen_at=moment,
            )
        )  # fmt: skip


def test_63_too_many_complaints_halt_the_provider_until_a_person_lets_it_go_on(
    tmp_path: Path, empty_database: Path
) -> None:
    house = approved(build(tmp_path, empty_database, *PEOPLE, mailing={"breakers": BREAKERS}))
    house.send()
    heard(house, "complained", "complained", "ann", "bob")
    house.put(lead("dee"), consent("dee"))
    house.night(TUESDAY)
    house.approve(TUESDAY)
    report = house.send(TUESDAY)
    assert (report.sent["accepted"], report.healthy) == (0, False)
    assert house.ask("SELECT kind, name FROM pause") == [("channel", "sendgrid")]
    with house.store.open() as database:
        Operator(database, house.playbook, at(TUESDAY, 15)).resume(PauseKind.CHANNEL, "sendgrid")
    assert house.send(TUESDAY).sent["accepted"] == 4, "it counts anew from where it was let go on"


@pytest.mark.slow
def test_one_complaint_says_too_little(tmp_path: Path, empty_database: Path) -> None:
    house = approved(build(tmp_path, empty_database, *PEOPLE, mailing={"breakers": BREAKERS}))
    house.send()
    heard(house, "complained", "complained", "ann")
    assert house.send(TUESDAY).broken == []


@pytest.mark.slow
def test_too_many_mailboxes_that_do_not_exist_halt_the_provider(tmp_path: Path, empty_database: Path) -> None:
    house = approved(build(tmp_path, empty_database, *PEOPLE, mailing={"breakers": BREAKERS}))
    house.send()
    heard(house, "delivered", "", "bob", "cyd")
    heard(house, "bounced", "gone", "ann")
    assert "1 of 3 mailboxes do not exist" in house.send(TUESDAY).broken[0]


def test_22_a_provider_that_refuses_us_altogether_is_asked_once(tmp_path: Path, empty_database: Path) -> None:
    """401 Maximum credits exceeded: nothing was sent, everything stays planned, and nobody tries again by itself."""
    house = approved(build(tmp_path, empty_database, *PEOPLE))

    def refuse(envelope: object) -> Outcome:
        raise AccountError("sendgrid: Maximum credits exceeded (401).")

    channel = house.channel("sendgrid")
    channel.answer = refuse
    assert house.send(sendgrid=channel).broken == ["sendgrid: Maximum credits exceeded (401)."]
    house.send(sendgrid=channel)
    assert (len(channel.handed), house.states()) == (1, {"planned": 3})


def test_the_kill_switch_stops_a_dispatch_in_the_middle(tmp_path: Path, empty_database: Path) -> None:
    house = approved(build(tmp_path, empty_database, *"abcdefgh"))
    switch, channel = KillSwitch(house.settings.paths.kill_switch), house.channel("sendgrid")
    channel.in_flight = 2
    channel.after = lambda envelope: switch.pull("wrong price", at(MONDAY))
    assert "wrong price" in house.send(sendgrid=channel).broken[0]
    assert house.states() == {"accepted": 2, "planned": 6}
    assert "wrong price" in house.send().killed
    switch.release()
    house.send()
    assert house.states() == {"accepted": 8}


# -- what is in doubt ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_who_got_a_message_is_asked_what_became_of_it_whatever_the_mode_is_now(
    tmp_path: Path, empty_database: Path
) -> None:
    """In doubt at the provider, and then somebody goes back to preview: its empty outbox proves nothing."""
    house = approved(build(tmp_path, empty_database, "ann"))
    channel = house.channel("sendgrid")
    channel.answer = lambda envelope: Outcome(Fate.UNKNOWN)
    house.send(sendgrid=channel)
    preview = LiveHouse(house.root, house.journeys, Mode.PREVIEW)
    preview.send(hour=16)
    assert house.states() == {"unknown": 1}


@pytest.mark.slow
def test_a_provider_that_does_not_know_of_a_message_is_asked_again_later(tmp_path: Path, empty_database: Path) -> None:
    house = approved(build(tmp_path, empty_database, "ann"))
    asked = []

    class Forgetful(type(house.channel("sendgrid"))):  # type: ignore[misc]
        def evidence(self, questions):  # type: ignore[no-untyped-def]
            asked.extend(question.silent_since for question in questions)
            return {each.id: Outcome(Fate.UNKNOWN, why="not in the log") for each in questions}

    channel = Forgetful(house.settings.home / "sendgrid.log", name="sendgrid")
    channel.answer = lambda envelope: Outcome(Fate.UNKNOWN)
    for hour in (12, 13, 14):
        house.send(hour=hour, sendgrid=channel)
    assert asked == [None, at(MONDAY, 13).astimezone(UTC)]
    assert house.states() == {"unknown": 1}


def test_a_policy_with_routes_that_leave_somebody_out_names_its_file(tmp_path: Path) -> None:
    text = (CONTENT / "policy.toml").read_text().replace('via = "sendgrid"', 'countries = ["US"]\nvia = "sendgrid"')
    (tmp_path / "policy.toml").write_text(text)
    with pytest.raises(ContentError, match=r"policy.toml.*must take all"):
        read_policy(tmp_path)
