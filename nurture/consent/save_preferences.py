"""What readers asked for on the preferences page. Each field counts from when it was asked; the last word stays."""

from collections.abc import Sequence
from datetime import timedelta

from nurture.consent.requests import Wishing
from nurture.storage.database import Database
from nurture.storage.temp_tables import DAY, FLAG, MOMENT, TEXT, TEXTS, RowTable, TempTable

CHANNELS = ("email", "wecom", "phone")
WISHED = RowTable("preferences", "wished", {
    "message": TEXT, "asked_at": MOMENT, "paused_until": DAY, "language": TEXT, "impersonal": FLAG,
    "topics_off": TEXTS, **{f"{channel}_off": FLAG for channel in CHANNELS},
})  # fmt: skip
WISHES = TempTable("preferences", "wish")


def write_wishes(database: Database, wishing: Sequence[Wishing]) -> None:
    """Bring wishes into ``preference`` and ``topic_off``."""
    if not wishing:
        return
    WISHED.fill(database, map(_row, wishing))
    WISHES.make(
        database,
        f"""
        SELECT m.lead_id, max(w.asked_at) AS asked_at,
               {", ".join(f"arg_max(w.{channel}_off, w.asked_at) AS {channel}_off" for channel in CHANNELS)},
               arg_max(w.paused_until, w.asked_at) AS paused_until, arg_max(w.language, w.asked_at) AS language,
               arg_max(w.impersonal, w.asked_at) AS impersonal, arg_max(w.topics_off, w.asked_at) AS topics_off
        FROM {WISHED} w JOIN message m ON m.id = w.message::UUID JOIN lead ON lead.id = m.lead_id GROUP BY m.lead_id""",
    )
    flags = [*(f"{channel}_off" for channel in CHANNELS), "impersonal"]
    settled = ", ".join(
        [*(f"coalesce(w.{name}, p.{name}, false) AS {name}" for name in flags)]
        + [f"coalesce(w.{name}, p.{name}) AS {name}" for name in ("paused_until", "language")]
    )
    names = "lead_id, email_off, wecom_off, phone_off, impersonal, paused_until, language, asked_at"
    database.run(f"""
        INSERT OR REPLACE INTO preference ({names})
        SELECT w.lead_id, {settled}, w.asked_at FROM {WISHES} w LEFT JOIN preference p ON p.lead_id = w.lead_id""")
    database.run(f"DELETE FROM topic_off WHERE lead_id IN (SELECT lead_id FROM {WISHES} WHERE topics_off IS NOT NULL)")
    database.run(f"""
        INSERT INTO topic_off
        SELECT DISTINCT lead_id, unnest(topics_off) FROM {WISHES} WHERE topics_off IS NOT NULL""")


def _row(each: Wishing) -> tuple[object, ...]:
    off = [channel in each.channels_off if each.channels_off is not None else None for channel in CHANNELS]
    paused_until = each.on + timedelta(days=each.pause) if each.pause is not None else None
    return (each.message.hex, each.at, paused_until, each.language, each.impersonal, each.topics_off, *off)
