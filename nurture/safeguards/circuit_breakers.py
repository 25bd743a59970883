"""Breakers: when too many complain or bounce, mail by that provider halts until a person lets it go on.

Gmail and Yahoo want complaints below 0.1 % and block senders beyond 0.3 %; the numbers stand in ``policy.toml``. After
``nurture resume channel NAME`` a breaker counts only what was sent since.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models import Meaning, Mover, PauseKind, SignalKind
from nurture.content.email_policy import Breakers
from nurture.storage.database import Database
from nurture.storage.sql import literal


@dataclass(frozen=True)
class Toll:
    """What came back of the mails that a provider accepted in the last days, in messages."""

    delivered: int
    complaints: int
    bounces: int

    @property
    def complaint_rate(self) -> float:
        """Complaints of what was delivered."""
        return self.complaints / max(self.delivered, 1)

    @property
    def bounce_rate(self) -> float:
        """Mailboxes that do not exist, of all of which we heard."""
        return self.bounces / max(self.delivered + self.bounces, 1)


@dataclass(frozen=True)
class Verdict:
    """Why a provider's mail halts, or what to keep an eye on; empty when neither."""

    halt: str = ""
    warning: str = ""


def judge(toll: Toll, breakers: Breakers) -> Verdict:
    """What follows from a toll."""
    counts = f"of {toll.delivered:,} delivered in {breakers.days} days"
    told = f"{toll.complaints:,} complaint(s) {counts} ({toll.complaint_rate:.2%})"
    enough = toll.delivered >= breakers.least_delivered or toll.complaints >= breakers.least_complaints
    if enough and toll.complaint_rate > breakers.complaints_halt:
        return Verdict(halt=f"{told}: more than {breakers.complaints_halt:.1%}")
    if toll.bounces >= breakers.least_bounces and toll.bounce_rate > breakers.bounces_halt:
        gone = f"{toll.bounces:,} of {toll.delivered + toll.bounces:,} mailboxes do not exist ({toll.bounce_rate:.1%})"
        return Verdict(halt=f"{gone}: more than {breakers.bounces_halt:.0%}")
    if enough and toll.complaint_rate > breakers.complaints_warn:
        return Verdict(warning=f"{told}: more than {breakers.complaints_warn:.1%}")
    return Verdict()


def trip(database: Database, breakers: Breakers, provider: str, now: datetime) -> Verdict:
    """Pause a provider whose toll is too high, inside a transaction; one that is paused already stays as it is."""
    verdict = judge(_toll(database, breakers, provider, now), breakers)
    if verdict.halt:
        pause_provider(database, provider, verdict.halt, now)
    return verdict


def pause_provider(database: Database, provider: str, why: str, now: datetime) -> None:
    """Claim nothing for a provider until a person resumes it."""
    database.run(f"""
        INSERT OR IGNORE INTO pause VALUES ({literal(PauseKind.CHANNEL)}, {literal(provider)}, {literal(now)},
            {literal(Mover.DISPATCH)}, {literal(why)})""")


def _toll(database: Database, breakers: Breakers, provider: str, now: datetime) -> Toll:
    """Of what was claimed for a provider since it was last let go on, at most so many days ago."""
    days_ago = literal(now - timedelta(days=breakers.days))
    of_provider = f"kind = {literal(PauseKind.CHANNEL)} AND name = {literal(provider)}"
    let_go = f"SELECT max(released_at) FROM released WHERE {of_provider}"

    def count(condition: str) -> str:
        return f"count(DISTINCT s.message_id) FILTER ({condition})"

    delivered = f"s.kind = {literal(SignalKind.DELIVERED)}"
    complained, gone = (f"s.meaning = {literal(meaning)}" for meaning in (Meaning.COMPLAINED, Meaning.GONE))
    return Toll(
        *database.one(f"""
            SELECT {count(delivered)}, {count(complained)}, {count(gone)}
            FROM signal s JOIN message m ON m.id = s.message_id JOIN batch b ON b.id = m.batch_id
            WHERE s.sure AND b.live AND b.provider = {literal(provider)}
              AND m.moved_at >= greatest({days_ago}, coalesce(({let_go}), TIMESTAMP '-infinity'))""")
    )
