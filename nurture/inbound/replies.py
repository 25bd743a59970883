"""Replies: a person who writes back is answered by a person. Their touches wait, and a card tells the lead's owner.

Cards are internal messages that no night plans: they go out with the next dispatch, at any hour. A lead gets at most
three cards a day, so that two machines that write to each other do not fill anybody's day.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from models import ConsentScope, MessageKind, SignalKind
from models.types import derived_id
from nurture.channels.delivery_events import Sign
from nurture.consent.requests import Leaving
from nurture.content.reply_rules import Replies
from nurture.imports.write_events import stamp
from nurture.inbound.mail_parser import Mail, leaves, read_mail
from nurture.inbound.spool_lines import MailIn
from nurture.journey.playbook import Playbook
from nurture.keys.address_hashes import AddressKey
from nurture.keys.signed_links import Tokens
from nurture.ledger.message_ids import digest
from nurture.people.contact_points import one_email
from nurture.storage.database import Database
from nurture.storage.sql import literal, texts
from nurture.storage.temp_tables import DAY, MOMENT, TEXT, RowTable, TempTable

ANSWERED = RowTable("replies", "answered", {
    "id": TEXT, "message": TEXT, "received_at": MOMENT, "received_on": DAY, "subject": TEXT, "body": TEXT,
    "sender_hash": TEXT,
})  # fmt: skip
NEW_REPLIES = TempTable("replies", "new_reply")
CARDS = TempTable("replies", "card")

CARDS_A_DAY = 3
KEPT_NAME = re.compile(r"[0-9a-f]{64}\.eml")


@dataclass(frozen=True, slots=True)
class Read:
    """A mail with the message that it answers."""

    mail: Mail
    message: UUID
    came: MailIn

    @property
    def id(self) -> UUID:
        """The same mail to the same message is the same reply."""
        return derived_id("reply", self.mail.key, self.message.hex)


@dataclass
class Post:
    """What came in by mail: what people wrote, what machines did, what belongs to no message of ours."""

    people: list[Read] = field(default_factory=list)
    machines: list[Read] = field(default_factory=list)
    strangers: list[MailIn] = field(default_factory=list)

    def signs(self) -> list[Sign]:
        """That messages were answered, by people or by machines."""
        kinds = ((self.people, SignalKind.REPLIED, False), (self.machines, SignalKind.AUTO_REPLIED, True))
        return [
            Sign(each.id, kind, each.came.at, each.came.on, named=each.message, machine=machine)
            for read, kind, machine in kinds
            for each in read
        ]

    def leaving(self, words: Replies) -> list[Leaving]:
        """Those whose first line says that they want no more."""
        said = [(each, leaves(each.mail, words)) for each in self.people]
        return [
            Leaving(each.message, ConsentScope(scope), each.came.at, each.came.on, "reply")
            for each, scope in said
            if scope
        ]


def open_post(database: Database, folder: Path, mails: Sequence[MailIn], tokens: Tokens, words: Replies) -> Post:
    """Read mails, and find the message that each answers: by the signed address it came to, else by what it quotes."""
    post = Post()
    for came in mails:
        path = folder / came.file
        if not KEPT_NAME.fullmatch(came.file) or not path.is_file():
            post.strangers.append(came)
            continue
        mail = read_mail(path.read_bytes(), came.sender, words)
        message = _message_of(database, mail, came, tokens)
        if message is None:
            post.strangers.append(came)
        else:
            (post.machines if mail.automatic else post.people).append(Read(mail, message, came))
    return post


def _message_of(database: Database, mail: Mail, came: MailIn, tokens: Tokens) -> UUID | None:
    for address in (*came.to, *mail.recipients):
        if message := tokens.replied(address.partition("@")[0].strip("<> ")):
            return UUID(message)
    found = database.rows(f"SELECT id FROM message WHERE provider_id IN {texts(*mail.answers)}") if mail.answers else []
    return found[0][0] if len(found) == 1 else None


def write_replies(
    database: Database, playbook: Playbook, people: Sequence[Read], key: AddressKey, now: datetime, today: date
) -> int:
    """Remember what people wrote, pause their touches, and plan a card for each; how many cards."""
    if not people:
        return 0
    ANSWERED.fill(database, [_row(each, key) for each in people])
    NEW_REPLIES.make(
        database,
        f"""SELECT a.* EXCLUDE (id, message, sender_hash), a.id::UUID AS id, m.id AS message_id, m.lead_id,
                  a.sender_hash IS NOT NULL AND a.sender_hash IS NOT DISTINCT FROM m.address_hash AS sender_known
           FROM (SELECT DISTINCT ON (id) * FROM {ANSWERED}) a JOIN message m ON m.id = a.message::UUID
           JOIN lead ON lead.id = m.lead_id WHERE a.id::UUID NOT IN (SELECT id FROM reply)""",
    )
    database.run(f"""
        INSERT INTO reply (id, message_id, lead_id, received_at, subject, body, sender_known)
        SELECT id, message_id, lead_id, received_at, subject, body, sender_known FROM {NEW_REPLIES}""")
    database.run(f"""
        INSERT INTO interaction (key, lead_id, kind, source, occurred_at, occurred_on, seen_at)
        SELECT md5('interaction|reply|' || id)::UUID, lead_id, 'email.replied', 'email', received_at, received_on,
               {literal(stamp(database, now))} FROM {NEW_REPLIES} ORDER BY received_at, id""")
    return _plan_cards(database, playbook, now, today)


def cards_without_words(database: Database) -> int:
    """How many cards are planned and not written yet."""
    card = f"kind = {literal(MessageKind.REPLY_CARD)}"
    return int(
        database.one(f"SELECT count(*) FROM message WHERE {card} AND state = 'planned' AND payload_hash IS NULL")[0]
    )


def _row(read: Read, key: AddressKey) -> tuple[object, ...]:
    mail, came, sender = read.mail, read.came, one_email(read.mail.sender)
    known = key.hash(sender) if sender else None
    return (str(read.id), str(read.message), came.at, came.on, mail.subject, mail.body, known)


def _plan_cards(database: Database, playbook: Playbook, now: datetime, today: date) -> int:
    policy, kind = playbook.policy, literal(MessageKind.REPLY_CARD)
    desk = f"(SELECT id FROM staff WHERE external_id = {literal(policy.sales_desk)})"
    told_today = f"""
        SELECT lead_id, count(*) AS cards FROM message
        WHERE kind = {kind} AND night = {literal(today)} GROUP BY lead_id"""
    planned = CARDS.make(
        database,
        f"""
        SELECT *, {digest("c", "0")}::UUID AS id FROM (
            SELECT r.id AS reply_id, {kind} AS kind, left(replace(r.id::VARCHAR, '-', ''), 12) AS subject, '' AS touch,
                   m.journey, m.stage, m.enrolment_id, m.enrolment_number, m.entry,
                   m.lead_id, m.account_id, staff.id AS owner_id, m.fingerprint,
                   row_number() OVER (PARTITION BY m.lead_id ORDER BY r.received_at, r.id) AS nth,
                   coalesce(t.cards, 0) AS cards
            FROM {NEW_REPLIES} r JOIN message m ON m.id = r.message_id JOIN lead ON lead.id = m.lead_id
            JOIN staff ON staff.id = coalesce(lead.owner_id, {desk}) LEFT JOIN ({told_today}) t ON t.lead_id = m.lead_id
        ) c WHERE nth + cards <= {CARDS_A_DAY}""",
    )
    until = now + timedelta(days=policy.grace)
    database.run(f"""
        INSERT INTO message (id, journey, stage, touch, enrolment_id, enrolment_number, entry, leg, channel, internal,
            lead_id, account_id, owner_id, night, state, send_day, not_before, not_after, expires_on, fingerprint,
            kind, subject)
        SELECT id, journey, stage, touch, enrolment_id, enrolment_number, entry, 0, 'staff', true, lead_id, account_id,
               owner_id, {literal(today)}, 'planned', {literal(today)}, {literal(now)}, {literal(until)},
               {literal(today + timedelta(days=policy.grace))}, fingerprint, kind, subject FROM {CARDS}""")
    database.run(f"UPDATE reply SET card_id = card.id FROM {CARDS} card WHERE card.reply_id = reply.id")
    return planned
