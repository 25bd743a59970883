"""Restraint: of all that is due, what may go out tonight; and for everything else the reason why not.

Works through the considered pairs like a careful person: each rule takes pairs out of ``alive`` and writes them to
``held_back`` with its reason. What is left at the end is planned. Every pair ends in exactly one decision.
"""

from dataclasses import dataclass

from models import MessageState, Reason, Verdict
from nurture.ledger.message_ids import about, digest
from nurture.ledger.states import COUNTED, ON_ITS_WAY, PROVED_UNSENT
from nurture.night.due_touches import Planning
from nurture.night.eligibility import FAULTS, leg_fault, topic_off
from nurture.night.recipients import take_reach
from nurture.night.tables import ALIVE, DUE_PAIRS, HELD_BACK, LOSERS, PAIRS, REACH
from nurture.people.channel_addresses import WAYS
from nurture.storage.database import Database
from nurture.storage.sql import literal, texts


@dataclass(frozen=True)
class Restraint:
    """Decides about every due pair of some journeys, in one transaction."""

    database: Database
    planning: Planning

    def decide(self) -> None:
        """Write ``message`` and ``decision`` for tonight."""
        self._gather()
        self._refuse_what_is_unwanted_or_forbidden()
        ALIVE.make(self.database, self._alive())
        self._keep_the_newest_of_the_highest()
        self._wait_for_what_is_open()
        self._keep_one_for_a_mailbox()
        self._cap_leads()
        self._cap_accounts()
        self._cap_employees()
        self._record()

    def _gather(self) -> None:
        night, grace = literal(self.planning.night), self.planning.playbook.policy.grace
        DUE_PAIRS.make(self.database, self.planning.due_pairs())
        take_reach(self.database, self.planning.playbook, self.planning.night)
        PAIRS.make(self.database, self._pairs(f"(d.due >= {night} - {grace} OR d.kind <> 'touch')"))

    def _pairs(self, inside_grace: str) -> str:
        """The considered pairs, numbered, each with its first leg that works, or the fault if none does."""
        legs = self.planning.legs
        names = ", ".join(f"fault_{leg}" for leg in legs)
        checked = ", ".join(f"{leg_fault(self.planning.playbook, leg)} AS fault_{leg}" for leg in legs)
        leg = "CASE " + " ".join(f"WHEN fault_{leg} = '' THEN {leg}" for leg in legs) + " END"
        channel = "CASE " + " ".join(f"WHEN fault_{leg} = '' THEN channel_{leg}" for leg in legs) + " END"
        faults = " ".join(f"WHEN {literal(fault)} IN ({names}) THEN {literal(fault)}" for fault in FAULTS)
        return f"""
            SELECT *, CASE WHEN leg IS NOT NULL THEN '' ELSE CASE {faults} END END AS fault
            FROM (
                SELECT *, {leg} AS leg, {channel} AS channel FROM (
                    SELECT row_number() OVER ()::INTEGER AS n, d.*, {checked},
                           NOT d.internal AND {topic_off("d.lead_id", "d.journey")} AS topic_off
                    FROM {DUE_PAIRS} d JOIN {REACH} r ON r.lead_id = d.lead_id WHERE {inside_grace}
                )
            )"""

    def _alive(self) -> str:
        """The pairs as the rules need them: who, where to, when, and in which order."""
        ranked = [journey.name for journey in self.planning.playbook.ranked()]
        ranks = " ".join(f"WHEN {literal(name)} THEN {rank}" for rank, name in enumerate(ranked))
        hashes = " ".join(f"WHEN {literal(way.channel)} THEN r.{way.hash}" for way in WAYS)
        spread = self.planning.playbook.policy.window.spread_minutes * 60
        return f"""
            SELECT * EXCLUDE (digest), digest::UUID AS id,
                   opens + to_seconds(('0x' || right(digest, 8))::BIGINT % {spread}) AS not_before
            FROM (
                SELECT p.n, p.lead_id, p.journey, p.touch, p.enrolment_number, p.due, p.position, p.internal, p.channel,
                       r.account_id, r.depth, r.reply_open, r.lead_paused,
                       CASE p.journey {ranks} END AS journey_rank,
                       {digest("p", "p.leg")} AS digest, {about("p")} AS about,
                       CASE WHEN NOT p.internal THEN CASE p.channel {hashes} END END AS address_hash,
                       CASE WHEN p.channel = 'staff' THEN r.handler_id END AS owner_id,
                       CASE WHEN p.internal THEN r.handler_send_day ELSE r.send_day END AS send_day,
                       CASE WHEN p.internal THEN r.handler_opens ELSE r.opens END AS opens,
                       CASE WHEN p.internal THEN r.handler_closes ELSE r.closes END AS not_after
                FROM {PAIRS} p JOIN {REACH} r ON r.lead_id = p.lead_id
                WHERE p.wanted AND NOT p.topic_off AND p.fault = ''
            )"""

    def _hold_back(self, verdict: Verdict, losers: str) -> None:
        """Take pairs out, by a query of their numbers and reasons."""
        if not LOSERS.make(self.database, losers):
            return
        self.database.run(
            f"INSERT INTO {HELD_BACK} (n, verdict, reason) SELECT n, {literal(verdict)}, reason FROM {LOSERS}"
        )
        self.database.run(f"DELETE FROM {ALIVE} WHERE n IN (SELECT n FROM {LOSERS})")

    def _refuse_what_is_unwanted_or_forbidden(self) -> None:
        """The touch's own condition and the lead's, then what its legs forbid; only a used-up quota comes back."""
        off = f"WHEN topic_off THEN {literal(Reason.TOPIC_OFF)}"
        reason = f"CASE WHEN NOT wanted THEN {literal(Reason.ONLY_IF)} {off} ELSE fault END"
        comes_back = f"wanted AND NOT topic_off AND fault = {literal(Reason.NO_QUOTA)}"
        refused, postponed = literal(Verdict.REFUSED), literal(Verdict.POSTPONED)
        HELD_BACK.make(
            self.database,
            f"""
            SELECT n, {reason} AS reason,
                   CASE WHEN {comes_back} THEN {postponed} ELSE {refused} END AS verdict
            FROM {PAIRS} WHERE NOT wanted OR topic_off OR fault <> ''""",
        )

    def _keep_the_newest_of_the_highest(self) -> None:
        """One pair for a lead: the newest of each journey, then the highest journey."""
        newest_first = "due DESC, position DESC"
        self._hold_back(
            Verdict.SUPERSEDED,
            f"""SELECT n, CASE WHEN in_journey > 1 THEN 'newer_touch' ELSE 'higher_priority' END AS reason FROM (
                    SELECT n, row_number() OVER journey AS in_journey, row_number() OVER night AS in_night
                    FROM {ALIVE} WHERE NOT internal
                    WINDOW journey AS (PARTITION BY lead_id, journey_rank ORDER BY {newest_first}),
                           night AS (PARTITION BY lead_id ORDER BY journey_rank, {newest_first})
                ) WHERE in_night > 1""",
        )

    def _wait_for_what_is_open(self) -> None:
        """Nothing new while a message is on its way, tonight's slot is taken, or the lead awaits an answer or rests."""
        taken = f"night = {literal(self.planning.night)} AND state NOT IN {texts(*PROVED_UNSENT)}"
        self._hold_back(
            Verdict.POSTPONED,
            f"""SELECT n, CASE WHEN m.slot_taken THEN 'slot_taken' WHEN m.on_its_way THEN 'earlier_unsent'
                          WHEN reply_open THEN 'reply_open' ELSE 'lead_paused' END AS reason
                FROM {ALIVE} alive LEFT JOIN (
                    SELECT lead_id, bool_or({taken}) AS slot_taken, bool_or(state IN {texts(*ON_ITS_WAY)}) AS on_its_way
                    FROM message WHERE NOT internal GROUP BY lead_id
                ) m ON m.lead_id = alive.lead_id
                WHERE NOT internal AND (coalesce(m.slot_taken OR m.on_its_way, false) OR reply_open OR lead_paused)""",
        )

    def _keep_one_for_a_mailbox(self) -> None:
        """Two people who share a mailbox do not get the same letter twice."""
        letter = "channel, address_hash, journey, touch, enrolment_number"
        self._hold_back(
            Verdict.REFUSED,
            f"""SELECT n, 'shared_mailbox' AS reason FROM (
                    SELECT n, {letter}, row_number() OVER (PARTITION BY {letter} ORDER BY depth DESC, lead_id) AS nth
                    FROM {ALIVE} WHERE NOT internal AND channel <> 'staff'
                ) a LEFT JOIN (
                    SELECT DISTINCT {letter} FROM message WHERE NOT internal AND state NOT IN {texts(*PROVED_UNSENT)}
                ) m USING ({letter}) WHERE nth > 1 OR m.touch IS NOT NULL""",
        )

    def _cap_leads(self) -> None:
        caps = self.planning.playbook.policy.caps
        self._hold_back(
            Verdict.POSTPONED,
            f"""SELECT n, CASE WHEN that_day >= {caps.lead_per_day} THEN 'lead_day_cap'
                          ELSE 'lead_week_cap' END AS reason
                FROM (
                    SELECT a.n, count(*) FILTER (m.send_day = a.send_day) AS that_day, count(*) AS in_7_days
                    FROM {ALIVE} a JOIN message m ON m.lead_id = a.lead_id
                    WHERE NOT a.internal AND NOT m.internal AND m.state IN {texts(*COUNTED)}
                      AND m.send_day BETWEEN a.send_day - 6 AND a.send_day GROUP BY a.n
                ) WHERE that_day >= {caps.lead_per_day} OR in_7_days >= {caps.lead_per_7_days}""",
        )

    def _cap_accounts(self) -> None:
        cap = self.planning.playbook.policy.caps.account_per_day
        self._cap_by("account_id", "NOT internal", "depth DESC, lead_id", cap, Reason.ACCOUNT_DAY_CAP)

    def _cap_employees(self) -> None:
        cap = self.planning.playbook.policy.caps.employee_per_day
        self._cap_by(
            "owner_id",
            "internal",
            "depth DESC, lead_id, about, journey_rank, enrolment_number",
            cap,
            Reason.EMPLOYEE_DAY_CAP,
        )

    def _cap_by(self, whose: str, lane: str, order: str, cap: int, reason: Reason) -> None:
        """Postpone what goes beyond what is left of a daily cap, the deepest leads first."""
        self._hold_back(
            Verdict.POSTPONED,
            f"""SELECT n, {literal(reason)} AS reason FROM (
                    SELECT n, {whose}, send_day,
                           row_number() OVER (PARTITION BY {whose}, send_day ORDER BY {order}) AS nth
                    FROM {ALIVE} WHERE {lane} AND {whose} IS NOT NULL
                ) a LEFT JOIN (
                    SELECT {whose}, send_day, count(*) AS already FROM message
                    WHERE {lane} AND state IN {texts(*COUNTED)} AND send_day >= {literal(self.planning.night)}
                    GROUP BY ALL
                ) m USING ({whose}, send_day) WHERE nth + coalesce(already, 0) > {cap}""",
        )

    def _record(self) -> None:
        night, grace = literal(self.planning.night), self.planning.playbook.policy.grace
        fingerprints = " ".join(f"WHEN {literal(j.name)} THEN {literal(j.fingerprint)}" for j in self.planning.journeys)
        self.database.run(f"""
            INSERT INTO message (id, journey, stage, touch, enrolment_id, enrolment_number, entry, leg, channel,
                internal, lead_id, account_id, owner_id, address_hash, night, state, send_day, not_before, not_after,
                expires_on, fingerprint, kind, subject)
            SELECT a.id, p.journey, p.stage, p.touch, p.enrolment_id, p.enrolment_number, p.entry, p.leg, p.channel,
                   p.internal, p.lead_id, a.account_id, a.owner_id, a.address_hash, {night},
                   {literal(MessageState.PLANNED)}, a.send_day, a.not_before, a.not_after, a.send_day + {grace},
                   CASE p.journey {fingerprints} END, p.kind, p.subject
            FROM {ALIVE} a JOIN {PAIRS} p ON p.n = a.n""")
        self.database.run(f"""
            INSERT INTO decision (night, enrolment_id, touch, journey, stage, lead_id, due, verdict, reason, leg,
                channel, not_before, message_id, kind, subject)
            SELECT {night}, p.enrolment_id, p.touch, p.journey, p.stage, p.lead_id, p.due,
                   coalesce(h.verdict, {literal(Verdict.PLANNED)}), coalesce(h.reason, ''),
                   CASE WHEN a.n IS NOT NULL THEN p.leg END, CASE WHEN a.n IS NOT NULL THEN p.channel END,
                   a.not_before, a.id, p.kind, p.subject
            FROM {PAIRS} p LEFT JOIN {HELD_BACK} h ON h.n = p.n LEFT JOIN {ALIVE} a ON a.n = p.n
            UNION ALL
            SELECT {night}, d.enrolment_id, d.touch, d.journey, d.stage, d.lead_id, d.due, {literal(Verdict.STALE)},
                   {literal(Reason.PAST_GRACE)}, NULL, NULL, NULL, NULL, d.kind, d.subject
            FROM {DUE_PAIRS} d LEFT JOIN (
                SELECT enrolment_id, touch FROM decision WHERE verdict = 'stale'
                UNION SELECT enrolment_id, touch FROM decision_history WHERE verdict = 'stale'
            ) known ON known.enrolment_id = d.enrolment_id AND known.touch = d.touch
            WHERE d.due < {night} - {grace} AND d.kind = 'touch' AND known.touch IS NULL""")
