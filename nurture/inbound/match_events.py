"""Signs into the table ``signal``, each once; and whose message each is.

By our own id first, then by the provider's; both are sure. Some late bounces name only an address: then it is taken for
the last message to that address, and called unsure. As facts arrive in any order, what has no sure message yet is asked
again for some days.
"""

from collections.abc import Sequence
from datetime import datetime

from models import MessageState, Mover
from nurture.channels.delivery_events import Sign
from nurture.keys.address_hashes import AddressKey
from nurture.ledger.moves import Ledger
from nurture.people.contact_points import one_email
from nurture.storage.database import Database
from nurture.storage.sql import literal
from nurture.storage.temp_tables import DAY, FLAG, MOMENT, TEXT, RowTable, TempTable

SIGNS = RowTable("match", "sign", {
    "key": TEXT, "event_key": TEXT, "kind": TEXT, "meaning": TEXT, "named": TEXT, "provider_id": TEXT,
    "address_hash": TEXT, "target": TEXT, "machine": FLAG, "occurred_at": MOMENT, "occurred_on": DAY,
})  # fmt: skip
HOMELESS = TempTable("match", "homeless")

ASKED_AGAIN_DAYS = 4
"""Providers send an event again for a day, and are told late of some for longer."""

LAST_MESSAGE_DAYS = 30


def write_signs(database: Database, signs: Sequence[Sign], key: AddressKey, seen_at: datetime) -> int:
    """Add the signs that are not known yet, by what they say or by the provider's id; how many there were."""
    if not signs:
        return 0
    addresses = {address: _hash(address, key) for address in {each.address for each in signs} if address}
    SIGNS.fill(database, [_row(each, addresses.get(each.address or "")) for each in signs])
    return database.run(f"""
        INSERT INTO signal (key, event_key, kind, meaning, named, provider_id, address_hash, sure, target, machine,
            occurred_at, occurred_on, seen_at)
        SELECT key::UUID, event_key::UUID, kind, meaning, named::UUID, provider_id, address_hash, false, target,
               machine, occurred_at, occurred_on, {literal(seen_at)}
        FROM (
            SELECT * FROM {SIGNS} WHERE true
            QUALIFY row_number() OVER (PARTITION BY key ORDER BY occurred_at, event_key) = 1
                AND row_number() OVER (PARTITION BY coalesce(event_key, key) ORDER BY occurred_at, key) = 1
        )
        WHERE key::UUID NOT IN (SELECT key FROM signal WHERE key IN (SELECT key::UUID FROM {SIGNS}))
          AND (event_key IS NULL OR event_key::UUID NOT IN (
              SELECT event_key FROM signal WHERE event_key IN (SELECT event_key::UUID FROM {SIGNS})))""")


def _row(sign: Sign, address_hash: str | None) -> tuple[object, ...]:
    key, event_key, named = (str(each) if each else None for each in (sign.key, sign.event_key, sign.named))
    told = (key, event_key, sign.kind.value, sign.meaning.value, named, sign.provider_id, address_hash, sign.target)
    return (*told, sign.machine, sign.at, sign.on)


def _hash(address: str, key: AddressKey) -> str | None:
    normal = one_email(address)
    return key.hash(normal) if normal else None


def match_signals(database: Database, seen_at: datetime) -> None:
    """Find the messages of the signals that have no sure one yet."""
    recent = f"NOT sure AND seen_at >= {literal(seen_at)} - INTERVAL {ASKED_AGAIN_DAYS} DAY"
    if not HOMELESS.make(database, f"SELECT * FROM signal WHERE {recent}"):
        return
    database.make(
        "home",
        f"""
        SELECT h.key, coalesce(named.id, provided.id, latest.id) AS message_id,
               named.id IS NOT NULL OR provided.id IS NOT NULL AS sure
        FROM {HOMELESS} h
        LEFT JOIN (SELECT id FROM message WHERE id IN (SELECT named FROM {HOMELESS})) named ON named.id = h.named
        LEFT JOIN (
            SELECT provider_id, min(id) AS id FROM message
            WHERE provider_id IN (SELECT provider_id FROM {HOMELESS}) GROUP BY provider_id
        ) provided ON provided.provider_id = h.provider_id
        LEFT JOIN ({_latest()}) latest ON latest.key = h.key""",
    )
    database.run("""
        UPDATE signal SET message_id = home.message_id, sure = home.sure FROM home
        WHERE home.key = signal.key AND home.message_id IS NOT NULL""")


def _latest() -> str:
    """The last message that went to the address of a signal, before it."""
    return f"""
        SELECT h.key, arg_max(m.id, (m.moved_at, m.id)) AS id
        FROM {HOMELESS} h JOIN message m ON m.address_hash = h.address_hash
        WHERE m.state IN ('accepted', 'unknown') AND m.moved_at <= h.occurred_at
          AND m.moved_at >= h.occurred_at - INTERVAL {LAST_MESSAGE_DAYS} DAY GROUP BY h.key"""


def settle_doubts(database: Database, now: datetime) -> int:
    """Messages in doubt of which the provider speaks were accepted; the number of those."""
    heard = (
        "SELECT message_id, any_value(provider_id) AS provider_id FROM signal WHERE sure AND provider_id IS NOT NULL"
    )
    if not database.make(
        "proved",
        f"""SELECT m.id, 'proved: the provider tells of it' AS why, s.provider_id FROM message m
            JOIN ({heard} GROUP BY message_id) s ON s.message_id = m.id
            WHERE m.state = 'unknown' OR (m.state = 'accepted' AND m.provider_id IS NULL)""",
    ):
        return 0
    database.run("UPDATE message SET provider_id = proved.provider_id FROM proved WHERE proved.id = message.id")
    return Ledger(database, now, Mover.DISPATCH).move("SELECT id, why FROM proved", MessageState.ACCEPTED)
