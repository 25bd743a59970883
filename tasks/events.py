"""What happened, as events that automations and other systems can wait for: ids and counts only.

An event has an id that follows from what it tells, so a night that runs again tells nothing twice.
"""

from collections.abc import Sequence
from datetime import date
from uuid import NAMESPACE_URL, uuid5

from prefect.events import emit_event

from nurture.night.report import Counts, NightReport
from nurture.reporting.funnel import Qualified

MOST_LEADS = 500
"""Leads told one by one; a first night after a large import may qualify thousands, and the count tells of them."""


def tell_qualified(leads: Sequence[Qualified], night: date) -> None:
    """``nurture.lead.qualified``, for each lead that became ready for sales."""
    for lead in leads[:MOST_LEADS]:
        emit_event(
            "nurture.lead.qualified",
            resource={"prefect.resource.id": f"nurture.lead.{lead.lead_id}"},
            payload={"lead": lead.external_id, "journey": lead.journey, "night": str(night)},
            id=uuid5(NAMESPACE_URL, f"nurture:qualified:{lead.lead_id}:{lead.journey}:{night}"),
        )


def tell_completed(report: NightReport, qualified: int) -> None:
    """``nurture.night.completed``: a night is closed and rendered."""
    counts = Counts.total([line.counts for line in report.journeys])
    emit_event(
        "nurture.night.completed",
        resource={"prefect.resource.id": f"nurture.night.{report.night}"},
        payload={
            "considered": counts.considered, "planned": counts.planned, "postponed": counts.postponed,
            "refused": counts.refused, "superseded": counts.superseded, "qualified": qualified,
        },
        id=uuid5(NAMESPACE_URL, f"nurture:completed:{report.night}"),
    )  # fmt: skip
