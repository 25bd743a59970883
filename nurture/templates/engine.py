"""The engine: runs compiled templates for readers. What goes wrong for one reader is that message's error alone."""

from dataclasses import dataclass
from functools import cached_property

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from models import Channel
from nurture.content.brand import Voice, in_language
from nurture.errors import RenderError
from nurture.templates.compiler import Template
from nurture.templates.sandbox import environment, plain
from nurture.templates.variables import Values

LARGEST = {Channel.EMAIL: 102_400, Channel.WECOM: 4_000, Channel.STAFF: 4_000}
"""Bytes: Gmail cuts a mail off at 102 kB, WeCom refuses a text above 4,000 (developer page 92135)."""

GOES_WRONG = (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What one person will read."""

    subject: str
    preheader: str
    html: str
    text: str


@dataclass(frozen=True)
class _Ready:
    """A template ready to run: HTML, texts (subject, preheader, body), and what is the same for every reader."""

    html: jinja2.Template
    texts: tuple[jinja2.Template | str, ...]
    constants: Values


class Engine:
    """Keeps each template ready to run."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._ready: dict[str, _Ready] = {}

    @cached_property
    def _html(self) -> ImmutableSandboxedEnvironment:
        return environment(self._voice, html=True)

    @cached_property
    def _text(self) -> ImmutableSandboxedEnvironment:
        return environment(self._voice, html=False)

    def render(self, template: Template, values: Values) -> Rendered:
        """The message of a template for the values of one reader.

        Raises:
            RenderError: the template fails for this reader, or comes out empty or too large.
        """
        ready = self._ready.get(template.file) or self._prepare(template)
        values |= ready.constants
        try:
            html = _run(ready.html, values)
            subject, preheader, text = (_run(each, values) for each in ready.texts)
        except GOES_WRONG as error:
            raise RenderError(f"{template.file}: {_told(error)}") from error
        rendered = Rendered(plain(subject), plain(preheader), html, text)
        _check(template, rendered)
        return rendered

    def _prepare(self, template: Template) -> _Ready:
        constants: Values = {"company": in_language(self._voice.company, template.language).model_dump()}
        if template.sender:
            constants["sender"] = in_language(self._voice.senders[template.sender], template.language).model_dump()
        texts = tuple(self._text_part(each) for each in (template.subject, template.preheader, template.text))
        ready = _Ready(self._html.from_string(template.html), texts, constants)
        self._ready[template.file] = ready
        return ready

    def _text_part(self, source: str) -> jinja2.Template | str:
        """A line without any tag is the same for everybody."""
        return self._text.from_string(source) if "{" in source else source


def _run(template: jinja2.Template | str, values: Values) -> str:
    """``template.render`` without its copies of the values, which take longer than the rendering."""
    if isinstance(template, str):
        return template
    return "".join(template.root_render_func(template.new_context(values, shared=True)))


def _told(error: Exception) -> str:
    """The error without what might be personal: an undefined name is told, a value never is."""
    return str(error) if isinstance(error, jinja2.UndefinedError) else type(error).__name__


def _check(template: Template, rendered: Rendered) -> None:
    largest = LARGEST[template.channel]
    size = max(len(rendered.html.encode()), len(rendered.text.encode()))
    if size > largest:
        raise RenderError(f"{template.file}: comes out at {size:,} bytes, {largest:,} are the most")
    if not rendered.text.strip() or (template.channel is not Channel.WECOM and not rendered.subject):
        raise RenderError(f"{template.file}: comes out empty")
