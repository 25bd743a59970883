"""Who gets what tonight: step 6 of ``docs/the-night.md``, pair by pair. Part of the oracle."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from models import Channel, ConsentScope, Decision, Lead, Message, MessageState, Reason, Staff, Verdict
from nurture.content.catalogue import ContentFile
from nurture.journey import Journey
from nurture.journey.playbook import Playbook
from tests.oracle.pairs import UNSENT, Pair, Pairs
from tests.oracle.rules import Case, World, consents, holds

COUNTED = (
    MessageState.PLANNED,
    MessageState.CLAIMED,
    MessageState.ATTEMPTING,
    MessageState.WAITING,
    MessageState.ACCEPTED,
    MessageState.UNKNOWN,
)
ON_THE_WAY = (
    MessageState.PLANNED,
    MessageState.HELD,
    MessageState.CLAIMED,
    MessageState.ATTEMPTING,
    MessageState.WAITING,
)
WORST_FIRST = (Reason.SUPPRESSED, Reason.NO_CONSENT, Reason.NO_CONTENT, Reason.NO_QUOTA, Reason.NO_ADDRESS)
SCOPES = {
    Channel.EMAIL: ConsentScope.EMAIL,
    Channel.WECOM: ConsentScope.WECOM,
    Channel.STAFF: ConsentScope.PHONE,
}


def choose(world: World, book: Playbook, night: date, journeys: list[Journey]) -> dict[str, dict[str, int]]:
    """Decide every pair of these journeys; the counts of each journey."""
    return Choice(world, book, night, journeys).decide()


class Choice:
    """The one step for all journeys."""

    def __init__(self, world: World, book: Playbook, night: date, journeys: list[Journey]) -> None:
        self.world, self.book, self.night, self.journeys = world, book, night, journeys
        self.grace = timedelta(days=book.policy.grace)
        self.fingerprints = {journey.name: journey.fingerprint for journey in journeys}

    def decide(self) -> dict[str, dict[str, int]]:
        """All the rules in their order, each over the pairs that remain."""
        pairs = Pairs(self.world, self.book, self.night)
        every = [pair for journey in self.journeys for pair in pairs.of(journey)]
        stale = [pair for pair in every if pair.due < self.night - self.grace and not pair.is_notice]
        considered = [pair for pair in every if pair not in stale]
        for pair in considered:
            self.ask_only_if(pair)
        for pair in self.remaining(considered, internal=False):
            self.ask_topic(pair)
        for pair in self.remaining(considered):
            self.find_leg(pair)
        self.supersede(self.remaining(considered, internal=False))
        for pair in self.remaining(considered, internal=False):
            self.respect_slots(pair)
        self.share_mailboxes(self.remaining(considered, internal=False))
        for pair in self.remaining(considered):
            self.find_time(pair)
        for pair in self.remaining(considered, internal=False):
            self.cap_lead(pair)
        self.cap_accounts(self.remaining(considered, internal=False))
        self.cap_employees(self.remaining(considered, internal=True))
        for pair in self.remaining(considered):
            pair.verdict = Verdict.PLANNED
        return self.write(stale, considered)

    @staticmethod
    def remaining(pairs: list[Pair], internal: bool | None = None) -> list[Pair]:
        """The pairs without a decision, of one lane or of both."""
        return [pair for pair in pairs if pair.verdict is None and internal in (None, pair.internal)]

    # -- 1, 2: may it be said at all -------------------------------------------------------------------

    def ask_only_if(self, pair: Pair) -> None:
        """1. The touch's own condition."""
        case = Case(self.world, self.book, pair.lead, pair.enrolment.journey, self.night)
        if pair.only_if is not None and not holds(pair.only_if, case):
            refuse(pair, Reason.ONLY_IF)

    def ask_topic(self, pair: Pair) -> None:
        """1. What the lead does not want to hear about."""
        journey = pair.enrolment.journey
        if any((row.lead_id, row.topic) == (pair.lead.id, journey) for row in self.world.topic_off):
            refuse(pair, Reason.TOPIC_OFF)

    def find_leg(self, pair: Pair) -> None:
        """2. The first leg without a fault."""
        faults = []
        for leg in range(pair.first_leg, len(pair.legs)):
            fault = self.fault(pair, pair.legs[leg])
            if fault is None:
                pair.leg = leg
                return
            faults.append(fault)
        reason = next(reason for reason in WORST_FIRST if reason in faults)
        if reason is Reason.NO_QUOTA:
            postpone(pair, reason)
        else:
            refuse(pair, reason)

    def fault(self, pair: Pair, channel: Channel) -> Reason | None:
        """What speaks against a leg."""
        if pair.internal:
            if self.owner(pair.lead) is None:
                return Reason.NO_ADDRESS
        else:
            scope, address_hash = SCOPES[channel], hash_of(pair.lead, channel)
            if address_hash is None:
                return Reason.NO_ADDRESS
            for row in self.world.suppression:
                if row.address_hash == address_hash and row.scope in (scope, ConsentScope.ALL):
                    return Reason.SUPPRESSED
            if not consents(self.world, pair.lead, scope, self.night) or self.is_off(pair.lead, scope):
                return Reason.NO_CONSENT
        if not pair.is_notice and not any(self.fits(file, pair, channel) for file in self.book.content):
            return Reason.NO_CONTENT
        if not pair.internal and self.quota_is_used_up(pair, channel):
            return Reason.NO_QUOTA
        return None

    def is_off(self, lead: Lead, scope: ConsentScope) -> bool:
        """Whether the lead switched a channel off."""
        wishes = self.world.wishes_of(lead)
        off = {
            ConsentScope.EMAIL: wishes.email_off,
            ConsentScope.WECOM: wishes.wecom_off,
            ConsentScope.PHONE: wishes.phone_off,
        }
        return off[scope]

    def fits(self, file: ContentFile, pair: Pair, channel: Channel) -> bool:
        """Whether a text is for this touch and this person."""
        if (file.journey, file.stage, file.touch) != (pair.enrolment.journey, pair.stage, pair.touch):
            return False
        wishes = self.world.wishes_of(pair.lead)
        language = wishes.language or pair.lead.language or self.book.policy.language
        asks = file.roles or file.industries or file.smallest is not None or file.largest is not None
        if asks and wishes.impersonal:
            return False
        account = self.world.account_of(pair.lead)
        employees = account.employees if account else None
        return (
            file.channel == channel
            and (file.language is None or f"{language}-".startswith(f"{file.language}-"))
            and (not file.roles or pair.lead.role in file.roles)
            and (not file.industries or (account is not None and account.industry in file.industries))
            and (file.smallest is None or (employees is not None and employees >= file.smallest))
            and (file.largest is None or (employees is not None and employees <= file.largest))
        )

    def quota_is_used_up(self, pair: Pair, channel: Channel) -> bool:
        """The channel's monthly quota for this lead, in the month of the send day."""
        quota = self.book.policy.quota.get(channel)
        if quota is None:
            return False
        day = self.first_open_day(pair.lead)
        used = [
            row
            for row in self.world.message
            if row.lead_id == pair.lead.id
            and row.channel == channel
            and row.state in COUNTED
            and (row.send_day.year, row.send_day.month) == (day.year, day.month)
        ]
        return len(used) >= quota

    def owner(self, lead: Lead) -> Staff | None:
        """Who has the tasks of this lead."""
        for row in self.world.staff:
            if lead.owner_id is not None and row.id == lead.owner_id:
                return row
        return next((row for row in self.world.staff if row.external_id == self.book.policy.sales_desk), None)

    # -- 3, 4, 5: one message, one slot, one mailbox ---------------------------------------------------

    def supersede(self, pairs: list[Pair]) -> None:
        """3. The newest of a journey, then the highest journey."""
        for pair in pairs:
            for other in pairs:
                same = other.lead.id == pair.lead.id and other.rank == pair.rank
                if same and (other.due, other.position) > (pair.due, pair.position):
                    pair.verdict, pair.reason = Verdict.SUPERSEDED, Reason.NEWER_TOUCH
        still = self.remaining(pairs)
        for pair in still:
            if any(other.lead.id == pair.lead.id and other.rank < pair.rank for other in still):
                pair.verdict, pair.reason = Verdict.SUPERSEDED, Reason.HIGHER_PRIORITY

    def respect_slots(self, pair: Pair) -> None:
        """4. Nothing before the earlier one is out, nothing into an open conversation."""
        reaching = [row for row in self.world.message if row.lead_id == pair.lead.id and not row.internal]
        if any(row.night == self.night and row.state not in UNSENT for row in reaching):
            postpone(pair, Reason.SLOT_TAKEN)
        elif any(row.state in ON_THE_WAY for row in reaching):
            postpone(pair, Reason.EARLIER_UNSENT)
        elif self.reply_is_open(pair.lead):
            postpone(pair, Reason.REPLY_OPEN)
        elif (until := self.world.wishes_of(pair.lead).paused_until) is not None and until > self.night:
            postpone(pair, Reason.LEAD_PAUSED)

    def reply_is_open(self, lead: Lead) -> bool:
        """The lead waits for our answer."""
        seen = [row for row in self.world.interaction if row.lead_id == lead.id and row.occurred_on <= self.night]
        pauses, resumes = self.book.events.where("pauses"), self.book.events.where("resumes")
        waiting = max((row for row in seen if row.kind in pauses), key=lambda row: row.occurred_at, default=None)
        if waiting is None:
            return False
        if any(row.kind in resumes and row.occurred_at > waiting.occurred_at for row in seen):
            return False
        calendar = self.book.policy.works(lead.country)
        days_since = (self.night - waiting.occurred_on).days
        after = [waiting.occurred_on + timedelta(days=n) for n in range(1, days_since + 1)]
        return len([day for day in after if calendar.works_on(day)]) < self.book.policy.reply_pause

    def share_mailboxes(self, pairs: list[Pair]) -> None:
        """5. One mailbox, one message, even when several leads read it."""

        def mailbox(pair: Pair) -> tuple[object, ...]:
            enrolment, address = pair.enrolment, hash_of(pair.lead, pair.channel)
            return (pair.channel, address, enrolment.journey, pair.touch, enrolment.number)

        shared = [pair for pair in pairs if pair.channel is not Channel.STAFF]
        for pair in shared:
            there = any(
                (row.channel, row.address_hash, row.journey, row.touch, row.enrolment_number) == mailbox(pair)
                and row.state not in UNSENT
                and row.lead_id != pair.lead.id
                for row in self.world.message
            )
            before = [other for other in shared if mailbox(other) == mailbox(pair) and deeper(other) < deeper(pair)]
            if there or before:
                refuse(pair, Reason.SHARED_MAILBOX)

    # -- 6: when ---------------------------------------------------------------------------------------

    def recipient(self, pair: Pair) -> Lead | Staff:
        """Whose day and whose clock."""
        if not pair.internal:
            return pair.lead
        owner = self.owner(pair.lead)
        assert owner is not None
        return owner

    def zone_of(self, person: Lead | Staff) -> ZoneInfo:
        """The person's zone, else the business zone."""
        return ZoneInfo(person.timezone) if person.timezone else self.book.zone

    def first_open_day(self, person: Lead | Staff) -> date:
        """The first working day from tonight on whose window is not open yet when the night's date begins."""
        start = datetime(self.night.year, self.night.month, self.night.day, tzinfo=self.book.zone)
        calendar, day = self.book.policy.works(person.country), self.night
        while True:
            opens = datetime.combine(day, self.book.policy.window.opens, self.zone_of(person))
            if calendar.works_on(day) and opens.astimezone(UTC) >= start.astimezone(UTC):
                return day
            day += timedelta(days=1)

    def find_time(self, pair: Pair) -> None:
        """6. The window on the send day, spread by the message's id."""
        person, window = self.recipient(pair), self.book.policy.window
        zone, pair.send_day = self.zone_of(person), self.first_open_day(person)
        spread = int(pair.message_id.hex[-8:], 16) % (window.spread_minutes * 60)
        opens = datetime.combine(pair.send_day, window.opens, zone).astimezone(UTC)
        pair.not_before = opens + timedelta(seconds=spread)
        pair.not_after = datetime.combine(pair.send_day, window.closes, zone).astimezone(UTC)

    # -- 7: caps ---------------------------------------------------------------------------------------

    def sent(self, chosen: Callable[[Message], bool], first: date, last: date, *, internal: bool = False) -> int:
        """How many counted messages of a lane have a send day in these days."""
        return len(
            [
                row
                for row in self.world.message
                if row.internal == internal and row.state in COUNTED and first <= row.send_day <= last and chosen(row)
            ]
        )

    def cap_lead(self, pair: Pair) -> None:
        """7. How often one person hears of us."""
        caps, day = self.book.policy.caps, pair.send_day
        assert day is not None
        if self.sent(lambda row: row.lead_id == pair.lead.id, day, day) >= caps.lead_per_day:
            postpone(pair, Reason.LEAD_DAY_CAP)
        elif self.sent(lambda row: row.lead_id == pair.lead.id, day - timedelta(days=6), day) >= caps.lead_per_7_days:
            postpone(pair, Reason.LEAD_WEEK_CAP)

    def cap_accounts(self, pairs: list[Pair]) -> None:
        """7. How often one company hears of us on one day: the deepest first."""
        for company, day in {(pair.lead.account_id, pair.send_day) for pair in pairs}:
            if company is None or day is None:
                continue
            used = self.sent(lambda row, company=company: row.account_id == company, day, day)
            left = max(0, self.book.policy.caps.account_per_day - used)
            mine = [pair for pair in pairs if (pair.lead.account_id, pair.send_day) == (company, day)]
            for pair in sorted(mine, key=deeper)[left:]:
                postpone(pair, Reason.ACCOUNT_DAY_CAP)

    def cap_employees(self, pairs: list[Pair]) -> None:
        """7. How many tasks one employee gets on one day: the deepest leads first."""
        owners = {pair.message_id: self.recipient(pair).id for pair in pairs}
        for employee, day in {(owners[pair.message_id], pair.send_day) for pair in pairs}:
            assert day is not None
            used = self.sent(lambda row, employee=employee: row.owner_id == employee, day, day, internal=True)
            left = max(0, self.book.policy.caps.employee_per_day - used)
            mine = [pair for pair in pairs if (owners[pair.message_id], pair.send_day) == (employee, day)]
            mine.sort(key=lambda pair: (*deeper(pair), pair.touch, pair.rank, pair.enrolment.number))
            for pair in mine[left:]:
                postpone(pair, Reason.EMPLOYEE_DAY_CAP)

    # -- the rows --------------------------------------------------------------------------------------

    def write(self, stale: list[Pair], considered: list[Pair]) -> dict[str, dict[str, int]]:
        """Decisions, messages, and the counts of each journey."""
        names = ("considered", "planned", "postponed", "refused", "superseded", "stale")
        counts = {journey.name: dict.fromkeys(names, 0) for journey in self.journeys}
        for pair in stale:
            pair.verdict, pair.reason = Verdict.STALE, Reason.PAST_GRACE
        for pair in [*stale, *considered]:
            assert pair.verdict is not None
            counts[pair.enrolment.journey][pair.verdict.value] += 1
            counts[pair.enrolment.journey]["considered"] += pair.verdict is not Verdict.STALE
            planned = pair.verdict is Verdict.PLANNED
            if planned:
                self.world.message.append(self.message(pair))
            row = Decision(
                night=self.night,
                enrolment_id=pair.enrolment.id,
                touch=pair.touch,
                journey=pair.enrolment.journey,
                stage=pair.stage,
                lead_id=pair.lead.id,
                due=pair.due,
                verdict=pair.verdict,
                reason=pair.reason,
                leg=pair.leg if planned else None,
                channel=pair.channel if planned else None,
                not_before=pair.not_before if planned else None,
                message_id=pair.message_id if planned else None,
            )
            self.world.decision.append(row)
        return counts

    def message(self, pair: Pair) -> Message:
        """8. The planned message."""
        assert pair.leg is not None
        assert pair.send_day is not None
        assert pair.not_before is not None
        assert pair.not_after is not None
        owner = self.owner(pair.lead) if pair.channel is Channel.STAFF else None
        return Message(
            id=pair.message_id,
            journey=pair.enrolment.journey,
            stage=pair.stage,
            touch=pair.touch,
            enrolment_id=pair.enrolment.id,
            enrolment_number=pair.enrolment.number,
            entry=pair.entry,
            leg=pair.leg,
            channel=pair.channel,
            internal=pair.internal,
            lead_id=pair.lead.id,
            account_id=pair.lead.account_id,
            owner_id=owner.id if owner else None,
            address_hash=None if pair.internal else hash_of(pair.lead, pair.channel),
            night=self.night,
            state=MessageState.PLANNED,
            send_day=pair.send_day,
            not_before=pair.not_before,
            not_after=pair.not_after,
            expires_on=pair.send_day + self.grace,
            fingerprint=self.fingerprints[pair.enrolment.journey],
        )


def refuse(pair: Pair, reason: Reason) -> None:
    """Not tonight and, as things are, not later."""
    pair.verdict, pair.reason = Verdict.REFUSED, reason


def postpone(pair: Pair, reason: Reason) -> None:
    """Not tonight."""
    pair.verdict, pair.reason = Verdict.POSTPONED, reason


def deeper(pair: Pair) -> tuple[object, ...]:
    """Sorts the deeper lead first, then the smaller id."""
    return (-pair.lead.depth, str(pair.lead.id))


def hash_of(lead: Lead, channel: Channel) -> str | None:
    """The address of a channel, as it is stored in the ledger."""
    return {Channel.EMAIL: lead.email_hash, Channel.WECOM: lead.wecom_hash, Channel.STAFF: lead.mobile_hash}[channel]
