"""What a person sees of an answer: tables and sentences for eyes, JSON for programs, progress on stderr."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from cli.views.lead import lead_story, touch_verdicts
from cli.views.messages import frozen
from cli.views.terminal import as_json_line, err, error, out, progress, say, say_whole, table
from models import Channel, MessageState, Reason, Verdict
from nurture.vocabulary import name_of

if TYPE_CHECKING:
    from nurture.audit.check import Finding
    from nurture.imports.report import ImportReport
    from nurture.journey.playbook import Playbook
    from nurture.night.report import NightReport
    from nurture.night.run_night import NightResult
    from nurture.reporting.status import Status
    from nurture.settings import Settings

SHOWN = 10
NOT_SHOWN = ("expired", "rendered", "render_errors")


def note(text: str, as_json: bool) -> None:
    """Something worth knowing that is no problem."""
    if as_json:
        as_json_line({"note": text})
    else:
        say_whole(text)


def import_report(report: ImportReport, as_json: bool) -> None:
    """What an import did, and every refused row with its reason."""
    if as_json:
        return as_json_line(report)
    counts = f"{report.changed:,} changed, {report.unchanged:,} unchanged, {report.repeated:,} repeated"
    added = (f"{report.added:,} added", "bold")
    say(f"{report.path.name}: {report.rows:,} rows; ", added, f", {counts}, {report.refused_count:,} refused.")
    if report.ignored_columns:
        say(f"Columns that Nurture does not know: {', '.join(report.ignored_columns)}.")
    for row in report.refused[:SHOWN]:
        say(f"line {row.line}: {row.reason}", indent=2)
    if report.refused_file:
        say_whole(f"All refused rows, with their reasons: {report.refused_file}. Correct them there and import it.")
    return None


def night_report(report: NightReport, as_json: bool) -> None:
    """What a night decided: a line a journey, and why the rest was held back."""
    if as_json:
        return as_json_line(report)
    title = f"Night {report.night}" + (" (dry run: nothing was written)" if report.dry_run else "")
    measures = [name for name in report.journeys[0].counts.names() if name not in NOT_SHOWN] if report.journeys else []
    rows = [[_spaced(name), *(getattr(line.counts, name) for line in report.journeys)] for name in measures]
    table(title, [" ", *(line.journey for line in report.journeys)], rows)
    held = [
        [line.journey, name_of(Verdict, line.verdict, "en"), name_of(Reason, line.reason, "en"), line.pairs]
        for line in report.held_back
    ]
    table("Held back, and why", ["journey", "verdict", "reason", "touches"], held)
    _gaps(report)
    if not report.changed:
        say(f"Night {report.night} was closed before; nothing was done. A closed night never changes.")
    elif not report.complete:
        say("Not every journey has run tonight; `nurture run` does the rest.")
    return None


def night_result(result: NightResult, as_json: bool) -> None:
    """What a night decided, and what became of its texts."""
    if as_json:
        return as_json_line(asdict(result.decided) | {"rendered": result.rendered and asdict(result.rendered)})
    night_report(result.decided, as_json)
    if result.rendered and (result.rendered.rendered or result.rendered.failed):
        frozen(result.rendered, as_json)
    return None


def _gaps(report: NightReport) -> None:
    """Business dates that have no night, or only a part of one."""
    if report.missed:
        days = ", ".join(str(day) for day in report.missed[:SHOWN])
        missed = f"No night ran on {len(report.missed)} date(s) before: {days}."
        say((missed, "yellow"), " They are not replayed.")
    if report.unfinished:
        nights = ", ".join(str(night) for night in report.unfinished[:SHOWN])
        say((f"Never completed: {nights}.", "yellow"), " Nights only move forward, so they stay as they are.")


def status(found: Status, as_json: bool) -> None:
    """How things stand."""
    if as_json:
        return as_json_line(found)
    say(f"{found.leads:,} leads in {found.accounts:,} accounts, {found.interactions:,} interactions.")
    say(f"Newest night: {found.newest_night or 'none yet; `nurture run` closes the first'}.")
    if found.guarded:
        say((f"This database was {found.restored}.", "red"), " Nothing is sent until `nurture reconcile` has run.")
    if found.trouble:
        say((found.trouble, "red"))
    if earlier := [night for night in found.unfinished if night < found.last_night]:
        say((f"Never completed: {', '.join(map(str, earlier))}.", "yellow"), " Nights only move forward.")
    stages = [[s.journey, s.stage, s.leads, float(s.median_nights)] for s in found.stages]
    table("Who stands where", ["journey", "stage", "leads", "median nights there"], stages)
    messages = [
        [name_of(Channel, m.channel, "en"), name_of(MessageState, m.state, "en"), m.messages] for m in found.messages
    ]
    table("Messages", ["channel", "state", "messages"], messages)
    paused = [[p.kind, p.name, f"{p.since:%Y-%m-%d %H:%M}", p.why] for p in found.paused]
    table("Paused", ["what", "name", "since (UTC)", "why"], paused)
    if found.doubtful_since:
        say((f"In doubt since {found.doubtful_since:%Y-%m-%d %H:%M} UTC or later.", "red"), " See state unknown.")
    return None


def findings(found: Sequence[Finding], as_json: bool) -> None:
    """Every promise, and whether it holds."""
    if as_json:
        return as_json_line(found)
    for finding in found:
        if finding.breaches:
            examples = ", ".join(finding.examples)
            broken = f" {finding.promise}: {finding.breaches:,} time(s), e.g. {examples}"
            say(("broken", "bold red"), broken)
        else:
            say(("holds", "green"), f"  {finding.promise}")
    return None


def problems(playbook: Playbook, found: Sequence[str], as_json: bool) -> None:
    """What a check found."""
    if as_json:
        return as_json_line(found)
    for problem in found:
        say(("•", "red"), f" {problem}")
    touches = sum(1 for journey in playbook.journeys for _ in journey.touches())
    counts = f"{len(playbook.journeys)} journeys, {touches} touches, {len(playbook.content)} content files"
    say(f"{counts}: {len(found) or 'no'} problem(s).")
    return None


def settings(found: Settings, as_json: bool) -> None:
    """Every setting with its value, its default and its meaning."""
    fields = type(found).model_fields
    if as_json:
        return as_json_line({f"NURTURE_{name.upper()}": getattr(found, name) for name in fields})
    rows = [
        [f"NURTURE_{name.upper()}", getattr(found, name), str(field.default or ""), field.description]
        for name, field in fields.items()
    ]
    table("Settings", ["variable", "value", "default", "meaning"], rows)
    return None


def _spaced(word: str) -> str:
    return word.replace("_", " ")


__all__ = [
    "err",
    "error",
    "findings",
    "import_report",
    "lead_story",
    "night_report",
    "night_result",
    "note",
    "out",
    "problems",
    "progress",
    "settings",
    "status",
    "touch_verdicts",
]
