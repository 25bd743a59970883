"""A body taken apart: text with a placeholder for every Jinja tag, arranged as a tree of paragraphs and blocks.

Jinja's own lexer finds the tags. A line on which nothing but block tags stands is structure: it opens, divides or
closes a block around whole paragraphs. A tag inside a line stays in its line as an alphanumeric placeholder, which
Markdown and the CSS inliner carry along untouched.
"""

import re
from dataclasses import dataclass, field

from jinja2 import Environment, TemplateSyntaxError

from nurture.templates.grammar import Place

TOKEN = re.compile(r"jx\d{4}xj")
OPENING, DIVIDING, CLOSING = {"if", "for"}, {"elif", "else"}, {"endif", "endfor"}


@dataclass(frozen=True)
class Tag:
    """One Jinja tag: an expression to write (``keyword`` empty), or a block tag, as its source."""

    keyword: str
    source: str
    line: int

    @property
    def jinja(self) -> str:
        """The tag as Jinja reads it."""
        return f"{{% {self.source} %}}" if self.keyword else f"{{{{ {self.source} }}}}"


@dataclass(frozen=True)
class Segment:
    """Lines of Markdown, with placeholders; ``line`` is the first one's number."""

    text: str
    line: int


@dataclass(frozen=True)
class Branch:
    """A block tag's placeholder and what stands under it."""

    token: str
    nodes: list["Node"] = field(default_factory=list)


@dataclass(frozen=True)
class Block:
    """A condition or a loop around whole paragraphs, and the placeholder that closes it."""

    branches: list[Branch]
    end: str
    loops: bool


Node = Segment | Block


@dataclass(frozen=True)
class Body:
    """A body as a tree, and the tags that its placeholders stand for."""

    nodes: list[Node]
    tags: dict[str, Tag]


def take_apart(source: str, place: Place, environment: Environment) -> Body:
    """Read a body.

    Raises:
        ContentError: a tag is broken or stands where it cannot be compiled safely; with file and line.
    """
    text, tags = _with_placeholders(source, place, environment)
    return _Tree(tags, place).read(text)


def _with_placeholders(source: str, place: Place, environment: Environment) -> tuple[str, dict[str, Tag]]:
    text: list[str] = []
    tags: dict[str, Tag] = {}
    inside: list[str] = []
    try:
        for line, kind, value in environment.lex(source):
            if kind == "data":
                if TOKEN.search(value):
                    raise place.refuse(line, "a text cannot contain words like jx0001xj.")
                text.append(value)
            elif kind in ("variable_begin", "block_begin"):
                inside = []
            elif kind in ("variable_end", "block_end"):
                token = f"jx{len(tags):04d}xj"
                written = "".join(inside).strip()
                tags[token] = Tag((written.split() or [""])[0] if kind == "block_end" else "", written, line)
                text.append(token + "\n" * "".join(inside).count("\n"))
            elif kind.startswith("raw"):
                raise place.refuse(line, "templates know no raw; see docs/content.md for what they do.")
            elif kind.startswith("comment"):
                text.append("\n" * value.count("\n"))
            else:
                inside.append(value)
    except TemplateSyntaxError as error:
        raise place.refuse(error.lineno, f"{error.message}.") from error
    if TOKEN.findall("".join(text)) != list(tags):
        raise place.refuse(1, "a text cannot contain words like jx0001xj.")
    return "".join(text), tags


@dataclass
class _Tree:
    tags: dict[str, Tag]
    place: Place
    open_blocks: list[Block] = field(default_factory=list)
    gathered: list[str] = field(default_factory=list)
    began: int = 1

    def read(self, text: str) -> Body:
        top = Branch("")
        stack = [top]
        for number, line in enumerate(text.split("\n"), 1):
            tokens = self._structure(line)
            if not tokens:
                self._gather(line, number)
                continue
            for token in tokens:
                self._close_segment(stack[-1])
                self._apply(token, stack, indented=line[:1].isspace())
        self._close_segment(stack[-1])
        if len(stack) > 1:
            opened = self.tags[stack[-1].token]
            raise self.place.refuse(opened.line, f"this {opened.keyword} is never closed.")
        return Body(top.nodes, self.tags)

    def _structure(self, line: str) -> list[str]:
        """The block tags of a line that holds nothing else."""
        tokens = TOKEN.findall(line)
        alone = not TOKEN.sub("", line).strip() and all(self.tags[token].keyword for token in tokens)
        return tokens if alone else []

    def _gather(self, line: str, number: int) -> None:
        if not self.gathered:
            self.began = number
        self.gathered.append(line)

    def _close_segment(self, branch: Branch) -> None:
        text = "\n".join(self.gathered)
        self.gathered.clear()
        if text.strip():
            branch.nodes.append(Segment(text, self.began))

    def _apply(self, token: str, stack: list[Branch], *, indented: bool) -> None:
        tag = self.tags[token]
        if indented:
            raise self.place.refuse(tag.line, "a tag that stands alone begins its line; nothing before it.")
        if tag.keyword in OPENING:
            stack.append(Branch(token))
            self.open_blocks.append(Block([stack[-1]], "", tag.keyword == "for"))
        elif tag.keyword in DIVIDING and self.open_blocks:
            stack[-1] = Branch(token)
            self.open_blocks[-1].branches.append(stack[-1])
        elif tag.keyword in CLOSING and self.open_blocks:
            block = self.open_blocks.pop()
            stack.pop()
            stack[-1].nodes.append(Block(block.branches, token, block.loops))
        else:
            raise self.place.refuse(tag.line, f"this {tag.keyword} belongs to nothing above it.")
