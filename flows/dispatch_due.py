"""Send what is due: every ten minutes, around the clock."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from prefect import State, flow, runtime
from prefect.states import Cancelled, Completed, Failed

from nurture.delivery.dispatch import DispatchReport
from nurture.delivery.run_dispatch import send_due
from nurture.settings import Settings, read_settings
from tasks.artifacts import Bar, show_gallery
from tasks.step_runs import TaskSteps


def called_by_moment() -> str:
    """The name of a run: when it was due, in the business zone."""
    due = runtime.flow_run.scheduled_start_time
    return f"dispatch {due.astimezone(ZoneInfo(read_settings().zone)):%Y-%m-%d %H:%M}" if due else "dispatch"


@flow(name="dispatch-due", flow_run_name=called_by_moment, persist_result=False)
def dispatch_due() -> State[Any]:
    """Send everything that is due now, each message at most once; first settle what runs that died left behind."""
    settings = read_settings()
    report = send_due(
        settings, datetime.now(UTC), progress=Bar("nurture-sending", "Messages handled").move, steps=TaskSteps()
    )
    if report.sent:
        _show_outbox(settings)
    return verdict(report)


def _show_outbox(settings: Settings) -> None:
    for page in sorted(settings.paths.outbox.glob("????-??-??/index.html"))[-1:]:
        show_gallery(page, settings.gallery_url)


def verdict(report: DispatchReport) -> State[Any]:
    """Green only when nothing wants a person."""
    counts = ", ".join(f"{count:,} {fate.replace('_', ' ')}" for fate, count in report.sent.items()) or "nothing is due"
    if report.guarded:
        return Failed(
            name="Guarded", message=f"Nothing was sent: this database was {report.guarded}. Run nurture reconcile."
        )
    if report.killed:
        return Cancelled(name="Stopped", message=f"Nothing was sent: {report.killed}. `nurture go` lets sending go on.")
    waits = f" {report.awaiting:,} wait for an approval: nurture approve." if report.awaiting else ""
    if report.healthy:
        return Completed(message=" ".join([f"Sent: {counts}.{waits}", *report.warnings]))
    troubles = [
        *report.broken,
        *([f"{report.refused:,} held: their words are not those that were frozen"] if report.refused else []),
        *([f"{report.unknown:,} in doubt"] if report.unknown else []),
        *([f"{report.wordless:,} without words: nurture run renders them"] if report.wordless else []),
    ]
    return Failed(name="NeedsAPerson", message=f"Sent: {counts}. {'; '.join(troubles)}. See nurture status.")
