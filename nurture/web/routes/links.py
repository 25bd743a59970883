"""``/l/{token}``: a link of a mail. It leads where the signed token says, and nowhere else.

Whether a person or a machine followed it is for the night to judge, from all facts. A link leads on even when nothing
can be written down.
"""

import string
from urllib.parse import quote, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from nurture.errors import TransientError
from nurture.inbound.spool import SpoolKind
from nurture.web.context import reception

LONGEST_AGENT = 300


async def follow(request: Request) -> Response:
    """Note who followed, and lead on."""
    desk = reception(request)
    followed = desk.tokens.followed(request.path_params["token"])
    if followed is None or not _harmless(followed.target):
        raise desk.stranger(request)
    agent = request.headers.get("user-agent", "")[:LONGEST_AGENT]
    told = {"message": followed.message_id, "target": followed.target, "method": request.method, "agent": agent}
    try:
        desk.welcome(
            f"link {followed.message_id}"
        )  # a scanner that follows all day must not stop its reader from leaving
        await desk.keep(desk.line(SpoolKind.CLICK, told))
    except (TransientError, HTTPException):
        desk.counters.refused("follow", "not noted")
    return Response(status_code=302, headers={"Location": quote(followed.target, safe=string.punctuation)})


def _harmless(target: str) -> bool:
    """A web address without a name in it, blanks or backslashes; we signed it, but perhaps long ago."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    hides = any(ord(c) < 0x21 or 0x7F <= ord(c) < 0xA0 or c == "\\" for c in target) or "@" in parts.netloc
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not hides
