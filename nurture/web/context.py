"""The reception: everything that the routes need, put together once from the settings and the content folder."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import cast
from uuid import uuid4
from zoneinfo import ZoneInfo

from anyio.to_thread import run_sync
from starlette.exceptions import HTTPException
from starlette.requests import Request

from nurture.consent.published_preferences import WebState
from nurture.content.event_kinds import EventCatalogue, read_events
from nurture.content.send_windows import business_date
from nurture.content.topics import Topics, read_topics
from nurture.errors import TransientError
from nurture.inbound.spool import Spool, SpoolKind, SpoolLine
from nurture.keys.signed_links import Tokens, tokens_of
from nurture.settings import Settings, entries
from nurture.storage.json_type import JSON
from nurture.web.api_keys import Doors, read_api_keys, read_inbound_secret
from nurture.web.metrics import Counters
from nurture.web.pages import Pages, read_pages
from nurture.web.rate_limit import RateLimit
from nurture.web.recent_preferences import Lately
from nurture.web.routes.sendgrid_signature import Signatures, read_signatures


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Reception:
    """What all routes share. ``strangers`` counts wrong addresses by where they come from, ``readers`` acts by message.

    Who holds an address that we signed is never counted together with others: one mailbox provider leaves for
    thousands of readers from one machine.
    """

    settings: Settings
    spool: Spool
    tokens: Tokens
    pages: Pages
    topics: Topics
    events: EventCatalogue
    signatures: Signatures
    api_keys: Doors
    inbound: Doors
    counters: Counters = field(default_factory=Counters)
    strangers: RateLimit = field(default_factory=lambda: RateLimit(60, 0.5, time.monotonic))
    readers: RateLimit = field(default_factory=lambda: RateLimit(200, 1, time.monotonic))
    lately: Lately = field(default_factory=Lately)
    now: Callable[[], datetime] = _now

    @property
    def state(self) -> WebState:
        """What flows published."""
        return WebState(self.settings.paths.web_state)

    @property
    def today(self) -> date:
        """The business date."""
        return business_date(self.now(), ZoneInfo(self.settings.zone))

    def line(self, kind: SpoolKind, data: Mapping[str, JSON], id_: str | None = None) -> SpoolLine:
        """A line of the spool, heard of now; without an id, one of its own."""
        return SpoolLine(id_ or uuid4().hex, kind, self.now(), data)

    async def keep(self, *lines: SpoolLine) -> None:
        """Put lines on disk; requests that wait at the same time share an fsync.

        Raises:
            TransientError: they could not be made durable; nobody may be thanked.
        """
        await run_sync(self.put, *lines)

    def put(self, *lines: SpoolLine) -> None:
        """What ``keep`` does, in a thread that may wait."""
        try:
            self.spool.append(lines)
        except OSError as error:
            raise TransientError(f"{self.spool.folder}: cannot be written ({type(error).__name__}).") from error
        for line in lines:
            self.counters.kept(line.kind)

    def known(self, verified: str | None, request: Request) -> str:
        """The id in an address that we signed, or nothing for whoever made one up.

        Raises:
            HTTPException: 404, whatever is wrong with it; 429, one too many from there.
        """
        if verified is None:
            raise self.stranger(request)
        return verified

    def stranger(self, request: Request) -> HTTPException:
        """What to say to an address that is not ours: always the same."""
        allowed = self.strangers.allows(request.client.host if request.client else "")
        return HTTPException(404 if allowed else 429)

    def welcome(self, reader: str) -> None:
        """Count an act of a reader.

        Raises:
            HTTPException: 429, one too many.
        """
        if not self.readers.allows(reader):
            raise HTTPException(429)


def reception(request: Request) -> Reception:
    """The reception of the application that was asked."""
    return cast(Reception, request.app.state.reception)


def open_reception(settings: Settings) -> Reception:
    """Read the keys, words, topics and events once; what changes in them later counts after a restart.

    Raises:
        InputError: a setting, key or content file cannot be used; says which.
    """
    keys = entries("NURTURE_SENDGRID_WEBHOOK_KEYS", settings.sendgrid_webhook_keys)
    return Reception(
        settings,
        Spool(settings.paths.spool),
        tokens_of(settings),
        read_pages(settings.content, settings.public_url),
        read_topics(settings.content),
        read_events(settings.content),
        read_signatures(keys),
        read_api_keys(settings.api_keys),
        read_inbound_secret(settings.inbound_secret),
    )
