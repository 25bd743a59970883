"""What readers do in a browser on a phone: leave, come back, choose, confirm; in both languages, with the keyboard too.

Needs Chromium (Debian: chromium and fonts-noto-cjk). With NURTURE_TEST_PICTURES=FOLDER the pages are kept as pictures.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from models import ConsentScope
from nurture.inbound.spool import SpoolKind
from tests.support.web_process import MESSAGE, NOW, WebHouse, web

__all__ = ["web"]

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PICTURES = os.environ.get("NURTURE_TEST_PICTURES")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium: apt-get install chromium fonts-noto-cjk")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


@pytest.fixture(params=["zh-CN", pytest.param("en", marks=pytest.mark.slow)])
def phone(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A phone of somebody who reads this language; a fault on a page is a fault of the test."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=2, locale=request.param,
        java_script_enabled=True, color_scheme="light",
    )  # fmt: skip
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    yield page
    context.close()
    assert complaints == []


def words(page: Page, zh: str, en: str) -> str:
    """What stands there in the language of the page."""
    return zh if page.locator("html").get_attribute("lang") == "zh-CN" else en


def picture(page: Page, name: str) -> None:
    """Keep a page, if somebody wants to look."""
    if PICTURES:
        language = page.locator("html").get_attribute("lang")
        page.screenshot(path=Path(PICTURES) / f"{name}.{language}.png", full_page=True)


def test_leaving_takes_one_press_and_says_what_happens_now(web: WebHouse, phone: Page) -> None:
    phone.goto(web.tokens.unsubscribe_url(MESSAGE))
    picture(phone, "leave")
    assert web.lines() == []
    phone.get_by_role("button").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text(words(phone, "已经退订", "You are unsubscribed"))
    expect(phone.get_by_role("status")).to_be_visible()
    picture(phone, "left")
    assert web.lines() == [{"message": MESSAGE, "scope": "email", "how": "page"}]
    assert phone.context.cookies() == []


@pytest.mark.slow
def test_whoever_pressed_by_mistake_comes_back_with_one_press(web: WebHouse, phone: Page) -> None:
    phone.goto(web.tokens.unsubscribe_url(MESSAGE))
    phone.get_by_role("button").click()
    phone.get_by_role("button", name=words(phone, "点错了", "by mistake")).click()
    expect(phone.get_by_role("heading", level=1)).to_have_text(words(phone, "欢迎回来", "Welcome back"))
    picture(phone, "back")
    assert [line.get("back") for line in web.lines(SpoolKind.PREFER)] == [True]


@pytest.mark.slow
def test_less_instead_leads_from_leaving_to_choosing(web: WebHouse, phone: Page) -> None:
    phone.goto(web.tokens.unsubscribe_url(MESSAGE))
    phone.get_by_role("button").click()
    phone.get_by_role("link", name=words(phone, "改成少一点", "Get less instead")).click()
    picture(phone, "preferences-after-leaving")
    phone.get_by_label(words(phone, "重新接收邮件", "Email me again")).check()
    phone.get_by_label(words(phone, "维保与续签", "Maintenance and renewal")).uncheck()
    phone.get_by_role("button", name=words(phone, "保存", "Save")).click()
    expect(phone.get_by_role("status")).to_contain_text(words(phone, "已保存", "Saved"))
    (line,) = web.lines(SpoolKind.PREFER)
    assert line["back"] is True
    assert line["topics_off"] == ["renewal"]
    assert line["wording"]


def test_choosing_is_kept_and_shown(web: WebHouse, phone: Page) -> None:
    phone.goto(web.tokens.preferences_url(MESSAGE))
    picture(phone, "preferences")
    phone.get_by_label(words(phone, "电话", "Phone")).uncheck()
    phone.get_by_label(words(phone, "暂停 30 天", "Pause everything for 30 days")).check()
    phone.get_by_label(words(phone, "不要根据我的身份", "Do not choose texts by")).check()
    phone.get_by_role("button", name=words(phone, "保存", "Save")).click()
    expect(phone.get_by_role("status")).to_contain_text(words(phone, "已保存", "Saved"))
    picture(phone, "saved")
    phone.reload()
    phone.goto(web.tokens.preferences_url(MESSAGE))
    expect(phone.get_by_label(words(phone, "电话", "Phone"))).not_to_be_checked()
    expect(phone.get_by_label(words(phone, "暂停到", "Paused until"))).to_be_checked()
    assert {(*line["channels_off"], line["impersonal"]) for line in web.lines()} == {("phone", True)}


@pytest.mark.slow
def test_stopping_everything_is_one_press_too(web: WebHouse, phone: Page) -> None:
    phone.goto(web.tokens.preferences_url(MESSAGE))
    phone.get_by_role("button", name=words(phone, "全部停止", "Stop everything")).click()
    expect(phone.get_by_role("heading", level=1)).to_have_text(
        words(phone, "好的，不再打扰", "We will leave you in peace")
    )
    picture(phone, "stopped")
    assert web.lines() == [{"message": MESSAGE, "scope": "all", "how": "page"}]


def test_confirming_is_a_press_after_reading_what_for(web: WebHouse, phone: Page) -> None:
    phone.goto(web.tokens.confirm_url(MESSAGE, ConsentScope.EMAIL, NOW))
    picture(phone, "confirm")
    sentence = phone.locator("#agree").inner_text()
    phone.get_by_role("button").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text(words(phone, "已确认，谢谢", "Confirmed, thank you"))
    picture(phone, "confirmed")
    assert [line["wording"] for line in web.lines()] == [sentence]


@pytest.mark.slow
def test_the_language_can_be_switched_and_stays_switched(web: WebHouse, phone: Page) -> None:
    phone.goto(web.tokens.unsubscribe_url(MESSAGE))
    other = words(phone, "en", "zh-CN")
    phone.get_by_role("navigation").get_by_role("link").click()
    expect(phone.locator("html")).to_have_attribute("lang", other)
    phone.get_by_role("button").click()
    expect(phone.locator("html")).to_have_attribute("lang", other)
    phone.get_by_role("link", name=words(phone, "改成少一点", "Get less instead")).click()
    expect(phone.locator("html")).to_have_attribute("lang", other)


@pytest.mark.slow
def test_the_keyboard_is_enough(web: WebHouse, phone: Page) -> None:
    phone.goto(web.tokens.preferences_url(MESSAGE))
    phone.get_by_label(words(phone, "邮件", "Email"), exact=True).focus()
    phone.keyboard.press("Space")
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("status")).to_contain_text(words(phone, "已保存", "Saved"))
    assert [line["channels_off"] for line in web.lines()] == [["email"]]


LUMINANCE = """element => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const behind = node => { for (; node; node = node.parentElement) {
    const colour = parts(getComputedStyle(node).backgroundColor);
    if (colour.length === 3 || colour[3] > 0) return colour; }
    return [255, 255, 255]; };
  const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map(v => v / 255).map(
    v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
  const [one, two] = [light(parts(getComputedStyle(element).color)), light(behind(element))];
  return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05); }"""


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_every_word_can_be_read_in_the_light_and_in_the_dark(web: WebHouse, phone: Page, scheme: str) -> None:
    """Contrast of 4.5 and more, and nothing wider than the phone."""
    phone.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    addresses: list[Callable[[str], str]] = [web.tokens.unsubscribe_url, web.tokens.preferences_url]
    for number, address in enumerate(addresses):
        phone.goto(address(MESSAGE))
        if scheme == "dark":
            picture(phone, f"dark-{number}")
        faint = {
            element.inner_text(): contrast
            for element in phone.locator("h1, h2, p, a, label, legend, button, nav span").all()
            if (contrast := element.evaluate(LUMINANCE)) < 4.5
        }
        assert faint == {}
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390
        for control in phone.locator("button, nav a, label").all():
            box = control.bounding_box()
            assert box is not None
            assert box["height"] >= 40, control.inner_text()


def test_pages_can_be_read_without_style_and_a_lost_link_says_whom_to_ask(web: WebHouse, browser: Browser) -> None:
    page = browser.new_page(java_script_enabled=False, locale="en", viewport={"width": 390, "height": 844})
    page.route(re.compile(r"\.css$"), lambda route: route.abort())
    page.goto(f"{web.url}/u/incomplete")
    expect(page.get_by_role("alert")).to_contain_text("write to us")
    picture(page, "lost-without-style")
    page.goto(web.tokens.unsubscribe_url(MESSAGE))
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are unsubscribed")
    page.close()
