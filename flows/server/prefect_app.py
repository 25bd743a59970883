"""The Prefect server as `nurture up` starts it: for browsers and programs of this machine, and for nobody who leads a
browser here from elsewhere.

Prefect runs what its API is told to run. Its own check asks for the key; what stands here refuses, before that, names
that are not this machine's (DNS rebinding) and pages of other sites.
"""

from prefect.server.api.server import create_app as create_prefect
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

OURS = ("127.0.0.1", "localhost")


class SameOrigin:
    """Refuses what a page of another site sends: browsers say from where in ``Origin``, programs say nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse with 403."""
        headers = dict(scope.get("headers", ()))
        origin, host = headers.get(b"origin"), headers.get(b"host", b"")
        if origin is None or origin == b"http://" + host:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(1008)(scope, receive, send)
        else:
            await PlainTextResponse("This page may not talk to Prefect.\n", 403)(scope, receive, send)


def create_app() -> ASGIApp:
    """Prefect's server behind both."""
    return TrustedHostMiddleware(SameOrigin(create_prefect()), allowed_hosts=list(OURS))
