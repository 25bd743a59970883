"""``/hooks/sendgrid/inbound/{secret}``: replies. 200 once the mail is on disk, whatever is in it; it is judged
where the database is.
"""

import hashlib

from anyio.to_thread import run_sync
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from nurture.errors import InputError, TransientError
from nurture.inbound.spool import SpoolKind
from nurture.web.context import Reception, reception
from nurture.web.request_body import MAIL, chunks
from nurture.web.routes.sendgrid_mail import IncomingMail, decoder_of

PATIENCE = 300.0
"""Seconds in which a mail must have come."""


async def sendgrid_inbound(request: Request) -> Response:
    """Take a mail: 200 when it is on disk, 503 when it cannot be."""
    desk = reception(request)
    if desk.inbound.holder(request.path_params["secret"]) is None:
        raise desk.stranger(request)
    try:
        decoder, letter = decoder_of(request.headers.get("content-type", "")), desk.spool.letter()
        try:
            mail = IncomingMail(decoder, letter)
            await _receive(request, mail)
            await run_sync(_keep, desk, mail)
        finally:
            letter.drop()
    except InputError:
        raise HTTPException(400) from None
    except OSError as error:
        raise TransientError(f"{desk.spool.folder}: cannot be written ({type(error).__name__}).") from error
    return PlainTextResponse("Thank you.\n")


async def _receive(request: Request, mail: IncomingMail) -> None:
    async for chunk in chunks(request, MAIL, PATIENCE):
        mail.take(chunk)
    mail.take(None)


def _keep(desk: Reception, mail: IncomingMail) -> None:
    """Put the mail and its line on disk. The same mail to the same address again is the same line."""
    if not mail.letter.size:
        raise TransientError("A reply came without its raw message: turn on `send_raw` in SendGrid's Inbound Parse.")
    travelled = mail.travelled()
    name = mail.letter.keep()
    told = hashlib.sha256(f"{name} {travelled}".encode()).hexdigest()
    desk.put(desk.line(SpoolKind.REPLY, {"file": name, **travelled}, told))
