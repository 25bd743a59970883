"""Draining: everything that waits in the spool, into the ledger; called by every flow, and before every claim.

A go is one transaction: the effects of some lines, their ids, and how far the file was read. So a crash applies nothing
twice and loses nothing. An empty spool costs a look at the folder.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from pydantic import RootModel
from sqlalchemy.exc import DBAPIError

from nurture.consent.save_preferences import write_wishes
from nurture.consent.withdrawals import Exit
from nurture.content.bounce_rules import read_answers
from nurture.content.files import read_toml
from nurture.content.reply_rules import read_replies
from nurture.content.send_windows import business_date
from nurture.errors import NurtureError
from nurture.imports.write_events import stamp
from nurture.inbound.api_events import take_told
from nurture.inbound.match_events import match_signals, settle_doubts, write_signs
from nurture.inbound.replies import open_post, write_replies
from nurture.inbound.spool import KEPT_DAYS, Found, Spool, Torn
from nurture.inbound.spool_lines import Inbox
from nurture.journey.playbook import Playbook
from nurture.keys.address_hashes import open_address_key
from nurture.keys.signed_links import open_tokens
from nurture.settings import Settings
from nurture.storage.database import FAILS_ON_DISK, Database
from nurture.storage.sql import literal
from nurture.storage.temp_tables import TEXT, RowTable

LINES = RowTable("drain", "line", {"id": TEXT})

LINES_A_GO = 2_000
BYTES_A_GO = 16 * 1024 * 1024
IDS_KEPT_DAYS = 30
NO_LINES_FAULT = (NurtureError, OSError, *FAILS_ON_DISK, DBAPIError)
"""A missing key, a full disk, a busy database: says nothing of a line, so that none is set aside for it."""


@dataclass
class Drained:
    """What came in: lines applied and set aside, rows of told events refused, cards planned, signals that were new."""

    lines: int = 0
    quarantined: int = 0
    refused: int = 0
    cards: int = 0
    signals: int = 0


@dataclass(frozen=True)
class Drain:
    """One draining of an installation's spool by the one who holds its database."""

    database: Database
    settings: Settings
    playbook: Playbook
    now: datetime
    drained: Drained

    def file(self, spool: Spool, path: Path) -> None:
        """Apply what is not applied yet of a file, and put it out of the way."""
        known = self.database.rows(f"SELECT read_until FROM spool_file WHERE name = {literal(path.name)}")
        offset = int(known[0][0]) if known else 0
        for go in _goes(spool.read(path, offset)):
            bad = self._apply_or_part(spool, path, go)
            spool.quarantine(bad)
            self.drained.quarantined += len(bad)
        spool.applied(path)

    def _apply_or_part(self, spool: Spool, path: Path, go: list[Found | Torn]) -> list[Torn]:
        """Apply some lines; if one of them cannot be, all but that one."""
        try:
            return self._apply(spool, path, go)
        except Exception as error:  # whatever a line brings about that nobody thought of, it blocks no other
            if isinstance(error, NO_LINES_FAULT) or "Query interrupted" in str(error):
                raise
            if len(go) == 1:
                only = go[0]
                raw = repr(only).encode("utf-8", "backslashreplace")
                return self._apply(spool, path, [Torn(path.name, only.offset, raw, type(error).__name__)])
        middle = len(go) // 2
        return self._apply_or_part(spool, path, go[:middle]) + self._apply_or_part(spool, path, go[middle:])

    def _apply(self, spool: Spool, path: Path, go: list[Found | Torn]) -> list[Torn]:
        with self.database.transaction():
            found = self._unknown([each for each in go if isinstance(each, Found)])
            inbox = self._inbox()
            inbox.take(found)
            inbox.bad += self._effects(spool, inbox, go[-1])
            self.database.run(f"INSERT OR REPLACE INTO spool_file VALUES ({literal(path.name)}, {go[-1].offset})")
        self.drained.lines += len(found)
        return [each for each in go if isinstance(each, Torn)] + inbox.bad

    def _inbox(self) -> Inbox:
        links = read_toml(self.settings.content / "links.toml", RootModel[dict[str, dict[str, str]]]).root
        keys = {url: key for key, urls in links.items() for url in urls.values()}
        tokens = open_tokens(self.database, self.settings)
        return Inbox(self.playbook.zone, tokens.trap_target, read_answers(self.settings.content), keys)

    def _unknown(self, found: list[Found]) -> list[Found]:
        """The lines that were not applied before, each once; from now on they are known."""
        first = {each.line.id: each for each in reversed(found)}
        LINES.fill(self.database, [(each,) for each in first])
        known = {row[0] for row in self.database.rows(f"SELECT id FROM spool_line SEMI JOIN {LINES} USING (id)")}
        now = literal(self.now)
        self.database.run(f"INSERT INTO spool_line SELECT id, {now} FROM {LINES} ANTI JOIN spool_line USING (id)")
        oldest = literal(self.now - timedelta(days=IDS_KEPT_DAYS))
        self.database.run(f"DELETE FROM spool_line WHERE applied_at < {oldest}")
        return [each for each in found if first[each.line.id] is each and each.line.id not in known]

    def _effects(self, spool: Spool, inbox: Inbox, last: Found | Torn) -> list[Torn]:
        """Facts first, then what people want, then what follows for messages; what belongs to no message of ours."""
        key = open_address_key(self.database, self.settings)
        tokens, words = open_tokens(self.database, self.settings), read_replies(self.settings.content)
        moment = max(self.now, stamp(self.database, self.now))
        kinds = frozenset(self.playbook.events.events)
        self.drained.refused += take_told(self.database, self.settings, kinds, inbox.told, self.now)
        post = open_post(self.database, spool.folder / "inbound", inbox.mails, tokens, words)
        self.drained.signals += write_signs(self.database, [*inbox.signs, *post.signs()], key, moment)
        match_signals(self.database, moment)
        settle_doubts(self.database, self.now)
        today = business_date(self.now, self.playbook.zone)
        self.drained.cards += write_replies(self.database, self.playbook, post.people, key, self.now, today)
        write_wishes(self.database, inbox.wishing)
        back = [each for each in inbox.wishing if each.wording]
        leaving = Exit(self.database, moment)
        leaving.take([*inbox.leaving, *post.leaving(words)], back, inbox.confirmed)
        lost = [*leaving.of_nobody(), *map(repr, post.strangers)]
        return [Torn(last.file, last.offset + n, told.encode(), "no message") for n, told in enumerate(lost, start=1)]


def drain(database: Database, settings: Settings, playbook: Playbook, now: datetime) -> Drained:
    """Apply everything that waits in the spool of an installation.

    Raises:
        InputError: the address key or the key of web addresses is missing or another one; nothing was applied.
        StoreBusy: a process has been writing to the spool for long; nothing more is known about what came in.
    """
    spool, drained = Spool(settings.paths.spool), Drained()
    if spool.is_empty():
        return drained
    spool.rotate()
    going = Drain(database, settings, playbook, now.astimezone(UTC), drained)
    for path in spool.rotated():
        going.file(spool, path)
    _forget_mails(spool.folder / "inbound", going.now)
    return drained


def _forget_mails(folder: Path, now: datetime) -> None:
    """Mails are kept as long as the lines that tell of them."""
    oldest = (now - timedelta(days=KEPT_DAYS)).timestamp()
    for path in folder.glob("*.eml"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def _goes(lines: Iterator[Found | Torn]) -> Iterator[list[Found | Torn]]:
    """Portions of a file, bounded in lines and in bytes."""
    while portion := list(_portion(lines)):
        yield portion


def _portion(lines: Iterator[Found | Torn]) -> Iterator[Found | Torn]:
    begun: int | None = None
    for each in islice(lines, LINES_A_GO):
        yield each
        begun = each.offset if begun is None else begun
        if each.offset - begun >= BYTES_A_GO:
            return
