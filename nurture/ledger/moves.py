"""The ledger: where a message may go from where it stands, and the one way in which it moves.

Every move raises the message's fence by one and leaves one row of ``message_move``: who, when, why. A move that is not
in ``MOVES`` does not happen, whoever asks.
"""

from dataclasses import dataclass
from datetime import datetime

from models import MessageState, Mover
from nurture.storage.database import Database
from nurture.storage.sql import literal, texts

S = MessageState

MOVES: dict[MessageState, frozenset[MessageState]] = {
    S.PLANNED: frozenset({S.HELD, S.CLAIMED, S.SUPPRESSED, S.CANCELLED, S.EXPIRED}),
    S.HELD: frozenset({S.PLANNED, S.SUPPRESSED, S.CANCELLED, S.EXPIRED}),
    S.CLAIMED: frozenset({S.ATTEMPTING, S.PLANNED, S.SUPPRESSED}),
    S.ATTEMPTING: frozenset({S.ACCEPTED, S.REJECTED, S.UNKNOWN, S.PLANNED, S.WAITING}),
    S.WAITING: frozenset({S.ACCEPTED, S.DECLINED, S.CANCELLED, S.EXPIRED}),
    S.UNKNOWN: frozenset({S.ACCEPTED, S.PLANNED, S.ABANDONED}),
    S.ACCEPTED: frozenset(),
    S.REJECTED: frozenset(),
    S.DECLINED: frozenset(),
    S.CANCELLED: frozenset(),
    S.EXPIRED: frozenset(),
    S.SUPPRESSED: frozenset(),
    S.ABANDONED: frozenset(),
}
"""From each state, the states that may follow. One without any is an end."""


@dataclass(frozen=True)
class Ledger:
    """Moves messages, at a moment, in somebody's name."""

    database: Database
    now: datetime
    mover: Mover

    def move(self, messages: str, to: MessageState) -> int:
        """Move the messages of a query with the columns ``id`` and ``why``; the number of those that moved.

        Those that may not go there from where they stand stay as they are.
        """
        sources = texts(*(state for state, following in MOVES.items() if to in following))
        with self.database.transaction():
            moved = self.database.make(
                "moving_message",
                f"""SELECT m.id, m.fence, m.state, q.why FROM ({messages}) q JOIN message m ON m.id = q.id
                    WHERE m.state IN {sources}""",
            )
            if moved:
                self._write(to)
        return moved

    def _write(self, to: MessageState) -> None:
        self.database.run(f"""
            INSERT INTO message_move (message_id, fence, from_state, to_state, moved_at, mover, why)
            SELECT id, fence + 1, state, {literal(to)}, {literal(self.now)}, {literal(self.mover)}, why
            FROM moving_message""")
        self.database.run(f"""
            UPDATE message SET state = {literal(to)}, fence = message.fence + 1, moved_at = {literal(self.now)}
            FROM moving_message WHERE moving_message.id = message.id""")
