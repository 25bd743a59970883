"""What holds for every answer: its headers, that no fault shows, one line in the log, one more in the counters.

Addresses are capabilities, so that none is ever logged: a line names the route, not the path.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nurture.web.metrics import Counters

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "browsing-topics=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}

log = logging.getLogger("nurture.web")


@dataclass(frozen=True)
class Guard:
    """Stands before the application; ``https`` says that readers reach it by https alone."""

    inner: ASGIApp
    counters: Counters
    https: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return await self.inner(scope, receive, send)
        began, status = time.perf_counter(), [500]
        try:
            await self.inner(scope, receive, self._sender(send, status))
        except ClientDisconnect:
            status[0] = 499
        except Exception as error:  # the answer (500) went out; what it says may hold personal data
            log.error("%s in route %s, %s", type(error).__name__, _route(scope), _where(error))
        seconds = time.perf_counter() - began
        self.counters.answered(_route(scope), status[0], seconds)
        log.info("%s %s %d %.1f ms", scope["method"], _route(scope), status[0], seconds * 1000)
        return None

    def _sender(self, send: Send, status: list[int]) -> Callable[[Message], Awaitable[None]]:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in (HEADERS | (HTTPS_ONLY if self.https else {})).items():
                    headers[name] = value
            await send(message)

        return sending


def _route(scope: Scope) -> str:
    return cast(str, getattr(scope.get("endpoint"), "__name__", "nowhere"))


def _where(error: BaseException) -> str:
    """The last place of ours that an error passed."""
    place, found = error.__traceback__, "?"
    while place:
        if "nurture" in place.tb_frame.f_globals.get("__name__", ""):
            found = f"{place.tb_frame.f_globals['__name__']}:{place.tb_lineno}"
        place = place.tb_next
    return found
