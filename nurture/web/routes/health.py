"""``/healthz`` and ``/metrics``: whether what comes in can be kept, and how much there was. Nothing else is told."""

import os
import tempfile

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from nurture.web.context import Reception, reception


async def health(request: Request) -> Response:
    """200 when the spool can be written, else 503."""
    try:
        await run_sync(_write, reception(request))
    except OSError:
        return PlainTextResponse("failing\n", 503)
    return PlainTextResponse("ok\n")


async def metrics(request: Request) -> Response:
    """The counters."""
    return Response(reception(request).counters.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _write(desk: Reception) -> None:
    desk.spool.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=desk.spool.folder) as file:
        file.write(b"ok")
        file.flush()
        os.fsync(file.fileno())
