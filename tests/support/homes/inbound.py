"""A house to which things come back: people with real address hashes, a letter that each of them got, a spool."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from models import MessageState, Mover
from models.types import derived_id
from nurture.inbound.drain import Drained, drain
from nurture.inbound.spool import Spool, SpoolKind, SpoolLine
from nurture.journey.playbook import Playbook
from nurture.keys.address_hashes import open_address_key
from nurture.keys.signed_links import Tokens, open_tokens
from nurture.ledger.moves import Ledger
from nurture.settings import Settings
from nurture.storage.database import Database
from nurture.storage.json_type import JSON
from tests.support.small import MONDAY, STAFF, at, consent, journey, lead, night, playbook, put

SENT = at(MONDAY, 10).astimezone(UTC)
"""When the letters were accepted."""

TUESDAY = MONDAY + timedelta(days=1)
BOOK = playbook(journey())


@dataclass
class House:
    """One home, its database open."""

    database: Database
    settings: Settings
    book: Playbook = BOOK
    lines: int = 0

    @property
    def spool(self) -> Spool:
        return Spool(self.settings.paths.spool)

    @property
    def tokens(self) -> Tokens:
        return open_tokens(self.database, self.settings)

    def move_in(self, *names: str, **about: Any) -> None:
        """People with consent to everything, and one colleague who looks after them."""
        with self.database.transaction():
            key = open_address_key(self.database, self.settings)
        for name in names:
            email = f"{name}@company.example"
            hashes = {"email_hash": key.hash(email), "mobile_hash": f"m-{name}", "wecom_hash": f"w-{name}"}
            put(self.database, lead(name, **({"email": email} | hashes | about)))
            put(self.database, *(consent(name, scope=scope) for scope in ("email", "wecom", "phone")))

    def send(self, *names: str) -> None:
        """Monday's night, and its letters accepted at ten."""
        night(self.database, self.book, MONDAY)
        for name in names:
            self.accept(name)

    def accept(self, name: str, provider_id: str | None = None) -> None:
        chosen = f"SELECT id, '' AS why FROM message WHERE id = '{self.message(name)}'"
        for state in (MessageState.CLAIMED, MessageState.ATTEMPTING, MessageState.ACCEPTED):
            Ledger(self.database, SENT, Mover.DISPATCH).move(chosen, state)
        known = f"'{provider_id}'" if provider_id else "NULL"
        self.database.run(f"UPDATE message SET provider_id = {known} WHERE id = '{self.message(name)}'")

    def message(self, name: str) -> UUID:
        """The lead's letter."""
        found = self.database.rows(
            f"SELECT id FROM message WHERE lead_id = '{derived_id('lead', name)}' AND NOT internal ORDER BY night"
        )
        return UUID(str(found[0][0]))

    def state(self, name: str) -> str:
        return str(self.database.one(f"SELECT state FROM message WHERE id = '{self.message(name)}'")[0])

    def say(self, kind: str, at_: datetime = SENT + timedelta(hours=1), /, id: str = "", **data: JSON) -> None:
        """A line into the spool."""
        self.lines += 1
        self.spool.append([SpoolLine(id or f"line-{self.lines}", SpoolKind(kind), at_, data)])

    def drain(self, now: datetime = SENT + timedelta(hours=2)) -> Drained:
        return drain(self.database, self.settings, self.book, now)

    def night(self, day: Any = TUESDAY) -> None:
        night(self.database, self.book, day)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.database.rows(query)

    def consents(self, name: str) -> list[tuple[str, str, str]]:
        """What a lead did with their consent since they moved in."""
        return self.rows(f"""
            SELECT scope, action, source FROM consent
            WHERE lead_id = '{derived_id("lead", name)}' AND source IS NOT NULL ORDER BY occurred_at, scope""")

    def suppressed(self, name: str) -> list[tuple[str, str]]:
        """How the lead's mailbox is suppressed."""
        return self.rows(f"""
            SELECT s.scope, s.reason FROM suppression s JOIN lead ON lead.email_hash = s.address_hash
            WHERE lead.id = '{derived_id("lead", name)}' ORDER BY ALL""")

    def did(self, name: str) -> list[str]:
        """What is known of what a lead did."""
        found = self.rows(f"SELECT kind FROM interaction WHERE lead_id = '{derived_id('lead', name)}' ORDER BY ALL")
        return [row[0] for row in found]

    def event(self, name: str, kind: str, after: float = 60, **more: JSON) -> dict[str, JSON]:
        """What SendGrid tells of a lead's letter."""
        message = self.message(name)
        return {
            "email": f"{name}@company.example", "event": kind, "timestamp": int(SENT.timestamp() + after),
            "sg_event_id": f"{kind}-{name}-{after}-{more.get('url', '')}", "sg_message_id": f"p-{message.hex}.recvd-1",
            "nurture_message": message.hex, **more,
        }  # fmt: skip

    def tell(self, *events: JSON) -> None:
        """A batch of SendGrid's events."""
        self.say("sendgrid", events=list(events))


def house(database: Database, tmp_path: Path, *names: str, sent: bool = True, **about: Any) -> House:
    """People who each got a letter."""
    found = House(database, Settings(home=tmp_path / "home"))
    found.spool.folder.mkdir(parents=True, exist_ok=True)
    put(database, STAFF)
    found.move_in(*names, **about)
    if sent:
        found.send(*names)
    else:
        night(database, found.book, MONDAY)
    return found
