"""Claiming: of what is planned and due, what may go out this minute; and everything that stops a message, asked again.

One transaction: what withdrew its consent ends, what left its journey ends, what must wait waits, and the rest is
claimed by this process for the length of a lease. ``docs/delivery.md`` is the contract.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from models import MessageKind, MessageState, Mover
from nurture.channels.routing import Lane
from nurture.content.send_windows import business_date, is_open
from nurture.delivery.limits import ASKED, CANDIDATES, Limits
from nurture.journey.definition import Journey
from nurture.journey.playbook import Playbook
from nurture.ledger.message_ids import name_of_message
from nurture.ledger.moves import Ledger
from nurture.night.eligibility import CANCELLING, SUPPRESSING, message_fault
from nurture.night.facts import lead_with_evidence, take_facts, take_standing
from nurture.safeguards.restore_guard import Restored, read_restored
from nurture.storage.database import Database
from nurture.storage.process_lease import Lease, this_process
from nurture.storage.sql import literal, texts
from nurture.storage.temp_tables import DAY, FLAG, TEXT, RowTable, TempTable

PLACES = RowTable("claim", "place", {"zone": TEXT, "country": TEXT, "today": DAY, "open": FLAG})
CONCERNED = TempTable("claim", "concerned")
JUDGED = TempTable("claim", "judged")


class Key(NamedTuple):
    """How far a dispatch has come: the next batch lies above it."""

    not_before: datetime
    id: UUID


START = Key(datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Claimed:
    """One message that is ours to send, and where its frozen words are."""

    id: str
    fence: int
    payload_file: str
    payload_hash: str


@dataclass(frozen=True)
class Claim:
    """A batch: its messages, how many were stopped or left waiting and why, and where to go on (``None``: all seen)."""

    batch: UUID
    lease: Lease
    messages: tuple[Claimed, ...]
    stopped: dict[str, int] = field(default_factory=dict)
    next: Key | None = None

    @property
    def claimed_at(self) -> datetime:
        """When it was claimed, by the clock on the wall; names the folder of its attempt log."""
        return self.lease.taken_at


@dataclass(frozen=True)
class Claiming:
    """Claims the due messages of one lane at one moment."""

    database: Database
    playbook: Playbook
    lane: Lane
    now: datetime

    def claim(self, above: Key, most: int) -> Claim:
        """The next batch above a key, in the order of ``not_before``; nothing while the guard of a restore stands."""
        lease, batch = Lease.taken(), uuid4()
        with self.database.transaction():
            restored = read_restored(self.database)
            if restored and restored.guarded:
                return Claim(batch, lease, ())
            self._take_places()
            due = self._due(above, self._proved(restored))
            most = self._limits.of_ramp(most)
            if not most:
                return Claim(batch, lease, (), self._all_wait(due))
            if not CANDIDATES.make(self.database, _first(due, most)):
                return Claim(batch, lease, ())
            self._judge()
            stopped = self._stopped()
            self._end_what_stopped()
            return Claim(batch, lease, self._claim(batch, lease), stopped, self._next(most))

    @property
    def _limits(self) -> Limits:
        return Limits(self.database, self.playbook, self.lane, self.now)

    def _take_places(self) -> None:
        """Where people are, what date it is there, and whether their window is open."""
        zone, country = literal(self.playbook.zone.key), literal(self.playbook.policy.country)
        found = self.database.rows(f"""
            SELECT DISTINCT coalesce(timezone, {zone}) AS zone, coalesce(country, {country}) AS country FROM lead
            UNION SELECT DISTINCT coalesce(timezone, {zone}), coalesce(country, {country}) FROM staff""")
        policy, business = self.playbook.policy, self.playbook.zone
        places = [(row[0], row[1], *is_open(row[0], row[1], self.now, policy, business)) for row in found]
        PLACES.fill(self.database, places)

    def _proved(self, restored: Restored | None) -> str:
        """The predicate that a message did not leave in the time that a restore took away."""
        doubts = restored is not None and restored.doubts(self.now)
        return "m.id IN (SELECT message_id FROM absence)" if doubts else "true"

    def _due(self, above: Key, proved: str) -> str:
        """What the lane takes, above a key, where it is time and not too late."""
        zone, country = literal(self.playbook.zone.key), literal(self.playbook.policy.country)
        due = f"""
            SELECT m.id, m.not_before, m.expires_on, m.kind = {literal(MessageKind.REPLY_CARD)} AS at_any_hour,
                   coalesce(CASE WHEN m.internal THEN staff.timezone ELSE lead.timezone END, {zone}) AS zone,
                   coalesce(CASE WHEN m.internal THEN staff.country ELSE lead.country END, {country}) AS country
            FROM message m JOIN lead ON lead.id = m.lead_id LEFT JOIN staff ON staff.id = m.owner_id
            WHERE m.state = 'planned' AND m.payload_hash IS NOT NULL AND m.channel = {literal(self.lane.kind)}
              AND m.not_before <= {literal(self.now)} AND {proved} AND {self.lane.takes} AND {self._cleared()}
              AND m.not_before >= {literal(above.not_before)}
              AND (m.not_before > {literal(above.not_before)} OR m.id > {literal(above.id)})"""
        return f"""
            SELECT d.id, d.not_before, p.today FROM ({due}) d
            JOIN {PLACES} p ON p.zone = d.zone AND p.country = d.country
            WHERE (p.open OR d.at_any_hour) AND d.expires_on >= p.today"""

    def _cleared(self) -> str:
        """The predicate that a night may go to people."""
        return "m.night IN (SELECT night FROM clearance)" if self.lane.live else "true"

    def _all_wait(self, due: str) -> dict[str, int]:
        waiting = self.database.one(f"SELECT count(*) FROM ({due})")[0]
        return {"ramp": waiting} if waiting else {}

    def _judge(self) -> None:
        """Make ``judged``: every candidate, with why it may not go now (empty: it may)."""
        CONCERNED.make(self.database, self._concerned())
        self.database.run(f"""
            CREATE OR REPLACE TEMP VIEW tonight_lead AS
            SELECT * FROM reader WHERE id IN (SELECT lead_id FROM {CONCERNED})""")
        today = business_date(self.now, self.playbook.zone)
        tomorrow = today + timedelta(days=1)
        take_standing(self.database, self.playbook, tomorrow, stood_before=today, withdrawn_until=date.max)
        present = {row[0] for row in self.database.rows(f"SELECT DISTINCT journey FROM {CANDIDATES}")}
        journeys = [journey for journey in self.playbook.journeys if journey.name in present]
        for journey in journeys:
            ours = f"i.lead_id IN (SELECT lead_id FROM {CONCERNED})"
            take_facts(self.database, journey, self.playbook, tomorrow, only=ours)
        nothing = "SELECT NULL::UUID AS id, NULL AS why WHERE false"
        ASKED.make(self.database, " UNION ALL ".join(self._asked(journey) for journey in journeys) or nothing)
        JUDGED.make(self.database, self._limits.judged())

    def _concerned(self) -> str:
        """The leads of the candidates, and those colleagues whose goal would stop a whole buying group."""
        scoped = texts(*(journey.name for journey in self.playbook.journeys if journey.goal_scope == "account"))
        return f"""
            SELECT lead_id FROM {CANDIDATES} UNION
            SELECT e.lead_id FROM enrolment e JOIN lead ON lead.id = e.lead_id
            WHERE e.left_on IS NULL AND e.journey IN {scoped}
              AND lead.account_id IN (SELECT account_id FROM {CANDIDATES} WHERE journey IN {scoped})"""

    def _reached(self, journey: Journey) -> str:
        """The predicate that a lead reached the goal, or a colleague where one is enough."""
        goal = journey.goal.sql()
        if journey.goal_scope != "account":
            return goal
        return f"""({goal} OR coalesce(lead.account_id IN (
            SELECT lead.account_id FROM {lead_with_evidence(journey)} JOIN enrolment e ON e.lead_id = lead.id
            WHERE e.left_on IS NULL AND e.journey = {literal(journey.name)} AND {goal}), false))"""

    def _asked(self, journey: Journey) -> str:
        """Everything but the caps, for one journey."""
        fault = message_fault(self.playbook, journey, self.lane.kind, self._reached(journey), self._paused())
        return f"""
            SELECT c.id, {fault} AS why
            FROM {CANDIDATES} c JOIN {lead_with_evidence(journey)} ON lead.id = c.lead_id
            JOIN enrolment e ON e.id = c.enrolment_id
            WHERE c.journey = {literal(journey.name)}"""

    def _paused(self) -> str:
        rows = self.database.rows("SELECT kind, name FROM pause")
        named = {
            "all": "true",
            "channel": f"{{}} IN {texts(self.lane.kind, self.lane.provider)}",
            "journey": "c.journey = {}",
            "touch": f"concat_ws('/', c.journey, {name_of_message('c')}) = {{}}",
        }
        return "(" + (" OR ".join(named[kind].format(literal(name)) for kind, name in rows) or "false") + ")"

    def _stopped(self) -> dict[str, int]:
        rows = self.database.rows(f"SELECT why, count(*) FROM {JUDGED} WHERE why <> '' GROUP BY why ORDER BY why")
        return {row[0]: row[1] for row in rows}

    def _end_what_stopped(self) -> None:
        ledger = Ledger(self.database, self.now, Mover.DISPATCH)
        for reasons, state in ((SUPPRESSING, MessageState.SUPPRESSED), (CANCELLING, MessageState.CANCELLED)):
            ledger.move(f"SELECT id, why FROM {JUDGED} WHERE why IN {texts(*reasons)}", state)

    def _claim(self, batch: UUID, lease: Lease) -> tuple[Claimed, ...]:
        claimed = Ledger(self.database, self.now, Mover.DISPATCH).move(
            f"SELECT id, '' AS why FROM {JUDGED} WHERE why = ''", MessageState.CLAIMED
        )
        if not claimed:
            return ()
        self.database.run(f"""
            INSERT INTO batch VALUES ({literal(batch)}, {literal(self.lane.kind)}, {literal(str(this_process()))},
                {lease.until}, {literal(lease.taken_at)}, {literal(self.lane.provider)}, {literal(self.lane.live)},
                {literal(business_date(self.now, self.playbook.zone))})""")
        self.database.run(f"""
            UPDATE message SET batch_id = {literal(batch)}, send_day = judged.today
            FROM {JUDGED} judged WHERE judged.id = message.id AND judged.why = ''""")
        rows = self.database.rows(f"""
            SELECT replace(id::VARCHAR, '-', ''), fence, payload_file, payload_hash FROM message
            WHERE batch_id = {literal(batch)} ORDER BY not_before, id""")
        return tuple(Claimed(*row) for row in rows)

    def _next(self, most: int) -> Key | None:
        count, moment, last = self.database.one(
            f"SELECT count(*), max(not_before), arg_max(id, (not_before, id)) FROM {CANDIDATES}"
        )
        return Key(moment.replace(tzinfo=UTC), last) if count == most else None


def _first(due: str, most: int) -> str:
    """The first so many of what is due, with all that the ledger knows of them."""
    first = f"SELECT id, today FROM ({due}) ORDER BY not_before, id LIMIT {most}"
    return f"SELECT m.*, first.today FROM ({first}) first JOIN message m ON m.id = first.id"
