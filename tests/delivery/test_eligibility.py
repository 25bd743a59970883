"""May this go? The night, the claim and ``explain`` ask one module, and so cannot disagree."""

from collections.abc import Callable

import pytest

from models import Channel, ConsentScope, Preference, Reason, Suppression, TopicOff
from models.types import derived_id
from nurture.channels.routing import Lane
from nurture.delivery.claim import START, Claiming
from nurture.journey import Stage, days, email
from nurture.night.eligibility import CANCELLING, FAULTS, SUPPRESSING, ends
from nurture.reporting.explain import explain_lead
from nurture.storage.database import Database
from nurture.vocabulary import REASONS, Words
from tests.support.small import MONDAY, at, consent, interaction, journey, lead, night, playbook, put, verdicts

NOON = at(MONDAY)
BOOK = playbook(journey(stages=[Stage("only", asks="?", touches=[email("hello", after=days(0))])]))
ANN = derived_id("lead", "ann")
FORBIDS: list[tuple[Reason, Callable[[Database], object]]] = [
    (Reason.SUPPRESSED, lambda database: put(database, Suppression(
        address_hash="hash-ann", scope=ConsentScope.EMAIL, reason="x", since=NOON, source="test"))),
    (Reason.NO_CONSENT, lambda database: put(database, consent("ann", "withdrawn", day=MONDAY))),
    (Reason.NO_CONSENT, lambda database: put(database, Preference(lead_id=ANN, email_off=True, asked_at=NOON))),
    (Reason.TOPIC_OFF, lambda database: put(database, TopicOff(lead_id=ANN, topic="welcome"))),
    (Reason.REPLY_OPEN, lambda database: put(database, interaction("ann", "email.replied", MONDAY))),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "forbid"), FORBIDS, ids=lambda value: str(value) if value in list(Reason) else "")
def test_what_forbids_a_pair_in_the_night_stops_its_message_at_the_claim(
    database: Database, reason: Reason, forbid: Callable[[Database], object]
) -> None:
    put(database, lead("ann"), consent("ann"), consent("ann", scope="wecom"))
    with database.trial():
        forbid(database)
        night(database, BOOK, MONDAY)
        assert [why for _, _, why in verdicts(database, "ann", MONDAY)] == [reason]
    night(database, BOOK, MONDAY)
    database.run("UPDATE message SET payload_hash = 'h', payload_file = 'f', not_before = TIMESTAMP '2026-11-09 02:00'")
    forbid(database)
    claim = Claiming(database, BOOK, Lane(Channel.EMAIL), NOON).claim(START, 10)
    assert (claim.messages, claim.stopped) == ((), {reason: 1})


def test_explain_says_by_which_channels_a_lead_may_be_reached(database: Database) -> None:
    put(database, lead("ann", wecom_id="w", wecom_hash="w"), consent("ann"))
    put(database, Suppression(address_hash="w", scope=ConsentScope.ALL, reason="x", since=NOON, source="test"))
    story = explain_lead(database, BOOK, "ann", MONDAY)
    assert {each.scope: each.reason for each in story.channels} == {
        "email": "", "wecom": "suppressed", "phone": "no_address",
    }  # fmt: skip


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words_and_a_next_step_in_both_languages(reason: Reason) -> None:
    said, do = REASONS[reason]
    texts = [said.en, said.zh, do.en, do.zh]
    assert all(texts) if reason else said == do == Words("", "")
    assert not any("一" <= letter <= "鿿" for letter in said.en + do.en)


def test_what_ends_a_message_ends_it_in_one_way() -> None:
    assert not set(SUPPRESSING) & set(CANCELLING)
    assert all(ends(reason) for reason in (*SUPPRESSING, *CANCELLING))
    assert not any(ends(reason) for reason in (Reason.REPLY_OPEN, Reason.PAUSED, Reason.RAMP, Reason.NO_QUOTA))
    assert Reason.NONE not in FAULTS
