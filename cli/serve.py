"""The command that answers the outside: pages, links, hooks and the event API."""

import logging
import sys

from cli.app import app
from cli.views.terminal import say_whole


@app.command()
def serve() -> None:
    """Answer readers, SendGrid and other systems until stopped (Ctrl-C, SIGTERM).

    What comes in is kept in var/spool/ and counts at the next dispatch. The database may be in use meanwhile.
    docs/web.md tells how to put it behind your domain.
    """
    from nurture.settings import read_settings
    from nurture.web.server import listen
    from nurture.web.server import serve as answer

    settings = read_settings()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
    with listen(settings) as port:
        host, number = port.getsockname()[:2]
        say_whole(f"Answering on http://{host}:{number}, as {settings.public_url}.")
        answer(settings, port)
