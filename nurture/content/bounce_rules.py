"""What mail systems mean by what they answer: a table of texts, then the provider's own classification.

Some Chinese providers answer 550 when they mean "later": suppressing those addresses would lose good people.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from models import Meaning
from nurture.content.files import read_toml

GONE = ("invalid address", "mailbox unavailable")
THROTTLED = ("frequency or volume too high", "technical", "technical failure")


class Answer(BaseModel):
    """A text that occurs in an answer, and what it means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(min_length=3)
    means: Literal["gone", "throttled", "refused"]


class Answers(BaseModel):
    """All of ``content/bounces.toml``, in its order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    answer: tuple[Answer, ...] = ()

    def meaning(self, kind: str, said: str, classification: str, status: str) -> Meaning:
        """What an answer means; ``kind`` is the provider's word for a bounce: ``bounce`` or ``blocked``."""
        low, classified = said.lower(), classification.lower()
        for answer in self.answer:
            if answer.text.lower() in low:
                return Meaning(answer.means)
        if kind != "blocked" and (classified in GONE or (not classified and status.startswith("5.1."))):
            return Meaning.GONE
        return Meaning.THROTTLED if classified in THROTTLED else Meaning.REFUSED


def read_answers(content: Path) -> Answers:
    """The answers of a content folder; none without the file.

    Raises:
        ContentError: an entry is wrong; names the file and the entry.
    """
    path = content / "bounces.toml"
    return read_toml(path, Answers) if path.exists() else Answers()
