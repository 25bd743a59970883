"""The sandbox in which templates run: no way into Python, no missing name, nothing dangerous in a value.

Values are made harmless before a template sees them (``plain``): control characters, line breaks and marks that turn
the direction of writing are dropped, so that a name can neither add a header line nor reorder a sentence.
"""

import re
import unicodedata
from datetime import date
from urllib.parse import urlsplit

from jinja2 import StrictUndefined, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from nurture.content.brand import Voice
from nurture.errors import RenderError

TURNS_DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
BLANKS = re.compile(r"[\s\u2028\u2029\x00-\x1f\x7f-\x9f]+")
DROPPED = re.compile(f"[{TURNS_DIRECTION}\ufeff]")
SAFE_SCHEMES = ("https", "http", "mailto")


def plain(value: str) -> str:
    """A value in one line, without control characters and without marks that turn the direction of writing.

    ``=?`` is taken apart: at the beginning of an encoded word it could bring all of that back into a header.
    """
    if not value.isprintable():
        kept = BLANKS.sub(" ", DROPPED.sub("", value))
        value = "".join(c for c in kept if unicodedata.category(c) not in ("Cc", "Cs", "Cn")).strip()
    return value.replace("=?", "= ?")


class Missing(StrictUndefined):
    """A value that this person does not have: false when asked for, an error when written."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]
        return False

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return isinstance(other, Missing)

    def __ne__(self, other: object) -> bool:  # type: ignore[override]
        return not isinstance(other, Missing)

    __hash__ = StrictUndefined.__hash__  # type: ignore[assignment]


def safe_url(value: object) -> str:
    """An address that comes from data, if it can do no harm in a link.

    Raises:
        RenderError: it is no http, https or mailto address, or hides something.
    """
    url = str(value).strip()
    parts = urlsplit(url)
    hides = any(ord(c) < 0x21 or 0x7F <= ord(c) < 0xA0 or c in "\\<>\"'`" for c in url) or "@" in parts.netloc
    if parts.scheme.lower() not in SAFE_SCHEMES or hides or (parts.scheme != "mailto" and not parts.netloc):
        raise RenderError("an address from the data is no safe web address")
    return url


def environment(voice: Voice, *, html: bool) -> ImmutableSandboxedEnvironment:
    """An environment for HTML parts (everything is escaped, whatever a file is called) or for text parts."""
    made = ImmutableSandboxedEnvironment(undefined=Missing, autoescape=html, keep_trailing_newline=True)

    @pass_context
    def day(context: Context, value: date) -> str:
        return voice.day(value, context["language"])

    made.filters |= {"day": day, "safe_url": safe_url}
    return made
