"""Journeys as typed Python. All that a marketer imports stands here; the rest of this folder reads and checks it.

``docs/journeys.md`` is the guide, with an example of every word.
"""

from nurture.journey.columns import account, depth, lead
from nurture.journey.definition import Journey, Stage
from nurture.journey.rules import consented, days, did, in_stage, spoke_to_us
from nurture.journey.touches import before, email, on, staff, wecom

__all__ = [
    "Journey",
    "Stage",
    "account",
    "before",
    "consented",
    "days",
    "depth",
    "did",
    "email",
    "in_stage",
    "lead",
    "on",
    "spoke_to_us",
    "staff",
    "wecom",
]
