"""Messages as files: an email that mail clients open, a WeCom message or card as the request it would be."""

import json
from datetime import datetime
from email.errors import MessageError
from pathlib import Path

from nurture.channels.email.mime import about, email
from nurture.channels.envelope import Envelope
from nurture.errors import PermanentError


def written(envelope: Envelope, attachments: Path, now: datetime) -> tuple[str, bytes]:
    """The suffix and the bytes of a message's file.

    Raises:
        PermanentError: this message cannot be put on paper, whatever is tried.
    """
    try:
        if envelope.channel == "email":
            return ".eml", email(envelope, attachments, now).as_bytes()
        return ".json", json.dumps(request(envelope), ensure_ascii=False, indent=2).encode()
    except (OSError, ValueError, LookupError, TypeError, MessageError) as error:
        raise PermanentError(f"cannot be written as a mail or request: {type(error).__name__}") from error


def request(envelope: Envelope) -> dict[str, object]:
    """What WeCom would be asked: a group-send task for the employee, or a card for a colleague."""
    if envelope.channel == "wecom":
        wanted: dict[str, object] = {
            "chat_type": "single",
            "external_userid": [envelope.to],
            "sender": envelope.sender_address,
            "text": {"content": envelope.text},
        }
    else:
        card = {"title": envelope.subject, "description": envelope.text}
        wanted = {"touser": envelope.to, "msgtype": "textcard", "textcard": card}
    return {"about": about(envelope) | {"to": envelope.to_name, "from": envelope.sender}, "request": wanted}
