"""Compiling: a content file becomes four small Jinja templates: subject, preheader, HTML and text.

Markdown, the layout and the CSS are worked out here, once; for a person only Jinja runs. Placeholders carry the
Jinja tags through Markdown and the CSS inliner, and come back at the end.
"""

import re
from dataclasses import dataclass
from functools import cached_property

import css_inline
from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from models import Channel
from nurture.content.brand import Voice, in_language
from nurture.content.catalogue import ContentFile
from nurture.errors import ContentError
from nurture.templates.grammar import Place, check_grammar
from nurture.templates.markdown import OWN_ADDRESS, Paragraphs, write
from nurture.templates.parser import TOKEN, Body, Tag, take_apart
from nurture.templates.sandbox import environment

TRAP, PREHEADER, SUBJECT, UNSUBSCRIBE = "jx9996xj", "jx9997xj", "jx9998xj", "jx9999xj"
START_OF_JINJA = re.compile(r"\{(?=[{%#]|jx\d{4}xj)")
ALONE = re.compile(r"\{\{-?\s*(?:" + OWN_ADDRESS.pattern + r"|greeting)\s*-?\}\}")


@dataclass(frozen=True)
class Template:
    """A compiled content file: Jinja sources, and what is the same for every reader.

    ``file`` is the path below ``content/``; ``links`` are the keys that the text uses.
    """

    file: str
    channel: Channel
    language: str
    variant: str
    sender: str
    subject: str
    preheader: str
    html: str
    text: str
    links: tuple[str, ...]
    attachments: tuple[str, ...]


@dataclass(frozen=True)
class Compiler:
    """Compiles content files in our voice."""

    voice: Voice
    policy_language: str

    def compile(self, file: ContentFile) -> Template:
        """The compiled file.

        Raises:
            ContentError: it says something that templates may not say, or cannot be compiled; with file and line.
        """
        return _Compilation(self, file).template()

    @cached_property
    def html_environment(self) -> ImmutableSandboxedEnvironment:
        """For layouts and HTML parts."""
        return environment(self.voice, html=True)

    @cached_property
    def text_environment(self) -> ImmutableSandboxedEnvironment:
        """For everything else."""
        return environment(self.voice, html=False)


@dataclass(frozen=True)
class _Compilation:
    compiler: Compiler
    file: ContentFile

    @cached_property
    def language(self) -> str:
        return self.file.language or self.compiler.policy_language

    @cached_property
    def name(self) -> str:
        return self.file.path.as_posix()

    def template(self) -> Template:
        place = Place(self.name, self.file.body_line)
        for line in (self.file.subject, self.file.preheader):
            self._check_front(line, Place(self.name, 1))
        body = take_apart(self.file.body, place, self.compiler.text_environment)
        links = self._links(body, place)
        self._check_grammar(self._without_links(self.file.body), place)
        written = write(body, place)
        for token in written.addresses | written.within_addresses:
            if body.tags[token].source == "greeting":
                raise place.refuse(body.tags[token].line, "the greeting is no address.")
        html = self._html(written, body) if self.file.channel is Channel.EMAIL else ""
        text = self._text(written, body)
        self._check_sources(html, text)
        return Template(
            self.name, self.file.channel, self.language, self.file.variant, self.file.sender, self.file.subject,
            self.file.preheader, html, text, links, self.file.attachments,
        )  # fmt: skip

    def _check_sources(self, html: str, text: str) -> None:
        """What was put together runs: nothing may come to light in the middle of a night.

        Raises:
            ContentError: Jinja does not take it.
        """
        try:
            self.compiler.html_environment.from_string(html)
            for source in (self.file.subject, self.file.preheader, text):
                self.compiler.text_environment.from_string(source)
        except (TemplateError, SyntaxError, RecursionError) as error:
            raise ContentError(f"{self.name}: cannot be compiled: {error}.") from error

    def _check_front(self, line: str, place: Place) -> None:
        self._check_grammar(line, place)
        if TOKEN.search(line):
            raise place.refuse(1, "a text cannot contain words like jx0001xj.")
        if line.endswith("{#"):
            raise place.refuse(1, "this comment is never closed.")

    def _check_grammar(self, source: str, place: Place) -> None:
        check_grammar(source, self.file.channel, place, self.compiler.text_environment)

    def _without_links(self, source: str) -> str:
        """The body without its ``link("key")`` and ``greeting``, which stand alone and are no expressions."""
        return ALONE.sub("{{ '' }}", source)

    def _links(self, body: Body, place: Place) -> tuple[str, ...]:
        keys = dict.fromkeys(found[1] for tag in body.tags.values() if (found := OWN_ADDRESS.fullmatch(tag.source)))
        if unknown := [key for key in keys if key not in self.compiler.voice.links]:
            raise place.refuse(1, f"links.toml has no {', '.join(unknown)}.")
        return tuple(keys)

    def _html(self, written: Paragraphs, body: Body) -> str:
        """The whole mail: the body in the layout, with its CSS inlined, then the tags back in their places."""
        filled = self._in_layout(self.compiler.voice.html, Markup(written.html), html=True)  # noqa: S704 - our own HTML
        inlined = inliner().inline(filled)
        return self._with_tags(inlined, body, written, html=True)

    def _text(self, written: Paragraphs, body: Body) -> str:
        whole = written.text.strip("\n") + "\n"
        if self.file.channel is Channel.EMAIL:
            whole = self._in_layout(self.compiler.voice.text, whole, html=False)
        return self._with_tags(whole, body, written, html=False)

    def _in_layout(self, layout: str, body: str, *, html: bool) -> str:
        compiler, voice = self.compiler, self.compiler.voice
        values = {
            "language": self.language,
            "subject": SUBJECT,
            "preheader": PREHEADER,
            "body": body,
            "unsubscribe_url": UNSUBSCRIBE,
            "trap_url": TRAP,
            "sender": self._sender(),
            "company": in_language(voice.company, self.language).model_dump(),
            "say": in_language(voice.say, self.language),
        }
        try:
            frame = (compiler.html_environment if html else compiler.text_environment).from_string(layout)
            return frame.render(values)
        except TemplateError as error:
            raise ContentError(f"layout/email.{'html' if html else 'txt'}: {error}") from error

    def _sender(self) -> dict[str, str]:
        known = self.compiler.voice.senders
        if self.file.sender not in known:
            raise ContentError(
                f"{self.name}: sender {self.file.sender!r} is not in senders.toml. Known: {', '.join(known)}."
            )
        return in_language(known[self.file.sender], self.language).model_dump()

    def _with_tags(self, source: str, body: Body, written: Paragraphs, *, html: bool) -> str:
        """The Jinja source: what looks like Jinja in the frame is made harmless, then each tag comes back."""
        source = START_OF_JINJA.sub("{ ", source)
        source = source.replace(SUBJECT, self._escaped(self.file.subject))
        source = source.replace(PREHEADER, self._escaped(self.file.preheader))
        source = source.replace(UNSUBSCRIBE, "{{ unsubscribe_url }}").replace(TRAP, "{{ trap_url }}")
        for token, tag in body.tags.items():
            jinja = self._jinja(token, tag, written, html=html)
            source = source.replace(f"<!--{token}-->", jinja).replace(token, jinja)
        return source

    def _jinja(self, token: str, tag: Tag, written: Paragraphs, *, html: bool) -> str:
        """What a placeholder becomes, by where it stands: an address is checked, a part of one is encoded."""
        if own := OWN_ADDRESS.fullmatch(tag.source):
            return f'{{{{ links["{own[1]}"] }}}}'
        if tag.source == "greeting":
            return self._greeting(html=html)
        if token in written.addresses and tag.source != "unsubscribe_url":
            return f"{{{{ ({tag.source}) | safe_url }}}}"
        if token in written.within_addresses:
            return f"{{{{ ({tag.source}) | urlencode }}}}"
        return tag.jinja

    def _greeting(self, *, html: bool) -> str:
        """The greeting, and the one for readers who do not want texts made for them."""
        wording = self.compiler.voice.wording
        greeting = in_language(wording.greeting, self.language)
        if wording.neutral_greeting:
            neutral = in_language(wording.neutral_greeting, self.language)
            greeting = f"{{% if impersonal %}}{neutral}{{% else %}}{greeting}{{% endif %}}"
            self._check_grammar(neutral, Place("wording.toml", 1))
        self._check_grammar(in_language(wording.greeting, self.language), Place("wording.toml", 1))
        return self._escaped(greeting) if html else greeting

    def _escaped(self, line: str) -> str:
        """A line of front matter inside HTML; its tags stay as they are (the text frame shows neither of the lines)."""
        pieces = self.compiler.text_environment.lex(line)
        return "".join(escape(value) if kind == "data" else value for _, kind, value in pieces)


def inliner() -> css_inline.CSSInliner:
    """The CSS inliner: never fetches a style sheet; rules for media (dark mode, narrow screens) stay in the head."""
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True, minify_css=True)
