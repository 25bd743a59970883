"""The rules of ``POST /v3/mail/send``, as far as SendGrid writes them down; unknown fields are refused."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.servers.shapes import (
    FINE,
    Fault,
    Faults,
    Shape,
    anything,
    array,
    boolean,
    both,
    integer,
    mapping,
    one_line,
    one_of,
    record,
    text,
    wrong,
)

FORBIDDEN_HEADERS = frozenset(
    {
        "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to",
        "from", "subject", "reply-to", "cc", "bcc",
    }
)  # fmt: skip
CONTENT_ORDER = ["text/plain", "text/x-amp-html", "text/html"]
MOST_RECIPIENTS = 1000
LARGEST_ARGUMENTS = 10_000
FURTHEST = 72 * 3600
ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)
HEADER_NAME = re.compile(r"[!-9;-~]+")
LEGACY_SUBSTITUTIONS = "Substitutions may not be used with dynamic templating"


def address(value: Any) -> Faults:
    """ASCII, one @, a domain of two labels or more, of a length that mail can carry."""
    if not isinstance(value, str):
        return wrong("should be a string")
    fits = len(value) <= 254 and value.find("@") <= 64 and ADDRESS.fullmatch(value)
    return FINE if fits else wrong("Does not contain a valid address.")


def headers(value: Any) -> Faults:
    """Names and values in ASCII, on one line, and none that SendGrid writes itself."""
    if not isinstance(value, dict):
        return wrong("should be an object")
    return [Fault(name, why) for name, each in value.items() for why in _of_header(name, each)]


def _of_header(name: str, value: Any) -> Iterator[str]:
    if name.lower() in FORBIDDEN_HEADERS:
        yield "is a reserved header"
    if not HEADER_NAME.fullmatch(name):
        yield "is not a name of a header"
    if not isinstance(value, str):
        yield "should be a string"
    elif not value.isascii() or "\r" in value or "\n" in value or "\0" in value:
        yield "should be ASCII on one line"


def no_larger_than(most: int) -> Shape:
    """An object of strings, of so many bytes with all names and values."""

    def shape(value: Any) -> Faults:
        size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
        return FINE if size <= most else wrong(f"should be at most {most} bytes")

    return shape


def base64_text(value: Any) -> Faults:
    """Base64, and something in it."""
    try:
        return (
            FINE if value and isinstance(value, str) and base64.b64decode(value, validate=True) else wrong("is empty")
        )
    except binascii.Error:
        return wrong("should be base64")


def mime_type(value: Any) -> Faults:
    """A type without parameters."""
    if found := one_line(least=1)(value):
        return found
    return wrong("cannot contain ';'") if ";" in value else FINE


def _switch(**others: Shape) -> Shape:
    return record({"enable": boolean} | others)


PERSON = record({"email": address, "name": one_line()}, required=["email"])
PEOPLE = array(PERSON, least=1, most=MOST_RECIPIENTS)
STRINGS = both(mapping(text), no_larger_than(LARGEST_ARGUMENTS))
SUBJECT = one_line(least=1)

PERSONALIZATION = record(
    {
        "to": PEOPLE, "cc": PEOPLE, "bcc": PEOPLE, "from": PERSON, "subject": SUBJECT, "headers": headers,
        "substitutions": STRINGS, "dynamic_template_data": mapping(anything), "custom_args": STRINGS,
        "send_at": integer,
    },
    required=["to"],
)  # fmt: skip
CONTENT = record(
    {"type": mime_type, "value": both(text, lambda value: FINE if value else wrong("is empty"))},
    required=["type", "value"],
)
ATTACHMENT = record(
    {
        "content": base64_text, "type": mime_type, "filename": one_line(least=1),
        "disposition": one_of("inline", "attachment"), "content_id": one_line(),
    },
    required=["content", "filename"],
)  # fmt: skip
MAIL_SETTINGS = record(
    {
        "bypass_list_management": _switch(), "bypass_spam_management": _switch(),
        "bypass_bounce_management": _switch(), "bypass_unsubscribe_management": _switch(),
        "footer": _switch(text=text, html=text), "sandbox_mode": _switch(),
    }
)  # fmt: skip
TRACKING_SETTINGS = record(
    {
        "click_tracking": _switch(enable_text=boolean),
        "open_tracking": _switch(substitution_tag=text),
        "subscription_tracking": _switch(text=text, html=text, substitution_tag=text),
        "ganalytics": _switch(utm_source=text, utm_medium=text, utm_term=text, utm_content=text, utm_campaign=text),
    }
)
MAIL = record(
    {
        "personalizations": array(PERSONALIZATION, least=1, most=1000),
        "from": PERSON, "reply_to": PERSON, "reply_to_list": array(PERSON, least=1, most=1000, unique=True),
        "subject": SUBJECT, "content": array(CONTENT, least=1), "attachments": array(ATTACHMENT),
        "template_id": one_line(least=1), "headers": headers,
        "categories": array(one_line(most=255), most=10, unique=True), "custom_args": STRINGS, "send_at": integer,
        "batch_id": one_line(least=1),
        "asm": record({"group_id": integer, "groups_to_display": array(integer, most=25)}, required=["group_id"]),
        "ip_pool_name": one_line(least=2, most=64), "mail_settings": MAIL_SETTINGS,
        "tracking_settings": TRACKING_SETTINGS,
    },
    required=["personalizations", "from"],
)  # fmt: skip


def faults_of(mail: Any, now: float) -> Faults:
    """Everything that is wrong with a payload."""
    if found := MAIL(mail):
        return found
    return [fault for rule in RULES for fault in rule(mail)] + list(_times(mail, now))


def recipients_of(mail: Any) -> Iterator[tuple[int, str]]:
    """Every address, with the number of its personalization."""
    for number, each in enumerate(mail["personalizations"]):
        for kind in ("to", "cc", "bcc"):
            for person in each.get(kind, ()):
                yield number, person["email"]


def _each_address_once(mail: Any) -> Iterator[Fault]:
    addresses = [address.lower() for _, address in recipients_of(mail)]
    if len(addresses) > MOST_RECIPIENTS:
        yield Fault("personalizations", f"Has more than {MOST_RECIPIENTS} recipients")
    if len(addresses) != len(set(addresses)):
        message = "Each email address in the personalization block should be unique between to, cc, and bcc."
        yield Fault("personalizations", message)


def _subject_and_content(mail: Any) -> Iterator[Fault]:
    if "template_id" in mail:
        return
    if "subject" not in mail and not all("subject" in each for each in mail["personalizations"]):
        yield Fault("subject", "The subject is required.")
    if "content" not in mail:
        yield Fault("content", "Unless a valid template_id is provided, the content parameter is required.")


def _content_in_order(mail: Any) -> Iterator[Fault]:
    places = [CONTENT_ORDER.index(kind) for each in mail.get("content", ()) if (kind := each["type"]) in CONTENT_ORDER]
    if places != sorted(set(places)):
        message = "If present, text/plain must be first, followed by text/x-amp-html and text/html, each once."
        yield Fault("content", message)


def _one_way_to_reply(mail: Any) -> Iterator[Fault]:
    if "reply_to" in mail and "reply_to_list" in mail:
        yield Fault("reply_to_list", "You can use either the reply_to or the reply_to_list, not both")


def _one_kind_of_bypass(mail: Any) -> Iterator[Fault]:
    on = {name for name, each in mail.get("mail_settings", {}).items() if each.get("enable")}
    others = {"bypass_spam_management", "bypass_bounce_management", "bypass_unsubscribe_management"}
    if "bypass_list_management" in on and on & others:
        yield Fault("mail_settings.bypass_list_management", "cannot be combined with other bypass settings")


def _no_old_substitutions(mail: Any) -> Iterator[Fault]:
    if mail.get("template_id", "").startswith("d-") and any(
        "substitutions" in each for each in mail["personalizations"]
    ):
        yield Fault("personalizations", LEGACY_SUBSTITUTIONS)


def _times(mail: Any, now: float) -> Iterator[Fault]:
    given = [mail.get("send_at"), *(each.get("send_at") for each in mail["personalizations"])]
    if any(each is not None and each > now + FURTHEST for each in given):
        yield Fault("send_at", "Scheduling more than 72 hours in advance is forbidden")


RULES: list[Callable[[Any], Iterator[Fault]]] = [
    _each_address_once, _subject_and_content, _content_in_order, _one_way_to_reply, _one_kind_of_bypass,
    _no_old_substitutions,
]  # fmt: skip
