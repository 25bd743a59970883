"""What a content file may not say: refused when it is read, with the file, the line and what to do instead."""

from typing import Any

import pytest

from nurture.errors import ContentError
from nurture.templates.compiler import Compiler
from tests.templates.test_engine import VOICE, file


def refusal(body: str, channel: str = "email", **front: Any) -> str:
    with pytest.raises(ContentError) as caught:
        Compiler(VOICE, "zh-CN").compile(file(body, channel, **front))
    return str(caught.value)


LINES = [
    ("One.\n\n{{ lead.nam }}", 8),
    ("One.\n\n{% if lead.name %}\nx", 8),
    ("{% if lead.name %}\nx\n{% endif %}\n{% endif %}", 9),
    ("{% if lead.name %}\n\n<b>x</b>\n{% endif %}", 8),
    ("- a\n- b\n\n[x](nowhere)", 9),
    ('[x]({{ link("guide") }})\n\n{{ 1 + 1 }}', 8),
    ("{# a\nb\nc #}\n\n<b>", 10),
    ("{{ lead.name\n | default('x') }}\n\n<b>", 9),
]


@pytest.mark.parametrize(("body", "line"), LINES)
def test_a_refusal_names_the_file_and_the_line(body: str, line: int) -> None:
    assert refusal(body).startswith(f"j/s/t.email.md:{line}: ")


REFUSED = """
{{ 1 + 1 }} | no add
{{ 'a' * 9 }} | no mul
{{ 9 ** 9 }} | no pow
{{ -1 }} | no neg
{{ lead.name ~ 'x' }} | no concat
{{ lead.name() }} | can be called
{{ range(9) }} | can be called
{{ lead.name.upper() }} | can be called
{{ lead.name.upper }} | no getattr
{{ lead['name'] }} | no getitem
{{ lead.name[0] }} | no getitem
{{ {} }} | no dict
{% macro m() %}x{% endmacro %} | no macro
{% include 'x' %} | include
{% import 'x' as y %} | import
{% from 'x' import y %} | from
{% extends 'x' %} | extends
{% block b %}x{% endblock %} | no block
{% set x = 1 %} | set
{% raw %}x{% endraw %} | no raw
{% filter upper %}x{% endfilter %} | no filter
{% with %}x{% endwith %} | no with
{% autoescape false %}x{% endautoescape %} |
{% call lead() %}x{% endcall %} | no callblock
{% do x %} | do
{% %} |
{{ }} | Expected an expression
{{ lead.name | safe }} | no filter 'safe'
{{ lead.name | attr('x') }} | no filter 'attr'
{{ lead.name is string }} | no test 'string'
{{ leed.name }} | no variable 'leed'
{{ lead.nam }} | no field of lead 'nam'
{{ lead.email }} | no field of lead 'email'
{{ lead }} | write lead.
{{ loop.index }} | no variable 'loop'
{{ recent }} | no variable 'recent'
{% for step in recent %}x{% endfor %} | no variable 'recent'
{% for x in lead.name %}y{% endfor %} | a loop goes over
{{ link('nokey') }} | links.toml has no nokey
{{ link('guide') | upper }} | can be called
{% if link('guide') %}x{% endif %} | can be called
{{ link(lead.name) }} | can be called
{{ lead.name | unexpected end
{{ "x }} | unexpected char
<b>x</b> | no HTML
x <!-- y --> | no HTML
<https://a.example> | no HTML
<{{ lead.name }}> | no HTML
**half | ** is left over
**x{% if lead.name %}y** z{% endif %} | stands elsewhere
{% if lead.name %}**x{% endif %}** | stands elsewhere
x {% if lead.name %} y | to be closed is 'if'
x {% endif %} | unknown tag 'endif'
{% endif %} | belongs to nothing
{% if lead.name %}^x | never closed
{% if lead.name %}^x^{% endfor %} | endfor
{% if lead.name %}^{% for s in recent %}^{% endif %}^{% endfor %} |
  {% if lead.name %}^x^{% endif %} | begins its line
[x](https://a.example/{% if lead.name %}b{% endif %}) | no conditions inside an address
[x](somewhere) | is no address
[x](//evil.example) | is no address
[x](javascript:alert) | is no address
[x](data:text/html,y) | is no address
[x](file:///etc/passwd) | is no address
[x]({{ greeting }}) |
![](https://a.example/x.png) | alt text
![x](http://a.example/x.png) | is no address
![{% if lead.name %}a](https://a.example/x.png) **![b{% endif %}](https://a.example/y.png)** |
jx0001xj | cannot contain words like
"""


@pytest.mark.parametrize("line", REFUSED.strip().splitlines())
def test_what_the_grammar_does_not_offer_is_refused(line: str) -> None:
    body, _, why = line.rpartition(" |")
    assert why.strip() in refusal(body.replace("^", "\n"))


@pytest.mark.parametrize("body", ["{{ lead.name }}", "{{ account.name }}", "{{ greeting }}", "{{ sender.name }}"])
def test_a_wecom_text_knows_no_lead(body: str) -> None:
    assert "in wecom texts. Known: company, owner" in refusal(body, "wecom")


STAFF_REFUSED = [
    "{% for step in recent %}{{ step.who }}{% endfor %}",
    "{% for step in recent %}{{ step }}{% endfor %}",
    "{% for step in recent %}x{% endfor %}{{ step.day }}",
    "{% for step in recent %}x{% else %}{{ step.day }}{% endfor %}",
    "{% for step in recent recursive %}x{% endfor %}",
    "{% for step in recent if step.what %}x{% endfor %}",
    "{% for a, b in recent %}x{% endfor %}",
    "{{ sender.name }}",
    "{{ unsubscribe_url }}",
]


@pytest.mark.parametrize("body", STAFF_REFUSED)
def test_a_loop_knows_its_steps_and_nothing_else(body: str) -> None:
    refusal(body, "staff")


FRONT_REFUSED = ["{{ lead.nam }}", "{{ 1 + 1 }}", "{% if lead.name %}x", '{{ link("guide") }}', "jx9999xj", "x {#"]


@pytest.mark.parametrize("front", ["subject", "preheader"])
@pytest.mark.parametrize("line", FRONT_REFUSED)
def test_the_front_matter_says_no_more_than_the_body(front: str, line: str) -> None:
    refusal("x", **{front: line})


@pytest.mark.parametrize("body", ["{{ greeting | upper }}", "{% if greeting %}a{% endif %}"])
def test_the_greeting_is_a_line_of_the_body_and_nothing_to_ask_about(body: str) -> None:
    refusal(body)
    refusal("x", subject="{{ greeting }}")
