"""Which (lead, touch) pairs are due tonight.

Makes the temporary table ``due_pair``. Each row carries the touch's legs as columns: ``channel_0``, ``fits_0``
(some content file fits this person), ``channel_1`` … A pair that has its message, was passed over, or is not yet due
has no row. ``docs/the-night.md``, step 6, is the contract.
"""

from dataclasses import dataclass
from datetime import date

from models import Channel, MessageKind
from nurture.content.targeting import fits
from nurture.journey.definition import Journey, Stage
from nurture.journey.playbook import Playbook
from nurture.journey.touches import After, Before, On, Touch, When
from nurture.ledger.states import PROVED_UNSENT
from nurture.night.facts import lead_with_evidence
from nurture.storage.sql import literal, texts


@dataclass(frozen=True)
class Planning:
    """The due pairs of some journeys in one night, as SQL."""

    playbook: Playbook
    journeys: tuple[Journey, ...]
    night: date

    @property
    def legs(self) -> range:
        """The numbers of the legs that any touch has."""
        return range(max((len(touch.legs) for journey in self.journeys for _, touch in journey.touches()), default=1))

    def due_pairs(self) -> str:
        """Every due pair of every journey."""
        parts = [self._goal_notices()]
        for journey in self.journeys:
            if any(stage.marks for stage in journey.stages):
                parts.append(self._mark_notices(journey))
            if any(journey.touches()):
                parts.append(self._touch_pairs(journey))
        return "\nUNION ALL BY NAME ".join(parts)

    def _touch_pairs(self, journey: Journey) -> str:
        """The touches that are due, without those that have their message or were passed over."""
        order = "{'due': due, 'position': position}"
        return f"""
            SELECT * EXCLUDE (has_message_here, open, passed_over) FROM (
                WITH t AS (
                    FROM ({self.stage_touches(journey)}) WHERE due <= {literal(self.night)} OR has_message_here
                ), passed AS (
                    SELECT enrolment_id, max({order}) AS passed_over FROM t
                    WHERE has_message_here AND due IS NOT NULL GROUP BY enrolment_id
                )
                SELECT t.*, passed.passed_over FROM t LEFT JOIN passed ON passed.enrolment_id = t.enrolment_id
            ) WHERE open AND due <= {literal(self.night)}
                AND (internal OR passed_over IS NULL OR {order} >= passed_over)"""

    def stage_touches(self, journey: Journey) -> str:
        """Every touch of the stage in which a lead stands, due or not, and whether it may still go out (``open``)."""
        return f"""
            SELECT e.id AS enrolment_id, e.number AS enrolment_number, e.entries AS entry, e.journey, e.stage,
                   lead.id AS lead_id, {literal(MessageKind.TOUCH)} AS kind, t.touch, '' AS subject,
                   t.position, t.internal, {self._by_touch(journey)},
                   coalesce(m.leg + 1, 0) AS next_leg,
                   coalesce(m.entry = e.entries AND NOT t.internal, false) AS has_message_here,
                   m.leg IS NULL OR (m.unsent AND m.leg + 1 < t.legs) AS open
            FROM {lead_with_evidence(journey)} JOIN enrolment e ON e.lead_id = lead.id
            JOIN ({self._touch_rows(journey)}) t ON t.stage = e.stage
            LEFT JOIN ({_last_messages(journey)}) m ON m.enrolment_id = e.id AND m.touch = t.touch
            WHERE e.journey = {literal(journey.name)} AND e.left_on IS NULL"""

    def _touch_rows(self, journey: Journey) -> str:
        rows = ", ".join(
            f"({literal(stage.key)}, {literal(touch.key)}, {position}, {not touch.reaches_lead}, {len(touch.legs)})"
            for position, (stage, touch) in enumerate(journey.touches())
        )
        return f"SELECT * FROM (VALUES {rows}) v(stage, touch, position, internal, legs)"

    def _by_touch(self, journey: Journey) -> str:
        """The columns that each touch defines in its own way."""
        touches = list(journey.touches())
        columns = [
            _cases([_due(touch.when) for _, touch in touches], "NULL::DATE", "due"),
            _cases(
                [touch.only_if.sql() if touch.only_if is not None else None for _, touch in touches], "true", "wanted"
            ),
        ]
        for leg in self.legs:
            channels = [_channel(touch, leg) for _, touch in touches]
            named = [literal(channel) if channel else None for channel in channels]
            fits = [self._fits(journey, stage, touch, leg) for stage, touch in touches]
            columns += [_cases(named, "NULL", f"channel_{leg}"), _cases(fits, "false", f"fits_{leg}")]
        return ", ".join(columns)

    def _fits(self, journey: Journey, stage: Stage, touch: Touch, leg: int) -> str | None:
        """The predicate that some content file of this leg fits the person."""
        place = (journey.name, stage.key, touch.key, _channel(touch, leg))
        files = [f for f in self.playbook.content if (f.journey, f.stage, f.touch, f.channel) == place]
        language = self.playbook.policy.language
        return " OR ".join(f"({fits(file, language)})" for file in files) or None

    def _mark_notices(self, journey: Journey) -> str:
        marks = {stage.key: stage.marks for stage in journey.stages if stage.marks}
        cases = " ".join(f"WHEN {literal(stage)} THEN {literal(mark)}" for stage, mark in marks.items())
        return self._notices(
            MessageKind.MARK_NOTICE,
            f"""SELECT enrolment_id, to_stage AS stage, CASE to_stage {cases} END AS subject,
                       min(night) AS due, min(sequence) AS entry
                FROM stage_entry WHERE journey = {literal(journey.name)} AND to_stage IN {texts(*marks)}
                GROUP BY enrolment_id, to_stage""",
        )

    def _goal_notices(self) -> str:
        names = texts(*(journey.name for journey in self.journeys))
        return self._notices(
            MessageKind.GOAL_NOTICE,
            f"""SELECT id AS enrolment_id, stage, '' AS subject, left_on AS due, entries AS entry
                FROM enrolment WHERE journey IN {names} AND exit_reason = 'goal'""",
        )

    def _notices(self, kind: MessageKind, told: str) -> str:
        """What sales must be told and was not yet: internal tasks that no marketer writes."""
        return f"""
            SELECT e.id AS enrolment_id, e.number AS enrolment_number, h.entry, e.journey, h.stage, e.lead_id,
                   {literal(kind)} AS kind, '' AS touch, h.subject, -1 AS position, true AS internal, h.due,
                   true AS wanted, 0 AS next_leg,
                   {literal(Channel.STAFF)} AS channel_0, true AS fits_0
            FROM ({told}) h JOIN enrolment e ON e.id = h.enrolment_id
            JOIN tonight_lead lead ON lead.id = e.lead_id
            ANTI JOIN (SELECT enrolment_id, subject FROM message WHERE kind = {literal(kind)}) m
                ON m.enrolment_id = e.id AND m.subject = h.subject
            WHERE h.due <= {literal(self.night)}"""


def _last_messages(journey: Journey) -> str:
    """The highest leg of every touch that has a message, and whether all of its copies are proved unsent."""
    return f"""
        SELECT enrolment_id, touch, max(leg) AS leg, arg_max(unsent, leg) AS unsent, max(entry) AS entry FROM (
            SELECT enrolment_id, touch, leg, bool_and(state IN {texts(*PROVED_UNSENT)}) AS unsent, max(entry) AS entry
            FROM message WHERE journey = {literal(journey.name)} AND kind = {literal(MessageKind.TOUCH)}
            GROUP BY enrolment_id, touch, leg
        ) GROUP BY enrolment_id, touch"""


def _due(when: When | None) -> str:
    match when:
        case After(days):
            return f"e.stage_since + {days}"
        case Before(column, days):
            return f"{column.sql_name} - {days}"
        case On(day):
            return literal(day)
        case None:
            raise AssertionError("a stage refuses a touch without a time")


def _channel(touch: Touch, leg: int) -> Channel | None:
    return touch.legs[leg] if leg < len(touch.legs) else None


def _cases(values: list[str | None], otherwise: str, name: str) -> str:
    """One expression for each touch, by its position."""
    cases = " ".join(f"WHEN {position} THEN {value}" for position, value in enumerate(values) if value is not None)
    return f"{f'CASE t.position {cases} ELSE {otherwise} END' if cases else otherwise} AS {name}"
