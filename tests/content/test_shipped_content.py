"""The texts that we ship: everyone for whom one is meant can read it, on paper as on the screen."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from models import Channel
from models.types import derived_id
from nurture.channels.envelope import Envelope
from nurture.channels.preview.files import written
from nurture.content.brand import in_language, read_voice
from nurture.content.catalogue import ContentFile, read_content
from nurture.content.personas import Persona, read_personas
from nurture.content.policy import read_policy
from nurture.keys.signed_links import Tokens
from nurture.rendering.preview import persona_reader
from nurture.rendering.shards import Failure, Workshop
from nurture.templates.proofreader import columns
from tests.support.homes.words import Seen, parsed, part
from tests.support.sample_house import ROOT
from tests.support.small import CONTENT, EVENTS, MONDAY, at

FILES = read_content(CONTENT)
VOICE = read_voice(CONTENT)
PERSONAS = read_personas(CONTENT)
POLICY = read_policy(CONTENT)
LANGUAGE = POLICY.language


@dataclass(frozen=True)
class Copy:
    """One text as one persona gets it."""

    file: ContentFile
    persona: Persona
    sent: Envelope

    @property
    def name(self) -> str:
        return str(self.file.path.relative_to(CONTENT))


def fits(file: ContentFile, persona: Persona) -> bool:
    """Whether a file is for a persona, read from ``docs/content.md``."""
    language, size = persona.lead.language or LANGUAGE, persona.account.employees
    asked = [
        file.language in (None, language, language.split("-")[0]),
        not file.roles or persona.lead.role in file.roles,
        not file.industries or persona.account.industry in file.industries,
        file.smallest is None or (size is not None and size >= file.smallest),
        file.largest is None or (size is not None and size <= file.largest),
    ]
    return all(asked)


def row(number: int, file: ContentFile, persona: str) -> dict[str, Any]:
    return persona_reader(persona, PERSONAS, MONDAY).row | {
        "id": derived_id("copy", number, persona).hex, "journey": file.journey, "stage": file.stage,
        "touch": file.touch, "channel": file.channel.value, "night": f"{MONDAY}", "template": number, "revision": 1,
    }  # fmt: skip


def print_all(files: Sequence[ContentFile], rows: Sequence[dict[str, Any]], home: Path) -> list[Envelope]:
    """A message for each row, by the number of its file; none of them fails."""
    failures: list[Failure] = []
    tokens = Tokens(b"k" * 32, "https://pages.company.example")
    workshop = Workshop.open(dict(enumerate(files)), VOICE, POLICY, tokens, EVENTS, home / "rendered")
    envelopes = list(workshop.envelopes(list(rows), failures))
    assert failures == []
    return envelopes


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> list[Copy]:
    """Every text for every persona for whom it is meant."""
    pairs = [(n, file, name) for n, file in enumerate(FILES) for name, who in PERSONAS.items() if fits(file, who)]
    envelopes = print_all(FILES, [row(*pair) for pair in pairs], tmp_path_factory.mktemp("shipped"))
    return [Copy(file, PERSONAS[who], sent) for (_, file, who), sent in zip(pairs, envelopes, strict=True)]


def of(copies: list[Copy], *channels: Channel) -> Iterator[Copy]:
    return (copy for copy in copies if copy.file.channel in channels)


def test_every_text_is_for_somebody_we_can_think_of(copies: list[Copy]) -> None:
    assert {copy.file.path for copy in copies} == {file.path for file in FILES}


@pytest.mark.slow
def test_every_sender_can_write_every_email(tmp_path: Path) -> None:
    mails = [file for file in FILES if file.channel is Channel.EMAIL]
    signed = [replace(file, sender=key, path=Path(f"{key}-{file.path}")) for file in mails for key in VOICE.senders]
    rows = [row(number, file, "customer-zh") for number, file in enumerate(signed)]
    for file, sent in zip(signed, print_all(signed, rows, tmp_path), strict=True):
        persona = in_language(VOICE.senders[file.sender], sent.language)
        assert (sent.sender, sent.sender_address) == (persona.name, persona.email)
        assert persona.name in sent.text
        assert persona.title in sent.html


MADE_FROM = re.compile(r"\*\*|\{\{|\}\}|\{%|%\}|\{#|jx\d{4}xj|\]\(")
HTML = re.compile(r"</?[a-zA-Z]+[ >]|&[a-z]+;|&#\d+;|<!--")


def test_no_text_shows_what_it_was_made_from(copies: list[Copy]) -> None:
    for copy in copies:
        for words in (copy.sent.subject, copy.sent.preheader, copy.sent.text, copy.sent.html):
            assert not MADE_FROM.search(words), (copy.name, words)
        for words in (copy.sent.subject, copy.sent.preheader, copy.sent.text):
            assert not HTML.search(words), (copy.name, words)


def test_no_text_is_longer_than_inboxes_show(copies: list[Copy]) -> None:
    for copy in copies:
        assert columns(copy.sent.subject) <= 70, copy.name
        assert columns(copy.sent.preheader) <= 110, copy.name
    for copy in of(copies, Channel.EMAIL):
        assert len(copy.sent.html.encode()) <= 100_000, copy.name
        assert copy.sent.html.count('class="button"') <= 1, copy.name
    for copy in of(copies, Channel.WECOM):
        assert len(copy.sent.text.encode()) <= 4_000, copy.name


def test_a_wecom_text_is_the_same_for_everybody_of_one_colleague(tmp_path: Path) -> None:
    numbers = [number for number, file in enumerate(FILES) if file.channel is Channel.WECOM]
    one = {"owner_name": "Li", "owner_title": "Sales", "owner_email": "li@us.example", "owner_wecom": "li"}
    rows = [row(number, FILES[number], who) | one for number in numbers for who in PERSONAS]
    said: dict[str, set[str]] = {}
    for sent in print_all(FILES, rows, tmp_path):
        said.setdefault(sent.touch, set()).add(sent.text)
    assert len(said) == len(numbers)
    assert {touch: len(texts) for touch, texts in said.items()} == dict.fromkeys(said, 1)


def test_a_wecom_text_has_no_word_of_its_reader(copies: list[Copy]) -> None:
    for copy in of(copies, Channel.WECOM):
        lead, account = copy.persona.lead, copy.persona.account
        theirs = (lead.name, lead.email, lead.mobile, lead.wecom_id, account.name, account.city)
        assert not [word for word in theirs if word and word in copy.sent.text], copy.name


@pytest.mark.slow
def test_every_email_survives_paper(copies: list[Copy], tmp_path: Path) -> None:
    for copy in of(copies, Channel.EMAIL):
        sent = copy.sent
        message = parsed(written(sent, tmp_path, at(MONDAY))[1])
        assert message.defects == []
        assert (part(message, "plain").strip(), part(message, "html").strip()) == (sent.text.strip(), sent.html.strip())
        kinds = [each.get_content_type() for each in message.walk()]
        assert kinds == ["multipart/alternative", "text/plain", "text/html"]
        assert {each.get_content_charset() for each in message.walk() if not each.is_multipart()} == {"utf-8"}
        assert (message["Subject"], message["X-Nurture-Preheader"].strip()) == (sent.subject, sent.preheader)
        assert [each.addr_spec for each in message["To"].addresses] == [sent.to]
        assert [each.addr_spec for each in message["From"].addresses] == [sent.sender_address]


def test_every_email_has_the_way_out_that_mailboxes_ask_for(copies: list[Copy], tmp_path: Path) -> None:
    for copy in of(copies, Channel.EMAIL):
        sent = copy.sent
        raw = written(sent, tmp_path, at(MONDAY))[1]
        assert f"\r\nList-Unsubscribe: <{sent.unsubscribe_url}>\r\n".encode() in raw
        assert raw.count(b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n") == 1
        assert f'href="{sent.unsubscribe_url}"' in sent.html
        assert sent.unsubscribe_url in sent.text
        company = in_language(VOICE.company, sent.language)
        assert all(needed in sent.text for needed in (company.name, company.address, company.email)), copy.name


def test_the_text_of_an_email_has_every_link_of_its_html(copies: list[Copy]) -> None:
    for copy in of(copies, Channel.EMAIL):
        seen = re.sub(r'<a [^>]*tabindex="-1"[^>]*>', "", copy.sent.html)
        for address in re.findall(r'<a [^>]*href="([^"]+)"', seen):
            shown = address.replace("&amp;", "&").removeprefix("mailto:")
            assert shown in copy.sent.text, (copy.name, shown)


def test_every_request_is_what_wecom_takes(copies: list[Copy], tmp_path: Path) -> None:
    for copy in of(copies, Channel.WECOM, Channel.STAFF):
        request = json.loads(written(copy.sent, tmp_path, at(MONDAY))[1])["request"]
        shown = request.get("textcard", {}).get("description") or request["text"]["content"]
        assert shown == copy.sent.text


@pytest.fixture(scope="module")
def html_validate(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The validator's command, installed from our lock file."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed")
    folder = tmp_path_factory.mktemp("validator")
    for name in ("package.json", "package-lock.json", ".htmlvalidate.json"):
        shutil.copy(ROOT / name, folder)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=0"]
    installed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if installed.returncode:
        pytest.skip(f"npm ci failed: {installed.stderr.strip().splitlines()[-1]}")
    return [str(folder / "node_modules" / ".bin" / "html-validate"), "--config", str(folder / ".htmlvalidate.json")]


def test_the_html_of_every_email_is_valid(copies: list[Copy], html_validate: list[str], tmp_path: Path) -> None:
    """One of each shape that a text takes."""
    shapes = {(copy.name, tuple(Seen(copy.sent.html).tags)): copy for copy in of(copies, Channel.EMAIL)}
    for number, copy in enumerate(shapes.values()):
        (tmp_path / f"{copy.file.path.stem}-{number}.html").write_text(copy.sent.html)
    checked = subprocess.run([*html_validate, str(tmp_path)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
