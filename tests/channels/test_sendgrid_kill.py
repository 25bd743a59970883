"""Real mails to a stand-in that writes down what it accepted: whatever dies, each goes at most once, none is lost."""

import json
import shutil
import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from pydantic import SecretStr

from models import Channel
from nurture.channels.email.headers import Letterhead
from nurture.channels.envelope import Envelope, as_table
from nurture.channels.registry import Outlet
from nurture.channels.routing import Lane
from nurture.channels.sendgrid import SendGrid
from nurture.delivery.dispatch import Dispatch, DispatchReport
from nurture.keys.signed_links import Tokens
from nurture.settings import Settings
from tests.servers.sendgrid import KEY, as_process
from tests.support.homes.due import BOOK, FORKS, NOON, SHARD, breaches, move_in, night, states, store_of
from tests.support.small import MONDAY

EMPTY = dict.fromkeys(Envelope._fields, "")
HOURS = timedelta(hours=2)


def build(home: Path, leads: int) -> Path:
    """A home whose letters could really be sent."""
    import pyarrow.parquet as pq

    move_in(home, leads)
    with store_of(home).open() as database:
        night(database, BOOK, MONDAY)
        rows = database.rows("""
            SELECT replace(m.id::VARCHAR, '-', ''), lead.email FROM message m JOIN lead ON lead.id = m.lead_id""")
        envelopes = [
            Envelope(
                **EMPTY
                | {"id": id, "journey": "welcome", "stage": "only", "touch": "hello", "channel": "email", "to": to,
                   "night": str(MONDAY), "sender": "Bai", "sender_address": "bai@ours.example", "subject": "Hello",
                   "text": "Hello.", "html": "<p>Hello.</p>", "unsubscribe_url": f"https://n.ours.example/u/{id}"}
            )
            for id, to in rows
        ]  # fmt: skip
        (home / "rendered").mkdir(parents=True, exist_ok=True)
        pq.write_table(as_table(envelopes), home / "rendered" / SHARD)
        database.run(f"""
            UPDATE message SET payload_hash = r.hash, payload_file = '{SHARD}'
            FROM read_parquet('{home / "rendered" / SHARD}') r WHERE r.id::UUID = message.id""")
    return home


def dispatch(home: Path, url: str, later: timedelta = timedelta(0), batch: int = 50) -> DispatchReport:
    """One dispatch, by a process of its own or by this one; the log is asked so much later than it is."""
    letterhead = Letterhead(Tokens(b"k" * 32, "https://n.ours.example"), "", home)
    channel = SendGrid(SecretStr(KEY), url, letterhead, lambda: datetime.now(UTC) + later)
    channel.batch, channel.in_flight = batch, 10
    return Dispatch(
        store_of(home), Settings(home=home), BOOK, [Outlet(Lane(Channel.EMAIL, "sendgrid"), channel)], NOON
    ).run()


def accepted(state: Path) -> Counter[str]:
    """How often the stand-in accepted each message; a line that is still being written does not count yet."""
    lines = state.read_text().split("\n")[:-1] if state.exists() else []
    return Counter(json.loads(line)["message"] for line in lines)


def age_the_doubts(home: Path) -> None:
    """The stand-in's clock is today's, the house's of that Monday: doubts are as old as they really are."""
    with store_of(home).open() as database:
        database.run(f"UPDATE message SET moved_at = TIMESTAMP '{datetime.now(UTC):%F %T}' WHERE state = 'unknown'")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("mails") / "home", 120)


@pytest.mark.parametrize("seed", [pytest.param(n, marks=[] if n < 1 else pytest.mark.slow) for n in range(50)])
def test_a_sender_that_is_killed_sends_each_mail_at_most_once_and_the_log_settles_the_rest(
    built: Path, tmp_path: Path, seed: int
) -> None:
    home, state, random = Path(shutil.copytree(built, tmp_path / "home")), tmp_path / "accepted", Random(seed)
    with as_process(5, state) as url:
        child = FORKS.Process(target=dispatch, args=(home, url), daemon=True)
        child.start()
        deadline = time.monotonic() + 30
        many = random.randrange(1, 115)
        while len(accepted(state)) < many and child.is_alive() and time.monotonic() < deadline:
            time.sleep(0.001)
        child.kill()
        child.join()
        assert child.exitcode in (-signal.SIGKILL, 0)
        for _ in range(2):  # takes over what is in doubt; then asks the log
            dispatch(home, url)
            age_the_doubts(home)
        dispatch(home, url, later=HOURS)
    times = accepted(state)
    assert [each for each, count in times.items() if count > 1] == []
    assert set(states(home)) <= {"accepted", "unknown"}
    with store_of(home).open() as database:
        known = {
            row[0]
            for row in database.rows("SELECT replace(id::VARCHAR, '-', '') FROM message WHERE state = 'accepted'")
        }
    assert known == set(times), "every mail that arrived is known to have arrived"
    assert breaches(home) == []


@pytest.mark.slow
def test_two_dispatchers_share_two_thousand_mails(tmp_path: Path) -> None:
    home, state = build(tmp_path / "home", 2_000), tmp_path / "accepted"
    with as_process(5, state) as url:
        both = [FORKS.Process(target=dispatch, args=(home, url, timedelta(0), 100), daemon=True) for _ in range(2)]
        for child in both:
            child.start()
        for child in both:
            child.join()
    assert sorted(accepted(state).values()) == [1] * 2_000
    assert (states(home), breaches(home)) == (Counter(accepted=2_000), [])
