"""Product trial: from "what is a good product" to a lead that sales should call."""

from datetime import date
from typing import Any

from flows.journey_flow import journey_flow, walk
from nurture.journey import Journey, Stage, days, depth, did, email, lead, staff, wecom

journey = Journey(
    name="product-trial",
    serves=["subscriber", "lead"],
    audience=(lead.source != "partner") & (depth() >= 5),
    goal=did("meeting.booked"),
    goal_scope="account",
    stages=[
        Stage(
            "awareness",
            asks="What does a good product look like; how do I find the right one among so many?",
            touches=[
                email("checklist", after=days(0)),
                wecom("peer-case", after=days(3), otherwise=email("peer-case")),
                email("webinar-invite", after=days(7), only_if=~did("webinar.registered", within=days(30))),
                email("comparison", after=days(14)),
            ],
            advance_if=did("content.downloaded", times=2) | did("webinar.attended"),
            fall_back_after=days(60),
        ),
        Stage(
            "application",
            asks="How would I use it in my own operation?",
            touches=[
                email("scenario-guide", after=days(0)),
                email("roi-worksheet", after=days(4), only_if=~did("worksheet.completed")),
                wecom("share-with-boss", after=days(9), otherwise=email("share-with-boss")),
            ],
            advance_if=did("worksheet.completed") | did("homework.handed_in") | did("colleague.invited"),
            fall_back_after=days(45),
        ),
        Stage(
            "hands_on",
            asks="Show me, step by step, with my own data.",
            marks="nearly-qualified",
            touches=[
                email("trial-start", after=days(0), only_if=~did("trial.started")),
                staff("offer-help", after=days(2)),
                wecom("trial-step", after=days(3), otherwise=email("trial-step")),
                email("trial-checklist", after=days(8), only_if=~did("trial.step_done", times=5)),
            ],
            advance_if=did("trial.step_done", times=3),
            fall_back_after=days(30),
        ),
        Stage(
            "q_and_a",
            asks="It works, but what about …?",
            touches=[
                email("open-questions", after=days(0)),
                wecom("service-proof", after=days(4), otherwise=email("service-proof")),
                staff("call-to-book", after=days(6), only_if=depth() >= 20),
            ],
            fall_back_after=days(45),
        ),
    ],
)


@journey_flow("product-trial")
def product_trial(night: date | None = None, dry_run: bool = False, limit: int | None = None) -> Any:
    """Walk the product trial for one night.

    Args:
        night: Business date; without it, today's.
        dry_run: Decide and report, but write nothing.
        limit: Only the first so many leads; with dry_run.
    """
    return walk(journey, night, dry_run=dry_run, limit=limit)
