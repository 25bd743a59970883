"""Hostile values and names (48 to 51 of the failure list): whatever stands in a lead's fields, it comes out as text."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models import Account, Staff
from models.types import derived_id
from nurture.channels.preview import Preview
from nurture.errors import ContentError, JourneyError, RenderError
from nurture.journey import Stage, days, email, staff, wecom
from tests.support.homes.words import House, Seen, build, letter, parsed, part
from tests.support.small import MONDAY, STAFF, at, consent, interaction, journey, lead
from tests.templates.test_engine import html

EVERYWHERE = """{{ greeting }}

{{ lead.name }} **{{ account.name }}** {% if account.city %}{{ account.city }}{% endif %}

- [{{ lead.name }}](https://a.example/?q={{ account.name }}&c={{ account.city }})

![{{ account.city }}](https://a.example/x.png)

> {{ owner.name }}
"""
NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '" style="x:expression(1)',
    "{{7*7}}{% if 1 %}49{% endif %}{# x #}",
    "</title></head><body onload=alert(1)>",
    "<!-- --> <![CDATA[ x ]]> &lt;b&gt; &#60;b&#62;",
    "<!--[if mso]><b>x</b><![endif]-->",
    "**bold** [x](https://evil.example) `code` jx0001xj",
]


@pytest.fixture
def house(tmp_path: Path, empty_database: Path) -> House:
    house = build(tmp_path, empty_database)
    house.write("welcome/first/hello.email.md", letter(EVERYWHERE, "To {{ lead.name }}"))
    return house


def all_fields(value: str) -> dict[str, Any]:
    return {"name": value, "account_name": value, "city": value, "owner_name": value}


@pytest.mark.parametrize("nasty", NASTY)
def test_48_hostile_fields_are_words_and_never_tags(house: House, nasty: str) -> None:
    innocent, hostile = house.papers(all_fields("Ann"), all_fields(nasty))
    assert Seen(part(hostile, "html")).tags == Seen(part(innocent, "html")).tags
    assert nasty in Seen(part(hostile, "html")).text
    assert part(hostile, "plain").startswith(f"{nasty}，您好：\n\n{nasty} {nasty} {nasty}\n")
    assert hostile["Subject"] == f"To {nasty}"


ADDRESSES = [
    "javascript:alert(1)",
    " JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "//evil.example/x",
    "https:evil.example",
    "https://",
    "https://good.example@evil.example/",
    "https://good.example\\@evil.example/",
    'https://a.example/" onclick="alert(1)',
    "https://a.example/<script>",
    "https://[",
    "somewhere",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_49_a_dangerous_address_in_a_field_stops_its_message_and_is_reported(house: House, address: str) -> None:
    house.write("welcome/first/hello.email.md", letter("[site]({{ account.city }})"))
    letters, failures = house.envelopes({"id": "1", "city": address}, {"id": "2", "city": "https://a.example/?b=1&c"})
    assert [each.id for each in letters] == ["2"]
    assert [each.message_id for each in failures] == ["1"]
    assert address.strip() not in failures[0].why


HONEST = ["https://a.example/x", "http://a.example", "mailto:a@b.example", "HTTPS://a.example/"]


@pytest.mark.parametrize("address", HONEST)
def test_49_an_honest_address_in_a_field_is_a_link(address: str) -> None:
    assert f'<a href="{address}">' in html("See [it]({{ account.city }}).", city=address)


@pytest.mark.parametrize("body", ["[x](https://{{ account.city }}/a)", "[x](https://a{{ account.city }})"])
def test_49_data_never_chooses_where_an_address_leads(body: str) -> None:
    try:
        shown = html(body, city=".evil.example/")
    except (ContentError, RenderError):
        return
    assert "evil.example/" not in shown


INTO_HEADERS = [
    *(f"Ann{splitter}Bcc: victim@evil.example" for splitter in "\n\r\x00\x0b\x0c\x1c\x85\u2028\u2029"),
    "Ann\r\nBcc: victim@evil.example",
    "=?utf-8?q?Ann=0d=0aBcc:_victim@evil.example?=",
    "=?utf-8?b?QW5uDQpCY2M6IHZpY3RpbUBldmlsLmV4YW1wbGU=?=",
    "安=?utf-8?q?=0d=0aBcc:_victim@evil.example?=",
    'Ann" <victim@evil.example>, "',
    "Ann <victim@evil.example>",
    "Ann\\",
    "Ann, victim@evil.example, " + "B" * 70,
    "victim@evil.example, Ann of a name that is longer than any line of a header may be, and then some more",
    "安, victim@evil.example, " + "长" * 40,
]


@pytest.mark.parametrize("value", INTO_HEADERS)
def test_50_no_value_becomes_a_header_or_a_recipient(house: House, value: str) -> None:
    house.write("welcome/first/hello.email.md", letter("Hello", "{{ account.name }}"))
    hostile = [all_fields("Ann") | {field: value} for field in ("name", "account_name", "external_id")]
    innocent, *papers = house.papers(all_fields("Ann"), *hostile)
    for paper in papers:
        assert paper.keys() == innocent.keys()
        assert [each.addr_spec for each in paper["To"].addresses] == ["ann@company.example"]
        assert not re.search("[\r\n\x00]", "".join(str(header) for header in paper.values()))


NOT_TO_BE_ADDRESSED = {
    "two-lines": {"email": "ann@company.example\r\nBcc: victim@evil.example"},
    "two-mailboxes": {"email": "a@company.example,victim@evil.example"},
    "no-mailbox": {"email": "no address"},
    "two-line-id": {"external_id": "L\u20281"},
}


def test_50_people_who_cannot_be_addressed_hold_up_nobody_else(house: House) -> None:
    house.write("welcome/first/hello.email.md", letter("Hello {{ lead.name }}"))
    house.put(STAFF, lead("ann"), consent("ann"))
    for name, broken in NOT_TO_BE_ADDRESSED.items():
        house.put(lead(name).model_copy(update=broken), consent(name))
    house.night()
    assert house.dispatch().unknown == 0
    arrived = [parsed(raw) for raw in house.outbox(".eml")]
    assert "ann@company.example" in [each["To"].addresses[0].addr_spec for each in arrived]
    assert not [each for each in arrived if each["Bcc"] or len(each["To"].addresses) > 1]


def test_50_a_line_separator_in_a_text_ends_no_line_of_the_gallery(house: House) -> None:
    house.write("welcome/first/hello.email.md", letter("a\u2028b"))
    preview = Preview(house.settings.paths.outbox, house.settings.paths.rendered, at(MONDAY))
    preview.send(house.envelopes({})[0])
    preview.finish()
    scripts = [path.read_text() for path in house.settings.paths.outbox.rglob("gallery/*.js")]
    assert any("a\\u2028b" in script for script in scripts)
    assert not any("\u2028" in script for script in scripts)


NAMES = ["hello.email.md", "hello.email.txt.md", "hello.email.html.md", "hello.email.j2.md", "hello.email.html.en.md"]


@pytest.mark.parametrize("name", NAMES)
def test_51_html_is_escaped_whatever_a_file_is_called(tmp_path: Path, empty_database: Path, name: str) -> None:
    house = build(tmp_path, empty_database)
    house.write(f"welcome/first/{name}", letter("{{ lead.name }}"))
    assert "<b>" not in part(house.papers({"name": "<b>"})[0], "html")


MISNAMED = ["hello.email.html.j2.md", "hello.email.a.zh_CN.md", "hello.html.md", "hello.md", "a.email.b.c.en.md"]


@pytest.mark.parametrize("name", MISNAMED)
def test_51_a_name_that_cannot_be_understood_is_refused(tmp_path: Path, empty_database: Path, name: str) -> None:
    house = build(tmp_path, empty_database)
    house.write(f"welcome/first/{name}", letter("x"))
    with pytest.raises(ContentError, match="is called"):
        house.playbook  # noqa: B018 - reading it is the act


ELSEWHERE = ["../policy.toml", "../../home/web.key", "/etc/passwd", "..", ".", "", "sub/x.txt", "..\\policy.toml"]


@pytest.mark.parametrize("name", [*ELSEWHERE, "gone.pdf"])
def test_51_an_attachment_comes_from_its_folder_or_not_at_all(tmp_path: Path, empty_database: Path, name: str) -> None:
    house = build(tmp_path, empty_database)
    house.write("attachments/sub/x.txt", "x")
    house.write("welcome/first/hello.email.md", letter("x").replace("sender:", f"attachments: [{name!r}]\nsender:"))
    letters, failures = house.envelopes({})
    assert letters == []
    assert "attachment" in failures[0].why


@pytest.mark.parametrize("beside", ["attachments", "content/welcome/attachments", "content/welcome/first/attachments"])
def test_51_no_other_folder_of_that_name_is_ours(tmp_path: Path, empty_database: Path, beside: str) -> None:
    house = build(tmp_path, empty_database)
    (tmp_path / beside).mkdir(parents=True)
    (tmp_path / beside / "payroll.txt").write_text("secret")
    house.write("welcome/first/hello.email.md", letter("x").replace("sender:", "attachments: [payroll.txt]\nsender:"))
    assert house.envelopes({})[0] == []


@pytest.mark.parametrize("key", ["../hello", "hello/../x", "a.b", "Ä", ""])
def test_51_a_touch_cannot_be_called_like_a_path(key: str) -> None:
    with pytest.raises(JourneyError):
        email(key, after=days(0))


SAID = "<script>alert(1)</script>\"'>{{7*7}}{% x %} Bcc: v@evil.example"
EVIL = SAID.replace(" Bcc", "\r\nBcc") + "\u202egnp\u2028line\u2066 😀 =?utf-8?q?=0aBcc:_x?=\x00"
KNOWN = "{{ lead.name }}|{{ account.name }}|{{ account.industry }}|{{ account.city }}|{{ account.plan }}"
KNOWN += "|{{ owner.name }}|{{ owner.title }}"
UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069\u2028\u2029\x00]")


def the_hostile_one() -> list[Any]:
    everything: dict[str, Any] = dict.fromkeys(
        ("external_id", "name", "industry", "city", "plan", "wecom_id", "source", "mobile"), EVIL
    )
    company = Account(id=derived_id("account", "evil"), **everything)
    person = lead("evil", account_id=company.id).model_copy(update=everything | {"wecom_hash": "w"})
    person.email = "o'{{7*7}}@evil.example"
    colleague = STAFF.model_copy(update={"name": EVIL, "title": EVIL, "email": EVIL, "wecom_userid": "gu.mingyuan"})
    seen = interaction("evil", "content.downloaded", MONDAY - timedelta(days=1))
    return [company, Staff(**colleague.model_dump()), person, consent("evil"), consent("evil", scope="wecom"), seen]


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> House:
    """A house through which one lead has gone whose every field is hostile: an email, a card, a WeCom message."""
    touches = [email("hello", after=days(0)), staff("card", after=days(0)), wecom("say", after=days(1))]
    only = journey(stages=[Stage("first", asks="?", touches=touches)])
    house = build(tmp_path_factory.mktemp("visited"), empty_database, only)
    house.write("welcome/first/hello.email.md", letter(EVERYWHERE + "\n" + KNOWN, "{{ lead.name }}"))
    card = "\n\n{{ lead.email }}|{{ lead.mobile }}|{{ lead.source }}|{{ lead.external_id }}|{{ owner.email }}|{{ why }}"
    house.write("welcome/first/card.staff.md", letter(KNOWN + card, "{{ lead.name }}"))
    house.write("welcome/first/say.wecom.md", "{{ owner.name }}|{{ owner.title }}")
    house.put(*the_hostile_one())
    for day in (MONDAY, MONDAY + timedelta(days=1)):
        house.night(day)
        house.dispatch(day)
    return house


def test_46_48_50_a_hostile_lead_gets_one_inert_email(visited: House) -> None:
    (raw,) = visited.outbox(".eml")
    message = parsed(raw)
    assert [each.addr_spec for each in message["To"].addresses] == ["o'{{7*7}}@evil.example"]
    assert "Bcc" not in message
    assert SAID in message["Subject"]
    assert SAID in part(message, "plain")
    assert SAID in Seen(part(message, "html")).text
    tags = Seen(part(message, "html")).tags
    assert not [tag for tag, names in tags if tag == "script" or any(name.startswith("on") for name in names)]
    shown = part(message, "plain") + part(message, "html") + "".join(str(value) for value in message.values())
    assert not UNSEEN.search(shown)


def test_46_48_50_a_hostile_lead_makes_inert_requests(visited: House) -> None:
    card, say = sorted((json.loads(raw) for raw in visited.outbox(".json")), key=lambda each: each["about"]["channel"])
    assert SAID in card["request"]["textcard"]["description"]
    assert SAID in card["request"]["textcard"]["title"]
    assert SAID in say["request"]["text"]["content"]
    for words in (*card["request"]["textcard"].values(), *say["request"]["text"].values(), *say["about"].values()):
        assert not UNSEEN.search(words)


def test_46_48_50_a_hostile_lead_hangs_in_the_gallery_as_text(visited: House) -> None:
    scripts = [path.read_text() for path in visited.settings.paths.outbox.rglob("gallery/*.js")]
    assert len(scripts) >= 4
    for script in scripts:
        assert "<" not in script
        assert not re.search("[\u2028\u2029\x00]", script)
    assert visited.breaches() == []
