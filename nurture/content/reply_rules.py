"""``replies.toml``: what people write back that is a withdrawal, and what only machines write."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from nurture.content.files import read_toml


class Replies(BaseModel):
    """What ``content/replies.toml`` says about what people write back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    leave: tuple[str, ...] = ()
    leave_all: tuple[str, ...] = ()
    automatic: tuple[str, ...] = ()


def read_replies(content: Path) -> Replies:
    """The words of a content folder; none without the file.

    Raises:
        ContentError: an entry is wrong; names the file and the entry.
    """
    path = content / "replies.toml"
    return read_toml(path, Replies) if path.exists() else Replies()
