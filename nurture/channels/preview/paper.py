"""Messages on paper: an email as a file that mail clients open, a WeCom message or card as the request it would be."""

import json
import mimetypes
import re
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from pathlib import Path
from typing import Any

from nurture.channels.mail import headers
from nurture.envelope import Envelope
from nurture.errors import PermanentError
from nurture.templates.sandbox import plain


class MailPolicy(EmailPolicy):
    """Headers as mail clients want them; the address with which one leaves stays in one line.

    Folded, or taken apart into encoded words, it would work nowhere (RFC 8058 wants one URI).
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        """One header, ready to be written."""
        if name in WHOLE:
            return f"{name}: {value}\r\n".encode("ascii")
        return super().fold_binary(name, value)


WHOLE = ("List-Unsubscribe", "List-Unsubscribe-Post", "Message-ID")
POLICY = MailPolicy(linesep="\r\n")


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


def email(envelope: Envelope, attachments: Path, now: datetime) -> EmailMessage:
    """A MIME message: text, HTML, attachments, and the headers with which one leaves (RFC 8058)."""
    message = EmailMessage(POLICY)
    message["Subject"] = plain(envelope.subject)
    message["From"] = _address(envelope.sender, envelope.sender_address)
    message["To"] = _address(envelope.to_name, envelope.to)
    message["Date"] = now
    message["Message-ID"] = f"<{envelope.id}@{envelope.sender_address.partition('@')[2]}>"
    for name, value in headers(envelope).items():
        message[name] = value
    for name, value in about(envelope).items():
        message[f"X-Nurture-{name.title()}"] = plain(value)
    message.set_content(envelope.text, cte="base64")
    message.add_alternative(envelope.html, subtype="html", cte="base64")
    for digest, name in envelope.attached():
        main, _, sub = (mimetypes.guess_type(name)[0] or "application/octet-stream").partition("/")
        message.add_attachment((attachments / digest).read_bytes(), maintype=main, subtype=sub, filename=name)
    return message


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


def about(envelope: Envelope) -> dict[str, str]:
    """What the gallery sorts by."""
    return {
        "journey": envelope.journey,
        "stage": envelope.stage,
        "touch": envelope.touch,
        "channel": envelope.channel,
        "variant": envelope.variant,
        "language": envelope.language,
        "lead": envelope.lead,
        "preheader": envelope.preheader,
    }


def _address(name: str, address: str) -> Address:
    """What would need quotes is left out: Python drops them from a name that it must fold."""
    return Address(" ".join(re.sub(r'[][()<>@,:;."\\\\]', " ", plain(name)).split()), addr_spec=address)
