"""The outbox as pages on this machine, so that a link in the Prefect UI can lead to it.

It holds personal data: it listens on the loopback address only, and answers no other host name, so that no page
elsewhere can read it through a visitor's browser.
"""

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from nurture.settings import read_settings

HOSTS = ["127.0.0.1", "localhost"]


def create_gallery() -> Starlette:
    """The site of this installation's outbox."""
    return gallery_of(read_settings().paths.outbox)


def gallery_of(outbox: Path) -> Starlette:
    """The site of an outbox; it may still be empty."""
    outbox.mkdir(parents=True, exist_ok=True)
    pages = StaticFiles(directory=outbox, html=True)
    return Starlette(routes=[Mount("/", pages)], middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)])
