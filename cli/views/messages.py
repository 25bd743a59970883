"""What a person sees of rendering and sending."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from cli.views.terminal import as_json_line, say, say_whole, table
from models import PauseKind, Reason
from nurture.vocabulary import name_of, next_step

if TYPE_CHECKING:
    from nurture.delivery.dispatch import DispatchReport
    from nurture.rendering.freeze import FrozenNight
    from nurture.rendering.preview import PreviewReport
    from nurture.safeguards.operator import Moved


def dispatch_report(report: DispatchReport, outbox: Path, as_json: bool) -> None:
    """What a dispatch came to."""
    if as_json:
        return as_json_line(vars(report) | {"guarded": report.guarded and asdict(report.guarded)})
    if report.guarded:
        from nurture.safeguards.restore_guard import WHY_FIRST

        say(
            (f"Nothing was sent: this database was {report.guarded}.", "red"), f" Run `nurture reconcile`: {WHY_FIRST}."
        )
        return None
    if report.swept or report.resolved:
        say(f"Taken over from runs that died: {report.swept:,}; in doubt and now settled: {report.resolved:,}.")
    if report.recovered:
        say(f"Planned again after the restore, but sent before it, and not sent again: {report.recovered:,}.")
    if report.killed:
        say((f"Nothing is sent: stopped, {report.killed}.", "red"), " `nurture go` lets sending go on.")
    elif not (report.sent or report.stopped):
        say("Nothing is due now.")
    table("Sent", ["outcome", "messages"], [[fate.replace("_", " "), count] for fate, count in report.sent.items()])
    from nurture.night.eligibility import ends

    stopped = [
        [name_of(Reason, why, "en"), "ends" if ends(why) else "waits", count, next_step(why, "en")]
        for why, count in report.stopped.most_common()
    ]
    table("Not sent now, and why", ["reason", "so it", "messages", "what to do"], stopped)
    if report.refused:
        say((f"{report.refused:,} message(s) are held: their words are not those that were frozen.", "red"))
    if report.unknown:
        say((f"{report.unknown:,} message(s) are in doubt.", "red"), " They are looked up at each dispatch.")
    if report.wordless:
        say((f"{report.wordless:,} message(s) are due and have no words yet.", "red"), " `nurture run` renders them.")
    if report.awaiting:
        say((f"{report.awaiting:,} message(s) wait for an approval.", "yellow"), " `nurture approve` shows them.")
    for warning in report.warnings:
        say((warning, "yellow"))
    for trouble in report.broken:
        say((trouble, "red"))
    for page in sorted(outbox.glob("*/index.html"))[-1:] if report.sent else ():
        say_whole(f"To look at them, open {page}")
    return None


def frozen(found: FrozenNight, as_json: bool) -> None:
    """What rendering came to."""
    if as_json:
        return as_json_line(found)
    say(f"Rendered: {found.rendered:,} messages", f", {found.failed:,} failed." if found.failed else ".")
    table(
        "Could not be rendered",
        ["journey", "touch", "messages", "why"],
        [[fault.journey, fault.touch, fault.messages, fault.why] for fault in found.faults],
    )
    if found.held:
        say((f"{found.held:,} message(s) wait for an approval.", "yellow"), " Look at them: nurture approve")
    for touch in found.halted:
        say((f"Paused: {touch}.", "red"), f" Mend its text, then: nurture resume touch {touch}")
    return None


def preview_report(report: PreviewReport, as_json: bool) -> None:
    """Which texts a person would get."""
    if as_json:
        return as_json_line(report)
    rows = [[t.stage, t.touch, t.channel, t.file, t.problem or t.subject] for t in report.touches]
    table("What this person would read", ["stage", "touch", "by", "file", "subject, or first line"], rows)
    say_whole(f"To read them, open {report.page}")
    return None


def moved(what: str, found: Moved, as_json: bool) -> None:
    """How many messages moved, and where the others stand."""
    if as_json:
        return as_json_line(found)
    others = ", ".join(f"{count:,} {state}" for state, count in found.stayed.items())
    say(f"{found.moved:,} message(s) {what}.", f" Left as they are: {others}." if others else "")
    return None


def replanned(found: Moved, rendered: FrozenNight, as_json: bool) -> None:
    """How many messages got new words."""
    if as_json:
        return as_json_line(asdict(found) | {"rendered": asdict(rendered)})
    moved("to be rendered again", found, as_json)
    frozen(rendered, as_json)
    if rendered.failed:
        say(("What failed is held.", "red"), " Mend its text, then cancel --replan again, and release.")
    return None


def resent(copy: UUID, rendered: FrozenNight, as_json: bool) -> None:
    """The id of a copy, or why there is none."""
    if as_json:
        return as_json_line({"message": str(copy), "rendered": asdict(rendered)})
    if rendered.failed:
        return frozen(rendered, as_json)
    say_whole(f"Planned as {copy}; it goes with the next dispatch in the recipient's window.")
    return None


def paused(kind: PauseKind, name: str, as_json: bool) -> None:
    """What is paused now."""
    if as_json:
        return as_json_line({"paused": {"kind": kind, "name": name}})
    say(f"Paused: {_called(kind, name)}. Until then nothing of it is sent: nurture resume {_called(kind, name)}")
    return None


def resumed(kind: PauseKind, name: str, as_json: bool) -> None:
    """What goes on."""
    if as_json:
        return as_json_line({"resumed": {"kind": kind, "name": name}})
    say(f"Goes on: {_called(kind, name)}.")
    return None


def _called(kind: PauseKind, name: str) -> str:
    return kind.value if kind is PauseKind.ALL else f"{kind} {name}"
