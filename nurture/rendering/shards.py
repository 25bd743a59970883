"""Shards: a file of contexts in, a file of rendered messages out. Runs in processes of its own; touches no database.

A worker gets its templates once, when it starts. A message that fails is told, and the rest of its shard goes on.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from models import Channel
from nurture.channels.envelope import Envelope, as_table
from nurture.content.brand import Voice, in_language
from nurture.content.catalogue import ContentFile, attachment
from nurture.content.event_kinds import EventCatalogue
from nurture.content.policy import Policy
from nurture.errors import ContentError, NobodyThere, RenderError
from nurture.keys.signed_links import Tokens
from nurture.rendering.contexts import Shard
from nurture.rendering.frozen import has_attachment
from nurture.storage.fsync import keep_on_disk
from nurture.templates.compiler import Compiler, Template
from nurture.templates.engine import Engine, Rendered
from nurture.templates.sandbox import plain
from nurture.templates.variables import Introduction, Reader

Row = dict[str, Any]
ONE_COLLEAGUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")
"""An id or address of one employee: WeCom would take ``@all`` for everybody and ``a|b`` for two."""

OF_PERSON = (
    "external_id", "name", "role", "email", "mobile", "wecom_id", "source", "depth", "account_name", "industry", "city",
    "employees", "plan", "maintenance_ends", "owner_name", "owner_title", "owner_email", "owner_wecom", "impersonal",
)  # fmt: skip
OF_REPLY = ("reply_subject", "reply_text", "sender_known")


@dataclass(frozen=True)
class Failure:
    """A message that could not be rendered, and why, without personal data.

    ``of_text`` is false when not the text is at fault but who should read or send it.
    """

    message_id: str
    revision: int
    why: str
    of_text: bool


@dataclass(frozen=True)
class RenderedShard:
    """What became of a shard."""

    file: Path
    messages: int
    failures: tuple[Failure, ...]


@dataclass(frozen=True)
class Workshop:
    """All that rendering needs, handed to each process once: the templates by the number of their file (or why one
    cannot be compiled),
    our voice, the signing key, how events are said, and what the policy says of languages and the law."""

    templates: Mapping[int, Template | str]
    voice: Voice
    tokens: Tokens
    events: EventCatalogue
    policy: Policy

    @classmethod
    def open(
        cls, files: Mapping[int, ContentFile], voice: Voice, policy: Policy, tokens: Tokens, events: EventCatalogue,
        rendered: Path,
    ) -> "Workshop":  # fmt: skip
        """Compile these files; one that cannot be compiled fails the messages of its own touch, not the night."""
        compiler, kept = Compiler(voice, policy.language), rendered / "attachments"
        templates = {number: _compiled(compiler, file, kept) for number, file in files.items()}
        return cls(templates, voice, tokens, events, policy)

    def envelopes(self, rows: list[Row], failures: list[Failure]) -> Iterator[Envelope]:
        """The envelope of each row; what fails is added to ``failures``."""
        engine, introduction = Engine(self.voice), Introduction(self.voice, self.tokens)
        for row in rows:
            try:
                template = self._template(row)
                reader = self._reader(row, template)
                values = introduction.values(reader, template)
                rendered = engine.render(template, values)
                yield self._envelope(row, reader, template, values["unsubscribe_url"], rendered)
            except RenderError as error:
                failures.append(Failure(row["id"], row["revision"], str(error), not isinstance(error, NobodyThere)))

    def _template(self, row: Row) -> Template:
        number = row["template"]
        template = self.templates[number] if number is not None else "no content for this person any more"
        if isinstance(template, str):
            raise RenderError(template)
        if not row.get("same_address", True):
            raise NobodyThere("the address has changed since the night decided")
        return template

    def _reader(self, row: Row, template: Template) -> Reader:
        chinese = template.language.startswith("zh")
        recent = tuple((step["day"], self._said(step["kind"], template)) for step in row["recent"] or ())
        person = {name: row[name] for name in OF_PERSON} | {name: row.get(name) for name in OF_REPLY}
        return Reader(row["id"], why=row["why_zh"] if chinese else row["why"], recent=recent, **person)

    def _said(self, kind: str, template: Template) -> str:
        event = self.events.events.get(kind)
        return (event.zh if template.language.startswith("zh") else event.en) if event else kind

    def _envelope(self, row: Row, reader: Reader, template: Template, leave: str, rendered: Rendered) -> Envelope:
        to, to_name = _recipient(reader, template.channel)
        sender, address = self._sender(reader, template)
        return Envelope(
            row["id"], row["journey"], row["stage"], row["touch"], row["channel"], template.variant, template.language,
            row["night"], plain(reader.external_id), to, plain(to_name), sender, address,
            self._lawful(rendered.subject, row, template),
            rendered.preheader, rendered.html, rendered.text, leave, "\n".join(template.attachments),
        )  # fmt: skip

    def _lawful(self, subject: str, row: Row, template: Template) -> str:
        """A subject as the law of the reader's country wants marketing mail to begin; said once."""
        law = self.policy.law.get(row.get("country") or self.policy.country)
        if template.channel is not Channel.EMAIL or law is None or not law.subject_prefix:
            return subject
        known = tuple(prefix.strip() for prefix in law.subject_prefix.values())
        return subject if subject.startswith(known) else in_language(law.subject_prefix, template.language) + subject

    def _sender(self, reader: Reader, template: Template) -> tuple[str, str]:
        if template.sender:
            persona = in_language(self.voice.senders[template.sender], template.language)
            return persona.name, persona.email
        if template.channel is Channel.WECOM and not reader.owner_wecom:
            raise NobodyThere("the colleague who sends has no WeCom id")
        return plain(reader.owner_name or ""), reader.owner_wecom or ""


def _recipient(reader: Reader, channel: Channel) -> tuple[str, str]:
    """The address and the name of who gets the message.

    Raises:
        NobodyThere: there is no such address (any more).
    """
    match channel:
        case Channel.EMAIL:
            to, name = reader.email, reader.name
        case Channel.WECOM:
            to, name = reader.wecom_id, reader.name
        case Channel.STAFF:
            to, name = reader.owner_wecom or reader.owner_email, reader.owner_name or ""
    if not to or (channel is Channel.STAFF and not ONE_COLLEAGUE.fullmatch(to)):
        raise NobodyThere(f"no {channel} address")
    return to, name


def _compiled(compiler: Compiler, file: ContentFile, kept: Path) -> Template | str:
    try:
        template = compiler.compile(file)
        return replace(template, attachments=tuple(_keep(file, name, kept) for name in file.attachments))
    except ContentError as error:
        return str(error)


def _keep(file: ContentFile, name: str, kept: Path) -> str:
    """Copy an attachment to where it cannot change any more; its SHA-256 and name.

    Raises:
        ContentError: there is no such file under ``content/attachments/``.
    """
    content = attachment(file, name).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    kept.mkdir(parents=True, exist_ok=True)
    if not has_attachment(kept, digest):
        descriptor, unnamed = tempfile.mkstemp(dir=kept)
        with open(descriptor, "wb") as copy:
            copy.write(content)
            copy.flush()
            os.fsync(copy.fileno())
        os.replace(unnamed, kept / digest)
    return f"{digest} {name}"


_workshop: Workshop | None = None


def enter(workshop: Workshop) -> None:
    """What a process does first."""
    global _workshop
    _workshop = workshop


def render_shard(shard: Shard) -> RenderedShard:
    """Render one shard, in a process that has entered its workshop. The file appears whole or not at all."""
    if _workshop is None:
        raise RuntimeError("enter a workshop first")
    failures: list[Failure] = []
    rows = pq.read_table(shard.contexts).to_pylist()
    envelopes = list(_workshop.envelopes(rows, failures))
    revisions = {row["id"]: row["revision"] for row in rows}
    table = as_table(envelopes).append_column(
        "revision", pa.array([revisions[each.id] for each in envelopes], pa.int32())
    )
    unnamed = shard.rendered.with_suffix(".new")
    pq.write_table(table, unnamed, compression="zstd", row_group_size=500, use_dictionary=False)
    with unnamed.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(unnamed, shard.rendered)
    keep_on_disk(shard.rendered.parent)
    return RenderedShard(shard.rendered, shard.messages, tuple(failures))
