"""The `nurture` command: what a person types, and what they see. Every command can answer as JSON."""

import gc
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cli import backup, live, messages, running, serve, spool
from cli.app import BAD_INPUT, OK, PROBLEM, Json, Moment, Night, Speech, app, as_date, open_house
from cli.views import night as show
from nurture.errors import InputError, NightBusy, NurtureError, StoreBusy

__all__ = ["app", "backup", "live", "main", "messages", "running", "serve", "spool"]


@app.command("import")
def import_(
    kind: Annotated[str, typer.Argument(help="staff, accounts, leads, consents or events: import them in this order.")],
    file: Annotated[Path, typer.Argument(help="A CSV file: UTF-8, UTF-16 or GBK; comma, semicolon, tab or |.")],
    json: Json = False,
) -> None:
    """Bring a file in. The same file twice changes nothing.

    Rows that cannot be used are left out whole, told by line and reason, and kept in var/refused/; then the exit code
    is 1. A file that cannot be trusted as a whole (wrong columns, two versions of one row, damaged) imports nothing
    and ends with 2.
    """
    from nurture.content.event_kinds import read_events
    from nurture.imports.import_file import import_file
    from nurture.imports.layouts import FileKind
    from nurture.settings import read_settings
    from nurture.storage.database import Store

    settings = read_settings()
    if kind not in tuple(FileKind):
        raise InputError(f"{kind!r} cannot be imported. Choose one of: {', '.join(FileKind)}.")
    catalogue = read_events(settings.content)
    with show.progress(f"Importing {file.name}", silent=json) as progress:
        report = import_file(
            Store.of(settings),
            settings,
            FileKind(kind),
            file,
            now=datetime.now(UTC),
            events=frozenset(catalogue.events),
            progress=progress,
        )
    show.import_report(report, json)
    raise typer.Exit(PROBLEM if report.refused else OK)


@app.command()
def run(
    night: Night = None,
    journey: Annotated[str | None, typer.Option(help="Only this journey; the others may follow later.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide and report, but write nothing.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many leads; with --dry-run.")] = None,
    json: Json = False,
) -> None:
    """Close a night: score, walk every journey, choose what goes out, write down why, and render the texts.

    A night is closed once. Run it again and it says so; kill it and the next run takes up where it stopped. Nights
    only move forward: an earlier one can be looked at with --dry-run.
    """
    from nurture.night.run_night import run_night
    from nurture.settings import read_settings

    with show.progress("Closing the night", silent=json) as progress:
        try:
            result = run_night(
                read_settings(),
                datetime.now(UTC),
                as_date(night),
                journeys=[journey] if journey else [],
                dry_run=dry_run,
                limit=limit,
                progress=lambda step, done, of: progress(done, of),
            )
        except NightBusy as busy:
            show.note(str(busy), json)
            raise typer.Exit(OK) from None
    show.night_result(result, json)
    raise typer.Exit(PROBLEM if result.rendered and result.rendered.halted else OK)


@app.command()
def status(now: Moment = None, json: Json = False) -> None:
    """How things stand: last night, who stands where, what is on its way.

    Ends with 1 if last night is missing or failed, so that a watchdog can call it (a night is due at
    NURTURE_NIGHT_DUE), or if a restore was not reconciled.
    """
    from nurture.content.send_windows import night_due_by
    from nurture.reporting.status import read_status

    with open_house() as (database, playbook, settings):
        moment = settings.moment(now) if now else datetime.now(UTC)
        found = read_status(database, playbook, night_due_by(moment, playbook.zone, settings.night_due))
    show.status(found, json)
    raise typer.Exit(PROBLEM if found.trouble or found.guarded else OK)


@app.command()
def explain(
    lead: Annotated[str | None, typer.Argument(help="A lead's id, email, mobile or WeCom id.")] = None,
    night: Night = None,
    touch: Annotated[str | None, typer.Option(help="With --night: how that night decided about this touch.")] = None,
    language: Annotated[Speech, typer.Option(help="Of the answer.")] = Speech.EN,
    json: Json = False,
) -> None:
    """Why a lead moved, got something, or got nothing, and what comes next and when.

    Or, for a touch: nurture explain --night 2026-10-09 --touch checklist
    """
    from nurture.content.send_windows import business_date
    from nurture.reporting.explain import explain_lead, explain_touch

    if (lead is None) == (touch is None) or (touch is None) != (night is None):
        raise InputError("Name a lead, or a touch with its night: nurture explain --night 2026-10-09 --touch checklist")
    with open_house() as (database, playbook, _):
        if touch is not None and night is not None:
            show.touch_verdicts(explain_touch(database, night.date(), touch), json, language.value)
        elif lead is not None:
            today = business_date(datetime.now(UTC), playbook.zone)
            show.lead_story(explain_lead(database, playbook, lead, today, language.value), json, language.value)


@app.command()
def audit(json: Json = False) -> None:
    """Prove the promises of the ledger on this database. Ends with 1 if one is broken."""
    from nurture.audit.night_checks import audit as prove

    with open_house() as (database, _, settings):
        findings = prove(database, settings.paths.rendered)
    show.findings(findings, json)
    raise typer.Exit(PROBLEM if any(finding.breaches for finding in findings) else OK)


@app.command()
def check(json: Json = False) -> None:
    """Read every journey, policy, event and text, and look for leads that a change would leave behind.

    Texts are rendered for readers of whom everything, almost nothing, and only nasty things are known.
    """
    from nurture.content.brand import read_voice
    from nurture.content.send_windows import business_date
    from nurture.journey.lint import check_against, check_playbook
    from nurture.journey.playbook import read_playbook
    from nurture.settings import read_settings
    from nurture.storage.database import Store
    from nurture.templates.proofreader import proofread
    from nurture.web.pages import read_pages

    settings = read_settings()
    playbook = read_playbook(settings)
    read_pages(settings.content, settings.public_url)
    problems = check_playbook(playbook, business_date(datetime.now(UTC), playbook.zone))
    problems += proofread(playbook.content, read_voice(settings.content), playbook.policy.language)
    if settings.paths.database.exists():
        with Store.of(settings).open() as database:
            problems += check_against(database, playbook)
    show.problems(playbook, problems, json)
    raise typer.Exit(PROBLEM if problems else OK)


@app.command()
def settings(json: Json = False) -> None:
    """Every NURTURE_* setting: its value here, its default and its meaning."""
    from nurture.settings import read_settings

    show.settings(read_settings(), json)


def main() -> NoReturn:
    """Run the command; an error of ours becomes one message on stderr and the exit code it deserves.

    What it makes, and what the processes that it starts make, is its user's alone, whatever the shell's umask says.
    """
    os.umask(0o077)
    gc.set_threshold(50_000, 20, 20)  # collecting what imports leave costs a short command a twentieth of its time
    try:
        app()
    except (StoreBusy, NightBusy) as error:
        show.error(error)
        sys.exit(PROBLEM)
    except NurtureError as error:
        show.error(error)
        sys.exit(BAD_INPUT)
    sys.exit(OK)


if __name__ == "__main__":
    main()
