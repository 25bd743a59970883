"""Bodies of requests: read no further than their limit, and not for ever."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request

FORM, HOOK, API, MAIL = 8_000, 4_000_000, 1_000_000, 35_000_000
"""The largest body of each kind, in bytes."""

PATIENCE = 30.0
"""Seconds in which a body must have come; a mail has ten times as long."""


async def chunks(request: Request, most: int, patience: float = PATIENCE) -> AsyncIterator[bytes]:
    """The body as it comes.

    Raises:
        HTTPException: 413, it is larger than ``most``; 408, it did not come in time.
    """
    if int(request.headers.get("content-length") or 0) > most:
        raise HTTPException(413)
    read = 0
    try:
        async with asyncio.timeout(patience):
            async for chunk in request.stream():
                read += len(chunk)
                if read > most:
                    raise HTTPException(413)
                yield chunk
    except TimeoutError:
        raise HTTPException(408) from None


async def whole(request: Request, most: int) -> bytes:
    """The body in one piece; raises like ``chunks``."""
    return b"".join([chunk async for chunk in chunks(request, most)])


async def form(request: Request) -> dict[str, list[str]]:
    """The fields of a page's form; whatever is no such form has none."""
    body = await whole(request, FORM)
    try:
        return parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=100, errors="strict")
    except ValueError:
        return {}
