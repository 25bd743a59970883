"""`nurture doctor email` against a name server, a SendGrid and a relay on this machine: what it finds, what to do."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from cli.views.live import examined
from nurture.doctor import Examined, Verdict
from nurture.doctor.email import examine_email
from nurture.journey.playbook import read_playbook
from nurture.settings import Mode, Settings
from tests.channels.test_smtp import port, post
from tests.servers.names import NameServer, Records
from tests.servers.sendgrid import KEY, SendGrid
from tests.support.small import CONTENT, one_in

__all__ = ["port", "post"]

PAGES = "https://n.ours.example"
PUBLIC_KEY = "MFkwEwYHKoZIzj0CAQYI-the-key-of-the-webhook"
SECRET = "a-secret-of-twenty-characters"
DKIM = "v=DKIM1; k=rsa; p=" + "M" * 216


def world() -> Records:
    """A domain in order: everything published as it should be."""
    return {
        "ours.example": {"MX": ["10 mail.ours.example."], "TXT": ['"v=spf1 include:spf.relay.example ~all"']},
        "spf.relay.example": {"TXT": ['"v=spf1 ip4:192.0.2.0/24 -all"']},
        "_dmarc.ours.example": {"TXT": ['"v=DMARC1; p=quarantine; rua=mailto:dmarc@ours.example"']},
        "em1.ours.example": {"CNAME": ["u1.wl.sendgrid.net."]},
        "u1.wl.sendgrid.net": {"TXT": ['"v=spf1 ip4:198.51.100.7 -all"'], "MX": ["10 mx.sendgrid.net."]},
        "s1._domainkey.ours.example": {"CNAME": ["s1.domainkey.u1.wl.sendgrid.net."]},
        "s1.domainkey.u1.wl.sendgrid.net": {"TXT": [f'"{DKIM}"']},
        "relay1._domainkey.ours.example": {"TXT": [f'"{DKIM}"']},
        "reply.ours.example": {"MX": ["10 mx.sendgrid.net."]},
    }


def account() -> dict[str, Any]:
    """An account in order."""
    records = {
        "mail_cname": {"valid": True, "type": "cname", "host": "em1.ours.example", "data": "u1.wl.sendgrid.net"},
        "dkim1": {
            "valid": True,
            "type": "cname",
            "host": "s1._domainkey.ours.example",
            "data": "s1.domainkey.u1.wl.sendgrid.net",
        },
    }
    hook = dict.fromkeys(("enabled", "delivered", "bounce", "dropped", "deferred", "spam_report"), True)
    return {
        "/v3/scopes": {"scopes": ["mail.send", "email_logs.read", "suppression.read"]},
        "/v3/whitelabel/domains": [{"domain": "ours.example", "valid": True, "dns": records}],
        "/v3/verified_senders": {"results": []},
        "/v3/user/webhooks/event/settings/all": {
            "webhooks": [hook | {"url": PAGES + "/hooks/sendgrid/events", "public_key": PUBLIC_KEY}]
        },
        "/v3/user/webhooks/parse/settings": {
            "result": [
                {"hostname": "reply.ours.example", "url": f"{PAGES}/hooks/sendgrid/inbound/{SECRET}", "send_raw": True}
            ]
        },
    }


@dataclass
class Clinic:
    """Everything that is examined, each part of it to be spoiled."""

    names: NameServer
    server: SendGrid
    settings: Settings
    found: list[Examined] = field(default_factory=list)

    def examine(self) -> dict[str, Examined]:
        """What is not good, by its subject."""
        self.found = list(examine_email(self.settings, read_playbook(self.settings), lambda: datetime.now(UTC)))
        return {each.subject: each for each in self.found if each.verdict is not Verdict.GOOD}

    def with_settings(self, **changes: Any) -> None:
        self.settings = self.settings.model_copy(update=changes)

    def with_content(self, file: str, old: str, new: str) -> None:
        path = self.settings.content / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


@pytest.fixture
def clinic(tmp_path: Path, port: int) -> Iterator[Clinic]:
    content = tmp_path / "content"
    shutil.copytree(CONTENT, content)
    with NameServer(world()) as names, SendGrid() as server:
        server.api.pages = account()
        settings = Settings(
            home=tmp_path / "var", content=content, mode=Mode.LIVE, public_url=PAGES, name_server=names.address,
            sendgrid_api_key=SecretStr(KEY), sendgrid_url=server.url, sendgrid_webhook_keys=PUBLIC_KEY,
            smtp_relays=SecretStr(f"domestic=smtp://us:right@127.0.0.1:{port}"), reply_domain="reply.ours.example",
            inbound_secret=SecretStr(SECRET),
        )  # fmt: skip
        clinic = Clinic(names, server, settings)
        clinic.with_content("senders.toml", "hengchuan-data.example", "ours.example")
        clinic.with_content(
            "policy.toml", "[email.providers.domestic]\n", '[email.providers.domestic]\ndkim = ["relay1"]\n'
        )
        yield clinic


def test_a_house_in_order_is_good_in_every_respect(clinic: Clinic) -> None:
    assert clinic.examine() == {}
    assert [each.subject for each in clinic.found] == [
        "Mode", "Pages", "DMARC of ours.example", "MX of ours.example", "Relay domestic", "SPF of ours.example",
        "DKIM of ours.example (relay1)", "Clock", "SendGrid: key", "SendGrid: domain ours.example",
        "SPF of em1.ours.example", "SendGrid: event webhook", "SendGrid: webhook key", "MX of reply.ours.example",
        "SendGrid: Inbound Parse",
    ]  # fmt: skip
    assert "1 look-ups" in next(each.found for each in clinic.found if each.subject == "SPF of ours.example")


RECORDS: list[tuple[str, str, list[str] | None, str, str]] = [
    # name, kind, records instead (None: none), subject, what is found
    ("_dmarc.ours.example", "TXT", None, "DMARC of ours.example", "bad: there is none"),
    ("_dmarc.ours.example", "TXT", ['"v=DMARC1; p=none"'], "DMARC of ours.example", "warning: p=none, and nobody"),
    ("_dmarc.ours.example", "TXT", ['"v=DMARC1; rua=mailto:a@b"'], "DMARC of ours.example", "bad: its policy is ''"),
    ("_dmarc.ours.example", "TXT", ['"v=DMARC1; p=none"'] * 1 + ['"v=DMARC1; p=reject"'], "DMARC of ours.example",
     "bad: there are 2"),
    ("ours.example", "MX", None, "MX of ours.example", "bad: nobody takes mail"),
    ("ours.example", "MX", ["0 ."], "MX of ours.example", "bad: nobody takes mail"),
    ("ours.example", "TXT", None, "SPF of ours.example", "bad: there is none"),
    ("ours.example", "TXT", ['"v=spf1 -all"', '"v=spf1 mx -all"'], "SPF of ours.example", "bad: there are 2"),
    ("ours.example", "TXT", ['"v=spf1 +all"'], "SPF of ours.example", "bad: it lets everybody send"),
    ("ours.example", "TXT", ['"v=spf1 include:spf.relay.example ?all"'], "SPF of ours.example", "warning: it forbids"),
    ("spf.relay.example", "TXT", ['"v=spf1 ' + " ".join(f"exists:e{i}.example" for i in range(10)) + ' -all"'],
     "SPF of ours.example", "bad: it asks for more than 10"),
    ("relay1._domainkey.ours.example", "TXT", None, "DKIM of ours.example (relay1)", "bad: there is no key"),
    ("relay1._domainkey.ours.example", "TXT", ['"v=DKIM1; p="'], "DKIM of ours.example (relay1)", "bad: its key was"),
    ("s1._domainkey.ours.example", "CNAME", ["elsewhere.example."], "SendGrid: domain ours.example",
     "bad: DKIM or return path point elsewhere: s1._domainkey.ours.example"),
    ("reply.ours.example", "MX", ["10 mail.ours.example."], "MX of reply.ours.example", "bad: mail.ours.example"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kind", "instead", "subject", "finds"), one_in(3, RECORDS))
def test_a_record_that_is_missing_or_wrong_is_found(
    clinic: Clinic, name: str, kind: str, instead: list[str] | None, subject: str, finds: str
) -> None:
    if instead is None:
        del clinic.names.records[name][kind]
    else:
        clinic.names.records[name][kind] = instead
    found = clinic.examine()
    assert f"{found[subject].verdict}: {found[subject].found}".startswith(finds)
    assert found[subject].do
    assert set(found) == {subject}


def spoiled(path: str, *keys: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    """Set one entry of a page of the account to something else."""

    def spoil(pages: dict[str, Any]) -> None:
        if not keys:
            pages[path] = value
            return
        place = pages[path]
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return spoil


HOOKS, PARSE = "/v3/user/webhooks/event/settings/all", "/v3/user/webhooks/parse/settings"
DOMAINS = "/v3/whitelabel/domains"
ACCOUNTS: list[tuple[Callable[[dict[str, Any]], None], str, str]] = [
    (spoiled("/v3/scopes", "scopes", value=["email_logs.read", "suppression.read"]), "SendGrid: key",
     "bad: without mail.send nothing can be sent"),
    (spoiled("/v3/scopes", "scopes", value=["mail.send", "messages.read"]), "SendGrid: key",
     "warning: without suppression.read"),
    (spoiled("/v3/scopes", "scopes", value=["mail.send", "suppression.read"]), "SendGrid: key",
     "warning: without email_logs.read"),
    (spoiled("/v3/scopes", "scopes", value=["mail.send", "messages.read", "suppression.read", "api_keys.create"]),
     "SendGrid: key", "warning: it may do more than it needs: api_keys.create"),
    (spoiled(DOMAINS, 0, "valid", value=False), "SendGrid: domain ours.example", "bad: it is not validated"),
    (spoiled(DOMAINS, value=None), "SendGrid: senders", "unknown: the key may not look"),
    (spoiled(DOMAINS, value={"odd": 1}), "SendGrid: senders", "unknown: SendGrid's page has another form"),
    (spoiled(HOOKS, "webhooks", value=[]), "SendGrid: event webhook", "bad: none posts to us"),
    (spoiled(HOOKS, "webhooks", 0, "enabled", value=False), "SendGrid: event webhook", "bad: it is switched off"),
    (spoiled(HOOKS, "webhooks", 0, "bounce", value=False), "SendGrid: event webhook",
     "bad: it does not tell of: bounce"),
    (spoiled(HOOKS, "webhooks", 0, "public_key", value=""), "SendGrid: webhook key", "bad: events are not signed"),
    (spoiled(HOOKS, "webhooks", 0, "public_key", value="another"), "SendGrid: webhook key",
     "bad: events are signed with a key that we do not know"),
    (spoiled(PARSE, "result", value=[]), "SendGrid: Inbound Parse", "bad: it does nothing with mail to reply.ours"),
    (spoiled(PARSE, "result", 0, "url", value=PAGES), "SendGrid: Inbound Parse", "bad: it posts replies to another"),
    (spoiled(PARSE, "result", 0, "send_raw", value=False), "SendGrid: Inbound Parse", "bad: it takes the mails apart"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "subject", "finds"), one_in(3, ACCOUNTS))
def test_what_is_wrong_with_the_account_is_found(
    clinic: Clinic, spoil: Callable[[dict[str, Any]], None], subject: str, finds: str
) -> None:
    spoil(clinic.server.api.pages)
    found = clinic.examine()
    assert f"{found[subject].verdict}: {found[subject].found}".startswith(finds)
    assert found[subject].do
    assert set(found) == {subject}
    assert SECRET not in str(found)


def test_a_sender_without_an_authenticated_domain_is_found_and_one_verified_alone_is_a_warning(clinic: Clinic) -> None:
    pages = clinic.server.api.pages
    pages["/v3/whitelabel/domains"] = []
    pages["/v3/verified_senders"] = {"results": [{"from_email": "wen.yining@ours.example", "verified": True}]}
    found = clinic.examine()
    assert found["SendGrid: sender bai.jingxing@ours.example"].verdict is Verdict.BAD
    assert found["SendGrid: sender wen.yining@ours.example"].verdict is Verdict.WARNING


def test_while_one_secret_of_replies_replaces_another_both_are_good_and_without_any_none_is(clinic: Clinic) -> None:
    clinic.with_settings(inbound_secret=SecretStr(f"another-of-twenty-characters {SECRET}"))
    assert clinic.examine() == {}
    clinic.with_settings(inbound_secret=None)
    assert "all replies are refused" in clinic.examine()["SendGrid: Inbound Parse"].found


def test_a_sender_below_the_authenticated_domain_is_to_be_tried(clinic: Clinic) -> None:
    clinic.with_content("senders.toml", "wen.yining@ours.example", "wen.yining@news.ours.example")
    clinic.names.records["news.ours.example"] = {"MX": ["10 mail.ours.example."], "TXT": ['"v=spf1 mx -all"']}
    clinic.names.records["relay1._domainkey.news.ours.example"] = {"TXT": [f'"{DKIM}"']}
    found = clinic.examine()
    assert set(found) == {"SendGrid: domain news.ours.example"}
    assert found["SendGrid: domain news.ours.example"].verdict is Verdict.WARNING


def test_a_key_that_is_refused_ends_the_look_at_the_account(clinic: Clinic) -> None:
    clinic.with_settings(sendgrid_api_key=SecretStr("SG.another"))
    found = clinic.examine()
    assert found["SendGrid: key"].verdict is Verdict.BAD
    assert "SG.another" not in str(clinic.found)
    assert not any("webhook" in each.subject for each in clinic.found)


@pytest.mark.parametrize(("seconds", "verdict"), [(-45, Verdict.WARNING), (45, Verdict.WARNING), (400, Verdict.BAD)])
def test_a_clock_that_is_wrong_is_found(clinic: Clinic, seconds: int, verdict: Verdict) -> None:
    clinic.server.api.date = time.time() + seconds
    assert clinic.examine()["Clock"].verdict is verdict


def test_servers_that_do_not_answer_leave_it_unknown(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nurture.doctor.dns_lookup.PATIENCE", 0.3)
    clinic.names.silent = True
    with clinic.server.down():
        found = clinic.examine()
    assert {found["Account"].verdict, found["Domain ours.example"].verdict} == {Verdict.UNKNOWN}


def test_relays_and_providers_that_cannot_be_used_are_found(clinic: Clinic, port: int) -> None:
    clinic.with_settings(smtp_relays=SecretStr(f"domestic=smtp://us:wrong@127.0.0.1:{port}"), sendgrid_api_key=None)
    found = clinic.examine()
    assert "does not let us in" in found["Relay domestic"].found
    assert found["Provider sendgrid"].verdict is Verdict.BAD
    clinic.with_settings(smtp_relays=SecretStr("domestic=smtp://us:right@127.0.0.1:1"))
    assert "not connected" in clinic.examine()["Relay domestic"].found


def test_a_mailbox_of_others_is_no_sender(clinic: Clinic) -> None:
    clinic.with_content("senders.toml", "wen.yining@ours.example", "wen.yining@qq.com")
    assert clinic.examine()["Domain qq.com"].verdict is Verdict.BAD


@pytest.mark.parametrize(
    ("changes", "subject", "verdict"),
    [
        ({"mode": Mode.PREVIEW}, "Mode", Verdict.WARNING),
        ({"public_url": "http://127.0.0.1:8700"}, "Pages", Verdict.BAD),
        ({"public_url": "http://n.ours.example"}, "Pages", Verdict.BAD),
        ({"reply_domain": ""}, "Replies", Verdict.WARNING),
    ],
)
def test_settings_that_let_nobody_leave_or_answer_are_found(
    clinic: Clinic, changes: dict[str, Any], subject: str, verdict: Verdict
) -> None:
    clinic.with_settings(**changes)
    assert clinic.examine()[subject].verdict is verdict


def test_the_command_ends_with_1_when_something_is_bad(clinic: Clinic) -> None:
    settings = clinic.settings
    environment = os.environ | {
        "NURTURE_HOME": str(settings.home), "NURTURE_CONTENT": str(settings.content), "NURTURE_MODE": "live",
        "NURTURE_NAME_SERVER": clinic.names.address, "NURTURE_SENDGRID_URL": clinic.server.url,
        "NURTURE_PUBLIC_URL": PAGES, "SENDGRID_API_KEY": KEY,
    }  # fmt: skip
    command = [sys.executable, "-m", "cli.main", "doctor", "email", "--json"]
    said = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
    assert said.returncode == 1
    found = json.loads(said.stdout)
    assert {"subject": "Mode", "verdict": "good"}.items() <= found[0].items()


def test_a_person_reads_what_is_wrong_and_what_to_do(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    clinic.with_settings(sendgrid_api_key=None)
    clinic.examine()
    examined(clinic.found, as_json=False)
    said = capsys.readouterr().out
    assert "bad      Provider sendgrid: policy.toml sends mail by it" in said
    assert "         -> Set it, or take the route out of policy.toml" in said
    assert "good     DMARC of ours.example: p=quarantine, of ours.example" in said
    assert said.splitlines()[-1] == "7 good, 1 bad."
