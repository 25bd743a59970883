"""Win-back: people whose company left us hear what has changed since, and are asked why."""

from datetime import date
from typing import Any

from flows.journey_flow import journey_flow, walk
from nurture.journey import Journey, Stage, days, did, email, spoke_to_us, staff, wecom

journey = Journey(
    name="win-back",
    serves=["lapsed"],
    audience=~spoke_to_us(within=days(30)),
    goal=did("meeting.booked") | did("trial.started"),
    reenter_after=days(180),
    stages=[
        Stage(
            "listen",
            asks="Did you understand why we left?",
            touches=[
                email("what-went-wrong", after=days(0)),
                wecom("one-question", after=days(10), otherwise=email("one-question")),
            ],
            advance_if=spoke_to_us(within=days(14)) | did("link.clicked", times=2, since="stage"),
            fall_back_after=days(45),
        ),
        Stage(
            "what-is-new",
            asks="What is different now?",
            touches=[
                email("what-changed", after=days(0)),
                staff("personal-call", after=days(5)),
            ],
            fall_back_after=days(60),
        ),
    ],
)


@journey_flow("win-back")
def win_back(night: date | None = None, dry_run: bool = False, limit: int | None = None) -> Any:
    """Walk the win-back for one night.

    Args:
        night: Business date; without it, today's.
        dry_run: Decide and report, but write nothing.
        limit: Only the first so many leads; with dry_run.
    """
    return walk(journey, night, dry_run=dry_run, limit=limit)
