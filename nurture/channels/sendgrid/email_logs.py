"""SendGrid's log of mails (Email Logs API, thirty days): what became of messages of which we do not know.

The list shows no custom arguments, so each candidate is looked at. Absence is a proof only when the log was silent
about the message twice, with time between, and knows of others of that time.
Source: https://www.twilio.com/docs/sendgrid/api-reference/email-logs
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from nurture.channels import Fate, Outcome, Question
from nurture.channels.sendgrid.payload import NAMED
from nurture.errors import TransientError

AROUND = timedelta(minutes=10)
FIRST_ASKED = timedelta(minutes=10)
"""After so long the log should know of a mail."""

SILENT_FOR = timedelta(minutes=10)
PROVED_AFTER = timedelta(minutes=60)
AT_ONCE = 4
MOST = 1_000
Ask = Callable[..., Any]


@dataclass(frozen=True)
class MailLog:
    """Asks the log, at a moment."""

    ask: Ask
    now: datetime

    async def evidence(self, questions: Sequence[Question]) -> Mapping[str, Outcome]:
        """What the log proves of each message; nothing about those that are too young or have no address.

        Raises:
            TransientError: it cannot be asked now.
        """
        gate = asyncio.Semaphore(AT_ONCE)
        old = [each for each in questions if each.to and self.now - each.since >= FIRST_ASKED]

        async def one(question: Question) -> Outcome:
            async with gate:
                return await self._proof(question)

        return dict(zip((each.id for each in old), await asyncio.gather(*map(one, old)), strict=True))

    async def _proof(self, question: Question) -> Outcome:
        address = question.to.replace("'", "\\'")
        for row in await self._rows(f"to_email = '{address}' AND {self._time(question)}"):
            name = str(row["sg_message_id"])
            detail = await self.ask("GET", f"/v3/logs/{name}")
            if (detail.get("custom_args") or {}).get(NAMED) == question.id:
                return Outcome(Fate.ACCEPTED, provider_id=name.partition(".")[0], why="it is in the log")
        return await self._absence(question)

    async def _absence(self, question: Question) -> Outcome:
        silent = question.silent_since and self.now - question.silent_since >= SILENT_FOR
        if silent and self.now - question.since >= PROVED_AFTER and await self._rows(self._time(question), 1):
            return Outcome(Fate.NOT_SENT, why="twice not in the log, which knows of others of that time")
        return Outcome(Fate.UNKNOWN, why="not in the log")

    def _time(self, question: Question) -> str:
        """Around the attempt; after a restore, from then on."""
        until = self.now if question.nights else question.since + AROUND
        return f"{_created('>=', question.since - AROUND)} AND {_created('<=', until)}"

    async def _rows(self, query: str, limit: int = MOST) -> list[Mapping[str, Any]]:
        body = json.dumps({"query": query, "limit": limit}).encode()
        found = await self.ask("POST", "/v3/logs", body)
        try:
            return list(found["messages"])
        except (LookupError, TypeError) as error:
            raise TransientError("sendgrid: its log answers something else than a list.") from error


def _created(comparison: str, moment: datetime) -> str:
    return f'sg_message_id_created_at {comparison} TIMESTAMP "{moment:%Y-%m-%dT%H:%M:%SZ}"'
