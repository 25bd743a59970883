"""Our voice: who we are, who of us writes, what the frame of a mail says, and how names of things are said.

Read from ``company.toml``, ``senders.toml``, ``links.toml``, ``wording.toml`` and ``layout/``; all owned by
marketing. Every entry is per language; a language that has none gets that of the wider tag, then the first one written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel

from nurture.content.files import read_text, read_toml

STRICT = ConfigDict(frozen=True, extra="forbid")
Value = TypeVar("Value")


def in_language(values: Mapping[str, Value], language: str) -> Value:
    """The entry of a language, of its wider tag, or the first one."""
    for tag in (language, language.split("-")[0]):
        if tag in values:
            return values[tag]
    return next(iter(values.values()))


def _web_address(url: str) -> str:
    if not url.startswith(("https://", "http://")) or any(ord(c) < 0x21 or c in "\\<>\"'" for c in url):
        raise ValueError(f"{url!r} is no web address; it begins with https://")
    return url


class Company(BaseModel):
    """Who we are; advertising and anti-spam law want it in every mail."""

    model_config = STRICT

    name: str
    short: str
    address: str
    email: str
    phone: str
    site: str


class Sender(BaseModel):
    """A persona: the person of ours in whose name a mail is written."""

    model_config = STRICT

    name: str
    title: str
    email: str = Field(pattern=r"^[^\s@<>,;:\"]+@[^\s@<>,;:\"]+\.[^\s@<>,;:\"]+$")


Said = Annotated[dict[str, str], Field(min_length=1)]
Words = dict[str, list[str]]
Addresses = Annotated[dict[str, Annotated[str, AfterValidator(_web_address)]], Field(min_length=1)]
Links = RootModel[dict[str, Addresses]]


class Wording(BaseModel):
    """How things are said. ``neutral_greeting`` is for readers who do not want texts
    made for them. ``absolute`` words are forbidden by advertising law; ``allowed`` ones only look like it."""

    model_config = STRICT

    greeting: Said
    neutral_greeting: dict[str, str] = {}
    date: Said
    months: Words = {}
    industry: dict[str, Said]
    role: dict[str, Said]
    absolute: Words = {}
    allowed: Words = {}


@dataclass(frozen=True)
class Voice:
    """All of it, as one argument."""

    company: dict[str, Company]
    senders: dict[str, dict[str, Sender]]
    links: dict[str, dict[str, str]]
    wording: Wording
    say: dict[str, dict[str, str]]
    html: str
    text: str

    def day(self, day: date, language: str) -> str:
        """A date as people write it in a language."""
        months = in_language(self.wording.months, language) if self.wording.months else []
        name = months[day.month - 1] if months else str(day.month)
        pattern = in_language(self.wording.date, language)
        return pattern.format(year=day.year, month=day.month, day=day.day, month_name=name)


def read_voice(content: Path) -> Voice:
    """The voice of a content folder.

    Raises:
        ContentError: a file is missing or an entry is wrong; names the file and the entry.
    """
    return Voice(
        read_toml(content / "company.toml", RootModel[dict[str, Company]]).root,
        read_toml(content / "senders.toml", RootModel[dict[str, dict[str, Sender]]]).root,
        read_toml(content / "links.toml", Links).root,
        read_toml(content / "wording.toml", Wording),
        read_toml(content / "layout" / "words.toml", RootModel[dict[str, dict[str, str]]]).root,
        read_text(content / "layout" / "email.html"),
        read_text(content / "layout" / "email.txt"),
    )
