"""Proofreading: what ``nurture check`` finds in the texts before a night does.

Every file is compiled and rendered for three invented readers: one of whom everything is known, one of whom nothing is
but the name, and one who put every nasty thing into every field.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from models import Channel
from nurture.content.brand import Voice
from nurture.content.catalogue import ContentFile, attachment
from nurture.errors import ContentError, RenderError
from nurture.keys.signed_links import Tokens
from nurture.templates.compiler import Compiler, Template
from nurture.templates.engine import Engine, Rendered
from nurture.templates.variables import Introduction, Reader

SUBJECT_COLUMNS, PREHEADER_COLUMNS = 70, 110

FULL = Reader(
    "0" * 32, "L0001", "林晚舟", "technical", "lin@company.example", "13800000000", "wm0001", "fair", Decimal("12.5"),
    "某某精密机械有限公司", "machinery", "苏州", 180, "professional", date(2027, 3, 31), "顾明远", "客户经理",
    "gu@hengchuan-data.example", "gu.mingyuan", "下载资料至少 2 次", ((date(2026, 11, 18), "下载资料"),),
    reply_subject="回复：清单", reply_text="谢谢，请问能接我们的设备吗？", sender_known=False,
)  # fmt: skip
MINIMAL = Reader("1" * 32, name="林晚舟")
NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}{% x %}\r\nBcc: a@b.example\u202e\u2028"
NASTY += "=?utf-8?q?a=0D=0ABcc=3A_e@x.example?="
HOSTILE = replace(
    FULL, message_id="2" * 32, name=NASTY, role=NASTY, email=NASTY, mobile=NASTY, source=NASTY, account_name=NASTY,
    industry=NASTY, city=NASTY, plan=NASTY, owner_name=NASTY, owner_title=NASTY, owner_email=NASTY, why=NASTY,
    recent=((date(2026, 11, 18), NASTY),), reply_subject=NASTY, reply_text=NASTY,
)  # fmt: skip
READERS = {
    "everything is known": FULL,
    "only the name is known": MINIMAL,
    "every field is hostile": HOSTILE,
}


def proofread(content: tuple[ContentFile, ...], voice: Voice, language: str) -> list[str]:
    """Every problem of the texts, each with file and line where it has one."""
    proofreader = _Proofreader(voice, language)
    return [problem for file in content for problem in proofreader.problems(file)]


class _Proofreader:
    def __init__(self, voice: Voice, language: str) -> None:
        self._voice = voice
        self._compiler = Compiler(voice, language)
        self._engine = Engine(voice)
        self._introduction = Introduction(voice, Tokens(b"proofreading" * 3, "https://pages.example"))

    def problems(self, file: ContentFile) -> Iterator[str]:
        yield from _missing(file)
        yield from _attachments(file)
        try:
            template = self._compiler.compile(file)
        except ContentError as error:
            yield str(error)
            return
        for whom, reader in READERS.items():
            try:
                rendered = self._engine.render(template, self._introduction.values(reader, template))
            except RenderError as error:
                yield f"{error}, for a reader of whom {whom}."
                continue
            yield from _unsafe(file, rendered, reader)
            if reader is FULL:
                yield from self._style(file, template, rendered)

    def _style(self, file: ContentFile, template: Template, rendered: Rendered) -> Iterator[str]:
        for what, line, most in (
            ("subject", rendered.subject, SUBJECT_COLUMNS),
            ("preheader", rendered.preheader, PREHEADER_COLUMNS),
        ):
            if columns(line) > most:
                yield f"{file.path}: the {what} is {columns(line)} columns wide; {most} are the most that is read."
        if rendered.html.count('class="button"') > 1:
            yield f"{file.path}: more than one button. One thing to do a mail; the others can be links in a sentence."
        words = " ".join((file.subject, file.preheader, file.body))
        if found := self._absolute(words, template.language):
            yield f"{file.path}: advertising law forbids absolute words: {', '.join(found)}."

    def _absolute(self, text: str, language: str) -> list[str]:
        """The forbidden words of a text; in Latin script whole words are meant, in any case."""
        wording, tag = self._voice.wording, language.split("-")[0]
        for phrase in sorted(wording.allowed.get(tag, []), key=len, reverse=True):
            text = _whole(phrase).sub(" ", text)
        return [word for word in wording.absolute.get(tag, []) if _whole(word).search(text)]


def _missing(file: ContentFile) -> Iterator[str]:
    needed = {Channel.EMAIL: ("subject", "preheader", "sender"), Channel.STAFF: ("subject",), Channel.WECOM: ()}
    for key in needed[file.channel]:
        if not getattr(file, key):
            yield f"{file.path}: front matter needs `{key}:`."


def _attachments(file: ContentFile) -> Iterator[str]:
    if file.attachments and file.channel is not Channel.EMAIL:
        yield f"{file.path}: only an email has attachments."
        return
    for name in file.attachments:
        try:
            attachment(file, name)
        except ContentError as error:
            yield str(error)


def _unsafe(file: ContentFile, rendered: Rendered, reader: Reader) -> Iterator[str]:
    if reader is HOSTILE and ("<script" in rendered.html or "<img src=x" in rendered.html):
        yield f"{file.path}: a value reaches the HTML without being escaped."


def _whole(word: str) -> re.Pattern[str]:
    """A word in any case; in Latin script a whole one: no "leading" in "misleading"."""
    return re.compile(
        rf"(?<![a-zA-Z0-9](?=[a-zA-Z0-9])){re.escape(word)}(?!(?<=[a-zA-Z0-9])[a-zA-Z0-9])", re.IGNORECASE
    )


def columns(line: str) -> int:
    """How wide a line is: a Chinese character takes two columns."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
