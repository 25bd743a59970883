"""``/v1/events``: other systems tell what leads did and who they are.

Taken is what is on disk; the rest is named by its place, with the reason.
"""

import hashlib
import json
from dataclasses import asdict

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from nurture.inbound.spool import SpoolKind, SpoolLine
from nurture.web.context import Reception, reception
from nurture.web.request_body import API, whole
from nurture.web.routes.event_schema import NotTaken, Understood, items, understand

LONGEST_KEY = 200


async def tell(request: Request) -> Response:
    """Take events: 202 with what was taken and what not; 422 when nothing was."""
    desk = reception(request)
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    caller = desk.api_keys.holder(key.strip()) if scheme.lower() == "bearer" else None
    if caller is None:
        desk.counters.refused("tell", "key")
        return JSONResponse({"error": "unauthorized"}, 401, {"WWW-Authenticate": "Bearer"})
    idempotency = request.headers.get("idempotency-key", "")
    if len(idempotency) > LONGEST_KEY:
        return JSONResponse({"error": f"Idempotency-Key: {LONGEST_KEY} characters at most"}, 400)
    body = await whole(request, API)
    return await run_sync(_take, desk, caller, idempotency, body)


def _take(desk: Reception, caller: str, idempotency: str, body: bytes) -> Response:
    try:
        told = items(json.loads(body))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        return JSONResponse({"error": "not JSON"}, 400)
    except ValueError as error:
        return JSONResponse({"error": str(error)}, 400)
    answers = list(understand(told, desk.events.events, caller, desk.now()))
    taken = [(index, answer) for index, answer in enumerate(answers) if isinstance(answer, Understood)]
    refused = [answer for answer in answers if isinstance(answer, NotTaken)]
    desk.put(*(_line(desk, caller, idempotency, *each) for each in taken))
    desk.counters.refused("tell", "shape", len(refused))
    answer = {"taken": [index for index, _ in taken], "refused": [asdict(each) for each in refused]}
    return JSONResponse(answer, 202 if taken else 422)


def _line(desk: Reception, caller: str, idempotency: str, index: int, told: Understood) -> SpoolLine:
    """Known again by the request's Idempotency-Key and its place there, else by its own id, else new."""
    again = f"key {idempotency} {index}" if idempotency else told.id and f"id {told.data.get('source')} {told.id}"
    return desk.line(SpoolKind.EVENT, told.data, again and hashlib.sha256(f"{caller} {again}".encode()).hexdigest())
