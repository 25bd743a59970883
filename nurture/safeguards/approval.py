"""Approving: a live night that is large, or that says something new, waits until a person has looked at it.

Held in the very transaction that brings the words, so that no dispatch comes between. What a person approves are the
texts as they were then, and this night; the next one waits again only if it is large or says something new.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from models import Channel, MessageState, Mover
from nurture.content.brand import Voice
from nurture.content.catalogue import ContentFile, attachment
from nurture.errors import InputError
from nurture.journey.playbook import Playbook
from nurture.ledger.moves import Ledger
from nurture.storage.database import Database
from nurture.storage.sql import literal, texts
from nurture.storage.temp_tables import TEXT, RowTable, TempTable

SAID = RowTable("approval", "said", dict.fromkeys(("journey", "touch", "channel", "digest"), TEXT))
FRESH = TempTable("approval", "fresh")
DOUBTFUL = TempTable("approval", "doubtful")
WAITING = TempTable("approval", "waiting")

AWAITS = "awaits approval"
SAMPLES = 3
"""Messages of each touch that are shown to whom approves."""

HELD_FOR_IT = f"""SELECT m.* FROM message m JOIN message_move h ON h.message_id = m.id AND h.fence = m.fence
    WHERE m.state = 'held' AND h.why = '{AWAITS}'"""


@dataclass(frozen=True)
class WaitingTouch:
    """A touch of a night that waits: how many messages, how many the night before, why, and some of their ids."""

    journey: str
    touch: str
    channel: str
    messages: int
    night_before: int
    why: str
    samples: tuple[str, ...]


@dataclass(frozen=True)
class WaitingNight:
    """A night whose messages may not go to people yet."""

    night: date
    touches: tuple[WaitingTouch, ...]

    @property
    def messages(self) -> int:
        """How many wait."""
        return sum(touch.messages for touch in self.touches)


def digests(content: Iterable[ContentFile], voice: Voice) -> list[tuple[str, str, str, str]]:
    """What every touch says, in every variant and with its frame, as one SHA-256 a (journey, touch, channel)."""
    frame = repr(voice)
    said: dict[tuple[str, str, str], list[str]] = {}
    for file in content:
        attached = [hashlib.sha256(attachment(file, name).read_bytes()).hexdigest() for name in file.attachments]
        words = repr((replace(file, path=Path(file.path.name)), attached))
        said.setdefault((file.journey, file.touch, file.channel.value), []).append(words)
    rows = [(*place, hashlib.sha256("\0".join([frame, *words]).encode()).hexdigest()) for place, words in said.items()]
    return rows


def hold_or_clear(
    database: Database, playbook: Playbook, voice: Voice, kinds: Iterable[Channel], night: date, now: datetime,
    printed: TempTable,
) -> int:  # fmt: skip
    """After words were frozen, in the same transaction: hold what a person must see, clear the rest.

    The number of messages that wait.
    """
    SAID.fill(database, digests(playbook.content, voice))
    FRESH.make(
        database,
        f"""SELECT m.id, m.night, m.journey, m.touch, m.channel FROM {printed} p JOIN message m ON m.id = p.id
            WHERE NOT m.internal AND m.state = 'planned' AND m.channel IN {texts(*kinds)}""",
    )
    DOUBTFUL.make(database, _doubtful(playbook.policy.email.hold_above))
    held = Ledger(database, now, Mover.NIGHT).move(
        f"SELECT id, '{AWAITS}' AS why FROM {FRESH} WHERE night IN (SELECT night FROM {DOUBTFUL})",
        MessageState.HELD,
    )
    database.run(f"INSERT OR REPLACE INTO awaiting SELECT night, journey, touch, channel, digest, why FROM {DOUBTFUL}")
    database.run(f"""
        INSERT OR IGNORE INTO clearance
        SELECT night, {literal(now)}, {literal(Mover.NIGHT)}
        FROM (SELECT night FROM {FRESH} UNION SELECT {literal(night)})
        WHERE night NOT IN (SELECT night FROM {DOUBTFUL})""")
    return held


def _doubtful(hold_above: int | None) -> str:
    """The touches of the nights that a person must see: of each, whether it is new, has changed, or is as it was."""
    many = f"NOT cleared AND messages > {hold_above}" if hold_above is not None else "false"
    return f"""
        SELECT night, journey, touch, channel, coalesce(digest, '') AS digest,
               CASE WHEN why <> '' THEN why ELSE 'volume' END AS why
        FROM (
            SELECT *, bool_or(why <> '') OVER (PARTITION BY night) OR ({many}) AS waits FROM (
                SELECT f.*, s.digest, c.night IS NOT NULL AS cleared, sum(f.of_touch) OVER (PARTITION BY f.night)
                           + coalesce(e.earlier, 0) AS messages,
                       CASE WHEN a.digest IS NULL THEN 'new' WHEN a.digest IS DISTINCT FROM s.digest THEN 'changed'
                            ELSE '' END AS why
                FROM (SELECT night, journey, touch, channel, count(*) AS of_touch FROM {FRESH} GROUP BY ALL) f
                LEFT JOIN {SAID} s ON s.journey = f.journey AND s.touch = f.touch AND s.channel = f.channel
                LEFT JOIN approved_text a ON a.journey = f.journey AND a.touch = f.touch AND a.channel = f.channel
                LEFT JOIN clearance c ON c.night = f.night
                LEFT JOIN (
                    SELECT night, count(*) AS earlier FROM message
                    WHERE NOT internal AND payload_hash IS NOT NULL AND channel IN (SELECT channel FROM {FRESH})
                      AND night IN (SELECT night FROM {FRESH}) AND id NOT IN (SELECT id FROM {FRESH}) GROUP BY night
                ) e ON e.night = f.night
            )
        ) WHERE waits"""


def read_waiting(database: Database, kinds: Iterable[Channel]) -> tuple[WaitingNight, ...]:
    """Every night that waits, with what waits in it: held for it, or planned before anybody went live."""
    WAITING.make(
        database,
        f"""SELECT id, night, journey, touch, channel FROM ({HELD_FOR_IT})
            UNION ALL SELECT m.id, m.night, m.journey, m.touch, m.channel FROM message m
            WHERE m.state = 'planned' AND NOT m.internal AND m.channel IN {texts(*kinds)}
              AND m.payload_hash IS NOT NULL AND m.night NOT IN (SELECT night FROM clearance)""",
    )
    rows = database.rows(f"""
        SELECT w.night, w.journey, w.touch, w.channel, w.messages, coalesce(b.messages, 0),
               coalesce(a.why, 'planned before going live'), w.samples
        FROM (
            SELECT night, journey, touch, channel, count(*) AS messages,
                   list(replace(id::VARCHAR, '-', '') ORDER BY id)[:{SAMPLES}] AS samples
            FROM {WAITING} GROUP BY night, journey, touch, channel
        ) w
        LEFT JOIN awaiting a
            ON a.night = w.night AND a.journey = w.journey AND a.touch = w.touch AND a.channel = w.channel
        LEFT JOIN (
            SELECT w.night AS of_night, m.journey, m.touch, m.channel, count(*) AS messages
            FROM (SELECT w.night, max(m.night) AS before FROM (SELECT DISTINCT night FROM {WAITING}) w
                  JOIN message m ON m.night < w.night GROUP BY w.night) w
            JOIN message m ON m.night = w.before WHERE NOT m.internal GROUP BY ALL
        ) b ON b.of_night = w.night AND b.journey = w.journey AND b.touch = w.touch AND b.channel = w.channel
        ORDER BY w.night, w.messages DESC, w.journey, w.touch""")
    nights: dict[date, list[WaitingTouch]] = {}
    for night, journey, touch, channel, messages, before, why, samples in rows:
        found = WaitingTouch(journey, touch, channel, messages, before, why, tuple(samples))
        nights.setdefault(night, []).append(found)
    return tuple(WaitingNight(night, tuple(touches)) for night, touches in nights.items())


def approve(
    database: Database, kinds: Iterable[Channel], night: date, now: datetime, *, messages: int | None = None
) -> int:
    """Let a night go to people, with the texts that it has; the number of messages that waited.

    Args:
        messages: How many the person saw: when others wait by now, nothing is approved.

    Raises:
        InputError: nothing of this night waits, or not what the person saw.
    """
    with database.transaction():
        waiting = {each.night: each for each in read_waiting(database, kinds)}
        if night not in waiting:
            others = ", ".join(map(str, waiting)) or "none"
            raise InputError(f"No message of night {night} waits for an approval. Nights that do: {others}.")
        found = waiting[night].messages
        if messages not in (None, found):
            raise InputError(f"Night {night}: {found:,} messages wait, not {messages:,}. Look again: nurture approve")
        which = f"SELECT id, 'approved' AS why FROM ({HELD_FOR_IT}) WHERE night = {literal(night)}"
        Ledger(database, now, Mover.OPERATOR).move(which, MessageState.PLANNED)
        database.run(f"""
            INSERT OR REPLACE INTO clearance VALUES ({literal(night)}, {literal(now)}, {literal(Mover.OPERATOR)})""")
        database.run(f"""
            INSERT OR REPLACE INTO approved_text SELECT journey, touch, channel, digest, {literal(now)}
            FROM awaiting WHERE night = {literal(night)}""")
        database.run(f"DELETE FROM awaiting WHERE night = {literal(night)}")
    return found
