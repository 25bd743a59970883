"""What every mail has, whoever carries it: the headers of lawful bulk mail, and a last look at its border."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nurture.channels.envelope import Envelope
from nurture.errors import PermanentError
from nurture.keys.signed_links import Tokens
from nurture.people.contact_points import one_email

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
LARGEST = 20_000_000
"""Bytes of text and attachments; SendGrid takes 30 MB, encoded."""


@dataclass(frozen=True)
class Letterhead:
    """How this installation heads its mails: where replies go, and where attachments lie."""

    tokens: Tokens
    reply_domain: str
    attachments: Path

    def reply_to(self, envelope: Envelope) -> str:
        """Where replies to a mail go; empty when they go to its sender."""
        return f"{self.tokens.reply_name(envelope.id)}@{self.reply_domain}" if self.reply_domain else ""


def headers(envelope: Envelope) -> Mapping[str, str]:
    """The headers of a bulk mail: how one leaves (RFC 8058), whose list it is (RFC 2919), what Gmail counts."""
    domain = envelope.sender_address.rpartition("@")[2]
    return {
        "List-Unsubscribe": f"<{envelope.unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": f"<{envelope.journey}.{domain}>",
        "Feedback-ID": f"{envelope.touch}:{envelope.stage}:{envelope.journey}:nurture",
        "X-Nurture-Message": envelope.id,
    }


def inspect(envelope: Envelope, letterhead: Letterhead) -> None:
    """Look at a mail a last time before it leaves.

    Raises:
        PermanentError: it cannot be sent as it is; says why, without personal data.
    """
    for name, value in (("sender", envelope.sender_address), ("recipient", envelope.to)):
        if one_email(value) is None:
            raise PermanentError(f"the address of the {name} is none")
    lines = (envelope.subject, envelope.sender, envelope.to_name, *headers(envelope).values())
    if any(map(CONTROL.search, lines)):
        raise PermanentError("a control character in a header")
    if not (envelope.subject.strip() and envelope.text.strip() and envelope.html.strip()):
        raise PermanentError("the subject or the text is empty")
    local = letterhead.tokens.public_url.startswith("http://127.0.0.1")
    if not envelope.unsubscribe_url.startswith("https://") and not local:
        raise PermanentError("the address with which one leaves is not https: set NURTURE_PUBLIC_URL")
    size = len(envelope.text.encode()) + len(envelope.html.encode())
    size += sum((letterhead.attachments / digest).stat().st_size for digest, _ in envelope.attached())
    if size > LARGEST:
        raise PermanentError(f"{size // 1_000_000} MB, more than {LARGEST // 1_000_000} MB")
