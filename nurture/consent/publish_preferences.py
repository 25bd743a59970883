"""Publishing: what pages must know of readers who ever wished anything or left, into the file that the web reads."""

from datetime import date

from models import ConsentScope
from nurture.consent.effective_consent import consent_withdrawn
from nurture.consent.preferences import Preferences
from nurture.consent.published_preferences import Known, WebState
from nurture.ledger.states import WRITTEN_TO
from nurture.settings import Settings
from nurture.storage.database import Database
from nurture.storage.sql import texts

SCOPES = ("email", "wecom", "phone")


def publish(database: Database, settings: Settings) -> int:
    """Write ``web/state.sqlite`` anew; of how many readers."""
    database.make(
        "told",
        """SELECT lead_id FROM preference UNION SELECT lead_id FROM topic_off
           UNION SELECT lead_id FROM consent WHERE action = 'withdrawn'""",
    )
    readers = [_known(*row) for row in database.rows(_readers())]
    written = database.rows(f"""
        SELECT replace(m.id::VARCHAR, '-', ''), replace(m.lead_id::VARCHAR, '-', '') FROM message m
        SEMI JOIN (SELECT lead_id FROM told) told ON told.lead_id = m.lead_id
        WHERE NOT m.internal AND m.state IN {texts(*WRITTEN_TO)}""")
    WebState(settings.paths.web_state).publish(readers, [(row[0], row[1]) for row in written])
    return len(readers)


def _readers() -> str:
    left = ", ".join(f"CASE WHEN {consent_withdrawn(texts(scope, 'all'))} THEN '{scope}' END" for scope in SCOPES)
    off = ", ".join(f"CASE WHEN p.{scope}_off THEN '{scope}' END" for scope in SCOPES)
    return f"""
        SELECT replace(t.lead_id::VARCHAR, '-', ''), coalesce(o.topics, []), [{off}], p.paused_until, p.language,
               coalesce(p.impersonal, false), coalesce(c.gone, [])
        FROM told t LEFT JOIN preference p ON p.lead_id = t.lead_id
        LEFT JOIN (SELECT lead_id, list(topic ORDER BY topic) AS topics FROM topic_off GROUP BY lead_id) o
            ON o.lead_id = t.lead_id
        LEFT JOIN (SELECT lead_id, [{left}] AS gone FROM consent GROUP BY lead_id) c ON c.lead_id = t.lead_id
        ORDER BY t.lead_id"""


def _known(
    lead: str, topics: list[str], off: list[str | None], paused: date | None, language: str | None, impersonal: bool,
    left: list[str | None],
) -> Known:  # fmt: skip
    wishes = Preferences(tuple(topics), _scopes(off), paused, language, impersonal)
    return Known(lead, wishes, _scopes(left))


def _scopes(found: list[str | None]) -> tuple[ConsentScope, ...]:
    return tuple(ConsentScope(each) for each in found if each)
