"""Any body that the grammar allows: its tags balance for every reader, and both parts show exactly their words."""

import re
from html.parser import HTMLParser
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.templates.compiler import Compiler
from nurture.templates.engine import Engine
from nurture.templates.grammar import Place
from nurture.templates.markdown import write
from nurture.templates.parser import Body, take_apart
from nurture.templates.sandbox import environment
from tests.templates.test_engine import VOICE, file


class Tags(HTMLParser):
    """Follows the tags: whatever is opened is closed in its turn, and lists hold items alone."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert (tag == "li") == (self.open[-1:] in (["ul"], ["ol"]))
        self.open += [tag] if tag not in ("br", "hr", "img") else []
        self.words += WORD.findall(dict(attrs).get("alt") or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.words += WORD.findall(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += WORD.findall(data)


WORD = re.compile(r"w\d+")
ASKED = ("account.city", "account.plan", "lead.role")
LEAVES = [
    "W W\n\n", "W\n", "- W\n", "- W\n\n", "- W\n  - W\n", "1. W *W*\n", "## W\n\n", "> W\n\n", "> - W\n", "---\n\n",
    "![W](https://a.example/x.png) W\n", "[W](https://a.example)\n\n", "- {% if account.plan %}W{% endif %}\n",
    "**W{% if account.city %} W{% else %} W{% endif %}** W\n\n",
    "W {% if lead.role %}[W](https://a.example){% endif %}\n\n",
]  # fmt: skip
LOOP_IN_A_LINE = "W {% for step in recent %}*W* {% endfor %}\n\n"


def blocks(inner: st.SearchStrategy[str], loops: bool) -> st.SearchStrategy[str]:
    some, name = st.lists(inner, max_size=3).map("".join), st.sampled_from(ASKED)
    asked = st.builds("{{% if {} %}}\n{}{{% endif %}}\n".format, name, some)
    chosen = st.builds("{{% if {} %}}\n{}{{% else %}}\n{}{{% endif %}}\n".format, name, some, some)
    looped = st.builds("{{% for step in recent %}}\n{}{{% endfor %}}\n".format, some)
    return st.one_of(asked, chosen, *([looped] if loops else []))


def bodies(*, loops: bool) -> st.SearchStrategy[str]:
    """Bodies in which every word is another one."""
    leaf = st.sampled_from([*LEAVES, LOOP_IN_A_LINE] if loops else LEAVES)
    tree = st.lists(st.recursive(leaf, lambda inner: blocks(inner, loops), max_leaves=9), min_size=1, max_size=5)
    return tree.map("".join).map(lambda body: re.sub("W", lambda found: f"w{found.start()}", body))


STEPS: list[list[dict[str, str]]] = [[], [{}], [{}, {}]]
READERS: list[dict[str, Any]] = [
    {"lead": {"role": r} if r else {}, "account": {k: v for k, v in (("city", c), ("plan", p)) if v}, "recent": steps}
    for r, c, p, steps in product(("", "x"), ("", "x"), ("", "x"), STEPS)
]


def visible(body: str, reader: dict[str, Any]) -> list[str]:
    """The words that Jinja alone lets through, before anybody reads the body as Markdown."""
    return WORD.findall(environment(VOICE, html=False).from_string(body).render(reader))


def with_tags(source: str, body: Body) -> str:
    for token, tag in body.tags.items():
        source = source.replace(f"<!--{token}-->", tag.jinja).replace(token, tag.jinja)
    return source


@given(bodies(loops=True))
@settings(max_examples=20, deadline=None)
def test_any_nesting_shows_every_reader_whole_tags_and_exactly_their_words(source: str) -> None:
    place, jinja = Place("t.md", 1), environment(VOICE, html=True)
    body = take_apart(source, place, jinja)
    written = write(body, place)
    in_html, in_text = (jinja.from_string(with_tags(part, body)) for part in (written.html, written.text))
    for reader in READERS:
        words = visible(source, reader)
        assert Tags(in_html.render(reader)).words == words
        assert WORD.findall(in_text.render(reader)) == words


@given(bodies(loops=False))
@settings(max_examples=25, deadline=None)
def test_any_mail_shows_every_reader_whole_tags_and_exactly_their_words(source: str) -> None:
    template, engine = Compiler(VOICE, "zh-CN").compile(file(source + "\n\nw9999")), Engine(VOICE)
    for reader in READERS[::3]:
        values = reader | {"language": "en", "links": {}, "unsubscribe_url": "https://n.example/u/1"}
        message, words = engine.render(template, values), [*visible(source, reader), "w9999"]
        assert Tags(message.html).words == words
        assert WORD.findall(message.text) == words
