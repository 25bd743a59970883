"""Serving: one process, one port, until it is told to stop."""

import logging
import signal
import socket
from contextlib import suppress

import uvicorn

from nurture.errors import InputError
from nurture.settings import Settings
from nurture.web.app import create_application
from nurture.web.context import Reception, open_reception

LAST_ANSWERS = 3
"""Seconds that answers have to finish after the signal to stop."""

MOST_HEADERS = 32_768
WAITING = 2_048
"""Connections that may wait until they are accepted."""


def listen(settings: Settings) -> socket.socket:
    """The open port.

    Raises:
        InputError: it cannot be had.
    """
    family = socket.AF_INET6 if ":" in settings.web_host else socket.AF_INET
    port = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # with the protocol named, asyncio sends small packets at once; else each answer on a kept connection waits 40 ms
    try:
        port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        port.bind((settings.web_host, settings.web_port))
        port.listen(WAITING)
    except OSError as error:
        port.close()
        place = f"{settings.web_host}:{settings.web_port}"
        raise InputError(f"{place}: {error}. NURTURE_WEB_HOST and NURTURE_WEB_PORT say where to listen.") from error
    return port


def serve(settings: Settings, port: socket.socket) -> None:
    """Answer until SIGTERM or SIGINT; what is being answered then has three seconds.

    Raises:
        InputError: a setting, key or content file cannot be used.
    """
    desk = open_reception(settings)
    _clear_up(settings)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):  # uvicorn sends the signal again when it has finished
        make_server(desk).run(sockets=[port])


def make_server(desk: Reception) -> uvicorn.Server:
    """The server of a reception, not yet running."""
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    return uvicorn.Server(
        uvicorn.Config(
            create_application(desk),
            access_log=False,  # its lines have the tokens in them
            log_config=None,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=LAST_ANSWERS,
            timeout_keep_alive=20,
            h11_max_incomplete_event_size=MOST_HEADERS,
        )
    )


def _clear_up(settings: Settings) -> None:
    """Take away the beginnings of mails during which a process was killed; nobody was thanked for them."""
    for beginning in (settings.paths.spool / "inbound").glob(".*"):
        with suppress(FileNotFoundError):
            beginning.unlink()
