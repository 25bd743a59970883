"""Leads that a changed journey would leave behind: found before a night runs, and by ``nurture check``.

Journey names, stage keys and touch keys are identities. Content may change freely; a key on which leads stand may not
vanish, because nobody could say where they go, and a renamed touch would be sent again.
"""

from dataclasses import dataclass

from nurture.errors import NightRefused
from nurture.journey.playbook import Playbook
from nurture.storage.database import Database


@dataclass(frozen=True)
class Stranded:
    """A key that is gone, and how many leads stand on it."""

    journey: str
    stage: str | None
    touch: str | None
    leads: int

    def __str__(self) -> str:
        place = f"{self.journey}/{self.stage}" if self.stage else self.journey
        if self.touch:
            return (
                f"{place}: touch {self.touch!r} is gone, and {self.leads} lead(s) in the stage have its message. "
                "If you renamed it they would get it again: give it its old key back."
            )
        return (
            f"{place}: gone, and {self.leads} lead(s) stand there. Put it back (it may have no touches) until they "
            "have walked on."
        )


def find_stranded(database: Database, playbook: Playbook) -> list[Stranded]:
    """Every vanished stage with open enrolments, and every vanished touch with messages in a lead's stage."""
    stages = {(journey.name, stage.key) for journey in playbook.journeys for stage in journey.stages}
    touches = {(journey.name, touch.key) for journey in playbook.journeys for _, touch in journey.touches()}
    standing = database.rows("""
        SELECT journey, stage, count(*) FROM enrolment WHERE left_on IS NULL GROUP BY ALL ORDER BY ALL""")
    sent = database.rows("""
        SELECT e.journey, e.stage, m.touch, count(*) FROM enrolment e
        JOIN message m ON m.enrolment_id = e.id AND m.stage = e.stage
        WHERE e.left_on IS NULL AND m.kind = 'touch' GROUP BY ALL ORDER BY ALL""")
    gone = [Stranded(row[0], row[1], None, row[2]) for row in standing if (row[0], row[1]) not in stages]
    return gone + [Stranded(*row) for row in sent if (row[0], row[1]) in stages and (row[0], row[2]) not in touches]


def refuse_stranded(database: Database, playbook: Playbook) -> None:
    """Refuse to run a night over leads that a changed journey left behind.

    Raises:
        NightRefused: names each vanished key, how many leads stand on it, and what to do.
    """
    if found := find_stranded(database, playbook):
        raise NightRefused("Leads would be left behind:\n" + "\n".join(f"  {each}" for each in found))
