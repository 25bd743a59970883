"""What a person sees of a backup, a restore, and a reconcile."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from cli.views.terminal import as_json_line, say, say_whole, table

if TYPE_CHECKING:
    from nurture.delivery.reconcile import ReconcileReport
    from nurture.recovery.backup import BackupReport
    from nurture.recovery.database_facts import Facts
    from nurture.recovery.restore import RestoreReport

FOUND = {
    "accepted": "had been sent; not sent again",
    "waiting": "waits for a colleague's hand",
    "rejected": "had been refused by the provider",
    "unknown": "nobody can say; not sent",
    "not_sent": "had not been sent; goes when it is due",
}


def backup_report(report: BackupReport, as_json: bool) -> None:
    """Where a backup lies and what is in it."""
    if as_json:
        return as_json_line(asdict(report) | {"facts": report.facts.model_dump()})
    say_whole(f"Backed up and read back: {report.file} ({report.size / 1e6:,.1f} MB, {report.files:,} files).")
    _facts(report.facts)
    if report.with_keys:
        say("The keys are in it: whoever has it can read everything.")
    else:
        say(
            ("The keys are not in it.", "yellow"), " Keep address.key and web.key elsewhere; without them nothing runs."
        )
    for promise in report.broken:
        say(("broken, here as in the home: ", "red"), promise)
    return None


def restore_report(report: RestoreReport, as_json: bool) -> None:
    """What was restored, and what to do next."""
    if as_json:
        return as_json_line(asdict(report) | {"facts": report.facts.model_dump()})
    say_whole(f"Restored the backup of {report.made_at:%Y-%m-%d %H:%M} UTC.")
    _facts(report.facts)
    if report.replaced:
        say_whole(f"What was here before lies in {report.replaced}")
    for fault in report.keys:
        say_whole((fault, "red"))
    say(
        ("Nothing is sent and no night runs", "yellow"), " until `nurture reconcile` has found out what was sent since."
    )
    return None


def reconcile_report(report: ReconcileReport, as_json: bool) -> None:
    """What was found out, and whether sending goes on."""
    if as_json:
        restored = report.restored and asdict(report.restored)
        return as_json_line(asdict(report) | {"restored": restored, "found": dict(report.found)})
    if not report.restored:
        say("Nothing to reconcile: this database was never restored.")
    elif not report.restored.guarded:
        say(f"Reconciled already; {report.restored}.")
    table("Since the backup", ["it", "messages"], [[FOUND[fate], count] for fate, count in report.found.items()])
    for channel, why in report.unasked.items():
        say((f"{channel} could not be asked: {why}.", "red"), " Nothing is sent until it was; run this again.")
    if report.found["unknown"]:
        say(f"{report.found['unknown']:,} in doubt: `nurture cancel` ends one, `nurture resend ID --again` risks it.")
    if report.restored and report.restored.guarded and report.lifted:
        say("The guard is lifted: sending goes on, and nights run.")
    return None


def _facts(facts: Facts) -> None:
    rows = facts.rows
    say(f"{rows['lead']:,} leads, {rows['message']:,} messages; newest night: {facts.newest_night or 'none yet'}.")
