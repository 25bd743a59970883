"""The main job: take in, score, walk every journey, arbitrate, render, and report."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from prefect import State, flow, runtime
from prefect.states import Cancelled, Completed, Failed

from nurture.channels.routing import live_kinds
from nurture.content.send_windows import business_date
from nurture.errors import NightBusy
from nurture.journey import Journey
from nurture.journey.playbook import Playbook, read_playbook
from nurture.night import run_night as engine
from nurture.night.run_night import NightResult
from nurture.rendering.samples import hang_samples
from nurture.reporting.funnel import read_funnel, read_qualified
from nurture.safeguards.approval import read_waiting
from nurture.settings import Settings, read_settings
from nurture.storage.database import Store
from tasks.artifacts import Bar, show_approval, show_funnel, show_night
from tasks.events import tell_completed, tell_qualified
from tasks.step_runs import TaskSteps


def called_by_night() -> str:
    """The name of a run: its night, so that the list of runs reads like a calendar."""
    asked = runtime.flow_run.parameters
    night = asked.get("night") or scheduled_night(read_settings())
    return f"{runtime.flow_run.flow_name} {night}" + (" (dry run)" if asked.get("dry_run") else "")


@flow(name="nightly-nurture", flow_run_name=called_by_night, persist_result=False)
def nightly_nurture(night: date | None = None, dry_run: bool = False, limit: int | None = None) -> State[Any]:
    """Close a night of all journeys: score every lead, walk it, choose, restrain, render, and say why.

    Its steps: take suppression lists, drain the spool, take in, score, walk (leave, enrol, move), choose, fold old
    decisions, publish preferences, render. A night is closed once. A run that died is taken up by the next one; a night
    that is closed stays as it is.

    Args:
        night: Business date; without it, the one for which this run was scheduled.
        dry_run: Decide and report, but write nothing.
        limit: Only the first so many leads; with dry_run.
    """
    return run_night(night, dry_run=dry_run, limit=limit)


def run_night(
    night: date | None = None, *, journeys: Sequence[Journey] = (), dry_run: bool = False, limit: int | None = None
) -> State[Any]:
    """A night as a flow: the engine's own steps, each a task run; then what the UI shows, and an honest state.

    Args:
        night: Business date; without it, the one for which the flow run was scheduled.
        journeys: Run only these; the others may follow later. Without it, all of them.
        dry_run: Decide and report, but write nothing.
        limit: Only the first so many leads; dry runs only.

    Raises:
        NightRefused, StoreBusy, InputError, ContentError: as ``nurture.night.run_night``.
    """
    settings = read_settings()
    rendering = Bar("nurture-rendering", "Messages rendered")
    try:
        result = engine.run_night(
            settings,
            datetime.now(UTC),
            night or scheduled_night(settings),
            journeys=[journey.name for journey in journeys],
            dry_run=dry_run,
            limit=limit,
            progress=lambda step, done, of: rendering.move(done, of) if step == "render" else None,
            steps=TaskSteps(),
        )
    except NightBusy as busy:
        return Cancelled(message=str(busy))
    show(result, settings)
    return verdict(result)


def scheduled_night(settings: Settings) -> date:
    """The business date for which this run was scheduled, so that a late run still closes its own night."""
    moment = runtime.flow_run.scheduled_start_time or datetime.now(UTC)
    return business_date(moment, ZoneInfo(settings.zone))


def show(result: NightResult, settings: Settings) -> None:
    """Artifacts and events of a night. The database is closed again before anything talks to the API."""
    show_night(result.decided)
    if result.decided.dry_run:
        return
    playbook, night = read_playbook(settings), result.decided.night
    with Store.of(settings).open() as database:
        stages, qualified = read_funnel(database, playbook), read_qualified(database, playbook, night)
    show_funnel(stages, f"The funnel after night {night}")
    tell_qualified(qualified, night)
    show_waiting(settings, playbook)
    if result.decided.complete:
        tell_completed(result.decided, len(qualified))


def show_waiting(settings: Settings, playbook: Playbook) -> None:
    """What waits for an approval, with samples to read."""
    kinds, store = live_kinds(settings.mode, playbook.policy), Store.of(settings)
    if not kinds:
        return
    with store.open() as database:
        waiting = read_waiting(database, kinds)
    for each in waiting:
        hang_samples(store, settings, playbook, each, datetime.now(UTC))
    show_approval(waiting)


def verdict(result: NightResult) -> State[Any]:
    """Green only when nothing wants a person."""
    night, rendered = result.decided.night, result.rendered
    if rendered and rendered.halted:
        touches = ", ".join(rendered.halted)
        return Failed(
            name="Halted",
            message=f"Night {night} is closed, but {touches} cannot be rendered for too many and is paused. Mend the "
            f"text, then: nurture resume touch {rendered.halted[0]}",
        )
    if result.decided.dry_run:
        return Completed(
            message=f"Night {night}, dry run: nothing was written. See the artifact nurture-tonight-dry-run."
        )
    if not result.decided.changed:
        return Completed(name="ClosedBefore", message=f"Night {night} was closed before; nothing was decided again.")
    if rendered and rendered.held:
        return Completed(
            name="AwaitsApproval",
            message=f"Night {night}: {rendered.held:,} messages wait until somebody looked at them: artifact "
            f"nurture-approval, then the deployment approve, or: nurture approve {night}",
        )
    planned = sum(line.counts.planned for line in result.decided.journeys)
    return Completed(
        message=f"Night {night}: {planned:,} messages planned, {rendered.rendered if rendered else 0:,} rendered."
    )
