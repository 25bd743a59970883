"""What readers asked for on the preferences page. Each field counts from when it was asked; the last word stays."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from nurture.consent.requests import Wishing
from nurture.storage.database import Database

CHANNELS = ("email", "wecom", "phone")


def write_wishes(database: Database, wishing: Sequence[Wishing]) -> None:
    """Bring wishes into ``preference`` and ``topic_off``."""
    if not wishing:
        return
    database.table("wished", _as_arrow(wishing))
    database.make(
        "wish",
        f"""
        SELECT m.lead_id, max(w.asked_at) AS asked_at,
               {", ".join(f"arg_max(w.{channel}_off, w.asked_at) AS {channel}_off" for channel in CHANNELS)},
               arg_max(w.paused_until, w.asked_at) AS paused_until, arg_max(w.language, w.asked_at) AS language,
               arg_max(w.impersonal, w.asked_at) AS impersonal, arg_max(w.topics_off, w.asked_at) AS topics_off
        FROM wished w JOIN message m ON m.id = w.message::UUID JOIN lead ON lead.id = m.lead_id GROUP BY m.lead_id""",
    )
    flags = [*(f"{channel}_off" for channel in CHANNELS), "impersonal"]
    settled = ", ".join(
        [*(f"coalesce(w.{name}, p.{name}, false) AS {name}" for name in flags)]
        + [f"coalesce(w.{name}, p.{name}) AS {name}" for name in ("paused_until", "language")]
    )
    names = "lead_id, email_off, wecom_off, phone_off, impersonal, paused_until, language, asked_at"
    database.run(f"""
        INSERT OR REPLACE INTO preference ({names})
        SELECT w.lead_id, {settled}, w.asked_at FROM wish w LEFT JOIN preference p ON p.lead_id = w.lead_id""")
    database.run("DELETE FROM topic_off WHERE lead_id IN (SELECT lead_id FROM wish WHERE topics_off IS NOT NULL)")
    database.run("""
        INSERT INTO topic_off SELECT DISTINCT lead_id, unnest(topics_off) FROM wish WHERE topics_off IS NOT NULL""")


def _as_arrow(wishing: Sequence[Wishing]) -> pa.Table:
    flag, text = pa.bool_(), pa.string()
    columns = {
        "message": pa.array([each.message.hex for each in wishing], text),
        "asked_at": pa.array([_naive(each.at) for each in wishing], pa.timestamp("us")),
        "paused_until": pa.array(
            [each.on + timedelta(days=each.pause) if each.pause is not None else None for each in wishing], pa.date32()
        ),
        "language": pa.array([each.language for each in wishing], text),
        "impersonal": pa.array([each.impersonal for each in wishing], flag),
        "topics_off": pa.array([each.topics_off for each in wishing], pa.list_(text)),
    }
    for channel in CHANNELS:
        off = [channel in each.channels_off if each.channels_off is not None else None for each in wishing]
        columns[f"{channel}_off"] = pa.array(off, flag)
    return pa.table(columns)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
