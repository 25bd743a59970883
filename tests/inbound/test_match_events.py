"""What providers tell of messages: in any order, as often as they like, the facts and what follows are the same."""

from datetime import timedelta
from pathlib import Path

import pytest

from models import MessageState, Mover
from nurture.ledger.moves import Ledger
from nurture.storage.database import Database
from nurture.storage.json_type import JSON
from tests.support.homes.inbound import SENT, House, house
from tests.support.small import one_in


def facts(home: House) -> list[tuple[object, ...]]:
    return home.rows("SELECT * EXCLUDE (message_id) FROM message_fact ORDER BY message_id")


def test_54_the_same_batch_fifty_times_counts_once(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    for _ in range(50):
        home.tell(home.event("ann", "delivered"), home.event("ann", "open", after=600))
    assert home.drain().signals == 2
    home.tell(home.event("ann", "delivered"))
    assert home.drain().signals == 0


def test_55_the_same_event_under_another_id_counts_once(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    home.tell(*(home.event("ann", "open", after=600, sg_event_id=f"id-{n}") for n in range(3)))
    assert home.drain().signals == 1


def test_55_the_same_id_in_other_words_counts_once(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    home.tell(home.event("ann", "open", after=600, sg_event_id="x"))
    home.tell(home.event("ann", "open", after=601, sg_event_id="x"))
    assert home.drain().signals == 1


def test_56_events_that_come_before_our_record_of_the_sending_find_their_message(
    database: Database, tmp_path: Path
) -> None:
    home = house(database, tmp_path, "ann", sent=False)
    event = home.event("ann", "delivered") | {"nurture_message": None}
    home.tell(event)
    home.drain()
    assert facts(home) == []
    home.accept("ann", provider_id=f"p-{home.message('ann').hex}")
    home.say("click", message=home.message("ann").hex, target="https://us.example/")
    home.drain()
    assert len(facts(home)) == 1


def test_25_an_accepted_message_learns_what_the_provider_calls_it(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    home.tell(home.event("ann", "processed"))
    home.drain()
    assert home.rows("SELECT provider_id FROM message") == [(f"p-{home.message('ann').hex}",)]


@pytest.mark.parametrize("kind", ["processed", "delivered", "open", "bounce"])
def test_a_message_in_doubt_of_which_the_provider_tells_was_accepted(
    database: Database, tmp_path: Path, kind: str
) -> None:
    home = house(database, tmp_path, "ann", sent=False)
    chosen = "SELECT id, '' AS why FROM message"
    for state in (MessageState.CLAIMED, MessageState.ATTEMPTING, MessageState.UNKNOWN):
        Ledger(database, SENT, Mover.DISPATCH).move(chosen, state)
    home.tell(home.event("ann", kind))
    home.drain()
    assert home.state("ann") == "accepted"
    assert home.rows("SELECT why FROM message_move WHERE to_state = 'accepted'") == [
        ("proved: the provider tells of it",)
    ]


def test_59_one_bad_event_of_many_is_set_aside_and_the_others_count(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    bad: list[JSON] = [
        None, 7, "x", [], {}, {"event": "open"}, {"event": "open", "timestamp": "soon"},
        {"event": "open", "timestamp": 10**15}, {"event": "open", "timestamp": True},
    ]  # fmt: skip
    odd: list[JSON] = [
        home.event("ann", "open", category=["a", "b"]), home.event("ann", "open", after=61, category="a"),
        home.event("ann", "dance"), {"event": "account_status_change", "timestamp": 1_700_000_000},
        home.event("ann", "click", url="\ud800", sg_message_id=None),
    ]  # fmt: skip
    home.tell(*bad, *odd)
    drained = home.drain()
    assert (drained.signals, drained.quarantined) == (len(odd), len(bad))
    assert len(home.spool.quarantined()) == len(bad)
    assert home.spool.is_empty()


def test_60_a_late_bounce_without_ids_is_the_last_message_to_that_address_and_unsure(
    database: Database, tmp_path: Path
) -> None:
    home = house(database, tmp_path, "ann", "bob")
    without = {"nurture_message": None, "sg_message_id": None}
    home.tell(home.event("ann", "bounce", after=7200, type="bounce", reason="550 user unknown") | without)
    home.drain()
    assert home.rows("SELECT message_id, sure FROM signal") == [(home.message("ann"), False)]
    assert facts(home) == []
    assert home.suppressed("ann") == [("email", "gone")]
    assert home.suppressed("bob") == []
    assert home.consents("ann") == []


def test_60_nobody_is_suppressed_for_an_address_that_we_never_wrote_to(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann", "bob")
    stranger = {"email": "cy@company.example", "nurture_message": None, "sg_message_id": None}
    home.tell(home.event("ann", "bounce", type="bounce", reason="user unknown") | stranger)
    home.tell(home.event("bob", "bounce", type="bounce", reason="user unknown") | {"email": "other@company.example"})
    home.tell(home.event("ann", "spamreport") | stranger)
    home.drain()
    assert home.rows("SELECT * FROM suppression") == []


def test_60_a_complaint_without_ids_withdraws_nobody(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    home.tell(home.event("ann", "spamreport", after=7200) | {"nurture_message": None, "sg_message_id": None})
    home.drain()
    assert home.consents("ann") == []


@pytest.mark.parametrize(
    ("said", "form", "classified", "gone"),
    one_in(3, [
        ("550 Domain frequency limited", "bounce", "Mailbox Unavailable", False),
        ("550 Sender frequency limited", "bounce", "", False),
        ("550 Connection frequency limited", "bounce", "", False),
        ("550 Ip frequency limited", "bounce", "", False),
        ("550 Mailbox unavailable or access denied", "bounce", "Mailbox Unavailable", False),
        ("550 Mail content denied", "bounce", "Content", False),
        ("550 Suspected spam sender", "bounce", "Reputation", False),
        ("550 DMARC check failed", "bounce", "Invalid Address", False),
        ("421 HL:REP", "bounce", "", False), ("421 HL:ICC", "bounce", "", False), ("421 HL:IFC", "bounce", "", False),
        ("421 HL:MEP", "bounce", "", False), ("450 MI:CEL", "bounce", "", False), ("450 MI:DMC", "bounce", "", False),
        ("450 MI:CCL", "bounce", "", False), ("450 RP:DRC", "bounce", "", False), ("450 DT:RBL", "bounce", "", False),
        ("451 DT:SPM, please try again", "bounce", "Invalid Address", False),
        ("451 MI:SFQ", "bounce", "", False), ("554 DT:SPM 163 smtp", "bounce", "Invalid Address", False),
        ("554 HL:IPB", "bounce", "", False),
        ("550 Mailbox not found", "bounce", "", True),
        ("550 user not found", "bounce", "", True),
        ("550 User not found: someone", "bounce", "Unclassified", True),
        ("550 5.1.1 the mailbox is full of words we do not know", "bounce", "Invalid Address", True),
        ("550 no", "bounce", "Mailbox Unavailable", True),
        ("550 no", "bounce", "Reputation", False),
        ("550 no", "bounce", "Frequency or Volume Too High", False),
        ("550 no", "bounce", "Technical Failure", False),
        ("550 no", "bounce", "Unclassified", False),
        ("550 no", "blocked", "Invalid Address", False),
    ]),
)  # fmt: skip
def test_61_only_a_mailbox_that_does_not_exist_is_never_written_to_again(
    database: Database, tmp_path: Path, said: str, form: str, classified: str, gone: bool
) -> None:
    home = house(database, tmp_path, "ann")
    home.tell(home.event("ann", "bounce", type=form, reason=said, bounce_classification=classified))
    home.drain()
    assert home.suppressed("ann") == ([("email", "gone")] if gone else [])


@pytest.mark.parametrize(
    ("reason", "suppressed"),
    [
        ("Bounced Address", [("email", "gone")]), ("Invalid", [("email", "gone")]),
        ("Unsubscribed Address", [("email", "left")]), ("Spam Reporting Address", [("all", "complained")]),
        ("Recipient List over Package Quota", []), ("Spam Content", []),
    ],
)  # fmt: skip
def test_what_the_provider_dropped_because_of_its_own_lists_is_on_ours_from_now_on(
    database: Database, tmp_path: Path, reason: str, suppressed: list[tuple[str, str]]
) -> None:
    home = house(database, tmp_path, "ann")
    home.tell(home.event("ann", "dropped", reason=reason))
    home.drain()
    assert home.suppressed("ann") == suppressed


def test_no_address_of_an_event_is_stored(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    home.tell(home.event("ann", "bounce", type="bounce", reason="550 ann@company.example user unknown"))
    home.drain()
    assert "ann@" not in repr(home.rows("FROM signal") + home.rows("FROM suppression"))


def test_analysts_see_what_became_of_a_touch(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann", "bob")
    home.tell(
        home.event("ann", "delivered"), home.event("bob", "delivered"),
        home.event("ann", "open", after=700), home.event("ann", "click", after=800, url="https://us.example/"),
        home.event("bob", "open", after=61, sg_machine_open=True),
    )  # fmt: skip
    home.drain()
    home.night()
    seen = home.rows("""
        SELECT messages, accepted, delivered, opened, clicked, replied FROM touch_performance WHERE touch = 'hello'""")
    assert seen == [(2, 2, 2, 1, 1, 0)]
    assert home.rows("SELECT max(machine_signals) FROM message_fact") == [(1,)]


def test_the_line_ids_keep_what_was_applied_from_being_applied_from_another_file(
    database: Database, tmp_path: Path
) -> None:
    home = house(database, tmp_path, "ann")
    home.say("leave", id="one", message=home.message("ann").hex)
    home.drain()
    for path in (home.spool.folder / "applied").iterdir():
        path.rename(home.spool.folder / f"0{path.name}")
    assert home.drain(SENT + timedelta(hours=3)).lines == 0
