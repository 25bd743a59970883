"""What a template may say: the names of each channel, and the few forms of Jinja that are allowed.

Everything else is refused when the file is read: calculations, calls, macros, includes, attributes that nobody
declared. So a template cannot run away, reach into Python, or fail for a misspelt name in the middle of a night. The
sandbox that renders (``engine.py``) is the second fence behind this one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from jinja2 import Environment, TemplateSyntaxError, nodes

from models import Channel
from nurture.errors import ContentError

LEAD = frozenset({"name", "role", "role_name"})
ACCOUNT = frozenset({"name", "industry", "industry_name", "city", "employees", "plan", "maintenance_ends"})
PERSON = frozenset({"name", "title", "email"})
COMPANY = frozenset({"name", "short", "email", "phone", "site"})
REPLY = frozenset({"subject", "text", "elsewhere"})
STEP = frozenset({"day", "what"})
NO_FIELDS: frozenset[str] = frozenset()

NAMES: dict[Channel, dict[str, frozenset[str]]] = {
    Channel.EMAIL: {
        "lead": LEAD,
        "account": ACCOUNT,
        "owner": PERSON,
        "sender": PERSON,
        "company": COMPANY,
        "unsubscribe_url": NO_FIELDS,
    },
    Channel.WECOM: {"owner": PERSON, "company": COMPANY},
    Channel.STAFF: {
        "lead": LEAD | {"email", "mobile", "source", "external_id", "depth"},
        "account": ACCOUNT,
        "owner": PERSON,
        "company": COMPANY,
        "why": NO_FIELDS,
        "recent": NO_FIELDS,
        "reply": REPLY,
    },
}
"""The variables of each channel, each with its fields. WeCom texts are shared by many, so they know no lead."""

FILTERS = frozenset({"day", "default", "join", "length", "upper", "lower"})
TESTS = frozenset({"defined", "in"})
PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.Const, nodes.Compare, nodes.Operand, nodes.And,
    nodes.Or, nodes.Not, nodes.CondExpr, nodes.Tuple, nodes.List,
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where in a file something stands, for the message that refuses it."""

    file: str
    first_line: int

    def refuse(self, line: int, what: str) -> ContentError:
        """The error for a line of the text, which begins at ``first_line`` of the file."""
        return ContentError(f"{self.file}:{self.first_line + line - 1}: {what}")


def check_grammar(source: str, channel: Channel, place: Place, environment: Environment) -> None:
    """Refuse a text in which anything stands that templates may not say.

    Raises:
        ContentError: names file, line, and what is allowed instead.
    """
    try:
        _Checker(NAMES[channel], channel, place).check_all(environment.parse(source), frozenset())
    except TemplateSyntaxError as error:
        raise place.refuse(error.lineno, f"{error.message}.") from error
    except RecursionError as error:
        raise place.refuse(1, "what stands here is nested too deeply.") from error


@dataclass(frozen=True)
class _Checker:
    names: dict[str, frozenset[str]]
    channel: Channel
    place: Place

    def check_all(self, node: nodes.Node, steps: frozenset[str]) -> None:
        """Check a node and what is in it; ``steps`` are the loop variables that are known here."""
        match node:
            case nodes.Name(name=name):
                self._check_name(name, node.lineno, steps)
            case nodes.Getattr(node=nodes.Name(name=name), attr=field):
                self._check_field(name, field, node.lineno, steps)
            case nodes.Call():
                raise self.place.refuse(node.lineno, 'only link("key") can be called, alone between {{ and }}.')
            case nodes.Filter(name=name):
                self._one_of("filter", name, FILTERS, node.lineno)
                self._children(node, steps)
            case nodes.Test(name=name):
                self._one_of("test", name, TESTS, node.lineno)
                self._children(node, steps)
            case nodes.For(target=nodes.Name(name=target), iter=nodes.Name(name="recent"), recursive=False, test=None):
                self._check_name("recent", node.lineno, steps)
                if steps:
                    raise self.place.refuse(node.lineno, "no loop inside a loop.")
                for child in node.body:
                    self.check_all(child, steps | {target})
                for child in node.else_:
                    self.check_all(child, steps)
            case nodes.For():
                raise self.place.refuse(node.lineno, "a loop goes over `recent`: {% for step in recent %}.")
            case _ if isinstance(node, PLAIN):
                self._children(node, steps)
            case _:
                what = type(node).__name__.lower()
                known = "see docs/content.md for what they do"
                raise self.place.refuse(node.lineno or 1, f"templates know no {what}; {known}.")

    def _children(self, node: nodes.Node, steps: frozenset[str]) -> None:
        for child in node.iter_child_nodes():
            self.check_all(child, steps)

    def _check_name(self, name: str, line: int, steps: frozenset[str]) -> None:
        if name in steps:
            raise self.place.refuse(line, f"write {name}.day or {name}.what.")
        self._one_of("variable", name, self.names, line)
        if self.names[name]:
            raise self.place.refuse(line, f"write {name}.{sorted(self.names[name])[0]}, or another field of {name}.")

    def _check_field(self, name: str, field: str, line: int, steps: frozenset[str]) -> None:
        if name in steps:
            self._one_of("field of a step", field, STEP, line)
            return
        self._one_of("variable", name, self.names, line)
        self._one_of(f"field of {name}", field, self.names[name], line)

    def _one_of(self, what: str, word: str, known: Iterable[str], line: int) -> None:
        if word not in known:
            where = f" in {self.channel} texts" if what == "variable" else ""
            names = ", ".join(sorted(known)) or "none"
            raise self.place.refuse(line, f"there is no {what} {word!r}{where}. Known: {names}.")
