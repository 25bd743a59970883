"""``/p/{token}``: what a reader wants to hear, and how; coming back, and stopping everything."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from starlette.requests import Request
from starlette.responses import Response

from models import ConsentScope
from nurture.consent.preferences import PAUSE_DAYS, Preferences
from nurture.inbound.spool import SpoolKind
from nurture.storage.json_type import JSON
from nurture.web.context import Reception, reception
from nurture.web.recent_preferences import Reader
from nurture.web.request_body import form
from nurture.web.routes.unsubscribe import left_page

CHANNELS = (ConsentScope.EMAIL, ConsentScope.WECOM, ConsentScope.PHONE)
Form = Mapping[str, Sequence[str]]


async def prefer(request: Request) -> Response:
    """Show the page, or do what one of its buttons says."""
    desk = reception(request)
    message = desk.known(desk.tokens.preferring(request.path_params["token"]), request)
    reader = desk.lately.reader(message, desk.state)
    language = desk.pages.language(request, reader.wishes.language)
    if request.method == "POST":
        desk.welcome(message)
        filled = await form(request)
        match filled.get("do"):
            case ["save"]:
                return await _save(request, message, reader, filled)
            case ["back"]:
                return await _come_back(desk, message, reader, language)
            case ["stop"]:
                await desk.keep(desk.line(SpoolKind.LEAVE, {"message": message, "scope": "all", "how": "page"}))
                desk.lately.says(message, replace(reader, left=True), desk.now())
                return left_page(desk, message, language, everything=True)
    return _page(desk, reader, language)


async def _save(request: Request, message: str, reader: Reader, filled: Form) -> Response:
    desk = reception(request)
    wishes = wished(filled, reader.wishes, desk.topics.topics, desk.pages.words, desk.today)
    language = desk.pages.language(request, wishes.language)
    back = filled.get("back") == ["yes"]
    agreed: dict[str, JSON] = {"back": True, "wording": desk.pages.say("back_wording", language)} if back else {}
    data = {"message": message, **_told(reader.wishes, wishes), **agreed}
    await desk.keep(desk.line(SpoolKind.PREFER, data))
    after = Reader(wishes, reader.left and not back)
    desk.lately.says(message, after, desk.now())
    return _page(desk, after, language, saved=True)


async def _come_back(desk: Reception, message: str, reader: Reader, language: str) -> Response:
    data: dict[str, JSON] = {"message": message, "back": True, "wording": desk.pages.say("back_wording", language)}
    await desk.keep(desk.line(SpoolKind.PREFER, data))
    desk.lately.says(message, replace(reader, left=False), desk.now())
    return desk.pages.show("back", language)


def wished(
    filled: Form, before: Preferences, topics: Iterable[str], languages: Iterable[str], today: date
) -> Preferences:
    """The wishes that a filled-in page says; what is not ticked is off."""
    return Preferences(
        topics_off=tuple(key for key in topics if key not in filled.get("topic", [])),
        channels_off=tuple(each for each in CHANNELS if each.value not in filled.get("channel", [])),
        paused_until=(_running(before, today) or today + timedelta(days=PAUSE_DAYS))
        if filled.get("pause") == ["on"]
        else None,
        language=next((each for each in languages if filled.get("language") == [each]), before.language),
        impersonal=filled.get("impersonal") == ["yes"],
    )


def _told(before: Preferences, after: Preferences) -> dict[str, JSON]:
    """The wishes as a line says them. A pause counts from the day it is asked for: a running one is not told again."""
    pause: JSON = PAUSE_DAYS if after.paused_until else 0
    return {
        "topics_off": list(after.topics_off),
        "channels_off": [each.value for each in after.channels_off],
        "impersonal": after.impersonal,
        **({"language": after.language} if after.language else {}),
        **({"pause": pause} if after.paused_until != before.paused_until else {}),
    }


def _page(desk: Reception, reader: Reader, language: str, *, saved: bool = False) -> Response:
    wishes = reader.wishes
    paused = _running(wishes, desk.today)
    topics = {key: topic.zh if language.startswith("zh") else topic.en for key, topic in desk.topics.topics.items()}
    return desk.pages.show(
        "preferences", language, saved=saved, left=reader.left, wishes=wishes, topics=topics, channels=CHANNELS,
        paused=desk.pages.day(paused, language) if paused else "",
    )  # fmt: skip


def _running(wishes: Preferences, today: date) -> date | None:
    """The end of a pause that is not over."""
    return wishes.paused_until if wishes.paused_until and wishes.paused_until > today else None
