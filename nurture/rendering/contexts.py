"""Contexts: what the texts of a night need to know, taken from the database once, as files for the processes that
render.

One row a message; which template it gets is chosen here, in SQL. The files hold personal data and live only as long as
the rendering.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from models import Channel, MessageKind
from nurture.content.catalogue import NOTICES, ContentFile
from nurture.content.targeting import most_specific
from nurture.journey.playbook import Playbook
from nurture.ledger.message_ids import name_of_message
from nurture.ledger.states import UNSENT
from nurture.people.channel_addresses import WAYS
from nurture.storage.database import Database
from nurture.storage.sql import literal, texts
from nurture.storage.temp_tables import TempTable

TO_RENDER = TempTable("contexts", "to_render")
TEMPLATES = TempTable("contexts", "template")

SHARD = 2_000
"""Messages in one shard: some ten megabytes of mail, a fifth of a second of work."""

RECENT = 3
"""How many of a lead's last acts a colleague is told."""

REPLY_LETTERS = 1_500
"""How much of a reply stands on the card that tells of it."""


@dataclass(frozen=True)
class Shard:
    """One file of contexts, how many messages are in it, and where what is rendered of it belongs."""

    contexts: Path
    rendered: Path
    messages: int


@dataclass(frozen=True)
class Contexts:
    """All that waits for its words, and the numbers of the content files that it needs."""

    shards: tuple[Shard, ...]
    files: frozenset[int]

    @property
    def messages(self) -> int:
        """How many messages there are."""
        return sum(shard.messages for shard in self.shards)


def export_contexts(database: Database, playbook: Playbook, rendered: Path) -> Contexts:
    """Write the contexts of every unsent message that has no words yet, in the order in which they will go."""
    wordless = f"state IN {texts(*UNSENT)} AND payload_hash IS NULL"
    if not TO_RENDER.make(database, f"SELECT id FROM message WHERE {wordless}"):
        return Contexts((), frozenset())
    TEMPLATES.make(database, _templates(playbook))
    found = database.arrow(_contexts(playbook))
    files = database.rows(f"SELECT DISTINCT template FROM {TEMPLATES} WHERE template IS NOT NULL")
    shards = (_write(found.slice(start, SHARD), rendered) for start in range(0, found.num_rows, SHARD))
    return Contexts(tuple(shards), frozenset(row[0] for row in files))


def _write(rows: pa.Table, rendered: Path) -> Shard:
    """A shard is called after the messages in it: rendered again after a crash, it takes its own place."""
    what = pa.table([rows["id"], rows["revision"]], names=["id", "revision"]).to_pylist()
    name = hashlib.sha256(repr(what).encode()).hexdigest()[:16]
    folder = rendered / str(rows["night"][0])
    folder.mkdir(parents=True, exist_ok=True)
    contexts = folder / f"{name}.contexts.parquet"
    pq.write_table(rows, contexts, compression="zstd")
    return Shard(contexts, folder / f"{name}.parquet", rows.num_rows)


def person(playbook: Playbook, external_id: str) -> str:
    """The query of what texts may say about one lead, in or out of any journey."""
    return f"""
        WITH {_recently(playbook, f"SELECT id FROM lead WHERE external_id = {literal(external_id)}")}, {STOOD}
        SELECT {PERSON_COLUMNS}, coalesce(lead.wished_language, lead.language) AS language,
               stood.why, stood.why_zh, recently.recent
        FROM reader lead {_around_lead(playbook, "lead.owner_id")}
        LEFT JOIN (SELECT lead_id, arg_max(id, number) AS id FROM enrolment GROUP BY lead_id) e ON e.lead_id = lead.id
        LEFT JOIN stood ON stood.enrolment_id = e.id
        WHERE lead.external_id = {literal(external_id)}"""


def _contexts(playbook: Playbook) -> str:
    told = f"SELECT lead_id FROM message JOIN {TO_RENDER} USING (id) WHERE channel = 'staff'"
    return f"""
        WITH {_recently(playbook, told)}, {STOOD}
        SELECT replace(m.id::VARCHAR, '-', '') AS id, m.journey, m.stage, {name_of_message("m")} AS touch, m.channel,
               m.night::VARCHAR AS night, m.revision, t.template,
               m.internal OR m.address_hash IS NOT DISTINCT FROM {_address_hash()} AS same_address,
               {PERSON_COLUMNS}, stood.why, stood.why_zh, recently.recent,
               reply.subject AS reply_subject, left(reply.body, {REPLY_LETTERS}) AS reply_text, reply.sender_known
        FROM message m JOIN {TO_RENDER} USING (id) JOIN reader lead ON lead.id = m.lead_id
        {_around_lead(playbook, "coalesce(m.owner_id, lead.owner_id)")}
        LEFT JOIN {TEMPLATES} t ON t.id = m.id LEFT JOIN reply ON reply.card_id = m.id
        LEFT JOIN stood ON stood.enrolment_id = m.enrolment_id
        ORDER BY m.not_before, m.id"""


def _address_hash() -> str:
    """Today's hash of the address to which a message ``m`` goes."""
    cases = " ".join(f"WHEN {literal(way.channel)} THEN lead.{way.hash}" for way in WAYS)
    return f"CASE m.channel {cases} END"


PERSON_COLUMNS = """lead.impersonal,
    lead.external_id, lead.name, lead.country, lead.role, lead.email, lead.mobile, lead.wecom_id, lead.source,
    lead.depth, account.name AS account_name, account.industry, account.city, account.employees, account.plan,
    account.maintenance_ends, owner.name AS owner_name, owner.title AS owner_title, owner.email AS owner_email,
    owner.wecom_userid AS owner_wecom"""

STOOD = """stood AS (
    SELECT enrolment_id, arg_max(why, sequence) AS why, arg_max(why_zh, sequence) AS why_zh
    FROM stage_entry GROUP BY enrolment_id)"""


def _recently(playbook: Playbook, leads: str) -> str:
    """What some leads did last, newest first."""
    last = f"list({{'day': occurred_on, 'kind': kind}} ORDER BY occurred_at DESC, kind)[:{RECENT}]"
    return f"""recently AS (
        SELECT lead_id, {last} AS recent FROM interaction
        WHERE kind IN {texts(*playbook.events.where("human"))} AND lead_id IN ({leads}) GROUP BY lead_id)"""


def _around_lead(playbook: Playbook, owner: str) -> str:
    """A lead's company, the colleague who looks after them (or the sales desk), and what they did last."""
    desk = f"(SELECT id FROM staff WHERE external_id = {literal(playbook.policy.sales_desk)})"
    return f"""LEFT JOIN account ON account.id = lead.account_id
        LEFT JOIN staff owner ON owner.id = coalesce({owner}, {desk})
        LEFT JOIN recently ON recently.lead_id = lead.id"""


def _templates(playbook: Playbook) -> str:
    """For every message the number of its content file: the most specific that fits, place by place."""
    language = playbook.policy.language
    cases = " ".join(
        f"WHEN {_is_at(place)} THEN {most_specific(files, language)}" for place, files in _places(playbook.content)
    )
    chosen = f"CASE {cases} END" if cases else "NULL"
    return f"""
        SELECT m.id, {chosen}::INTEGER AS template FROM message m JOIN {TO_RENDER} USING (id)
        JOIN reader lead ON lead.id = m.lead_id LEFT JOIN account ON account.id = lead.account_id"""


CARDS = {"mark": MessageKind.MARK_NOTICE, "goal": MessageKind.GOAL_NOTICE, "reply": MessageKind.REPLY_CARD}
"""What the files under ``notices/`` are for."""

Address = tuple[str, str, str, Channel]


def _places(content: Sequence[ContentFile]) -> list[tuple[Address, list[tuple[int, ContentFile]]]]:
    """The numbered files of each (journey, stage, touch, channel)."""
    places: dict[Address, list[tuple[int, ContentFile]]] = {}
    for number, file in enumerate(content):
        places.setdefault((file.journey, file.stage, file.touch, file.channel), []).append((number, file))
    return list(places.items())


def _is_at(place: Address) -> str:
    """The predicate that a message ``m`` belongs to a place; a notice belongs to its own folder."""
    journey, stage, touch, channel = place
    if journey == NOTICES:
        return f"m.kind = {literal(CARDS[touch])}"
    wanted = {"journey": journey, "stage": stage, "touch": touch, "channel": channel}
    return " AND ".join(f"m.{column} = {literal(value)}" for column, value in wanted.items())
