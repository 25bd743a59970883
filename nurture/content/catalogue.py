"""The content catalogue: the text files, for which touch, channel and person each is, and what they say.

A file is ``content/<journey>/<stage>/<touch>.<channel>[.<variant>][.<language>].md``, or ``content/notices/<name>.staff
[.<language>].md``. ``docs/content.md`` says what may stand in it. A file without a language fits every language.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from models import BuyingRole, Channel
from nurture.content.files import read_text
from nurture.errors import ContentError

LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")
FRONT_MATTER = re.compile(r"\A---\n(.*?\n|)---[ ]*(?:\n|\Z)", re.DOTALL)
FOR_KEYS = {"role", "industry", "size"}
FRONT_KEYS = {"subject", "preheader", "sender", "attachments", "for"}
NOTICES = "notices"
"""The folder of the cards that no journey names, and what stands in place of their journey and stage."""

SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader in C, where it is there: eight times as fast."""


@dataclass(frozen=True)
class ContentFile:
    """One text for one touch on one channel, and whom it fits; empty means everybody.

    ``body_line`` is the line of the file on which ``body`` begins.
    """

    path: Path
    journey: str
    stage: str
    touch: str
    channel: Channel
    language: str | None = None
    roles: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    smallest: int | None = None
    largest: int | None = None
    variant: str = ""
    subject: str = ""
    preheader: str = ""
    sender: str = ""
    attachments: tuple[str, ...] = ()
    body: str = ""
    body_line: int = 1

    @property
    def conditions(self) -> int:
        """How many kinds of things it asks of a person: the more, the more specific it is."""
        return bool(self.roles) + bool(self.industries) + (self.smallest is not None or self.largest is not None)


def read_content(content: Path) -> tuple[ContentFile, ...]:
    """Every content file, by path.

    Raises:
        ContentError: a name or front matter cannot be understood; names the file.
    """
    paths = [*content.glob("*/*/*.md"), *content.glob(f"{NOTICES}/*.md")]
    return tuple(_read_file(path, content) for path in sorted(paths))


def attachment(file: ContentFile, name: str) -> Path:
    """Where an attachment of a file lies: under ``content/attachments/``.

    Raises:
        ContentError: it is not there, or its name leads elsewhere.
    """
    folder = file.path.parents[1 if file.journey == NOTICES else 2] / "attachments"
    if Path(name).name != name or not (folder / name).is_file():
        raise ContentError(f"{file.path}: attachment {name!r} is not in {folder}.")
    return folder / name


def _read_file(path: Path, content: Path) -> ContentFile:
    *place, name = path.relative_to(content).parts
    journey, stage = place if len(place) == 2 else (NOTICES, NOTICES)
    touch, channel, variant, language = _read_name(path, name)
    front, body, body_line = _split(path)
    whom = front.get("for") or {}
    if not isinstance(whom, dict) or not whom.keys() <= FOR_KEYS:
        raise ContentError(f"{path}: `for` knows {', '.join(sorted(FOR_KEYS))}, each with a list.")
    roles = _words(path, whom, "role")
    if unknown := set(roles) - set(BuyingRole):
        raise ContentError(f"{path}: no role is called {', '.join(sorted(unknown))}. Known: {', '.join(BuyingRole)}.")
    smallest, largest = _size(path, whom)
    industries = _words(path, whom, "industry")
    subject, preheader, sender = (_text(path, front, key) for key in ("subject", "preheader", "sender"))
    attachments = _words(path, front, "attachments")
    return ContentFile(
        path, journey, stage, touch, channel, language, roles, industries, smallest, largest,
        variant, subject, preheader, sender, attachments, body, body_line,
    )  # fmt: skip


def _text(path: Path, front: dict[str, Any], key: str) -> str:
    value = front.get(key, "")
    if not isinstance(value, str) or "\n" in value.strip():
        raise ContentError(f"{path}: `{key}:` wants one line of text. Put it in quotes.")
    return value.strip()


def _read_name(path: Path, name: str) -> tuple[str, Channel, str, str | None]:
    touch, *rest = name.removesuffix(".md").split(".")
    language = rest[-1] if len(rest) > 1 and LANGUAGE.fullmatch(rest[-1]) else None
    if not rest or rest[0] not in tuple(Channel) or len(rest) > 3 or (len(rest) == 3 and not language):
        raise ContentError(f"{path}: a content file is called <touch>.<channel>[.<variant>][.<language>].md.")
    variant = rest[1] if len(rest) == 3 or (len(rest) == 2 and not language) else ""
    return touch, Channel(rest[0]), variant, language


def _split(path: Path) -> tuple[dict[str, Any], str, int]:
    """The front matter, the body, and the line on which the body begins."""
    text = read_text(path)
    found = FRONT_MATTER.match(text)
    if text.startswith("---") and not found:
        raise ContentError(f"{path}: its front matter does not end. Close it with a line of three dashes.")
    try:
        front = (yaml.load(found[1], Loader=SAFE) if found else None) or {}  # noqa: S506 - one of the safe ones
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}, line {mark.line + 2}" if mark else str(path)
        raise ContentError(f"{place}: its front matter is not valid YAML: {error}") from error
    if not isinstance(front, dict):
        raise ContentError(f"{path}: its front matter is not a list of `name: value` lines.")
    if unknown := front.keys() - FRONT_KEYS:
        names = ", ".join(sorted(map(str, unknown)))
        raise ContentError(f"{path}: front matter knows no {names}. Known: {', '.join(sorted(FRONT_KEYS))}.")
    start = found.end() if found else 0
    return front, text[start:], text.count("\n", 0, start) + 1


def _words(path: Path, whom: dict[str, Any], key: str) -> tuple[str, ...]:
    value = whom.get(key, [])
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(word, str) for word in values):
        raise ContentError(f"{path}: `{key}:` wants a word or a list of words.")
    return tuple(values)


def _size(path: Path, whom: dict[str, Any]) -> tuple[int | None, int | None]:
    match whom.get("size"):
        case None:
            return None, None
        case [int() as smallest, int() as largest]:
            return smallest, largest
        case _:
            raise ContentError(f"{path}: `for: size:` wants two numbers of employees: [first, last].")
