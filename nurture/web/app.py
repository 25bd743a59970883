"""The ASGI application: its routes, and what it says when something is not as it should be."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from nurture.errors import TransientError
from nurture.web.context import Reception, reception
from nurture.web.middleware import Guard, log
from nurture.web.openapi import openapi
from nurture.web.pages import STYLE
from nurture.web.routes.confirm import confirm
from nurture.web.routes.events import tell
from nurture.web.routes.health import health, metrics
from nurture.web.routes.links import follow
from nurture.web.routes.preferences import prefer
from nurture.web.routes.sendgrid_inbound import sendgrid_inbound
from nurture.web.routes.sendgrid_webhook import sendgrid_events
from nurture.web.routes.unsubscribe import leave

SHORT = {400: "This is not what was expected.\n", 405: "Not like that.\n", 408: "Too slow.\n", 413: "Too large.\n"}
RETRY_AFTER = {"Retry-After": "60"}


def create_application(desk: Reception) -> ASGIApp:
    """All routes of a reception, guarded."""
    inner = Starlette(
        routes=[
            Route("/u/{token}", leave, methods=["GET", "POST"]),
            Route("/p/{token}", prefer, methods=["GET", "POST"]),
            Route("/l/{token}", follow),
            Route("/confirm/{token}", confirm, methods=["GET", "POST"]),
            Route("/hooks/sendgrid/events", sendgrid_events, methods=["POST"]),
            Route("/hooks/sendgrid/inbound/{secret}", sendgrid_inbound, methods=["POST"]),
            Route("/v1/events", tell, methods=["POST"]),
            Route("/v1/openapi.json", openapi),
            Route("/healthz", health),
            Route("/metrics", metrics),
            Route("/style.css", style),
        ],
        exception_handlers={HTTPException: _not_like_that, TransientError: _not_now, Exception: _our_fault},
    )
    inner.router.redirect_slashes = False
    inner.state.reception = desk
    return Guard(inner, desk.counters, https=desk.settings.public_url.startswith("https://"))


async def style(request: Request) -> Response:
    """How pages look."""
    return FileResponse(STYLE, media_type="text/css")


async def _not_like_that(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status in SHORT:
        return PlainTextResponse(SHORT[status], status)
    return _trouble(request, "busy" if status == 429 else "lost", status)


async def _not_now(request: Request, error: Exception) -> Response:
    """Nobody is thanked for what is not on disk."""
    log.error("%s", error)
    return _trouble(request, "failed", 503)


async def _our_fault(request: Request, error: Exception) -> Response:
    return _trouble(request, "failed", 500)


def _trouble(request: Request, what: str, status: int) -> Response:
    desk = reception(request)
    answer = desk.pages.show("trouble", desk.pages.language(request), status, what=what, switch=False)
    answer.headers.update(RETRY_AFTER if status in (429, 503) else {})
    return answer
