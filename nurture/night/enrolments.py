"""Walking: who leaves, who enters, who moves on and who falls back. Each is one pass over sets, with its reasons.

The order is the night's: all exits first, then enrolment by priority, then moves. Every move is one row of
``stage_entry`` that carries the rule in words.
"""

from dataclasses import dataclass
from datetime import date

from models import ExitReason, MessageState, Move
from nurture.journey.definition import Journey, Stage
from nurture.journey.expressions import Rule
from nurture.journey.playbook import Playbook
from nurture.ledger.moves import Ledger
from nurture.ledger.states import UNSENT
from nurture.night.eligibility import served
from nurture.night.facts import lead_with_evidence
from nurture.night.tables import ENTERING, LEAVING, MOVING, STAGES
from nurture.storage.database import Database
from nurture.storage.sql import Value, literal, texts
from nurture.vocabulary import EXIT_WORDS, Words, fell_back_words

ENTRY_COLUMNS = "enrolment_id, sequence, journey, lead_id, night, move, from_stage, to_stage, why, why_zh, fingerprint"


@dataclass(frozen=True)
class Walk:
    """One journey in one night."""

    database: Database
    playbook: Playbook
    journey: Journey
    night: date
    ledger: Ledger

    def leave(self) -> int:
        """End the enrolments whose lead reached the goal or must not go on; the number of them."""
        if not LEAVING.make(self.database, self._leaving()):
            return 0
        left = self._end_enrolments()
        self.database.run(f"""
            UPDATE lead SET lifecycle = {literal(str(self.journey.goal_makes))}
            FROM {LEAVING} leaving WHERE leaving.lead_id = lead.id AND leaving.reason = {literal(ExitReason.GOAL)}""")
        return left

    def _leaving(self) -> str:
        goal = self.journey.goal.sql()
        colleague = f"bool_or({goal}) OVER (PARTITION BY coalesce(lead.account_id, lead.id))"
        by_account = f"WHEN {colleague} THEN 'account_goal'" if self.journey.goal_scope == "account" else ""
        return f"""
            SELECT * FROM (
                SELECT e.id, e.lead_id, e.stage, e.entries, CASE
                    WHEN {goal} THEN 'goal' {by_account}
                    WHEN NOT {served(self.journey.serves)} THEN 'lifecycle'
                    WHEN s.withdrawn THEN 'withdrawn'
                    WHEN lead.disqualified THEN 'disqualified'
                    WHEN lead.on_hold THEN 'on_hold' END AS reason
                FROM {lead_with_evidence(self.journey)} JOIN enrolment e ON e.lead_id = lead.id
                WHERE e.journey = {literal(self.journey.name)} AND e.left_on IS NULL
            ) WHERE reason IS NOT NULL"""

    def _end_enrolments(self) -> int:
        """Close what ``leaving`` names, with a history row each; an interrupted walk is of another journey."""
        journeys = self.playbook.journeys
        fingerprints = " ".join(f"WHEN {literal(each.name)} THEN {literal(each.fingerprint)}" for each in journeys)
        left = self.database.run(f"""
            UPDATE enrolment
            SET left_on = {literal(self.night)}, exit_reason = leaving.reason, entries = enrolment.entries + 1
            FROM {LEAVING} leaving WHERE leaving.id = enrolment.id""")
        self.database.run(f"""
            INSERT INTO stage_entry ({ENTRY_COLUMNS})
            SELECT l.id, l.entries + 1, e.journey, l.lead_id, {literal(self.night)}, {literal(Move.LEFT)},
                   l.stage, NULL,
                   CASE l.reason {self._exit_cases("en")} END, CASE l.reason {self._exit_cases("zh")} END,
                   CASE e.journey {fingerprints} END
            FROM {LEAVING} l JOIN enrolment e ON e.id = l.id""")
        self._cancel_what_was_planned()
        return left

    def _cancel_what_was_planned(self) -> None:
        """Nobody who left hears of the journey again; what sales must be told (a notice) stays."""
        self.ledger.move(
            f"""SELECT m.id, 'left the journey: ' || l.reason AS why
               FROM {LEAVING} l JOIN message m ON m.enrolment_id = l.id
               WHERE m.state IN {texts(*UNSENT)} AND m.kind = 'touch'""",
            MessageState.CANCELLED,
        )

    def _exit_cases(self, language: str) -> str:
        goal = self._words(self.journey.goal)
        words = {**EXIT_WORDS, ExitReason.GOAL: goal, ExitReason.ACCOUNT_GOAL: goal.of_a_colleague()}
        return " ".join(f"WHEN {literal(reason)} THEN {literal(words[reason].said(language))}" for reason in words)

    def enrol(self) -> "Entries":
        """Enter the leads that the journey is for and that are free (or that it interrupts)."""
        if not ENTERING.make(self.database, self._entering()):
            return Entries()
        interrupted = self._interrupt() if self.journey.interrupts else 0
        name, first = literal(self.journey.name), self.journey.stages[0]
        entered = self.database.run(f"""
            INSERT INTO enrolment (id, journey, lead_id, number, entered_on, stage, stage_since, entries, fingerprint)
            SELECT id, {name}, lead_id, number, {literal(self.night)}, {literal(first.key)}, {literal(self.night)}, 1,
                   {literal(self.journey.fingerprint)} FROM {ENTERING}""")
        words = self._words(self.journey.audience)
        self.database.run(f"""
            INSERT INTO stage_entry ({ENTRY_COLUMNS})
            SELECT id, 1, {name}, lead_id, {literal(self.night)}, {literal(Move.ENROLLED)}, NULL, {literal(first.key)},
                   {literal(words.en)}, {literal(words.zh)}, {literal(self.journey.fingerprint)} FROM {ENTERING}""")
        return Entries(entered, interrupted)

    def _entering(self) -> str:
        name = literal(self.journey.name)
        number = "(1 + coalesce(past.times, 0))"
        return f"""
            SELECT md5('enrolment|' || {name} || '|' || lead.id || '|' || {number})::UUID AS id, lead.id AS lead_id,
                   {number} AS number, past.open_id
            FROM {lead_with_evidence(self.journey)}
            LEFT JOIN (
                SELECT lead_id, count(*) FILTER (journey = {name}) AS times,
                       max(left_on) FILTER (journey = {name}) AS last_left, max(left_on) AS newest_left,
                       any_value(id) FILTER (left_on IS NULL) AS open_id,
                       any_value(journey) FILTER (left_on IS NULL) AS open_journey
                FROM enrolment GROUP BY lead_id
            ) past ON past.lead_id = lead.id
            LEFT JOIN ({won_accounts(self.journey, self.night)}) won ON won.account_id = lead.account_id
            WHERE {served(self.journey.serves)} AND NOT lead.disqualified AND NOT lead.on_hold AND NOT s.withdrawn
              AND {self.journey.audience.sql()} AND NOT {self.journey.goal.sql()} AND won.account_id IS NULL
              AND (past.lead_id IS NULL OR (
                  past.newest_left IS DISTINCT FROM {literal(self.night)}
                  AND {self._may_reenter()} AND {self._free()}))"""

    def _may_reenter(self) -> str:
        if self.journey.reenter_after is None:
            return "past.times = 0"
        latest = f"{literal(self.night)} - {self.journey.reenter_after.n}"
        return f"(past.times = 0 OR coalesce(past.last_left <= {latest}, false))"

    def _free(self) -> str:
        if not self.journey.interrupts:
            return "past.open_id IS NULL"
        ranked = [journey.name for journey in self.playbook.ranked()]
        lower = ranked[ranked.index(self.journey.name) + 1 :]
        return f"(past.open_id IS NULL OR past.open_journey IN {texts(*lower)})"

    def _interrupt(self) -> int:
        interrupted = f"""
            SELECT e.id, e.lead_id, e.stage, e.entries, {literal(ExitReason.INTERRUPTED)} AS reason
            FROM {ENTERING} entering JOIN enrolment e ON e.id = entering.open_id"""
        return self._end_enrolments() if LEAVING.make(self.database, interrupted) else 0

    def move(self) -> "Moves":
        """Pass leads on through every stage whose question they answered; let the silent ones fall back."""
        STAGES.make(self.database, self._stages())
        moves = Moves()
        if MOVING.make(self.database, self._moving()):
            moves = Moves(self._advance(), self._fall_back(), self._leave_dormant())
        if any(stage.marks for stage in self.journey.stages):
            self._mark()
        return moves

    def _stages(self) -> str:
        return "\nUNION ALL ".join(
            f"SELECT {index}::INTEGER AS position, {_row(key=stage.key, mark=stage.marks, **self._onward(stage))}"
            for index, stage in enumerate(self.journey.stages)
        )

    def _onward(self, stage: Stage) -> dict[str, Value]:
        onward = self._words(stage.advance_if) if stage.advance_if is not None else Words("", "")
        back = fell_back_words(stage.fall_back_after.n if stage.fall_back_after else 0)
        return {"onward": onward.en, "onward_zh": onward.zh, "back": back.en, "back_zh": back.zh}

    def _moving(self) -> str:
        """Every open enrolment that moves tonight: from which position to which; -1 is out, as dormant."""
        last = len(self.journey.stages) - 1
        stays = " ".join(
            f"WHEN position <= {index} AND NOT {stage.advance_if.sql()} THEN {index}"
            for index, stage in enumerate(self.journey.stages)
            if stage.advance_if is not None
        )
        target = f"CASE {stays} ELSE {last} END" if stays else str(last)
        waits = " ".join(
            f"WHEN {index} THEN e.stage_since <= {literal(self.night)} - {stage.fall_back_after.n}"
            for index, stage in enumerate(self.journey.stages)
            if stage.fall_back_after is not None
        )
        tired = f"e.entered_on < {literal(self.night)} AND CASE position {waits} ELSE false END" if waits else "false"
        return f"""
            SELECT id, lead_id, entries, position,
                   CASE WHEN onward > position THEN onward WHEN tired THEN position - 1 ELSE position END AS target
            FROM (
                SELECT e.id, e.lead_id, e.entries, g.position, {target} AS onward, {tired} AS tired
                FROM {lead_with_evidence(self.journey)} JOIN enrolment e ON e.lead_id = lead.id
                JOIN {STAGES} g ON g.key = e.stage
                WHERE e.journey = {literal(self.journey.name)} AND e.left_on IS NULL
            ) WHERE onward > position OR tired"""

    def _advance(self) -> int:
        rows = self.database.run(f"""
            INSERT INTO stage_entry ({ENTRY_COLUMNS})
            SELECT m.id, m.entries + m.step, {literal(self.journey.name)}, m.lead_id, {literal(self.night)},
                   {literal(Move.ADVANCED)}, origin.key, reached.key, origin.onward, origin.onward_zh,
                   {literal(self.journey.fingerprint)}
            FROM (
                SELECT *, unnest(range(1, target - position + 1))::INTEGER AS step FROM {MOVING} WHERE target > position
            ) m
            JOIN {STAGES} origin ON origin.position = m.position + m.step - 1
            JOIN {STAGES} reached ON reached.position = m.position + m.step""")
        self._stand("m.target > m.position", "m.target - m.position")
        return rows

    def _fall_back(self) -> int:
        rows = self.database.run(f"""
            INSERT INTO stage_entry ({ENTRY_COLUMNS})
            SELECT m.id, m.entries + 1, {literal(self.journey.name)}, m.lead_id, {literal(self.night)},
                   {literal(Move.FELL_BACK)}, origin.key, reached.key, origin.back, origin.back_zh,
                   {literal(self.journey.fingerprint)}
            FROM {MOVING} m JOIN {STAGES} origin ON origin.position = m.position
            JOIN {STAGES} reached ON reached.position = m.target WHERE m.target < m.position""")
        self._stand("m.target < m.position", "1")
        return rows

    def _stand(self, who: str, entries: str) -> None:
        """Bring the enrolments of ``moving`` to their target stage."""
        self.database.run(f"""
            UPDATE enrolment
            SET stage = m.key, stage_since = {literal(self.night)}, entries = enrolment.entries + m.more
            FROM (
                SELECT m.id, g.key, {entries} AS more
                FROM {MOVING} m JOIN {STAGES} g ON g.position = m.target WHERE {who}
            ) m
            WHERE m.id = enrolment.id""")

    def _leave_dormant(self) -> int:
        dormant = f"""
            SELECT m.id, m.lead_id, g.key AS stage, m.entries, {literal(ExitReason.DORMANT)} AS reason
            FROM {MOVING} m JOIN {STAGES} g ON g.position = m.position WHERE m.target < 0"""
        return self._end_enrolments() if LEAVING.make(self.database, dormant) else 0

    def _mark(self) -> None:
        """Say on the lead what tonight's first entries to marked stages mean."""
        self.database.run(f"""
            UPDATE lead SET mark = n.mark, marked_on = {literal(self.night)}
            FROM (
                SELECT lead_id, arg_max(mark, sequence) AS mark FROM (
                    SELECT h.lead_id, g.mark, min(h.sequence) AS sequence
                    FROM stage_entry h JOIN {STAGES} g ON g.key = h.to_stage
                    WHERE h.journey = {literal(self.journey.name)} AND g.mark IS NOT NULL
                    GROUP BY h.enrolment_id, h.lead_id, g.mark HAVING min(h.night) = {literal(self.night)}
                ) GROUP BY lead_id
            ) n WHERE n.lead_id = lead.id""")

    def _words(self, rule: Rule) -> Words:
        events = self.playbook.events
        return Words(rule.words(events, "en"), rule.words(events, "zh"))


def won_accounts(journey: Journey, night: date) -> str:
    """Accounts of which somebody reached the goal of this journey: their colleagues are not entered any more."""
    if journey.goal_scope != "account":
        return "SELECT NULL::UUID AS account_id WHERE false"
    again = journey.reenter_after
    recently = f" AND e.left_on > {literal(night)} - {again.n}" if again else ""
    return f"""
        SELECT DISTINCT l.account_id FROM enrolment e JOIN lead l ON l.id = e.lead_id
        WHERE e.journey = {literal(journey.name)} AND e.exit_reason = 'goal' AND l.account_id IS NOT NULL{recently}"""


@dataclass(frozen=True)
class Entries:
    """How many leads entered a journey, and how many walks of others that ended."""

    enrolled: int = 0
    interrupted: int = 0


@dataclass(frozen=True)
class Moves:
    """How many moves a night made within stages, back, and out."""

    advanced: int = 0
    fell_back: int = 0
    dormant: int = 0


def _row(**columns: Value) -> str:
    return ", ".join(f"{literal(value)}::VARCHAR AS {name}" for name, value in columns.items())
