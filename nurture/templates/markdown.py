"""Paragraphs: Markdown as HTML and as plain text, with the placeholders of the Jinja tags in both.

Adjacent list items become one list, also when a condition or a loop stands between them. A paragraph that is
nothing but a link is a button. What could come out broken is refused: raw HTML, half a bold, a tag that begins
inside bold and ends outside of it, a link that is no web address.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from nurture.templates.grammar import Place
from nurture.templates.parser import TOKEN, Block, Body, Node, Segment, Tag

MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable(
    ["code", "fence", "html_block", "html_inline", "reference", "lheading", "backticks"]
)
MARKDOWN.validateLink = lambda url: True  # type: ignore[method-assign] # ours is stricter, and says so
RAW_HTML = re.compile(r"<[a-zA-Z/!]")
SCHEMES = ("https://", "http://", "mailto:", "tel:")
LISTS = {"bullet_list_open": "ul", "ordered_list_open": "ol"}
HOST_IS_FIXED = re.compile(r"https?://[^/?#]+[/?#]")
OWN_ADDRESS = re.compile(r"""link\(\s*["']([\w-]+)["']\s*\)""")


@dataclass(frozen=True)
class Written:
    """A block as HTML and as text; ``listed`` is the list (ul, ol) of which it is nothing but items.

    ``alone`` is the HTML of a conditional list that has no neighbours: then the condition stands around the list.
    """

    html: str
    text: str
    listed: str = ""
    alone: str = ""

    def closed(self) -> "Written":
        """Items inside their list; anything else as it is."""
        if not self.listed:
            return self
        return Written(self.alone or in_list(self.listed, self.html), self.text + "\n")


def in_list(kind: str, items: str) -> str:
    """Items inside a list of a kind."""
    return f"<{kind}>\n{items}</{kind}>\n"


@dataclass(frozen=True)
class Paragraphs:
    """A whole body as HTML and text, and the placeholders that stand in addresses: as a whole one, or within one."""

    html: str
    text: str
    addresses: frozenset[str]
    within_addresses: frozenset[str]


def write(body: Body, place: Place) -> Paragraphs:
    """A whole body.

    Raises:
        ContentError: something in it cannot be compiled safely; with file and line.
    """
    writer = _Writer(body.tags, place)
    whole = _joined(writer.blocks(body.nodes))
    for part in (whole.html, whole.text):
        found = TOKEN.findall(part)
        if len(found) != len(set(found)) or set(found) - set(body.tags):
            raise place.refuse(1, "a text cannot contain words like jx0001xj.")
    return Paragraphs(whole.html, whole.text, frozenset(writer.addresses), frozenset(writer.within_addresses))


def _joined(blocks: Sequence[Written]) -> Written:
    closed = [block.closed() for block in _merged(blocks)]
    return Written("".join(block.html for block in closed), "".join(block.text for block in closed))


def _merged(blocks: Sequence[Written]) -> Iterator[Written]:
    """Neighbours that are items of the same kind of list, as one."""
    waiting: Written | None = None
    for block in blocks:
        if waiting and block.listed and block.listed == waiting.listed:
            waiting = Written(waiting.html + block.html, waiting.text + block.text, block.listed)
            continue
        if waiting:
            yield waiting
        waiting = block
    if waiting:
        yield waiting


@dataclass(frozen=True)
class _Writer:
    tags: dict[str, Tag]
    place: Place
    addresses: set[str] = field(default_factory=set)
    within_addresses: set[str] = field(default_factory=set)

    def blocks(self, nodes: Sequence[Node]) -> list[Written]:
        """The blocks of some nodes, in order."""
        found: list[Written] = []
        for node in nodes:
            found += [self._block(node)] if isinstance(node, Block) else self._segment(node)
        return found

    def _block(self, block: Block) -> Written:
        inner = [(branch.token, self.blocks(branch.nodes)) for branch in block.branches]
        kinds = {each.listed for _, blocks in inner for each in blocks}
        listed = kinds.pop() if len(kinds) == 1 else ""
        html, text, alone = "", "", ""
        for token, blocks in inner:
            bare = Written("".join(b.html for b in blocks), "".join(b.text for b in blocks))
            written = bare if listed else _joined(blocks)
            html += f"<!--{token}-->{written.html}"
            text += f"{token}{written.text}"
            alone += f"<!--{token}-->{in_list(listed, bare.html) if bare.html else ''}"
        end = f"<!--{block.end}-->"
        return Written(html + end, text + block.end, listed, "" if block.loops or not listed else alone + end)

    def _segment(self, segment: Segment) -> list[Written]:
        if raw := RAW_HTML.search(segment.text):
            line = segment.line + segment.text.count("\n", 0, raw.start())
            raise self.place.refuse(line, "no HTML in a text: write Markdown.")
        tokens = MARKDOWN.parse(segment.text)
        return [self._top_level(part, segment.line) for part in _top_levels(tokens)]

    def _top_level(self, tokens: list[Token], first_line: int) -> Written:
        line = first_line + (tokens[0].map[0] if tokens[0].map else 0)
        self._check(tokens, line)
        if _is_button(tokens):
            tokens[0].attrSet("class", "button")
        html = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
        listed = "" if tokens[0].attrGet("start") else LISTS.get(tokens[0].type, "")
        if listed:
            html = html.partition(">\n")[2].rpartition(f"</{listed}>")[0]
        text = _text(tokens)
        return Written(html, text if listed else text + "\n", listed)

    def _check(self, tokens: list[Token], line: int) -> None:
        for token in tokens:
            if token.type == "inline":
                self._check_inline(token, line)

    def _check_inline(self, inline: Token, line: int) -> None:
        path: list[str] = []
        opened: list[tuple[str, tuple[str, ...]]] = []
        for token in inline.children or []:
            if token.type == "text":
                self._check_tags(token.content, tuple(path), opened, line)
                if "**" in token.content:
                    raise self.place.refuse(
                        line, "** is left over: leave no blank inside it, no punctuation beside it."
                    )
            elif token.type == "link_open":
                self._check_address(str(token.attrGet("href")), SCHEMES, line)
            elif token.type == "image":
                self._check_image(token, line)
            if token.nesting > 0:
                path.append(token.tag)
            elif token.nesting < 0:
                path.pop()
        if opened:
            raise self.place.refuse(line, f"a {opened[-1][0]} that begins inside a paragraph ends inside it.")

    def _check_tags(
        self, text: str, path: tuple[str, ...], opened: list[tuple[str, tuple[str, ...]]], line: int
    ) -> None:
        """Block tags inside a line: each pair opens and closes at the same place between bold, links and so on."""
        for name in TOKEN.findall(text):
            if name not in self.tags:
                raise self.place.refuse(line, "a text cannot contain words like jx0001xj.")
            keyword = self.tags[name].keyword
            if keyword in ("if", "for"):
                opened.append((keyword, path))
            elif keyword and (not opened or opened[-1][1] != path):
                raise self.place.refuse(line, f"this {keyword} stands elsewhere than its beginning: move it.")
            elif keyword.startswith("end"):
                opened.pop()

    def _check_address(self, address: str, schemes: tuple[str, ...], line: int) -> None:
        tokens = TOKEN.findall(address)
        if any(self.tags[token].keyword for token in tokens):
            raise self.place.refuse(line, "no conditions inside an address: write the whole link twice.")
        if TOKEN.fullmatch(address):
            self.addresses.add(address)
        elif address.startswith(schemes) and (not tokens or HOST_IS_FIXED.match(TOKEN.split(address)[0])):
            self.within_addresses.update(tokens)
        else:
            raise self.place.refuse(line, f'{TOKEN.sub("…", address)!r} is no address: use link("key") or https://.')

    def _check_image(self, image: Token, line: int) -> None:
        self._check_address(str(image.attrGet("src")), ("https://",), line)
        if any(self.tags[token].keyword for token in TOKEN.findall(image.content)):
            raise self.place.refuse(line, "no conditions inside an alt text.")
        if not image.content.strip():
            raise self.place.refuse(line, "an image says in its alt text what it shows: ![what it shows](https://…).")


def _top_levels(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens of each block that stands on its own."""
    part: list[Token] = []
    for token in tokens:
        part.append(token)
        if token.level == 0 and token.nesting <= 0:
            yield part
            part = []


def _is_button(tokens: Sequence[Token]) -> bool:
    if tokens[0].type != "paragraph_open":
        return False
    children = tokens[1].children or []
    ends = [child.type for child in children if child.type in ("link_open", "link_close")]
    return bool(children) and ends == ["link_open", "link_close"] == [children[0].type, children[-1].type]


def _text(tokens: Sequence[Token]) -> str:
    """Plain text: paragraphs, items with a dash, links with their address behind them."""
    lines: list[str] = []
    marks: list[str] = []
    for token in tokens:
        if token.type == "inline":
            mark = "".join(marks)
            rest = "".join(" " * len(m) if m != "> " else m for m in marks)
            words = _inline_text(token).split("\n")
            lines += [(mark if number == 0 else rest) + line for number, line in enumerate(words)]
            marks = [" " * len(m) if m != "> " else m for m in marks]
        elif token.type == "hr":
            lines.append("---")
        elif token.type == "list_item_open":
            marks.append("- " if token.markup in "-*+" else f"{token.info}. ")
        elif token.type == "blockquote_open":
            marks.append("> ")
        elif token.type in ("list_item_close", "blockquote_close"):
            marks.pop()
    return "\n".join(lines) + "\n"


def _inline_text(inline: Token) -> str:
    words, address, start = "", "", 0
    for token in inline.children or []:
        match token.type:
            case "text":
                words += token.content
            case "softbreak" | "hardbreak":
                words += "\n"
            case "image":
                words += token.content
            case "link_open":
                address, start = str(token.attrGet("href")), len(words)
            case "link_close":
                words += f": {address}" if address not in words[start:] else ""
    return words
