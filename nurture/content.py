"""The content catalogue: which files exist for which touch, channel and person. Texts are rendered elsewhere.

A file is ``content/<journey>/<stage>/<touch>.<channel>[.<variant>][.<language>].md``; its YAML front matter may say
``for: {role: [...], industry: [...], size: [first, last]}``. A file without a language fits every language.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from models import BuyingRole, Channel
from nurture.errors import ContentError
from nurture.reading import read_text

LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")
FRONT_MATTER = re.compile(r"\A---\n(.*?\n)---[ ]*(?:\n|\Z)", re.DOTALL)
FOR_KEYS = {"role", "industry", "size"}


@dataclass(frozen=True)
class ContentFile:
    """One text for one touch on one channel, and whom it fits; empty means everybody."""

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


def read_content(content: Path) -> tuple[ContentFile, ...]:
    """Every content file, by path.

    Raises:
        ContentError: a name or front matter cannot be understood; names the file.
    """
    return tuple(_read_file(path, content) for path in sorted(content.glob("*/*/*.md")))


def _read_file(path: Path, content: Path) -> ContentFile:
    journey, stage, name = path.relative_to(content).parts
    touch, channel, language = _read_name(path, name)
    front = _front_matter(path)
    whom = front.get("for") or {}
    if not isinstance(whom, dict) or not whom.keys() <= FOR_KEYS:
        raise ContentError(f"{path}: `for` knows {', '.join(sorted(FOR_KEYS))}, each with a list.")
    roles = _words(path, whom, "role")
    if unknown := set(roles) - set(BuyingRole):
        raise ContentError(f"{path}: no role is called {', '.join(sorted(unknown))}. Known: {', '.join(BuyingRole)}.")
    smallest, largest = _size(path, whom)
    return ContentFile(
        path, journey, stage, touch, channel, language, roles, _words(path, whom, "industry"), smallest, largest
    )


def _read_name(path: Path, name: str) -> tuple[str, Channel, str | None]:
    touch, *rest = name.removesuffix(".md").split(".")
    if not rest or rest[0] not in tuple(Channel) or len(rest) > 3:
        raise ContentError(f"{path}: a content file is called <touch>.<channel>[.<variant>][.<language>].md.")
    language = rest[-1] if len(rest) > 1 and LANGUAGE.fullmatch(rest[-1]) else None
    return touch, Channel(rest[0]), language


def _front_matter(path: Path) -> dict[str, Any]:
    text = read_text(path)
    found = FRONT_MATTER.match(text)
    if text.startswith("---") and not found:
        raise ContentError(f"{path}: its front matter does not end. Close it with a line of three dashes.")
    try:
        front = yaml.safe_load(found[1]) if found else {}
    except yaml.YAMLError as error:
        raise ContentError(f"{path}: its front matter is not valid YAML: {error}") from error
    if not isinstance(front, dict):
        raise ContentError(f"{path}: its front matter is not a list of `name: value` lines.")
    return front


def _words(path: Path, whom: dict[str, Any], key: str) -> tuple[str, ...]:
    value = whom.get(key, [])
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(word, str) for word in values):
        raise ContentError(f"{path}: `for: {key}:` wants a word or a list of words.")
    return tuple(values)


def _size(path: Path, whom: dict[str, Any]) -> tuple[int | None, int | None]:
    match whom.get("size"):
        case None:
            return None, None
        case [int() as smallest, int() as largest]:
            return smallest, largest
        case _:
            raise ContentError(f"{path}: `for: size:` wants two numbers of employees: [first, last].")
