"""A small house in which a night has closed: its letters lie frozen on disk, due today; and processes that send."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pyarrow.parquet as pq

from models import Channel
from nurture.audit.night_checks import audit
from nurture.channels.envelope import Envelope, as_table
from nurture.channels.registry import Outlet
from nurture.channels.routing import Lane
from nurture.delivery.dispatch import Dispatch, DispatchReport
from nurture.journey import Stage, days, email
from nurture.settings import Settings
from nurture.storage.database import Database, Store
from nurture.storage.process_lease import Holder, this_process
from tests.support.counting_channel import CountingChannel, accepted_by
from tests.support.small import MONDAY, at, consent, journey, lead, night, playbook, put

LETTER = journey(stages=[Stage("only", asks="?", touches=[email("hello", after=days(0))])])
BOOK = playbook(LETTER)
NOON = at(MONDAY).astimezone(UTC)
SHARD = "by-hand.parquet"


def store_of(home: Path) -> Store:
    return Store.of(Settings(home=home))


def build(home: Path, leads: int) -> Path:
    """A home with so many leads, each with one letter due at noon on Monday."""
    move_in(home, leads)
    plan(home, MONDAY)
    return home


def plan(home: Path, day: date) -> None:
    """Close a night and freeze the words of what it planned."""
    with store_of(home).open() as database:
        night(database, BOOK, day)
        freeze_by_hand(database, home / "rendered")


def move_in(home: Path, leads: int) -> None:
    """A home with so many leads, before any night."""
    with store_of(home).open(create=True) as database:
        put(database, lead("model"), consent("model"))
        database.run(f"""
            INSERT INTO lead SELECT lead.* REPLACE (md5('lead' || n)::UUID AS id, 'L' || n AS external_id,
                'l' || n || '@company.example' AS email, 'hash-' || n AS email_hash)
            FROM lead, range({leads}) r(n)""")
        database.run(f"""
            INSERT INTO consent SELECT consent.* REPLACE (md5('consent' || n)::UUID AS id, md5('lead' || n)::UUID AS
            lead_id) FROM consent, range({leads}) r(n)""")
        database.run("DELETE FROM consent WHERE lead_id IN (SELECT id FROM lead WHERE external_id = 'model')")
        database.run("DELETE FROM lead WHERE external_id = 'model'")


def freeze_by_hand(database: Database, rendered: Path) -> None:
    """Words for everything that is planned, as rendering would leave them."""
    planned = database.rows("""
        SELECT replace(id::VARCHAR, '-', ''), journey, touch, channel, night::VARCHAR FROM message
        WHERE state = 'planned' ORDER BY not_before, id""")
    empty = dict.fromkeys(Envelope._fields, "")
    envelopes = [
        Envelope(
            **empty | {"id": id, "journey": name, "touch": touch, "channel": channel, "night": day, "text": "Hello"}
        )
        for id, name, touch, channel, day in planned
    ]
    rendered.mkdir(parents=True, exist_ok=True)
    pq.write_table(as_table(envelopes), rendered / SHARD)
    database.run(f"""
        UPDATE message SET payload_hash = r.hash, payload_file = '{SHARD}'
        FROM read_parquet('{rendered / SHARD}') r WHERE r.id::UUID = message.id""")


def dispatch(home: Path, channel: CountingChannel, now: datetime = NOON) -> DispatchReport:
    """Send what is due in a home, as one process."""
    return Dispatch(store_of(home), Settings(home=home), BOOK, [Outlet(Lane(Channel.EMAIL), channel)], now).run()


def dispatch_until_done(home: Path, channel: CountingChannel, now: datetime = NOON) -> None:
    """Again and again, until nothing is due, in doubt or in somebody's hands."""
    for _ in range(10):
        dispatch(home, channel, now)
        if not {"planned", "claimed", "attempting", "unknown"} & set(states(home)):
            return
    raise AssertionError(f"never done: {states(home)}")


def states(home: Path) -> Counter[str]:
    """How many messages stand where."""
    with store_of(home).open() as database:
        return Counter(dict(database.rows("SELECT state, count(*) FROM message GROUP BY state")))


def ids(home: Path, state: str) -> set[str]:
    """The messages in a state."""
    with store_of(home).open() as database:
        rows = database.rows(f"SELECT replace(id::VARCHAR, '-', '') FROM message WHERE state = '{state}'")
    return {row[0] for row in rows}


def breaches(home: Path) -> list[str]:
    """The promises that the audit finds broken."""
    with store_of(home).open() as database:
        return [f"{found.promise}: {found.examples}" for found in audit(database) if found.breaches]


def prove_all_went_once(home: Path, letters: int) -> None:
    """By the provider's own log, the ledger and the audit."""
    assert sorted(Counter(accepted_by(home / "provider.log")).values()) == [1] * letters
    assert (states(home), breaches(home)) == (Counter(accepted=letters), [])


def lines(home: Path) -> list[dict[str, str]]:
    """Every whole line of every attempt log."""
    texts = [path.read_text() for path in sorted((home / "attempts").rglob("*.ndjson"))]
    return [json.loads(line) for text in texts for line in text.splitlines(keepends=True) if line.endswith("\n")]


def started(home: Path) -> set[str]:
    """The messages of which a start is on disk."""
    return {line["id"] for line in lines(home) if "fate" not in line}


FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(["pytest", "tests.support.homes.due"])


def start(home: Path, channel: CountingChannel, now: datetime = NOON) -> ForkServerProcess:
    """A real process that dispatches; forked from one that has imported everything and opened nothing."""
    child = FORKS.Process(target=dispatch, args=(home, channel, now), daemon=True)
    child.start()
    return child


@contextmanager
def another_process() -> Iterator[tuple[ForkServerProcess, Holder]]:
    """A process that lives until the end of the block, unless it is killed before, and how it calls itself."""
    ours, theirs = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=_tell_and_wait, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        yield process, Holder.named(ours.recv())
    finally:
        process.kill()
        process.join()
        ours.close()


def _tell_and_wait(told: Connection) -> None:
    told.send(str(this_process()))
    time.sleep(600)
