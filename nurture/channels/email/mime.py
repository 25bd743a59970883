"""Messages on paper: an email as a file that mail clients open, a WeCom message or card as the request it would be."""

import mimetypes
import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from pathlib import Path
from typing import Any

from nurture.channels.email.headers import headers
from nurture.channels.envelope import Envelope
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
