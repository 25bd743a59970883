"""Renewal: before the maintenance period ends, customers see what it was worth, and who to ask."""

from datetime import date
from typing import Any

from flows.journey_flow import journey_flow, walk
from nurture.journey import Journey, Stage, account, before, days, did, email, lead, staff, wecom

journey = Journey(
    name="renewal",
    serves=["customer"],
    audience=~account.maintenance_ends.is_missing()
    & lead.role.is_in("decision_maker", "champion", "procurement", "finance"),
    goal=did("contract.renewed"),
    goal_scope="account",
    goal_makes="customer",
    reenter_after=days(270),
    stages=[
        Stage(
            "value",
            asks="What did we get for the money?",
            touches=[
                email("year-in-numbers", before(account.maintenance_ends, days(60))),
                wecom(
                    "what-is-next",
                    before(account.maintenance_ends, days(45)),
                    otherwise=email("what-is-next"),
                ),
                staff("renewal-call", before(account.maintenance_ends, days(30)), only_if=~did("contract.renewed")),
                email("last-questions", before(account.maintenance_ends, days(14))),
            ],
            fall_back_after=days(400),
        ),
    ],
)


@journey_flow("renewal")
def renewal(night: date | None = None, dry_run: bool = False, limit: int | None = None) -> Any:
    """Walk the renewal for one night.

    Args:
        night: Business date; without it, today's.
        dry_run: Decide and report, but write nothing.
        limit: Only the first so many leads; with dry_run.
    """
    return walk(journey, night, dry_run=dry_run, limit=limit)
