"""What SendGrid's answers mean for a mail. When in doubt, unknown.

Source: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send, and what was seen: an account without
credits answers 401.
"""

import json
import re
import zlib
from datetime import UTC, datetime, timedelta

from nurture.channels import Fate, Outcome
from nurture.channels.email.http import Reply

REJECTED = (400, 413)
NO_WAY_IN = (401, 403)
NOT_THE_API = (404, 405, 406, 415)
WITHOUT_RESET = timedelta(seconds=60)
FIELD = re.compile(r"[a-z0-9_.\[\]]{1,80}")
NOT_CONNECTED = "not connected"


class Answer(Reply):
    """What a reply of SendGrid's API means."""

    def header(self, name: str) -> str:
        """A header, whatever the case of its name; empty without."""
        return self.headers.get(name.lower(), "")

    def reset(self, now: datetime) -> datetime:
        """When a 429 may be followed by another try: never in less than a second; in a minute when it does not say."""
        try:
            at = datetime.fromtimestamp(int(self.header("X-RateLimit-Reset")), UTC)
        except (ValueError, OverflowError, OSError):
            at = now + WITHOUT_RESET
        return max(at, now + timedelta(seconds=1))

    def outcome(self, message: str, now: datetime) -> Outcome:
        """What became of the mail."""
        if self.status == 202:
            return Outcome(Fate.ACCEPTED, provider_id=self.header("X-Message-Id"))
        if self.status in REJECTED:
            return Outcome(Fate.REJECTED, why=f"HTTP {self.status} {self.field}".strip())
        if self.status == 429:
            spread = timedelta(seconds=zlib.crc32(message.encode()) % 20)
            return Outcome(Fate.NOT_SENT, why="HTTP 429", retry_at=self.reset(now) + spread)
        return Outcome(Fate.UNKNOWN, why=f"HTTP {self.status}")

    @property
    def field(self) -> str:
        """The field that an error names; never its message, which may quote an address."""
        try:
            found = str(json.loads(self.body)["errors"][0]["field"])
        except (ValueError, LookupError, TypeError):
            return ""
        return found if FIELD.fullmatch(found) else ""


def account_trouble(answer: Answer) -> str:
    """Why nothing at all can be sent; empty when the answer is about one mail."""
    if answer.status in NO_WAY_IN:
        return f"refuses us (HTTP {answer.status}): the key, its scope mail.send, the sender, or no credits are left."
    if answer.status in NOT_THE_API or 300 <= answer.status < 400:
        return f"NURTURE_SENDGRID_URL does not lead to SendGrid's API (HTTP {answer.status})."
    if answer.status == 200:
        return "it only pretends to send (sandbox mode, HTTP 200)."
    return ""
