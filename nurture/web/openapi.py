"""What the web process answers to, as OpenAPI: for whoever connects a system, and for the test that sends nonsense."""

from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from nurture.web.routes.event_schema import MOST, Identify, Track

Part = dict[str, Any]
ABOUT = """Tell Nurture what leads do in your system, and who they are: one POST to `/v1/events`, one event or up to a
thousand. A `202` names by place what was taken (it is on disk) and what was refused, and why: mend the refused ones
and send only these again. The same event twice counts once, if it has an `id`. Ask the company whose leads they are for
a key.

The other addresses are for readers, mail providers and monitoring.
"""
PAGE = {"text/html": {"schema": {"type": "string"}}}
TEXT = {"text/plain": {"schema": {"type": "string"}}}
TROUBLE = {404: "Not ours, whatever is wrong with it.", 408: "Too slow.", 413: "Too large.", 429: "Too often.",
           503: "It could not be written down: send it again."}  # fmt: skip


async def openapi(request: Request) -> Response:
    """The document."""
    return JSONResponse(document())


@cache
def document() -> Part:
    """All routes; only ``/v1/events`` is made for programs of others."""
    _, schemas = models_json_schema(
        [(Track, "validation"), (Identify, "validation")], ref_template="#/components/schemas/{model}"
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Nurture", "version": "1", "description": ABOUT, "license": {"name": "Apache-2.0"}},
        "paths": {
            "/v1/events": {"post": _events()},
            "/u/{token}": _page("leave", "The page on which a reader leaves.", "Leave (RFC 8058)."),
            "/p/{token}": _page("prefer", "The preferences of a reader.", "Save, come back, or stop everything."),
            "/confirm/{token}": _page("confirm", "What a lead agrees to.", "Agree."),
            "/l/{token}": {"get": _on_token("follow", "Where a link leads.", {302: "There."}, "token")},
            "/hooks/sendgrid/events": {"post": _hook()},
            "/hooks/sendgrid/inbound/{secret}": {"post": _inbound()},
            "/healthz": {"get": _get("health", "Can what comes in be kept?", {200: "Yes.", 503: "No."})},
            "/metrics": {"get": _get("metrics", "Counters.", {200: "For Prometheus."})},
        },
        "components": {
            "schemas": schemas["$defs"] | {"Answer": ANSWER},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }  # fmt: skip


ANSWER: Part = {
    "type": "object",
    "required": ["taken", "refused"],
    "properties": {
        "taken": {"type": "array", "items": {"type": "integer"}, "description": "Places of what is on disk."},
        "refused": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["index", "why"],
                "properties": {"index": {"type": "integer"}, "why": {"type": "string"}},
            },
        },
    },
}


def _events() -> Part:
    one = {"anyOf": [{"$ref": "#/components/schemas/Track"}, {"$ref": "#/components/schemas/Identify"}]}
    many = {"type": "array", "minItems": 1, "maxItems": MOST, "items": one}
    batch = {"type": "object", "required": ["events"], "properties": {"events": many}}
    answer = {"application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}}
    error = {"application/json": {"schema": {"type": "object", "required": ["error"],
                                             "properties": {"error": {"type": "string"}}}}}  # fmt: skip
    return {
        "operationId": "tell",
        "summary": "Tell what leads did, or who they are. Segment's `track` and `identify` are understood as well.",
        "security": [{"key": []}],
        "parameters": [
            {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 200},
             "description": "The same request sent again with the same key counts once."}
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"anyOf": [one, batch, many]}}}},
        "responses": {
            "202": {"description": "What was taken is on disk.", "content": answer},
            "422": {"description": "Nothing was taken.", "content": answer},
            "400": {"description": "Not such a body.", "content": error},
            "401": {"description": "No such key.", "content": error},
            **_responses({status: TROUBLE[status] for status in (408, 413, 503)}, TEXT),
        },
    }  # fmt: skip


def _page(operation: str, shows: str, acts: str) -> Part:
    form = {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}
    return {
        "get": _on_token(operation, shows, {200: "The page; nothing changes."}, "token"),
        "post": _on_token(f"{operation}_now", acts, {200: "Done."}, "token")
        | {"requestBody": {"required": False, "content": form}},
    }


def _hook() -> Part:
    schema = {"type": "array", "items": {"type": "object"}}
    said = {200: "On disk.", 401: "Not signed, or not lately."} | {
        status: TROUBLE[status] for status in (408, 413, 503)
    }
    return _get("sendgrid_events", "SendGrid's event webhook, signed.", said) | {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}
    }  # fmt: skip


def _inbound() -> Part:
    schema = {"type": "object", "properties": {"email": {"type": "string"}, "envelope": {"type": "string"}}}
    said = {200: "On disk.", 400: "Not such a post."}
    return _on_token("sendgrid_inbound", "SendGrid's Inbound Parse, with `send_raw`.", said, "secret") | {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }


def _on_token(operation: str, summary: str, said: dict[int, str], name: str) -> Part:
    given = {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    return _get(operation, summary, said | TROUBLE) | {"parameters": [given]}


def _get(operation: str, summary: str, said: dict[int, str]) -> Part:
    return {"operationId": operation, "summary": summary, "responses": _responses(said, PAGE | TEXT)}


def _responses(said: dict[int, str], content: Part) -> Part:
    return {
        str(status): {"description": text} | ({} if status == 302 else {"content": content})
        for status, text in said.items()
    }
