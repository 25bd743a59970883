"""Flow runs that nobody works on: the UI must not call them running, and a pile of missed ones must not be replayed.

A run whose process is gone is crashed, which also frees its place: the next one does what it left. Of several runs of a
deployment that are late, because the machine was off, the newest stays and the others are cancelled as missed: nights
only move forward, and a dispatch sends everything that is due.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import psutil
from prefect import State
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun
from prefect.states import Cancelled, Crashed

RUN_ID = "PREFECT__FLOW_RUN_ID"
STARTS_WITHIN = timedelta(minutes=2)
"""A run that a worker took needs so long to have a process at the most."""

LATE = timedelta(minutes=2)


def settle(client: SyncPrefectClient, now: datetime) -> list[str]:
    """Settle what nobody works on; a sentence for each run that was settled."""
    return [*_crash_the_dead(client, now), *_cancel_the_missed(client, now)]


def _crash_the_dead(client: SyncPrefectClient, now: datetime) -> Iterable[str]:
    found = _runs(client, "RUNNING", "PENDING", "CANCELLING")
    alive = _runs_with_a_process() if found else set()
    for run in found:
        if str(run.id) in alive or not run.state or now - run.state.timestamp < _grace(run):
            continue
        message = "Its process is gone. The next run does what it left, and nothing twice."
        client.set_flow_run_state(run.id, Crashed(message=message), force=True)
        yield f"{run.name}: crashed, its process is gone"


def _grace(run: FlowRun) -> timedelta:
    return timedelta(seconds=5) if run.state and run.state.is_running() else STARTS_WITHIN


def _cancel_the_missed(client: SyncPrefectClient, now: datetime) -> Iterable[str]:
    late: defaultdict[object, list[FlowRun]] = defaultdict(list)
    for run in _runs(client, "SCHEDULED"):
        if run.auto_scheduled and run.expected_start_time and run.expected_start_time < now - LATE:
            late[run.deployment_id].append(run)
    for runs in late.values():
        for run in sorted(runs, key=lambda run: run.expected_start_time or now)[:-1]:
            state: State[Any] = Cancelled(
                message="Missed: nothing ran at its time, and a newer run is due. It is not replayed."
            )
            client.set_flow_run_state(run.id, state, force=True)
            yield f"{run.name}: missed"


def _runs(client: SyncPrefectClient, *types: str) -> list[FlowRun]:
    wanted = FlowRunFilter.model_validate(
        {"state": {"type": {"any_": list(types)}}, "deployment_id": {"is_null_": False}}
    )
    return client.read_flow_runs(flow_run_filter=wanted, limit=200)


def _runs_with_a_process() -> set[str]:
    """The ids of the flow runs for which a process of ours lives on this machine."""
    found = set()
    for process in psutil.process_iter(["environ", "status"]):
        environment = process.info["environ"] or {}
        if RUN_ID in environment and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.add(environment[RUN_ID])
    return found
