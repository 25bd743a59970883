"""A restore to yesterday: nothing is sent before it is known what was, and then each letter goes once."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from models import Channel
from nurture.channels import Fate, Outcome
from nurture.channels.envelope import Envelope, as_table, from_table
from nurture.channels.preview import Preview
from nurture.channels.registry import Outlet
from nurture.channels.routing import Lane
from nurture.delivery.attempt_log import AttemptLog
from nurture.delivery.dispatch import Dispatch, DispatchReport
from nurture.errors import NightRefused
from nurture.settings import Settings
from tests.support.counting_channel import CountingChannel, accepted_by
from tests.support.homes.due import (
    BOOK,
    NOON,
    SHARD,
    breaches,
    build,
    dispatch,
    ids,
    move_in,
    plan,
    prove_all_went_once,
    states,
    store_of,
)
from tests.support.homes.recovery import (
    EVENING,
    MORNING,
    Silent,
    Unreachable,
    bring_back,
    copied,
    lose_the_disk,
    query,
    reconcile,
    save,
)
from tests.support.small import MONDAY, at

pytestmark = pytest.mark.slow

LETTERS = 12
DAY = timedelta(days=1)
TUESDAY = MONDAY + DAY


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built") / "home", LETTERS)


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Path:
    return copied(built, tmp_path / "home")


@pytest.fixture(scope="module")
def unplanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("unplanned") / "home"
    move_in(home, LETTERS)
    return home


@pytest.fixture
def evening_before(unplanned: Path, tmp_path: Path) -> Path:
    return copied(unplanned, tmp_path / "home")


def some(envelope: Envelope) -> Outcome | None:
    """The provider takes about half of the letters; the others go another time."""
    return None if envelope.id < "8" else Outcome(Fate.NOT_SENT, why="no line")


def send_some(home: Path) -> list[str]:
    """Part of what is due goes out; the ids."""
    dispatch(home, CountingChannel(home / "provider.log", answer=some))
    sent = accepted_by(home / "provider.log")
    assert 0 < len(sent) < LETTERS
    return sent


def counting(home: Path) -> CountingChannel:
    return CountingChannel(home / "provider.log")


def refuses_to_send(home: Path, channel: CountingChannel) -> None:
    before = states(home)
    report = dispatch(home, channel, EVENING)
    assert (report.guarded is not None, report.healthy, channel.handed, states(home)) == (True, False, [], before)


# -- what the ledger still knows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [False, True], ids=["over the home", "on another disk"])
def test_what_was_sent_since_the_backup_is_found_before_anything_is_sent(home: Path, lost: bool) -> None:
    file = save(home).file
    sent = send_some(home)
    if lost:
        lose_the_disk(home)
    bring_back(home, file)
    refuses_to_send(home, counting(home))
    report = reconcile(home, counting(home))
    assert (report.found, report.lifted, report.healthy) == (
        Counter(accepted=len(sent), not_sent=LETTERS - len(sent)), True, True,
    )  # fmt: skip
    assert ids(home, "accepted") == set(sent)
    dispatch(home, channel := counting(home), EVENING)
    assert not set(sent) & set(channel.handed)
    prove_all_went_once(home, LETTERS)


def test_a_second_reconcile_finds_nothing_more_to_do(home: Path) -> None:
    file = save(home).file
    send_some(home)
    bring_back(home, file)
    reconcile(home, counting(home))
    before = query(home, "SELECT * FROM message_move ORDER BY ALL")
    again = reconcile(home, counting(home))
    assert (again.found, again.lifted, again.healthy) == (Counter(), True, True)
    assert query(home, "SELECT * FROM message_move ORDER BY ALL") == before


def test_a_home_that_was_never_restored_has_nothing_to_reconcile(home: Path) -> None:
    report = reconcile(home, counting(home))
    assert (report.restored, report.healthy, states(home)) == (None, True, Counter(planned=LETTERS))


def test_the_moves_say_who_wrote_them_and_why(home: Path) -> None:
    file = save(home).file
    sent = send_some(home)
    bring_back(home, file)
    reconcile(home, counting(home))
    moves = query(home, f"SELECT to_state, mover, why FROM message_move WHERE message_id = '{sent[0]}' ORDER BY fence")
    lost = "a restore took away what became of it"
    assert moves == [
        ("claimed", "reconcile", lost), ("attempting", "reconcile", lost),
        ("accepted", "reconcile", "proved: accepted"),
    ]  # fmt: skip
    assert query(home, f"SELECT provider_id FROM message WHERE id = '{sent[0]}'") == [(f"p-{sent[0]}",)]


def test_a_letter_that_was_held_in_the_backup_and_sent_since_is_found_as_well(home: Path) -> None:
    def move(to: str, fence: int) -> None:
        query(
            home,
            f"""INSERT INTO message_move SELECT id, {fence}, state, '{to}', TIMESTAMP '{MORNING:%F %T}',
                        'operator', 'by hand' FROM message""",
        )
        query(home, f"UPDATE message SET state = '{to}', fence = {fence}")

    move("held", 1)
    file = save(home).file
    move("planned", 2)
    sent = send_some(home)
    bring_back(home, file)
    reconcile(home, counting(home))
    assert (ids(home, "accepted"), states(home)["held"]) == (set(sent), LETTERS - len(sent))
    assert breaches(home) == []


def test_one_that_withdrew_before_the_reconcile_was_not_claimed_after_it(home: Path) -> None:
    """What was sent on the day of the backup is no breach because its record is made later."""
    with store_of(home).open() as database:
        database.run(f"""
            INSERT INTO consent SELECT consent.* REPLACE (md5('no' || lead_id)::UUID AS id, 'withdrawn' AS action,
                TIMESTAMP '{MORNING:%F %T}' AS occurred_at, DATE '{MONDAY}' AS occurred_on,
                TIMESTAMP '{MORNING:%F %T}' AS recorded_at) FROM consent""")
    file = save(home).file
    log = home / "provider.log"
    log.write_text("".join(f"{each}\n" for each in sorted(ids(home, "planned"))[:3]))
    bring_back(home, file)
    reconcile(home, counting(home))
    assert states(home) == Counter(accepted=3, planned=LETTERS - 3)
    assert breaches(home) == []
    dispatch(home, channel := counting(home), EVENING)
    assert (channel.handed, states(home)) == ([], Counter(accepted=3, suppressed=LETTERS - 3))


# -- who can be asked --------------------------------------------------------------------------------------------------


def test_while_a_channel_cannot_be_asked_the_guard_stays(home: Path) -> None:
    file = save(home).file
    sent = send_some(home)
    lose_the_disk(home)
    bring_back(home, file)
    report = reconcile(home, Unreachable(home / "provider.log"))
    assert (report.unasked, report.lifted, report.healthy) == (
        {"email": "the provider does not answer"}, False, False,
    )  # fmt: skip
    refuses_to_send(home, counting(home))
    assert reconcile(home, counting(home)).found["accepted"] == len(sent)
    dispatch(home, counting(home), EVENING)
    prove_all_went_once(home, LETTERS)


def test_where_a_channel_is_silent_the_attempt_logs_speak_and_the_rest_is_in_doubt(home: Path) -> None:
    file = save(home).file
    sent = send_some(home)
    bring_back(home, file)
    report = reconcile(home, Silent(home / "provider.log"))
    assert report.found == Counter(accepted=len(sent), unknown=LETTERS - len(sent))
    assert (report.lifted, report.healthy) == (True, False)
    dispatch(home, channel := Silent(home / "provider.log"), EVENING)
    assert (channel.handed, states(home)["unknown"], breaches(home)) == ([], LETTERS - len(sent), [])


def test_where_a_channel_is_silent_a_person_may_vouch_but_not_against_the_logs(home: Path) -> None:
    file = save(home).file
    sent = send_some(home)
    started = next(iter(ids(home, "planned")))
    log = AttemptLog(home / "attempts" / "2026-11-09" / "x.ndjson")
    log.started([started])
    bring_back(home, file)
    report = reconcile(home, Silent(home / "provider.log"), vouched=(Channel.EMAIL,))
    assert report.found == Counter(accepted=len(sent), not_sent=LETTERS - len(sent) - 1, unknown=1)
    assert ids(home, "unknown") == {started}
    dispatch(home, channel := Silent(home / "provider.log"), EVENING)
    assert len(channel.handed) == LETTERS - len(sent) - 1
    assert started not in channel.handed


def test_what_was_not_due_before_the_restore_needs_nobody_to_say_so(home: Path) -> None:
    file = save(home).file
    bring_back(home, file, MORNING)
    early = query(home, f"SELECT count(*) FROM message WHERE not_before > TIMESTAMP '{MORNING:%F %T}'")[0][0]
    report = reconcile(home, Silent(home / "provider.log"), MORNING)
    assert report.found["not_sent"] == early > 0


def test_messages_that_were_in_flight_in_the_backup_are_settled(home: Path) -> None:
    """The backup was made while a process sent that died since; its log went on."""
    some_ids = sorted(ids(home, "planned"))
    batch = "00000000-0000-0000-0000-00000000000b"
    with store_of(home).open() as database:
        database.run(f"""INSERT INTO batch (id, channel, holder, lease_until, claimed_at)
                         VALUES ('{batch}', 'email', 'elsewhere|boot|1|1.0', 0,
                         TIMESTAMP '{MORNING:%F %T}')""")
        database.run(f"""INSERT INTO message_move SELECT id, 1, 'planned', 'claimed', TIMESTAMP '{MORNING:%F %T}',
                         'dispatch', '' FROM message""")
        database.run(f"UPDATE message SET state = 'claimed', fence = 1, batch_id = '{batch}'")
    file = save(home).file
    (home / "provider.log").write_text(f"{some_ids[0]}\n")
    lose_the_disk(home)
    bring_back(home, file)
    reconcile(home, counting(home))
    assert (ids(home, "accepted"), states(home)["planned"]) == ({some_ids[0]}, LETTERS - 1)
    dispatch(home, counting(home), EVENING)
    prove_all_went_once(home, LETTERS)


# -- what the ledger forgot --------------------------------------------------------------------------------------------


def back_to_the_evening_before(home: Path, *, lost: bool) -> list[str]:
    """Backed up, then a night and all its letters, then restored; the ids that went out."""
    file = save(home, MORNING - DAY).file
    plan(home, MONDAY)
    sent = send_some(home)
    if lost:
        lose_the_disk(home)
    bring_back(home, file)
    assert states(home) == Counter()
    return sent


@pytest.mark.parametrize("day", [MONDAY, TUESDAY], ids=str)
@pytest.mark.parametrize("lost", [False, True], ids=["over the home", "on another disk"])
def test_what_a_lost_night_sent_is_not_sent_when_it_is_planned_again(
    evening_before: Path, lost: bool, day: date
) -> None:
    home = evening_before
    sent = back_to_the_evening_before(home, lost=lost)
    assert reconcile(home, counting(home)).lifted
    plan(home, day)
    report = dispatch(home, channel := counting(home), at(day, 13))
    assert (report.recovered, report.healthy) == (len(sent), True)
    assert not set(sent) & set(channel.handed)
    prove_all_went_once(home, LETTERS)


def test_where_a_channel_is_silent_the_logs_know_what_a_lost_night_sent(evening_before: Path) -> None:
    home = evening_before
    sent = back_to_the_evening_before(home, lost=False)
    reconcile(home, Silent(home / "provider.log"), vouched=(Channel.EMAIL,))
    plan(home, TUESDAY)
    dispatch(home, channel := Silent(home / "provider.log"), at(TUESDAY, 13))
    assert set(channel.handed) == {each for each in ids(home, "accepted") if each not in sent}
    prove_all_went_once(home, LETTERS)


def test_while_nobody_can_be_asked_what_is_planned_again_waits(evening_before: Path) -> None:
    home = evening_before
    back_to_the_evening_before(home, lost=True)
    reconcile(home, counting(home))
    plan(home, TUESDAY)
    report = dispatch(home, channel := Unreachable(home / "provider.log"), at(TUESDAY, 13))
    assert (channel.handed, states(home)) == ([], Counter(planned=LETTERS))
    assert "could not be asked what was sent before the restore" in report.broken[0]


def test_after_the_doubts_are_over_nobody_is_asked_any_more(evening_before: Path) -> None:
    home, much_later = evening_before, MONDAY + timedelta(days=35)
    bring_back(home, save(home, MORNING - DAY).file)
    reconcile(home, counting(home))
    plan(home, much_later)
    dispatch(home, channel := Unreachable(home / "provider.log"), at(much_later, 13))
    assert (len(channel.handed), states(home)) == (LETTERS, Counter(accepted=LETTERS))


def deliver_by_preview(home: Path, day: date) -> DispatchReport:
    settings = Settings(home=home)
    now = at(day, 13)
    channel = Preview(settings.paths.outbox, settings.paths.rendered, now)
    return Dispatch(store_of(home), settings, BOOK, [Outlet(Lane(Channel.EMAIL), channel)], now).run()


def test_the_outbox_knows_a_letter_of_a_lost_night_under_another_date(evening_before: Path) -> None:
    home = evening_before
    file = save(home, MORNING - DAY).file
    plan(home, MONDAY)
    make_mailable(home)
    assert deliver_by_preview(home, MONDAY).sent == Counter(accepted=LETTERS)
    bring_back(home, file)
    reconcile(home, counting(home))
    plan(home, TUESDAY)
    make_mailable(home)
    report = deliver_by_preview(home, TUESDAY)
    assert (report.recovered, report.sent) == (LETTERS, Counter())
    assert not (home / "outbox" / str(TUESDAY)).exists()


def make_mailable(home: Path) -> None:
    """The words by hand have no address; they get one, and the ledger their hash."""
    file = home / "rendered" / SHARD
    address = {"to": "ann@company.example", "sender_address": "bo@us.example", "unsubscribe_url": "https://n.example/u"}
    pq.write_table(as_table([each._replace(**address) for each in from_table(pq.read_table(file))]), file)
    query(home, f"UPDATE message SET payload_hash = r.hash FROM read_parquet('{file}') r WHERE r.id::UUID = message.id")


# -- what else waits ---------------------------------------------------------------------------------------------------


def test_no_night_decides_before_the_reconcile(home: Path) -> None:
    bring_back(home, save(home).file)
    with pytest.raises(NightRefused, match="nurture reconcile"):
        plan(home, TUESDAY)
    reconcile(home, counting(home))
    plan(home, TUESDAY)


def test_a_second_restore_forgets_no_doubt_of_the_first(home: Path) -> None:
    first = save(home, MORNING - DAY).file
    bring_back(home, first, MORNING)
    second = save(home, NOON).file
    bring_back(home, second)
    found = dict(query(home, "SELECT name, value FROM meta WHERE name LIKE 'restored%'"))
    assert found == {"restored_from": (MORNING - DAY).isoformat(), "restored_at": EVENING.isoformat()}


def test_a_mailbox_that_was_found_gone_since_the_backup_is_suppressed_again(home: Path) -> None:
    file = save(home).file
    dispatch(home, CountingChannel(home / "provider.log", answer=lambda envelope: Outcome(Fate.GONE, why="no mailbox")))
    gone = query(home, "SELECT address_hash, scope, reason FROM suppression ORDER BY ALL")
    bring_back(home, file)
    assert query(home, "SELECT count(*) FROM suppression") == [(0,)]
    reconcile(home, counting(home))
    assert query(home, "SELECT address_hash, scope, reason FROM suppression ORDER BY ALL") == gone != []
