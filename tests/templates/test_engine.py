"""Templates: what a content file becomes for a reader."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from models import Channel
from nurture.content.brand import Company, Sender, Voice, Wording
from nurture.content.catalogue import ContentFile
from nurture.errors import ContentError, RenderError
from nurture.keys.signed_links import Tokens
from nurture.templates.compiler import Compiler
from nurture.templates.engine import Engine, Rendered
from nurture.templates.variables import Introduction, Reader

LAYOUT = (
    "<!DOCTYPE html><html><head><title>{{ subject }}</title><style>.button { color: red }</style></head>"
    "<body><div>{{ preheader }}</div><main>{{ body }}</main>"
    '<a href="{{ unsubscribe_url }}">{{ say.bye }}</a></body></html>'
)
WORDING = Wording(
    greeting={"zh-CN": "{{ lead.name }}，您好：", "en": "Hello {{ lead.name }},"},
    date={"zh-CN": "{year}年{month}月{day}日", "en": "{day} {month_name} {year}"},
    months={"en": ["January", "February", "March"]},
    industry={"plastics": {"zh-CN": "塑料", "en": "plastics"}},
    role={"user": {"zh-CN": "使用者", "en": "user"}},
)
US = Company(name="Us Ltd", short="Us", address="1 Street", email="hi@us.example", phone="1", site="https://us.example")
VOICE = Voice(
    company={"en": US},
    senders={"expert": {"en": Sender(name="Bo", title="Expert", email="bo@us.example")}},
    links={"guide": {"zh-CN": "https://us.example/zh", "en": "https://us.example/en"}},
    wording=WORDING,
    say={"en": {"bye": "Leave"}},
    html=LAYOUT,
    text="{{ body | trim }}\n--\n{{ say.bye }} {{ unsubscribe_url }}\n",
)
TOKENS = Tokens(b"k" * 32, "https://n.example")
ID = "0" * 32
STEPS = ((date(2027, 3, 1), "downloaded"), (date(2027, 2, 8), "asked"))


def file(body: str, channel: str = "email", **front: Any) -> ContentFile:
    matter: dict[str, Any] = {"language": "en", "subject": "S", "preheader": "P", "body_line": 6}
    sender = "expert" if channel == "email" else ""
    path = Path(f"j/s/t.{channel}.md")
    return ContentFile(path, "j", "s", "t", Channel(channel), sender=sender, body=body, **(matter | front))


def read(written: ContentFile, **known: Any) -> Rendered:
    """The message for a reader of whom this is known."""
    template = Compiler(VOICE, "zh-CN").compile(written)
    reader = Reader(ID, **({"name": "Ann"} | known))
    return Engine(VOICE).render(template, Introduction(VOICE, TOKENS).values(reader, template))


def html(body: str, **known: Any) -> str:
    return read(file(body), **known).html.partition("<main>")[2].partition("</main>")[0].strip()


def text(body: str, channel: str = "email", **known: Any) -> str:
    return read(file(body, channel), **known).text.partition("\n--\n")[0].strip()


CITY = "{% if account.city %}\nIn {{ account.city }}.\n{% elif lead.role %}\nA {{ lead.role_name }}.\n"
CITY += "{% else %}\nHi.\n{% endif %}"


@pytest.mark.parametrize(
    ("known", "said"), [({"city": "Bonn", "role": "user"}, "In Bonn."), ({"role": "user"}, "A user."), ({}, "Hi.")]
)
def test_a_condition_chooses_between_paragraphs(known: dict[str, str], said: str) -> None:
    assert html(CITY, **known) == f"<p>{said}</p>"
    assert text(CITY, **known) == said


LIST = "- a\n{% if account.city %}\n- {{ account.city }}\n{% endif %}\n- b\n\nEnd."


def test_list_items_around_a_condition_are_one_list() -> None:
    assert html(LIST, city="Bonn") == "<ul>\n<li>a</li>\n<li>Bonn</li>\n<li>b</li>\n</ul>\n<p>End.</p>"
    assert html(LIST) == "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n<p>End.</p>"
    assert text(LIST, city="Bonn") == "- a\n- Bonn\n- b\n\nEnd."


def test_a_list_that_is_all_conditional_leaves_no_empty_list() -> None:
    body = "{% if account.city %}\n- {{ account.city }}\n{% endif %}\n\nEnd."
    assert html(body, city="Bonn") == "<ul>\n<li>Bonn</li>\n</ul>\n<p>End.</p>"
    assert html(body) == "<p>End.</p>"


def test_a_list_goes_on_counting_after_a_paragraph() -> None:
    body = "1. one\n\nA word between.\n\n2. two"
    assert text(body) == "1. one\n\nA word between.\n\n2. two"
    assert '<ol start="2">' in html(body)


def test_a_loop_writes_a_line_for_each_step() -> None:
    body = "{% for step in recent %}\n- {{ step.day | day }}: {{ step.what }}\n{% endfor %}"
    assert text(body, "staff", recent=STEPS) == "- 1 March 2027: downloaded\n- 8 February 2027: asked"


def test_blocks_stand_inside_blocks() -> None:
    body = "{% if recent %}\nLately:\n\n{% for step in recent %}\n{% if step.what %}\n- {{ step.what }}\n{% endif %}\n"
    body += "{% endfor %}\n{% endif %}\nEnd."
    assert text(body, "staff", recent=STEPS) == "Lately:\n\n- downloaded\n- asked\n\nEnd."
    assert text(body, "staff") == "End."


def test_a_condition_inside_a_line() -> None:
    body = "We know **{% if account.city %}{{ account.city }}{% else %}nothing{% endif %}** of you."
    assert html(body, city="Bonn") == "<p>We know <strong>Bonn</strong> of you.</p>"
    assert text(body) == "We know nothing of you."


def test_a_paragraph_that_is_one_link_is_a_button_and_any_other_is_not() -> None:
    assert html("[Go](https://a.example)").startswith(
        '<p class="button" style="color:red"><a href="https://a.example">'
    )
    assert html("See [it](https://a.example)") == '<p>See <a href="https://a.example">it</a></p>'


TWINS = [
    ("## Head\n\nOne **bold** and *soft*\nnext.", "Head\n\nOne bold and soft\nnext."),
    ("1. one\n2. two\n   more\n\n> quoted", "1. one\n2. two\n   more\n\n> quoted"),
    ("- one\n  - inner", "- one\n  - inner"),
    ("[Go](https://a.example)", "Go: https://a.example"),
    ("[https://a.example](https://a.example)", "https://a.example"),
    ("[a](https://a.example/bc) [b](https://a.example/b)", "a: https://a.example/bc b: https://a.example/b"),
    ("a\n\n---\n\n![A chart](https://a.example/c.png)", "a\n\n---\n\nA chart"),
    ("5 < 6 & 7 &amp; 8", "5 < 6 & 7 & 8"),
]


@pytest.mark.parametrize(("body", "plain"), TWINS)
def test_the_text_twin_says_the_same_in_plain_text(body: str, plain: str) -> None:
    assert text(body) == plain


def test_wecom_gets_the_plain_text_alone() -> None:
    message = read(file('**Look** at [it]({{ link("guide") }}), says {{ owner.name }}.', "wecom"), owner_name="Li")
    assert message.html == ""
    assert message.text.startswith("Look at it: https://n.example/l/")
    assert message.text.endswith(", says Li.\n")


def test_our_own_links_are_signed_and_in_the_language_of_the_text() -> None:
    body = 'See [it]({{ link("guide") }}).'
    assert html(body) == f'<p>See <a href="{TOKENS.link_url(ID, "https://us.example/en")}">it</a>.</p>'
    chinese = read(file(body, language=None))
    assert TOKENS.link_url(ID, "https://us.example/zh") in chinese.html
    assert TOKENS.link_url(ID, "https://us.example/zh") in chinese.text


def test_an_address_from_data_is_checked() -> None:
    body = "See [it]({{ account.city }})."
    assert (
        html(body, city="https://a.example/?a=1&b=2") == '<p>See <a href="https://a.example/?a=1&amp;b=2">it</a>.</p>'
    )
    with pytest.raises(RenderError, match="no safe web address"):
        read(file(body), city="javascript:alert(1)")


def test_data_within_an_address_is_encoded() -> None:
    body = "See [it](https://a.example/?q={{ account.name }}&r=1)."
    wanted = "https://a.example/?q=A%20%26%20%22B%22%3F&amp;r=1"
    assert html(body, account_name='A & "B"?') == f'<p>See <a href="{wanted}">it</a>.</p>'


def test_a_mailbox_in_an_address_keeps_its_at_sign_or_is_refused() -> None:
    try:
        shown = html("Ask [Li](mailto:{{ owner.email }}).", owner_email="li@us.example")
    except ContentError:
        return
    assert 'href="mailto:li@us.example"' in shown


def test_subject_and_preheader_are_plain_in_the_header_and_escaped_in_html() -> None:
    message = read(file("x", subject="{{ lead.name }} & <b>", preheader='"{{ lead.name }}"'), name="<i>")
    assert (message.subject, message.preheader) == ("<i> & <b>", '"<i>"')
    assert "<title>&lt;i&gt; &amp; &lt;b&gt;</title>" in message.html
    assert "<div>&#34;&lt;i&gt;&#34;</div>" in message.html


def test_a_tag_that_trims_blanks_trims_none_of_its_neighbours() -> None:
    message = read(file("{{- lead.name }} x", subject="Dear {{ lead.name -}}", preheader="{{- lead.name }} y"))
    assert (message.subject, message.preheader) == ("Dear Ann", "Ann y")
    assert message.text.startswith("Ann x\n")


def test_no_comment_opens_a_hole_in_the_escaping_of_a_preheader() -> None:
    assert "<script" not in read(file("x", preheader="{# {{ #}<script>1</script>{# }} #}p")).html


def test_a_quoted_brace_in_a_subject_is_only_a_character() -> None:
    assert read(file("x", subject='{{ lead.role | default("}}") }}')).subject == "}}"


def test_values_are_escaped_in_html_and_never_read_as_markdown() -> None:
    assert (
        html("{{ lead.name }}", name="**<b>** [x](https://a.example)") == "<p>**&lt;b&gt;** [x](https://a.example)</p>"
    )


def test_each_language_greets_and_dates_in_its_own_way() -> None:
    body = "{{ greeting }}\n\n{{ account.maintenance_ends | day }}"
    assert text(body, maintenance_ends=date(2027, 3, 1)) == "Hello Ann,\n\n1 March 2027"
    chinese = read(file(body, language="zh-CN"), maintenance_ends=date(2027, 3, 1)).text
    assert chinese.startswith("Ann，您好：\n\n2027年3月1日\n")


def test_the_frame_has_the_address_to_leave_by_in_both_parts() -> None:
    message = read(file("x"))
    assert f'<a href="{TOKENS.unsubscribe_url(ID)}">Leave</a>' in message.html
    assert message.text == f"x\n--\nLeave {TOKENS.unsubscribe_url(ID)}\n"


BRACES = [
    (r"{\{ 7 }}", "{{7}}"),
    (r"{\{\{ 7 }}", "{{{7}}"),
    (r"{\{\{\{ 7 }}", "{{{{7}}"),
    ("&#123;&#123;&#123; 7 }}", "{{{7}}"),
    (r"{\% if x %}", "{%ifx%}"),
    (r"{\# x #}", "{#x#}"),
]


@pytest.mark.parametrize(("body", "shown"), BRACES)
def test_braces_that_markdown_makes_are_only_characters(body: str, shown: str) -> None:
    assert html(body).replace(" ", "") == f"<p>{shown}</p>"
    assert text(body).replace(" ", "") == shown


def test_a_brace_before_a_tag_is_only_a_character() -> None:
    assert html("&#123;{{ lead.name }}").replace(" ", "") == "<p>{Ann</p>"
    assert text("&#123;{{ lead.name }}").replace(" ", "") == "{Ann"


@pytest.mark.parametrize("body", ["jx&#48;000xj", "jx&#48;999xj", "jx**00**00xj", "jx{# #}0000xj"])
def test_no_text_can_pass_for_a_placeholder(body: str) -> None:
    try:
        shown = text(body + "\n\n{{ lead.name }}")
    except ContentError:
        return
    assert shown.count("Ann") == 1
