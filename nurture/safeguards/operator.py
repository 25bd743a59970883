"""What an operator may do to messages: hold, release, cancel, resend; and to everything: pause and resume.

All of it moves along the ledger's rules and is written down as theirs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from models import Channel, MessageState, Mover, PauseKind
from nurture.content.send_windows import Slot, business_date, slots
from nurture.errors import InputError
from nurture.journey.definition import Journey
from nurture.journey.playbook import Playbook
from nurture.ledger.message_ids import digest, name_of_message
from nurture.ledger.moves import MOVES, Ledger
from nurture.ledger.states import MAY_HAVE_ARRIVED, ON_ITS_WAY, UNSENT
from nurture.people.channel_addresses import WAYS
from nurture.storage.database import Database
from nurture.storage.sql import Value, literal, texts


@dataclass(frozen=True)
class Selection:
    """Which messages are meant: all that fit everything that is given. ``touch`` may be ``journey/touch``."""

    messages: tuple[UUID, ...] = ()
    lead: str | None = None
    journey: str | None = None
    touch: str | None = None
    channel: Channel | None = None

    def sql(self) -> str:
        """The predicate on ``message`` m.

        Raises:
            InputError: nothing is given: all messages are never meant by accident.
        """
        journey, _, touch = (self.touch or "").rpartition("/")
        wanted: list[tuple[str, Value]] = [
            ("m.journey", self.journey or None),
            ("m.journey", journey or None),
            (name_of_message("m"), touch or None),
            ("m.channel", self.channel),
        ]
        parts = [f"{column} = {literal(value)}" for column, value in wanted if value is not None]
        if self.messages:
            parts.append(f"m.id IN {texts(*map(str, self.messages))}")
        if self.lead is not None:
            parts.append(f"m.lead_id IN (SELECT id FROM lead WHERE external_id = {literal(self.lead)})")
        if not parts:
            raise InputError("Say which messages: their ids, --lead, --journey, --touch or --channel.")
        return "(" + " AND ".join(parts) + ")"


def select(
    database: Database, messages: Sequence[str], lead: str | None, journey: str | None, touch: str | None,
    channel: Channel | None,
) -> Selection:  # fmt: skip
    """What a person typed, as a selection.

    Raises:
        InputError: an id fits no message, or several; a lead, journey or touch of that name has none; parts are empty
            or contradict each other: all messages are never meant by accident.
    """
    named, _, key = (touch or "").rpartition("/")
    if "" in (lead, journey, touch) or (touch is not None and not key) or touch == f"/{key}":
        raise InputError("An option is empty. Say which messages: their ids, --lead, --journey, --touch or --channel.")
    if named and journey not in (None, named):
        raise InputError(f"--journey {journey} and --touch {touch} contradict each other.")
    known = (
        ("lead", "lead.external_id", lead), ("journey", "m.journey", journey or named or None),
        ("touch", name_of_message("m"), key or None),
    )  # fmt: skip
    for what, column, value in known:
        joined = f"FROM message m JOIN lead ON lead.id = m.lead_id WHERE {column} = {literal(value)}"
        if value is not None and not database.rows(f"SELECT 1 {joined} LIMIT 1"):
            raise InputError(f"No message has the {what} {value!r}.")
    return Selection(tuple(find_message(database, each) for each in messages), lead, journey, touch, channel)


def find_message(database: Database, typed: str) -> UUID:
    """The message whose id begins as typed.

    Raises:
        InputError: fewer than 8 digits, or no message begins so, or several do.
    """
    digits = typed.replace("-", "").lower()
    if not re.fullmatch("[0-9a-f]{8,32}", digits):
        raise InputError(f"{typed!r} is no message id: 8 or more of its digits (0-9, a-f) are needed.")
    rows = database.rows(f"""
        SELECT id FROM message WHERE starts_with(replace(id::VARCHAR, '-', ''), {literal(digits)}) LIMIT 2""")
    if len(rows) != 1:
        raise InputError(f"{typed}: {'several messages begin' if rows else 'no message begins'} so.")
    return UUID(str(rows[0][0]))


@dataclass(frozen=True)
class Moved:
    """How many of the selected messages moved; the others had gone too far, by the state in which they stand."""

    moved: int
    stayed: dict[str, int]


@dataclass(frozen=True)
class Operator:
    """A person's hand on the ledger, at a moment."""

    database: Database
    playbook: Playbook
    now: datetime

    def hold(self, which: Selection) -> Moved:
        """Keep planned messages back until they are released."""
        return self._move(which, (MessageState.PLANNED,), MessageState.HELD)

    def release(self, which: Selection) -> Moved:
        """Let held messages go on."""
        return self._move(which, (MessageState.HELD,), MessageState.PLANNED)

    def cancel(self, which: Selection) -> Moved:
        """End messages that were not sent; one in doubt is given up (``abandoned``)."""
        ended = self._move(which, (*UNSENT, MessageState.WAITING), MessageState.CANCELLED)
        given_up = self._move(which, (MessageState.UNKNOWN,), MessageState.ABANDONED)
        stayed = self._standing(which, (MessageState.CANCELLED, MessageState.ABANDONED))
        return Moved(ended.moved + given_up.moved, stayed)

    def replan(self, which: Selection) -> Moved:
        """Take the words of unsent messages away, so that they are rendered again as a new revision."""
        with self.database.transaction():
            moved = self.database.run(f"""
                UPDATE message m SET revision = revision + 1, payload_hash = NULL, payload_file = NULL
                WHERE {which.sql()} AND m.state IN {texts(*UNSENT)}""")
            return Moved(moved, self._standing(which, UNSENT))

    def _move(self, which: Selection, sources: tuple[MessageState, ...], to: MessageState) -> Moved:
        ledger = Ledger(self.database, self.now, Mover.OPERATOR)
        with self.database.transaction():
            moved = ledger.move(
                f"SELECT m.id, 'by hand' AS why FROM message m WHERE {which.sql()} AND m.state IN {texts(*sources)}", to
            )
            return Moved(moved, self._standing(which, (*sources, to)))

    def _standing(self, which: Selection, besides: tuple[MessageState, ...]) -> dict[str, int]:
        rows = self.database.rows(f"""
            SELECT state, count(*) FROM message m WHERE {which.sql()} AND m.state NOT IN {texts(*besides)}
            GROUP BY state ORDER BY state""")
        return {row[0]: row[1] for row in rows}

    def resend(self, message: UUID, *, again: bool) -> UUID:
        """Plan a copy of a message that ended; the copy's id. Its words are rendered anew, its checks asked anew.

        Args:
            again: Also if a provider took it, or may have: they may get it twice.

        Raises:
            InputError: there is no such message, it or a copy is still on its way, or may have arrived and ``again`` is
                false.
        """
        with self.database.transaction():
            state = self._state_for_resend(message, again=again)
            if MessageState.ABANDONED in MOVES[state]:
                Ledger(self.database, self.now, Mover.OPERATOR).move(
                    f"SELECT {literal(message)} AS id, 'sent again by hand' AS why", MessageState.ABANDONED
                )
            return self._copy(message)

    def _state_for_resend(self, message: UUID, *, again: bool) -> MessageState:
        rows = self.database.rows(f"SELECT state FROM message WHERE id = {literal(message)}")
        if not rows:
            raise InputError(f"{message}: there is no such message. `nurture explain LEAD --json` lists a lead's.")
        copies = {MessageState(row[0]) for row in self.database.rows(f"SELECT c.state {_copies(message)}")}
        if under_way := copies & set(ON_ITS_WAY):
            raise InputError(
                f"{message}: {min(under_way)} already, it or a copy. It goes by itself; or cancel it first."
            )
        if (perhaps := copies & set(MAY_HAVE_ARRIVED)) and not again:
            raise InputError(f"{message}: {min(perhaps)}, it or a copy. Add --again to risk that they get it twice.")
        return MessageState(rows[0][0])

    def _copy(self, message: UUID) -> UUID:
        """A planned copy with the next resend number, to today's address, in the recipient's next window."""
        number = self.database.one(f"SELECT max(c.resend) + 1 {_copies(message)}")[0]
        named = digest("m", "m.leg", str(number))
        copy: UUID = self.database.one(f"SELECT {named}::UUID FROM message m WHERE m.id = {literal(message)}")[0]
        slot = self._next_window(message)
        hashes = " ".join(f"WHEN {literal(way.channel)} THEN lead.{way.hash}" for way in WAYS)
        self.database.run(f"""
            INSERT INTO message BY NAME
            SELECT m.* REPLACE (
                {literal(copy)} AS id, {number} AS resend, 'planned' AS state,
                {literal(business_date(self.now, self.playbook.zone))} AS night,
                CASE WHEN NOT m.internal THEN CASE m.channel {hashes} END END AS address_hash,
                {literal(slot.send_day)} AS send_day, {literal(slot.opens)} AS not_before,
                {literal(slot.closes)} AS not_after,
                {literal(slot.send_day)} + {self.playbook.policy.grace} AS expires_on, 1 AS revision, 0 AS fence,
                NULL AS payload_hash, NULL AS payload_file, NULL AS batch_id, NULL AS provider_id, NULL AS moved_at)
            FROM message m JOIN lead ON lead.id = m.lead_id WHERE m.id = {literal(message)}""")
        return copy

    def _next_window(self, message: UUID) -> Slot:
        zone, country = self.database.one(f"""
            SELECT CASE WHEN m.internal THEN staff.timezone ELSE lead.timezone END,
                   CASE WHEN m.internal THEN staff.country ELSE lead.country END
            FROM message m JOIN lead ON lead.id = m.lead_id LEFT JOIN staff ON staff.id = m.owner_id
            WHERE m.id = {literal(message)}""")
        policy, business = self.playbook.policy, self.playbook.zone
        place = (zone or business.key, country or policy.country)
        today = business_date(self.now, business)
        coming = (slots([place], day, policy, business)[0] for day in (today, today + timedelta(days=1)))
        return next(slot for slot in coming if slot.closes > self.now)

    def pause(self, kind: PauseKind, name: str, why: str) -> str:
        """Claim nothing of a journey, a touch, a channel, or at all, until it is resumed; the full name of it."""
        name = self._full_name(kind, name)
        self.database.run(f"""
            INSERT OR REPLACE INTO pause VALUES ({literal(kind)}, {literal(name)}, {literal(self.now)},
                {literal(Mover.OPERATOR)}, {literal(why)})""")
        return name

    def resume(self, kind: PauseKind, name: str) -> str:
        """End a pause.

        Raises:
            InputError: nothing of that name is paused.
        """
        rows = self.database.rows("SELECT kind, name FROM pause ORDER BY ALL")
        wanted = "all" if kind is PauseKind.ALL else name
        found = [full for of, full in rows if of == kind and (full == wanted or full.endswith(f"/{wanted}"))]
        if len(found) != 1:
            paused = ", ".join(f"{of} {full}" for of, full in rows) or "nothing"
            raise InputError(f"{kind} {name}: {'several are' if found else 'is not'} paused. Paused: {paused}.")
        with self.database.transaction():
            self.database.run(f"DELETE FROM pause WHERE kind = {literal(kind)} AND name = {literal(found[0])}")
            self.database.run(f"""
                INSERT OR REPLACE INTO released VALUES ({literal(kind)}, {literal(found[0])}, {literal(self.now)})""")
        return str(found[0])

    def _full_name(self, kind: PauseKind, name: str) -> str:
        match kind:
            case PauseKind.ALL:
                return "all"
            case PauseKind.CHANNEL:
                known = [channel.value for channel in Channel] + list(self.playbook.policy.email.names)
            case PauseKind.JOURNEY:
                known = [journey.name for journey in self.playbook.journeys]
            case PauseKind.TOUCH:
                known = [full for journey in self.playbook.journeys for full in _touches(journey)]
        found = [each for each in known if each == name or (kind is PauseKind.TOUCH and each.endswith(f"/{name}"))]
        if len(found) != 1:
            raise InputError(f"No {kind} is called {name!r}. Known: {', '.join(found or known)}.")
        return str(found[0])


def _copies(message: UUID) -> str:
    """FROM and WHERE: a message ``c`` and all its copies."""
    same = ("kind", "journey", "lead_id", "touch", "subject", "enrolment_number", "leg")
    alike = " AND ".join(f"c.{column} IS NOT DISTINCT FROM m.{column}" for column in same)
    return f"FROM message c JOIN message m ON {alike} WHERE m.id = {literal(message)}"


def _touches(journey: Journey) -> list[str]:
    return [f"{journey.name}/{touch.key}" for _, touch in journey.touches()]
