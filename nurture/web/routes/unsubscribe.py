"""``/u/{token}``: leaving. Looking at the page changes nothing, however often scanners look; a POST acts at once.

One-click (RFC 8058) posts here without a cookie or a login, and gets its answer here, without a redirect.
"""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from nurture.inbound.spool import SpoolKind
from nurture.web.context import Reception, reception
from nurture.web.request_body import FORM, whole

ONE_CLICK = b"One-Click"
"""In a form of either kind; a body without it comes from the button of our page."""


async def leave(request: Request) -> Response:
    """Show the page, or leave."""
    desk = reception(request)
    message = desk.known(desk.tokens.leaver(request.path_params["token"]), request)
    reader = desk.lately.reader(message, desk.state)
    language = desk.pages.language(request, reader.wishes.language)
    if request.method != "POST":
        return desk.pages.show("leave", language, preferences=preferences_path(desk, message))
    desk.welcome(message)
    one_click = ONE_CLICK in await whole(request, FORM)
    how = "one_click" if one_click else "page"
    await desk.keep(desk.line(SpoolKind.LEAVE, {"message": message, "scope": "email", "how": how}))
    desk.lately.says(message, replace(reader, left=True), desk.now())
    if one_click:
        return PlainTextResponse("Unsubscribed.\n")
    return left_page(desk, message, language, everything=False)


def left_page(desk: Reception, message: str, language: str, *, everything: bool) -> Response:
    """What happens now, and the way back."""
    preferences = preferences_path(desk, message)
    return desk.pages.show("left", language, everything=everything, switch=False, preferences=preferences)


def preferences_path(desk: Reception, message: str) -> str:
    """Where the reader of a message says what they want to hear, on this site."""
    return desk.pages.base + desk.tokens.preferences_url(message).removeprefix(desk.tokens.public_url)
