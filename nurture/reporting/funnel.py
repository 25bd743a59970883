"""The funnel: how many leads stand in each stage, how many ever came so far, and who reached the goal tonight."""

from dataclasses import dataclass
from datetime import date

from models import ExitReason, Lifecycle
from nurture.journey.playbook import Playbook
from nurture.storage.database import Database
from nurture.storage.sql import literal, texts


@dataclass(frozen=True)
class FunnelStage:
    """One stage of a journey: leads that stand there now, and leads that were there at any time."""

    journey: str
    stage: str
    standing: int
    reached: int


@dataclass(frozen=True)
class Qualified:
    """A lead that became ready for sales: its id here, and its id in the CRM."""

    lead_id: str
    external_id: str
    journey: str


def read_funnel(database: Database, playbook: Playbook) -> tuple[FunnelStage, ...]:
    """Every stage of every journey, in the order in which leads walk."""
    standing = database.rows("SELECT journey, stage, count(*) FROM enrolment WHERE left_on IS NULL GROUP BY ALL")
    reached = database.rows("SELECT journey, stage, reached FROM funnel")
    now, ever = ({(row[0], row[1]): row[2] for row in rows} for rows in (standing, reached))
    stages = [(journey.name, stage.key) for journey in playbook.ranked() for stage in journey.stages]
    return tuple(FunnelStage(*place, now.get(place, 0), ever.get(place, 0)) for place in stages)


def read_qualified(database: Database, playbook: Playbook, night: date) -> tuple[Qualified, ...]:
    """The leads that a night made ready for sales."""
    journeys = [each.name for each in playbook.journeys if each.goal_makes == Lifecycle.QUALIFIED]
    rows = database.rows(f"""
        SELECT e.lead_id::VARCHAR, l.external_id, e.journey FROM enrolment e JOIN lead l ON l.id = e.lead_id
        WHERE e.left_on = {literal(night)} AND e.exit_reason = {literal(ExitReason.GOAL)}
          AND e.journey IN {texts(*journeys)} ORDER BY e.lead_id""")
    return tuple(Qualified(*row) for row in rows)
