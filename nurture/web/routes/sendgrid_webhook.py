"""``/hooks/sendgrid/events``: what SendGrid says became of mails. Size, raw bytes, signature, age; then the disk;
then thanks.

What the events mean is not judged here: a batch is one line, as it came.
"""

import hashlib
import json
import time

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from nurture.errors import TransientError
from nurture.inbound.spool import SpoolKind, Torn
from nurture.web.context import Reception, reception
from nurture.web.request_body import HOOK, whole

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"


async def sendgrid_events(request: Request) -> Response:
    """Take a batch: 200 when it is on disk, 401 when it is not SendGrid's, 503 when the disk fails."""
    desk, body = reception(request), await whole(request, HOOK)
    signatures, timestamps = (request.headers.getlist(name) for name in (SIGNATURE, TIMESTAMP))
    if len(signatures) != 1 or len(timestamps) != 1:
        signed = False
    else:
        signed = desk.signatures.hold(signatures[0], timestamps[0], body, desk.now())
    if not signed:
        desk.counters.refused("sendgrid_events", "signature")
        return PlainTextResponse("No.\n", 401)
    await run_sync(_take, desk, body)
    return PlainTextResponse("Thank you.\n")


def _take(desk: Reception, body: bytes) -> None:
    """Put a batch on disk. The same bytes again are the same line; a byte that is no UTF-8 spoils only its word."""
    try:
        events = json.loads(body.decode("utf-8", "replace"), parse_constant=lambda _: None)
        desk.put(desk.line(SpoolKind.SENDGRID, {"events": events}, hashlib.sha256(body).hexdigest()))
    except (ValueError, RecursionError):
        desk.counters.refused("sendgrid_events", "no JSON")
        _set_aside(desk, body)


def _set_aside(desk: Reception, body: bytes) -> None:
    """What was signed but cannot be read is kept for a person; sent again, it would be no better."""
    try:
        desk.spool.quarantine([Torn(f"{time.time_ns()}-sendgrid", len(body), body, "no JSON")])
    except OSError as error:
        raise TransientError(f"{desk.spool.folder}: cannot be written ({type(error).__name__}).") from error
