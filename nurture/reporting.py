"""How things stand: the newest night, who stands where, what is on its way."""

from dataclasses import dataclass
from datetime import date, datetime

from nurture.playbook import Playbook
from nurture.store import Database


@dataclass(frozen=True)
class StageStatus:
    """How many leads stand in a stage, and for how many nights the middle one of them has."""

    journey: str
    stage: str
    leads: int
    median_nights: float


@dataclass(frozen=True)
class StateStatus:
    """How many messages of a channel are in a state."""

    channel: str
    state: str
    messages: int


@dataclass(frozen=True)
class PauseStatus:
    """Something that is paused, since when, and why."""

    kind: str
    name: str
    since: datetime
    why: str


@dataclass(frozen=True)
class Status:
    """The state of the house; ``unfinished`` are nights that began and were never completed, ``doubtful_since`` is when
    the oldest message went into doubt.
    """

    leads: int
    accounts: int
    interactions: int
    newest_night: date | None
    unfinished: tuple[date, ...]
    stages: tuple[StageStatus, ...]
    messages: tuple[StateStatus, ...]
    paused: tuple[PauseStatus, ...]
    doubtful_since: datetime | None


def read_status(database: Database, playbook: Playbook) -> Status:
    """How things stand."""
    counts = database.one(
        "SELECT (SELECT count(*) FROM lead), (SELECT count(*) FROM account), (SELECT count(*) FROM interaction)"
    )
    newest = database.one("SELECT max(night) FROM run")[0]
    unfinished = database.rows(
        "SELECT night FROM run GROUP BY night HAVING NOT bool_or(step = 'report') ORDER BY night"
    )
    stages = database.rows("""
        SELECT journey, stage, count(*), median((SELECT max(night) FROM run) - stage_since) FROM enrolment
        WHERE left_on IS NULL GROUP BY journey, stage""")
    order = {(j.name, s.key): (k, i) for k, j in enumerate(playbook.ranked()) for i, s in enumerate(j.stages)}
    messages = database.rows("SELECT channel, state, count(*) FROM message GROUP BY ALL ORDER BY ALL")
    return Status(
        counts[0],
        counts[1],
        counts[2],
        newest,
        tuple(row[0] for row in unfinished),
        tuple(StageStatus(*row) for row in sorted(stages, key=lambda row: order.get((row[0], row[1]), (99, 0)))),
        tuple(StateStatus(*row) for row in messages),
        tuple(PauseStatus(*row) for row in database.rows("SELECT kind, name, since, why FROM pause ORDER BY since")),
        database.one("SELECT min(moved_at) FROM message WHERE state = 'unknown'")[0],
    )
