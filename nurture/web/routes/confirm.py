"""``/confirm/{token}``: the second half of a double opt-in. Looking confirms nothing; the button does."""

from starlette.requests import Request
from starlette.responses import Response

from nurture.inbound.spool import SpoolKind
from nurture.web.context import reception
from nurture.web.request_body import FORM, whole


async def confirm(request: Request) -> Response:
    """Show what is agreed to, or note that it was."""
    desk = reception(request)
    confirming = desk.tokens.confirming(request.path_params["token"], desk.now())
    if confirming is None:
        raise desk.stranger(request)
    language = desk.pages.language(request)
    wording = desk.pages.say(f"confirm_{confirming.scope.value}_wording", language)
    if request.method != "POST":
        return desk.pages.show("confirm", language, wording=wording)
    desk.welcome(confirming.lead_id)
    await whole(request, FORM)
    told = {
        "lead": confirming.lead_id,
        "scope": confirming.scope.value,
        "asked_at": confirming.asked_at.isoformat(),
        "wording": wording,
    }
    await desk.keep(desk.line(SpoolKind.CONFIRM, told))
    return desk.pages.show("confirmed", language, switch=False)
