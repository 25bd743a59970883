"""What leads can choose to hear about: every journey is a topic, with the name that marketing gave it.

Read from ``content/topics.toml``; a journey without an entry cannot be switched off alone.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from nurture.content.files import read_toml


class Topic(BaseModel):
    """How one topic is called on the page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    zh: str


class Topics(BaseModel):
    """All topics, by the name of their journey, in the order of the page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topics: dict[str, Topic] = {}


def read_topics(content: Path) -> Topics:
    """The topics of a content folder; none without the file.

    Raises:
        ContentError: an entry is wrong; names the file and the entry.
    """
    path = content / "topics.toml"
    return read_toml(path, Topics) if path.exists() else Topics()
