"""SendGrid's own lists of addresses that it will not write to: further vetoes, never fewer.

Blocks are not among them: they do not stop the next mail.
Source: https://www.twilio.com/docs/sendgrid/api-reference/bounces-api and its siblings.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from models import ConsentScope
from nurture.consent.provider_suppressions import Suppressed

LISTS = {
    "bounces": ("gone", ConsentScope.EMAIL),
    "invalid_emails": ("gone", ConsentScope.EMAIL),
    "spam_reports": ("complained", ConsentScope.ALL),
    "unsubscribes": ("left", ConsentScope.EMAIL),
}
PAGE = 500


async def read_lists(ask: Callable[..., Any], since: datetime) -> list[Suppressed]:
    """What was put on the lists since a moment.

    Raises:
        TransientError: a list cannot be read now.
    """
    found: list[Suppressed] = []
    for name, (reason, scope) in LISTS.items():
        offset, page = 0, PAGE
        while page == PAGE:
            rows = await ask(
                "GET", f"/v3/suppression/{name}", start_time=int(since.timestamp()), limit=PAGE, offset=offset
            )
            found += [
                Suppressed(row["email"], reason, scope, datetime.fromtimestamp(row["created"], UTC)) for row in rows
            ]
            offset, page = offset + PAGE, len(rows)
    return found
