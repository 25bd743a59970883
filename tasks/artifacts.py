"""What the Prefect UI shows of a night: tables, the funnel, bars while it works, the way to the gallery.

Ids and counts only. Keys are stable, so each artifact has a history. Showing never breaks the work: when the API does
not answer, that is logged, and the night goes on.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

from httpx import HTTPError
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.exceptions import PrefectException

from models import Reason, Verdict
from nurture.night.report import HeldBack, NightReport
from nurture.reporting.funnel import FunnelStage
from nurture.safeguards.approval import WaitingNight
from nurture.vocabulary import name_of

log = logging.getLogger("nurture.seeing")

BAR = 24
PAUSE_SECONDS = 2.0
"""Between two updates of a bar: each is a request."""


def show_night(report: NightReport) -> None:
    """``nurture-tonight`` and ``nurture-refusals``, or their ``-dry-run`` twins."""
    dry = "-dry-run" if report.dry_run else ""
    title = f"Night {report.night}" + (" (dry run: nothing was written)" if report.dry_run else "")
    places = [asdict(place) for place in report.places]
    _shown(
        create_table_artifact, places, key=f"nurture-tonight{dry}", description=f"{title}: what was decided, by place"
    )
    _shown(
        create_table_artifact,
        [_refusal(held) for held in report.held_back],
        key=f"nurture-refusals{dry}",
        description=f"{title}: what is not sent, and why",
    )


def show_funnel(stages: Sequence[FunnelStage], title: str) -> None:
    """``nurture-funnel``: who stands where, as a small chart."""
    _shown(create_markdown_artifact, _funnel(stages, title), key="nurture-funnel", description=title)


def show_approval(waiting: Sequence[WaitingNight]) -> None:
    """``nurture-approval``: what waits until a person has looked at it."""
    for night in waiting:
        rows = [
            {"journey": t.journey, "touch": t.touch, "channel": t.channel, "messages": t.messages,
             "night before": t.night_before, "because": t.why}
            for t in night.touches
        ]  # fmt: skip
        told = f"Night {night.night}: {night.messages:,} messages wait. Samples: samples/{night.night} in NURTURE_HOME"
        _shown(create_table_artifact, rows, key="nurture-approval", description=told)


def show_gallery(page: Path, base_url: str) -> None:
    """``nurture-gallery``: the outbox of a night."""
    night = page.parent.name
    link = f"{base_url}/{night}/index.html" if base_url else page.resolve().as_uri()
    _shown(create_link_artifact, link, f"Messages of {night}", key="nurture-gallery", description="What went out")


def show_alarm(title: str, body: str) -> None:
    """``nurture-alarm``: what is wrong with a night, and what to do."""
    _shown(create_markdown_artifact, f"## {title}\n\n{body}", key="nurture-alarm", description=title)


class Bar:
    """A bar that fills while a night renders or a dispatch sends: ``nurture-rendering``, ``nurture-sending``."""

    def __init__(self, key: str, what: str) -> None:
        self._key, self._what = key, what
        self._id: UUID | None = None
        self._shown_at = 0.0

    def move(self, done: int, of: int) -> None:
        """So much of so much is done."""
        if not of or (done < of and monotonic() - self._shown_at < PAUSE_SECONDS):
            return
        self._shown_at = monotonic()
        told = f"{self._what}: {done:,} of {of:,}"
        if self._id is None:
            self._id = _shown(create_progress_artifact, 100 * done / of, key=self._key, description=told)
        else:
            _shown(update_progress_artifact, self._id, 100 * done / of, description=told)


def _shown(make: Callable[..., Any], *what: Any, **how: Any) -> Any:
    try:
        return make(*what, **how)
    except (HTTPError, PrefectException) as error:
        log.warning("%s could not be shown: %s", how.get("key", "a bar"), type(error).__name__)
        return None


def _refusal(held: HeldBack) -> dict[str, str | int]:
    return {
        "journey": held.journey,
        "verdict": name_of(Verdict, held.verdict, "en"),
        "reason": name_of(Reason, held.reason, "en"),
        "原因": name_of(Reason, held.reason, "zh"),
        "touches": held.pairs,
    }


def _funnel(stages: Sequence[FunnelStage], title: str) -> str:
    widest = max((each.reached for each in stages), default=0) or 1
    lines = [f"## {title}", "", "| journey | stage | stand there | came so far | |", "|---|---|---:|---:|---|"]
    for each in stages:
        bar = "█" * round(BAR * each.reached / widest)
        lines.append(f"| {each.journey} | {each.stage} | {each.standing:,} | {each.reached:,} | `{bar:<{BAR}}` |")
    return "\n".join(lines)
