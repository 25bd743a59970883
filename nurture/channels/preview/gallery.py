"""The gallery: the messages of a night's outbox on one page that opens from the folder, without a server.

The page is always the same (``gallery.html``); what hangs in it are script files made from the messages' own files,
some two hundred to a file. ``hang`` adds what is new, so it may be called as often as one likes.
"""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from importlib.resources import files
from pathlib import Path
from typing import Any

CHUNK = 200
MESSAGE = re.compile(r"[0-9a-f]{32}\.(eml|json)")
"""Files of other names in the folder are not ours."""

START = "window.GALLERY = "

Described = dict[str, Any]


@dataclass(frozen=True)
class Picture:
    """A message in the gallery: what the list says of it, and what is shown when it is opened."""

    listed: Described
    shown: Described


def hang(folder: Path, order: Sequence[str] = ()) -> int:
    """Bring the gallery of an outbox folder up to date; the number of messages in it.

    Args:
        order: Touches as ``journey/stage/touch``, in the order in which the page lists them; others come last.
    """
    hall = folder / "gallery"
    hall.mkdir(exist_ok=True)
    with (hall / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _hang(folder, hall, order)


def _hang(folder: Path, hall: Path, order: Sequence[str]) -> int:
    listed = _listed(hall / "list.js")
    known = {each["file"] for each in listed}
    new = sorted(path for path in folder.iterdir() if MESSAGE.fullmatch(path.name) and path.name not in known)
    for number, paths in _chunks(new, 1 + max((each["chunk"] for each in listed), default=-1)):
        pictures = [_picture(path) for path in paths]
        listed += [picture.listed | {"chunk": number} for picture in pictures]
        shown = {picture.listed["id"]: picture.shown for picture in pictures}
        _write(hall / f"{number:04d}.js", f"galleryChunk({number}, {_script(shown)});\n")
    places = {place: number for number, place in enumerate(order)}
    listed.sort(key=lambda each: (places.get(_place(each), len(places)), each["to"], each["id"]))
    title = "Outbox" if folder.parent.name == "outbox" else "Preview"
    _write(hall / "list.js", f"{START}{_script({'night': folder.name, 'title': title, 'messages': listed})};\n")
    with files(__package__).joinpath("gallery.html").open("rb") as page, (folder / "index.html").open("wb") as copy:
        shutil.copyfileobj(page, copy)
    return len(listed)


def _listed(path: Path) -> list[Described]:
    """What the page lists already; nothing when its list was torn: then all is hung anew."""
    try:
        text = path.read_text(encoding="utf-8").removeprefix(START).rstrip().removesuffix(";")
        found: list[Described] = json.loads(text)["messages"]
    except (OSError, ValueError, KeyError):
        return []
    return found


def _place(listed: Described) -> str:
    return f"{listed['journey']}/{listed['stage']}/{listed['touch']}"


def _chunks(paths: list[Path], first: int) -> Iterator[tuple[int, list[Path]]]:
    for start in range(0, len(paths), CHUNK):
        yield first + start // CHUNK, paths[start : start + CHUNK]


def _script(value: object) -> str:
    """JSON that is safe inside a script, whatever is in it."""
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _write(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8", errors="replace")
    os.replace(new, path)


def _picture(path: Path) -> Picture:
    size = {"id": path.stem, "file": path.name, "bytes": path.stat().st_size}
    picture = _email(path) if path.suffix == ".eml" else _request(path)
    return Picture(size | picture.listed, picture.shown)


def _email(path: Path) -> Picture:
    """Read with the old policy: the new one takes four times as long over headers that are our own."""
    message = message_from_bytes(path.read_bytes())
    headers = [(name, _decoded(value)) for name, value in message.items()]
    about = {name[10:].lower(): value for name, value in headers if name.startswith("X-Nurture-")}
    named = dict(headers)
    parts = {part.get_content_type(): part for part in message.walk() if not part.get_filename()}
    shown = {
        "html": _content(parts.get("text/html")),
        "text": _content(parts.get("text/plain")),
        "headers": [list(header) for header in headers],
    }
    return Picture(about | {"subject": named["Subject"], "to": named["To"], "from": named["From"]}, shown)


def _decoded(value: str) -> str:
    """A header as people read it; one that cannot be read stays as it is."""
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError):
        return value


def _content(part: Message | None) -> str:
    payload = part.get_payload(decode=True) if part else b""
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _request(path: Path) -> Picture:
    found = json.loads(path.read_text(encoding="utf-8"))
    about, request = found["about"], found["request"]
    card = request.get("textcard", {})
    text = card.get("description") or request.get("text", {}).get("content", "")
    subject = card.get("title") or text.partition("\n")[0]
    return Picture(about | {"subject": subject}, {"text": text, "headers": [], "facts": []})
