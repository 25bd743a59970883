"""Letters, chats and cards for the preview channel, and what its gallery says of them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nurture.channels import Outcome
from nurture.channels.envelope import Envelope
from nurture.channels.preview import Preview
from nurture.channels.preview.files import written

NOW = datetime(2026, 11, 9, 4, tzinfo=UTC)
NIGHT = "2026-11-09"
LEAVE = f"https://n.example/u/{'0' * 32}.{'s' * 43}"
LETTER = Envelope(**dict.fromkeys(Envelope._fields, ""))._replace(
    journey="trial", stage="first", touch="hello", channel="email", language="en", night=NIGHT, lead="L1",
    to="ann@company.example", to_name="Ann", sender="Bo", sender_address="bo@us.example", subject="Hello",
    preheader="P", html="<p>Hello</p>", text="Hello\n", unsubscribe_url=LEAVE,
)  # fmt: skip


def letter(number: int = 0, **changes: str) -> Envelope:
    """A letter with this id."""
    return LETTER._replace(id=f"{number:032x}", **changes)


def channel(tmp_path: Path, *order: str) -> Preview:
    """The channel that delivers into ``outbox/``."""
    return Preview(tmp_path / "outbox", tmp_path / "rendered", NOW, order)


def deliver(tmp_path: Path, *envelopes: Envelope) -> list[Outcome]:
    """One dispatch."""
    preview = channel(tmp_path)
    outcomes = list(preview.send(envelopes))
    preview.finish()
    return outcomes


def lay(folder: Path, *envelopes: Envelope) -> None:
    """Messages in a folder, without waiting for the disk."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in envelopes:
        suffix, content = written(each, folder, NOW)
        (folder / f".{each.id}").write_bytes(content)
        (folder / f".{each.id}").rename(folder / f"{each.id}{suffix}")


def listed(folder: Path) -> list[dict[str, Any]]:
    """What the page lists."""
    text = (folder / "gallery" / "list.js").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text.removeprefix("window.GALLERY = ").strip().removesuffix(";"))[
        "messages"
    ]
    return found


def shown(folder: Path, number: int = 0) -> dict[str, Any]:
    """What the page shows of the messages of a chunk, by id."""
    text = (folder / "gallery" / f"{number:04d}.js").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text.removeprefix(f"galleryChunk({number}, ").strip().removesuffix(");"))
    return found
