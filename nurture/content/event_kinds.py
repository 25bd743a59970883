"""The event catalogue: which kinds of interaction exist, what they weigh, and how they are said.

Read from ``content/events.toml``, which marketing owns.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from nurture.content.files import read_toml


class EventKind(BaseModel):
    """One kind of interaction; the meaning of each field stands at the head of ``events.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weight: float = Field(ge=0, le=1000, allow_inf_nan=False)
    half_life: int = Field(gt=0, le=3650)
    human: bool = True
    conversation: bool = False
    pauses: bool = False
    resumes: bool = False
    en: str
    zh: str


class EventCatalogue(BaseModel):
    """All declared kinds, by their key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: dict[str, EventKind]

    def where(self, trait: str) -> list[str]:
        """The kinds for which a trait (``human``, ``conversation``, ``pauses``, ``resumes``) holds, sorted."""
        return sorted(key for key, kind in self.events.items() if getattr(kind, trait))


def read_events(content: Path) -> EventCatalogue:
    """The catalogue of a content folder.

    Raises:
        ContentError: the file is missing or an entry is wrong; names the file and the entry.
    """
    return read_toml(content / "events.toml", EventCatalogue)
