"""A mail as SendGrid takes it: one recipient a request, built with SendGrid's own helpers.

Nothing personal is in categories or custom arguments, which SendGrid keeps and does not count as personal data. Its own
click, open and subscription tracking is off: our links and our way to leave stand in the mail already.
"""

import base64
import mimetypes
from typing import Any

from sendgrid.helpers.mail import (
    Attachment,
    Category,
    ClickTracking,
    Content,
    CustomArg,
    Disposition,
    FileContent,
    FileName,
    FileType,
    From,
    Header,
    Mail,
    OpenTracking,
    Personalization,
    ReplyTo,
    Subject,
    SubscriptionTracking,
    To,
    TrackingSettings,
)

from nurture.channels.email.headers import Letterhead, headers
from nurture.channels.envelope import Envelope

NAMED = "nurture_message"
"""The custom argument by which events and logs find our message."""


def payload(envelope: Envelope, letterhead: Letterhead) -> dict[str, Any]:
    """What is posted to ``/v3/mail/send``."""
    mail = Mail(from_email=From(envelope.sender_address, envelope.sender), subject=Subject(envelope.subject))
    recipient = Personalization()
    recipient.add_to(To(envelope.to, envelope.to_name or None))
    mail.add_personalization(recipient)
    mail.add_content(Content("text/plain", envelope.text))
    mail.add_content(Content("text/html", envelope.html))
    mail.add_custom_arg(CustomArg(NAMED, envelope.id))
    for name, value in headers(envelope).items():
        mail.add_header(Header(name, value))
    for category in (envelope.journey, f"{envelope.journey}/{envelope.stage}/{envelope.touch}"):
        mail.add_category(Category(category))
    if reply_to := letterhead.reply_to(envelope):
        mail.reply_to = ReplyTo(reply_to, envelope.sender)
    for digest, name in envelope.attached():
        mail.add_attachment(_attached((letterhead.attachments / digest).read_bytes(), name))
    mail.tracking_settings = _nothing_tracked()
    made: dict[str, Any] = mail.get()
    return made


def _attached(content: bytes, name: str) -> Attachment:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Attachment(
        FileContent(base64.b64encode(content).decode()), FileName(name), FileType(kind), Disposition("attachment")
    )


def _nothing_tracked() -> TrackingSettings:
    return TrackingSettings(
        click_tracking=ClickTracking(False, False),
        open_tracking=OpenTracking(False),
        subscription_tracking=SubscriptionTracking(False),
    )
