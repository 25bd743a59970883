"""How things stand: the newest night, who stands where, what is on its way."""

from dataclasses import dataclass
from datetime import date, datetime

from models import Mover
from nurture.journey.playbook import Playbook
from nurture.safeguards.restore_guard import Restored, read_restored
from nurture.storage.database import Database
from nurture.storage.sql import literal


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
    """The state of the house.

    ``last_night`` is the newest night that should be complete by now, and ``trouble`` what is wrong with it (empty when
    nothing is); ``unfinished`` are nights that began and were never completed; ``doubtful_since`` is when the oldest
    message went into doubt.
    """

    leads: int
    accounts: int
    interactions: int
    newest_night: date | None
    last_night: date
    trouble: str
    unfinished: tuple[date, ...]
    stages: tuple[StageStatus, ...]
    messages: tuple[StateStatus, ...]
    paused: tuple[PauseStatus, ...]
    doubtful_since: datetime | None
    restored: Restored | None = None

    @property
    def guarded(self) -> bool:
        """Whether nothing is sent because a restore was not reconciled."""
        return self.restored is not None and self.restored.guarded


def read_status(database: Database, playbook: Playbook, last_night: date) -> Status:
    """How things stand; ``last_night`` is the newest night that should be complete."""
    counts = database.one(
        "SELECT (SELECT count(*) FROM lead), (SELECT count(*) FROM account), (SELECT count(*) FROM interaction)"
    )
    newest = database.one("SELECT max(night) FROM run")[0]
    unfinished = database.rows(
        "SELECT night FROM run GROUP BY night HAVING NOT bool_or(step = 'fold_decisions') ORDER BY night"
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
        last_night,
        _trouble(database, last_night),
        tuple(row[0] for row in unfinished),
        tuple(StageStatus(*row) for row in sorted(stages, key=lambda row: order.get((row[0], row[1]), (99, 0)))),
        tuple(StateStatus(*row) for row in messages),
        tuple(PauseStatus(*row) for row in database.rows("SELECT kind, name, since, why FROM pause ORDER BY since")),
        database.one("SELECT min(moved_at) FROM message WHERE state = 'unknown'")[0],
        read_restored(database),
    )


def _trouble(database: Database, night: date) -> str:
    """What is wrong with a night that should be complete; a later one that is complete makes up for it."""
    found = database.rows(f"""
        SELECT bool_or(step = 'fold_decisions'), bool_or(step = 'render') FROM run
        WHERE night = (SELECT max(night) FROM run WHERE night >= {literal(night)}) GROUP BY night""")
    if not found:
        return f"Night {night} is missing: `nurture run` closes today's."
    decided, rendered = found[0]
    if not decided:
        return f"Night {night} failed: it began and was never completed. `nurture run` does what is left."
    if not rendered:
        return f"Night {night} is decided, but its texts are not rendered: `nurture run` does it."
    halted = database.rows(f"SELECT name FROM pause WHERE mover = {literal(Mover.NIGHT)} ORDER BY since, name LIMIT 1")
    return f"Too many texts failed: mend them, then `nurture resume touch {halted[0][0]}`." if halted else ""
