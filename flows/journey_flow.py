"""What makes a journey's function a Prefect flow, where Prefect is.

A journey file is read by every command, and most of them need no Prefect, whose import takes longer than they do. So a
flow is made at once where Prefect is loaded (in its server, worker, runs), and else when it is first used.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nurture.journey import Journey

if TYPE_CHECKING:
    from prefect import Flow


@dataclass(frozen=True)
class LaterFlow:
    """A flow that is made when somebody calls it, or asks it for anything."""

    name: str
    body: Callable[..., Any]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it."""
        return self.flow(*args, **kwargs)

    def __getattr__(self, wanted: str) -> Any:
        return getattr(self.flow, wanted)

    @cached_property
    def flow(self) -> "Flow[..., Any]":
        """The flow itself."""
        return _flow(self.name, self.body)


def walk(journey: Journey, night: date | None, *, dry_run: bool, limit: int | None) -> Any:
    """Walk one journey for one night, as ``nightly_nurture`` walks them all; the state in which the run ends."""
    from flows.nightly_nurture import run_night

    return run_night(night, journeys=[journey], dry_run=dry_run, limit=limit)


def journey_flow(name: str) -> Callable[[Callable[..., Any]], Any]:
    """Make a function the flow of the journey of this name; its runs are called by their nights."""

    def made(body: Callable[..., Any]) -> Any:
        return _flow(name, body) if "prefect" in sys.modules else LaterFlow(name, body)

    return made


def _flow(name: str, body: Callable[..., Any]) -> "Flow[..., Any]":
    from prefect import flow

    from flows.nightly_nurture import called_by_night

    return flow(name=name, flow_run_name=called_by_night)(body)
