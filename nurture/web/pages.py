"""The pages that readers see, in their language: templates of ours, words of marketing's (``content/web.toml``).

They can be read without CSS, and have no scripts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import RootModel
from starlette.requests import Request
from starlette.responses import HTMLResponse

from nurture.content.brand import Voice, in_language, read_voice
from nurture.content.files import read_toml
from nurture.errors import ContentError

Words = dict[str, str]
STYLE = Path(__file__).parent / "templates" / "style.css"


@dataclass(frozen=True)
class Pages:
    """Answers with a page. ``base`` is the path under which the pages are reached, without a slash at its end."""

    templates: Environment
    words: dict[str, Words]
    voice: Voice
    base: str

    def show(self, name: str, language: str, status: int = 200, **values: object) -> HTMLResponse:
        """The page of a name in a language that there is."""
        company = in_language(self.voice.company, language)
        page = self.templates.get_template(f"{name}.html").render(
            words={key: self.say(key, language) for key in self.words[language]},
            languages={tag: words["language"] for tag, words in self.words.items()},
            language=language,
            company=company,
            base=self.base,
            **values,
        )
        return HTMLResponse(page, status, {"Content-Language": language, "Vary": "Accept-Language"})

    def say(self, key: str, language: str) -> str:
        """A sentence, with our name in it where it wants one."""
        return self.words[language][key].replace("{company}", in_language(self.voice.company, language).short)

    def day(self, day: date, language: str) -> str:
        """A date as people write it."""
        return self.voice.day(day, language)

    def language(self, request: Request, known: str | None = None) -> str:
        """The language of an answer: what was clicked, else what is known of the reader, else what the browser says."""
        accepted = _accepted(request.headers.get("accept-language", ""))
        for wanted in (request.query_params.get("lang"), known, *accepted):
            if found := self._closest(wanted or ""):
                return found
        return next(iter(self.words))

    def _closest(self, wanted: str) -> str | None:
        """A language that there is: the same tag, or another one of the same tongue."""
        tongue = wanted.split("-")[0].lower()
        same = [tag for tag in self.words if tag.split("-")[0].lower() == tongue]
        return wanted if wanted in self.words else next(iter(same), None)


def read_pages(content: Path, public_url: str) -> Pages:
    """The pages of a content folder.

    Raises:
        ContentError: ``web.toml`` is missing or wrong, or a language lacks words that another has.
    """
    path = content / "web.toml"
    words = read_toml(path, RootModel[dict[str, Words]]).root
    everything = set().union(*words.values())
    for language, known in words.items():
        if missing := sorted(everything - known.keys()):
            raise ContentError(f"{path}: {language} has no words for {', '.join(missing)}.")
    if not words:
        raise ContentError(f"{path}: it has no language.")
    return Pages(_templates(), words, read_voice(content), urlsplit(public_url).path.rstrip("/"))


def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("nurture.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _accepted(header: str) -> Iterable[str]:
    """The languages of an Accept-Language header, the most wanted first; what is not understood is left out."""
    weighed = []
    for place, entry in enumerate(header[:200].split(",")):
        tag, _, weight = entry.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), place, tag))
        except ValueError:
            continue
    return [tag for _, _, tag in sorted(weighed)]
