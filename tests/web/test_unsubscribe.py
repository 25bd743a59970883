"""Leaving, coming back, wishing, confirming: what pages do, asked over a real socket."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from models import ConsentScope
from nurture.consent.preferences import Preferences
from nurture.consent.published_preferences import Known
from nurture.errors import ContentError
from nurture.inbound.spool import SpoolKind
from nurture.keys.signed_links import Tokens
from nurture.web.pages import read_pages
from tests.support.sample_house import ROOT
from tests.support.web_process import MESSAGE, NOW, WebHouse, serving, web

__all__ = ["web"]

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
EN = {"Accept-Language": "en"}
FULL = {"do": "save", "topic": ["product-trial", "renewal", "win-back"], "channel": ["email", "wecom", "phone"]}


@pytest.mark.parametrize(
    "body",
    [{"data": ONE_CLICK}, {"files": {"List-Unsubscribe": (None, "One-Click")}}, {}, {"content": b""}],
    ids=["urlencoded", "multipart", "nothing", "empty"],
)
def test_one_click_leaves_at_once_whatever_the_body_is(web: WebHouse, body: dict[str, object]) -> None:
    """65"""
    answer = web.ask("POST", web.tokens.unsubscribe_url(MESSAGE), headers={"Cookie": "a=b"}, **body)
    assert (answer.status_code, "location" in answer.headers, "set-cookie" in answer.headers) == (200, False, False)
    assert len(answer.content) < 4_000
    (line,) = web.lines()
    how = "one_click" if "data" in body or "files" in body else "page"
    assert line == {"message": MESSAGE, "scope": "email", "how": how}


def test_a_hundred_at_once_all_get_their_answer(web: WebHouse) -> None:
    """65"""
    url = web.tokens.unsubscribe_url(MESSAGE)
    with ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(lambda _: httpx.post(url, data=ONE_CLICK, timeout=20, verify=False).status_code, range(100))
        )
    assert answers == [200] * 100
    assert web.lines() == [{"message": MESSAGE, "scope": "email", "how": "one_click"}] * 100


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PROPFIND"])
def test_whoever_only_looks_changes_nothing(web: WebHouse, method: str) -> None:
    """64"""
    signed = [web.tokens.unsubscribe_url(MESSAGE), web.tokens.preferences_url(MESSAGE)]
    signed.append(web.tokens.confirm_url(MESSAGE, ConsentScope.EMAIL, NOW))
    for url in signed:
        assert web.ask(method, url).status_code == (200 if method in ("GET", "HEAD") else 405)
    assert web.lines() == []


def test_a_link_in_a_mail_leads_on_and_tells_how_it_was_followed(web: WebHouse) -> None:
    """64"""
    target, agent = "https://hengchuan-data.example/zh/路?a=b~c;d", "Mimecast" + "x" * 400
    for method in ("GET", "HEAD"):
        answer = web.ask(method, web.tokens.link_url(MESSAGE, target), headers={"User-Agent": agent})
        assert answer.status_code == 302
        assert answer.headers["location"] == "https://hengchuan-data.example/zh/%E8%B7%AF?a=b~c;d"
        assert answer.headers["referrer-policy"] == "no-referrer"
    followed = web.lines(SpoolKind.CLICK)
    assert [line["method"] for line in followed] == ["GET", "HEAD"]
    assert followed[0] == {
        "message": MESSAGE,
        "target": target,
        "method": "GET",
        "agent": ("Mimecast" + "x" * 400)[:300],
    }


def test_a_token_that_is_not_ours_is_not_there_whatever_is_wrong_with_it(web: WebHouse) -> None:
    """66"""
    leave, follow = web.tokens.unsubscribe_url(MESSAGE), web.tokens.link_url(MESSAGE, "https://x.example/")
    token, another = leave.rpartition("/")[2], Tokens(b"k" * 32, web.url).unsubscribe_url(MESSAGE)
    wrong = [
        leave[:-1], leave + "x", leave.replace("/u/", "/p/"), leave.replace("/u/", "/l/"), follow.replace("/l/", "/u/"),
        another, f"{web.url}/u/", f"{web.url}/u/{token[::-1]}", f"{web.url}/u/%00", f"{web.url}/u/{'x' * 5000}",
        f"{web.url}/confirm/{token}", f"{web.url}/nothing-here",
        web.tokens.confirm_url(MESSAGE, ConsentScope.EMAIL, NOW - timedelta(days=8)),
    ]  # fmt: skip
    answers = {(each.status_code, each.text) for each in (web.ask("GET", url) for url in wrong)}
    assert [status for status, _ in answers] == [404]
    posted = {web.ask("POST", url).status_code for url in wrong if "/l/" not in url and "nothing" not in url}
    assert posted == {404}
    assert web.lines() == []


def test_a_replaced_key_still_opens_what_it_closed(tmp_path: Path) -> None:
    """66"""
    with serving(tmp_path) as house:
        sent_before = house.tokens.unsubscribe_url(MESSAGE).rpartition("/")[2]
    with (tmp_path / "web.key").open("a") as file:
        file.write("ab" * 32 + "\n")
    with serving(tmp_path) as house:
        assert house.tokens.unsubscribe_url(MESSAGE).rpartition("/")[2] != sent_before
        assert house.ask("POST", f"/u/{sent_before}").status_code == 200
    (tmp_path / "web.key").write_text("ab" * 32 + "\n")
    with serving(tmp_path) as house:
        assert house.ask("POST", f"/u/{sent_before}").status_code == 404


def test_a_link_leads_nowhere_but_where_we_signed(web: WebHouse) -> None:
    """68"""
    good = web.tokens.link_url(MESSAGE, "https://x.example/")
    hostile = ["javascript:alert(1)", "//evil.example", "https:evil", "https://a@evil.example/", "https://x\\evil",
               "https://x.example/\r\nSet-Cookie: a=b", "ftp://x.example/", "https://[x/", "data:,"]  # fmt: skip
    urls = [web.tokens.link_url(MESSAGE, target) for target in hostile]
    urls += [good + "?url=https://evil.example", f"{web.url}/l/https://evil.example", f"{web.url}/l//evil.example"]
    answers = [web.ask("GET", url) for url in urls]
    assert [answer.status_code for answer in answers[: len(hostile)]] == [404] * len(hostile)
    assert answers[len(hostile)].headers["location"] == "https://x.example/"
    assert [answer.status_code for answer in answers[len(hostile) + 1 :]] == [404, 404]


def test_wrong_addresses_are_counted_by_where_they_come_from_and_right_ones_go_through(web: WebHouse) -> None:
    with httpx.Client(base_url=web.url, trust_env=False) as client:
        statuses = [client.get("/u/guessed").status_code for _ in range(80)]
        assert statuses[:60] == [404] * 60
        assert statuses[-1] == 429
        assert client.post(web.tokens.unsubscribe_url(MESSAGE)).status_code == 200


def test_who_presses_all_day_fills_no_disk_and_a_scanner_that_follows_all_day_stops_nobody_from_leaving(
    web: WebHouse,
) -> None:
    link, leave = web.tokens.link_url(MESSAGE, "https://x.example/"), web.tokens.unsubscribe_url(MESSAGE)
    with httpx.Client(trust_env=False, verify=False) as client:
        assert {client.get(link).status_code for _ in range(300)} == {302}
        assert client.post(leave).status_code == 200
        assert {client.post(leave).status_code for _ in range(300)} == {200, 429}
    assert 200 <= len(web.lines(SpoolKind.CLICK)) < 250
    assert 200 <= len(web.lines(SpoolKind.LEAVE)) < 250


def test_every_answer_keeps_its_distance(web: WebHouse) -> None:
    """What section 7 of the facts asks of pages and hooks alike."""
    leave = web.tokens.unsubscribe_url(MESSAGE)
    posts = [("POST", "/v1/events"), ("POST", "/hooks/sendgrid/events"), ("POST", leave), ("PUT", leave)]
    for method, address in [*posts, ("GET", leave), ("GET", "/nothing"), ("GET", "/healthz"), ("GET", "/style.css")]:
        headers = web.ask(method, address, headers={"Origin": "https://evil.example"}).headers
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'; form-action 'self'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-robots-tag"].startswith("noindex")
        assert headers["referrer-policy"] == "no-referrer"
        assert not {"set-cookie", "server", "access-control-allow-origin", "strict-transport-security"} & set(headers)


def test_behind_https_browsers_are_told_to_stay_there(tmp_path: Path) -> None:
    with serving(tmp_path, public_url="https://n.example/nurture") as house:
        answer = house.ask("GET", house.tokens.unsubscribe_url(MESSAGE).removeprefix("https://n.example/nurture"))
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert 'href="/nurture/style.css"' in answer.text
        assert 'href="/nurture/p/' in answer.text


def test_a_form_that_is_too_large_is_refused(web: WebHouse) -> None:
    url = web.tokens.preferences_url(MESSAGE)
    assert web.ask("POST", url, content=b"x" * 8_001).status_code == 413
    assert web.ask("POST", url, content=iter([b"x" * 5_000] * 2)).status_code == 413
    assert web.lines() == []


def test_coming_back_is_a_new_consent_to_the_sentence_that_was_shown(web: WebHouse) -> None:
    left = web.ask("POST", web.tokens.unsubscribe_url(MESSAGE), headers=EN)
    (address,) = set(re.findall(r'action="([^"]+)"', left.text))
    back = web.ask("POST", address, data={"do": "back"}, headers=EN)
    assert "Welcome back" in back.text
    line = web.lines(SpoolKind.PREFER)[0]
    assert line["back"] is True
    assert line["message"] == MESSAGE
    assert line["wording"].startswith("I agree that Hengchuan Data emails me")
    assert line["wording"] in left.text


def test_what_is_not_ticked_is_off(web: WebHouse) -> None:
    chosen = {
        "do": "save",
        "topic": ["renewal"],
        "channel": ["email"],
        "pause": "on",
        "language": "en",
        "impersonal": "yes",
    }
    answer = web.ask("POST", web.tokens.preferences_url(MESSAGE), data=chosen)
    assert "Paused until 20 December 2026" in answer.text
    assert web.lines() == [
        {"message": MESSAGE, "topics_off": ["product-trial", "win-back"], "channels_off": ["wecom", "phone"],
         "impersonal": True, "language": "en", "pause": 30}
    ]  # fmt: skip


def test_a_page_shows_what_was_just_saved_and_saving_it_again_changes_nothing(web: WebHouse) -> None:
    url = web.tokens.preferences_url(MESSAGE)
    web.ask("POST", url, data={**FULL, "topic": ["renewal"], "pause": "on"})
    page = web.ask("GET", url).text
    assert re.findall(r'name="topic" value="([a-z-]+)" checked', page) == ["renewal"]
    web.ask("POST", url, data={**FULL, "topic": ["renewal"], "pause": "on"})
    web.ask("POST", url, data={**FULL, "topic": ["renewal"]})
    assert [line.get("pause", "as before") for line in web.lines()] == [30, "as before", 0]


def test_a_page_knows_what_flows_published(web: WebHouse) -> None:
    wishes = Preferences(("renewal",), (ConsentScope.PHONE,), date(2026, 12, 1), "en", True)
    web.desk.state.publish([Known("L1", wishes, (ConsentScope.EMAIL,))], [(MESSAGE, "L1")])
    page = web.ask("GET", web.tokens.preferences_url(MESSAGE)).text
    assert 'lang="en"' in page
    assert re.findall(r'name="topic" value="([a-z-]+)" checked', page) == ["product-trial", "win-back"]
    assert re.findall(r'name="channel" value="([a-z-]+)" checked', page) == ["email", "wecom"]
    assert "Paused until 1 December 2026" in page
    assert "You are unsubscribed from email" in page


def test_stopping_everything_is_a_withdrawal_from_all_channels(web: WebHouse) -> None:
    page = web.ask("POST", web.tokens.preferences_url(MESSAGE), data={"do": "stop"}, headers=EN).text
    assert "We will leave you in peace" in page
    assert web.lines() == [{"message": MESSAGE, "scope": "all", "how": "page"}]


@pytest.mark.parametrize(
    "body", [b"", b"do=save&do=stop", b"do=nothing", b"\xff\xfe", b"do=%ff", b"&".join([b"a=b"] * 500)]
)
def test_a_form_that_no_button_sent_does_nothing(web: WebHouse, body: bytes) -> None:
    assert web.ask("POST", web.tokens.preferences_url(MESSAGE), content=body).status_code == 200
    assert web.lines() == []


def test_confirming_keeps_the_sentence_and_when_they_asked(web: WebHouse) -> None:
    asked = NOW - timedelta(days=6)
    url = web.tokens.confirm_url(MESSAGE, ConsentScope.EMAIL, asked)
    sentence = "我同意衡川数据给我发邮件，介绍产品和应用经验；我随时可以退订。"
    assert sentence in web.ask("GET", url).text
    assert web.lines() == []
    assert web.ask("POST", url).status_code == 200
    assert web.lines() == [{"lead": MESSAGE, "scope": "email", "asked_at": asked.isoformat(), "wording": sentence}]


@pytest.mark.parametrize(
    ("asked", "known", "shown"),
    [
        ("", None, "zh-CN"),
        ("en", None, "en"),
        ("en-GB,zh;q=0.5", None, "en"),
        ("fr, zh-TW;q=0.9, en;q=0.8", None, "zh-CN"),
        ("zh-CN", "en", "en"),
        ("x;q=y, en;q=nan", None, "en"),
    ],
)
def test_a_page_speaks_the_language_of_its_reader(web: WebHouse, asked: str, known: str | None, shown: str) -> None:
    if known:
        web.desk.state.publish([Known("L1", replace(Preferences(), language=known))], [(MESSAGE, "L1")])
    url = web.tokens.unsubscribe_url(MESSAGE)
    assert f'<html lang="{shown}">' in web.ask("GET", url, headers={"Accept-Language": asked}).text
    assert '<html lang="en">' in web.ask("GET", url + "?lang=en", headers={"Accept-Language": asked}).text


def test_leaving_works_for_whoever_was_erased(web: WebHouse) -> None:
    """The web process knows no lead: an address that we signed is enough, whatever is left of them."""
    assert not web.desk.settings.paths.database.exists()
    assert web.ask("POST", web.tokens.unsubscribe_url("f" * 32)).status_code == 200
    assert not web.desk.settings.paths.database.exists()


def test_marketing_keeps_no_words_that_no_page_says() -> None:
    pages = read_pages(ROOT / "content", "https://n.example")
    said = "".join(
        path.read_text() for path in (ROOT / "nurture" / "web").rglob("*.*") if path.suffix in (".py", ".html")
    )
    made = {f"confirm_{scope}_wording" for scope in ConsentScope} | {f"prefer_{scope}" for scope in ConsentScope}
    made |= {f"{what}_{part}" for what in ("lost", "busy", "failed") for part in ("title", "text")}
    assert {key for key in pages.words["en"] if key not in said} <= made


def test_a_language_without_some_words_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "web.toml").write_text('[en]\na = "x"\nb = "y"\n[zh-CN]\na = "x"\n')
    with pytest.raises(ContentError, match="zh-CN has no words for b"):
        read_pages(tmp_path, "https://n.example")


@pytest.mark.parametrize("damage", [b"no database", b""])
def test_leaving_works_when_what_was_published_is_damaged(web: WebHouse, damage: bytes) -> None:
    """67"""
    state = web.desk.state.path
    state.parent.mkdir()
    state.write_bytes(damage)
    assert web.ask("POST", web.tokens.unsubscribe_url(MESSAGE), data=ONE_CLICK).status_code == 200
    assert web.ask("GET", web.tokens.preferences_url(MESSAGE)).status_code == 200
    assert len(web.lines()) == 1
