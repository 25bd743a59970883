"""Limits at the claim: caps and quotas of this very day, the ramp of a provider, what a recipient's domain takes.

The caps are those of the night, asked again of what is due now (``candidate``, and ``asked`` with what stops each). The
ramp and the hourly limits are asked only of what goes to people.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models import MessageKind
from nurture.channels.routing import Lane
from nurture.content.email_policy import DOMAIN
from nurture.content.send_windows import business_date
from nurture.journey.playbook import Playbook
from nurture.ledger.states import GOING
from nurture.storage.database import Database
from nurture.storage.sql import literal, texts
from nurture.storage.temp_tables import TempTable

CANDIDATES = TempTable("claim", "candidate")
"""What is due in a lane now."""

ASKED = TempTable("claim", "asked")
"""Of every candidate what stops it, but for caps."""


@dataclass(frozen=True)
class Limits:
    """The limits of one lane at one moment."""

    database: Database
    playbook: Playbook
    lane: Lane
    now: datetime

    def of_ramp(self, most: int) -> int:
        """How many of so many the provider may get today: on its first live days only a few."""
        provider = self.playbook.policy.email.providers.get(self.lane.provider)
        if not self.lane.live or provider is None or not provider.ramp:
            return most
        today = literal(business_date(self.now, self.playbook.zone))
        days, gone = self.database.one(f"""
            SELECT count(DISTINCT b.on_day) FILTER (b.on_day < {today}), count(*) FILTER (b.on_day = {today})
            FROM batch b JOIN message m ON m.batch_id = b.id
            WHERE b.live AND b.provider = {literal(self.lane.provider)} AND m.state IN {texts(*GOING)}""")
        return max(0, min(most, provider.ramp[days] - gone)) if days < len(provider.ramp) else most

    def judged(self) -> str:
        """Every candidate with why it may not go now (empty: it may)."""
        return self._within_the_hour(self._capped())

    def _within_the_hour(self, judged: str) -> str:
        """The recipients' domains: what goes beyond what one takes in an hour waits for the next."""
        mailing = self.playbook.policy.email
        if not self.lane.live or not (mailing.hourly or mailing.hourly_other):
            return judged
        cases = " ".join(f"WHEN {literal(domain)} THEN {most}" for domain, most in sorted(mailing.hourly.items()))
        other = literal(mailing.hourly_other)
        most = f"CASE domain {cases} ELSE {other} END" if cases else other
        since = literal(self.now - timedelta(hours=1))
        return f"""
            SELECT id, today, CASE WHEN why = '' AND nth + gone > {most} THEN 'hourly' ELSE why END AS why FROM (
                SELECT j.*, {DOMAIN} AS domain, coalesce(h.gone, 0) AS gone,
                    row_number() OVER (PARTITION BY {DOMAIN}, j.why ORDER BY c.not_before, c.id) AS nth
                FROM ({judged}) j JOIN {CANDIDATES} c ON c.id = j.id JOIN lead ON lead.id = c.lead_id
                LEFT JOIN (
                    SELECT {DOMAIN} AS of_domain, count(*) AS gone
                    FROM message m JOIN batch b ON b.id = m.batch_id JOIN lead ON lead.id = m.lead_id
                    WHERE b.live AND m.moved_at > {since} AND m.state IN {texts(*GOING)} GROUP BY ALL
                ) h ON h.of_domain = {DOMAIN}
            )"""

    def _capped(self) -> str:
        """The caps of this very day: first of leads and employees, then, of those who pass, of accounts."""
        cap = self.playbook.policy.caps.account_per_day
        return f"""
            SELECT id, today, CASE WHEN why = '' AND NOT internal AND account_id IS NOT NULL AND going + nth > {cap}
                THEN 'account_day_cap' ELSE why END AS why
            FROM (
                SELECT p.*, coalesce(k.going, 0) AS going,
                    row_number() OVER (PARTITION BY p.account_id, p.internal, p.why ORDER BY p.not_before, p.id) AS nth
                FROM ({self._capped_by_person()}) p
                LEFT JOIN ({_going("account_id", "NOT internal")}) k
                    ON k.account_id = p.account_id AND k.send_day = p.today
            )"""

    def _capped_by_person(self) -> str:
        caps = self.playbook.policy.caps
        quota = self.playbook.policy.quota.get(self.lane.kind)
        too_many = f"in_month + nth > {quota}" if quota is not None else "false"
        return f"""
            SELECT id, today, not_before, account_id, internal, CASE WHEN why <> '' THEN why
                WHEN kind = {literal(MessageKind.REPLY_CARD)} THEN ''
                WHEN internal AND of_owner + nth > {caps.employee_per_day} THEN 'employee_day_cap'
                WHEN internal THEN ''
                WHEN on_day + nth > {caps.lead_per_day} THEN 'lead_day_cap'
                WHEN in_week + nth > {caps.lead_per_7_days} THEN 'lead_week_cap'
                WHEN {too_many} THEN 'no_quota' ELSE '' END AS why
            FROM (
                SELECT c.id, c.today, c.not_before, c.kind, c.account_id, c.internal, a.why,
                    coalesce(o.going, 0) AS of_owner,
                    row_number() OVER (PARTITION BY c.internal, CASE WHEN c.internal THEN c.owner_id ELSE c.lead_id END,
                        a.why ORDER BY c.not_before, c.id) AS nth,
                    coalesce(l.on_day, 0) AS on_day, coalesce(l.in_week, 0) AS in_week,
                    coalesce(l.in_month, 0) AS in_month
                FROM {CANDIDATES} c JOIN {ASKED} a ON a.id = c.id
                LEFT JOIN ({self._of_leads()}) l ON l.id = c.id
                LEFT JOIN ({_going("owner_id", "internal")}) o ON o.owner_id = c.owner_id AND o.send_day = c.today
            )"""

    def _of_leads(self) -> str:
        """What already went to the lead of each candidate: that day, that week, that month on this channel."""
        return f"""
            SELECT c.id, count(*) FILTER (m.send_day = c.today) AS on_day,
                count(*) FILTER (m.send_day BETWEEN c.today - 6 AND c.today) AS in_week,
                count(*) FILTER (m.channel = c.channel
                    AND date_trunc('month', m.send_day) = date_trunc('month', c.today)) AS in_month
            FROM {CANDIDATES} c JOIN message m ON m.lead_id = c.lead_id
            WHERE NOT m.internal AND m.state IN {texts(*GOING)} AND m.send_day >= c.today - 31 GROUP BY c.id"""


def _going(whose: str, lane: str) -> str:
    """How many messages went out, or are on their way, by whose they are and by send day."""
    return f"""
        SELECT {whose}, send_day, count(*) AS going FROM message
        WHERE {lane} AND state IN {texts(*GOING)} AND send_day >= (SELECT min(today) FROM {CANDIDATES}) GROUP BY ALL"""
