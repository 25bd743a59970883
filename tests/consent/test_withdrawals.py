"""Who wants no more of us hears no more of us: at once, on all that they meant, and written down once."""

from datetime import timedelta
from pathlib import Path

import pytest

from nurture.storage.database import Database
from tests.support.homes.inbound import SENT, house
from tests.support.small import MONDAY, verdicts


def test_65_a_hundred_clicks_on_leave_are_one_entry_and_the_planned_letter_ends(
    database: Database, tmp_path: Path
) -> None:
    home = house(database, tmp_path, "ann", sent=False)
    for _ in range(100):
        home.say("leave", message=home.message("ann").hex, how="one_click")
    home.drain()
    home.say("leave", message=home.message("ann").hex, how="one_click")
    home.drain()
    assert home.consents("ann") == [("email", "withdrawn", "one_click")]
    assert home.suppressed("ann") == [("email", "left")]
    assert home.state("ann") == "suppressed"


def test_65_the_next_night_sends_nothing(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann", "bob")
    home.say("leave", message=home.message("ann").hex)
    home.drain()
    thursday = MONDAY + timedelta(days=3)
    home.night(thursday)
    assert verdicts(database, "ann", thursday) == [("second-letter", "refused", "suppressed")]
    assert verdicts(database, "bob", thursday)[0][1] == "planned"


@pytest.mark.parametrize("state", ["planned", "held"])
def test_30_leaving_ends_what_is_planned_or_held(database: Database, tmp_path: Path, state: str) -> None:
    home = house(database, tmp_path, "ann", sent=False)
    database.run(f"UPDATE message SET state = '{state}'")
    home.say("leave", message=home.message("ann").hex)
    home.drain()
    assert home.state("ann") == "suppressed"
    assert home.rows("SELECT mover, why FROM message_move") == [("reader", "consent withdrawn")]


def test_one_click_ends_email_and_leaves_other_channels_alone(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann", sent=False)
    database.run("UPDATE message SET channel = 'wecom', address_hash = 'w-ann'")
    home.say("leave", message=home.message("ann").hex)
    home.drain()
    assert home.state("ann") == "planned"


def test_stop_everything_ends_every_channel_and_every_address(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann", sent=False)
    database.run("UPDATE message SET channel = 'wecom', address_hash = 'w-ann'")
    home.say("leave", message=home.message("ann").hex, scope="all")
    home.drain()
    assert home.state("ann") == "suppressed"
    assert home.consents("ann") == [("all", "withdrawn", "page")]
    everywhere = home.rows("SELECT address_hash FROM suppression WHERE scope = 'all'")
    assert {row[0] for row in everywhere} >= {"w-ann", "m-ann"}


def test_a_card_for_a_colleague_is_not_ended_by_the_lead(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann", sent=False)
    database.run("UPDATE message SET internal = true, channel = 'staff'")
    card = home.rows("SELECT id FROM message")[0][0]
    home.say("leave", message=card.hex, scope="all")
    home.drain()
    assert home.rows("SELECT state FROM message") == [("planned",)]


def test_who_leaves_by_an_old_address_leaves_that_one_too(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    database.run("UPDATE lead SET email = 'new@company.example', email_hash = 'new-hash'")
    home.say("leave", message=home.message("ann").hex)
    home.drain()
    assert len(home.rows("SELECT DISTINCT address_hash FROM suppression WHERE scope = 'email'")) == 2


def test_an_erased_lead_can_still_leave(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    message = home.message("ann")
    database.run("DELETE FROM lead")
    home.say("leave", message=message.hex)
    home.drain()
    assert home.rows("SELECT scope, reason FROM suppression") == [("email", "left")]
    assert home.rows("SELECT count(*) FROM consent WHERE source IS NOT NULL") == [(0,)]


def test_who_comes_back_is_written_to_again_from_the_next_day_on(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    message = home.message("ann").hex
    home.say("leave", message=message)
    home.say("prefer", SENT + timedelta(hours=2), message=message, back=True, wording="Yes, write to me again.")
    home.drain(SENT + timedelta(hours=3))
    assert home.suppressed("ann") == []
    assert home.consents("ann") == [("email", "withdrawn", "page"), ("email", "granted", "preferences page")]
    thursday = MONDAY + timedelta(days=3)
    home.night(thursday)
    assert verdicts(database, "ann", thursday)[0][1] == "planned"


def test_leaving_again_after_coming_back_is_written_down_again(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    message = home.message("ann").hex
    home.say("leave", message=message)
    home.say("prefer", SENT + timedelta(hours=2), message=message, back=True, wording="Yes")
    home.drain(SENT + timedelta(hours=3))
    home.say("leave", SENT + timedelta(hours=4), message=message)
    home.drain(SENT + timedelta(hours=5))
    assert home.suppressed("ann") == [("email", "left")]
    assert [row[1] for row in home.consents("ann")] == ["withdrawn", "granted", "withdrawn"]


def test_coming_back_does_not_undo_a_complaint_or_a_dead_mailbox(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann", "bob")
    home.tell(home.event("ann", "spamreport"), home.event("bob", "bounce", type="bounce", reason="550 user unknown"))
    for name in ("ann", "bob"):
        home.say("leave", SENT + timedelta(hours=1), message=home.message(name).hex)
        home.say("prefer", SENT + timedelta(hours=2), message=home.message(name).hex, back=True, wording="Yes")
    home.drain(SENT + timedelta(hours=3))
    assert home.suppressed("ann") == [("all", "complained")]
    assert home.suppressed("bob") == [("email", "gone")]


def test_62_a_complaint_ends_marketing_on_every_channel_and_is_written_down(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    home.tell(home.event("ann", "spamreport"))
    home.tell(home.event("ann", "spamreport", sg_event_id="another"))
    home.drain()
    assert home.consents("ann") == [("all", "withdrawn", "complained")]
    assert home.suppressed("ann") == [("all", "complained")]
    home.night()
    assert home.rows("SELECT exit_reason FROM enrolment") == [("withdrawn",)]


def test_a_confirmation_is_a_proven_consent(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    lead = home.rows("SELECT id FROM lead")[0][0]
    home.say("confirm", lead=lead.hex, scope="email", asked_at="2026-11-09T02:00:00+00:00", wording="Yes, write to me.")
    home.drain()
    assert home.consents("ann") == [("email", "confirmed", "confirmation")]
    assert home.rows("SELECT proven, wording FROM consent WHERE action = 'confirmed'") == [(True, "Yes, write to me.")]


def test_leaving_by_a_message_that_nobody_knows_blocks_nothing(database: Database, tmp_path: Path) -> None:
    home = house(database, tmp_path, "ann")
    home.say("leave", message="0" * 32)
    home.say("leave", message=home.message("ann").hex)
    assert home.drain().quarantined == 1
    assert b"0" * 32 in home.spool.quarantined()[0].read_bytes()
    assert home.suppressed("ann") == [("email", "left")]
