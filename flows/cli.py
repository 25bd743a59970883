"""The `nurture` command: what a person types, and what they see. Every command can answer as JSON."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from flows import show
from nurture.errors import InputError, NightBusy, NurtureError, StoreBusy
from nurture.settings import Settings, read_settings

if TYPE_CHECKING:
    from nurture.playbook import Playbook
    from nurture.store import Database

OK, PROBLEM, BAD_INPUT = 0, 1, 2

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="""Walk every lead one honest step further along its journey, every night, and say why.

    A first look, from the project's folder:

      nurture import staff content/sample/staff.csv      [dim]then accounts, leads, consents, events[/dim]
      nurture run --dry-run                              [dim]what tonight would do; nothing is written[/dim]
      nurture run                                        [dim]do it[/dim]
      nurture explain L9001                              [dim]why one lead got what it got[/dim]

    Exit codes: 0 all is well, 1 a problem was found, 2 the command or its input is wrong.""",
)


class Speech(StrEnum):
    """The languages of an explanation."""

    EN = "en"
    ZH = "zh"


Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
Night = Annotated[
    datetime | None, typer.Option("--night", formats=["%Y-%m-%d"], help="Business date; without it, today's.")
]


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
    from nurture.events import read_events
    from nurture.intake import FileKind, import_file
    from nurture.store import Store

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
    """Close a night: score, walk every journey, choose what goes out, and write down why.

    A night is closed once. Run it again and it says so; kill it and the next run takes up where it stopped. Nights
    only move forward: an earlier one can be looked at with --dry-run.
    """
    from flows.nightly_nurture import run_night

    with show.progress("Closing the night", silent=json) as progress:
        try:
            report = run_night(
                _date(night),
                journeys=[journey] if journey else [],
                dry_run=dry_run,
                limit=limit,
                progress=lambda step, done, of: progress(done, of),
            )
        except NightBusy as busy:
            show.note(str(busy), json)
            raise typer.Exit(OK) from None
    show.night_report(report, json)


@app.command()
def status(json: Json = False) -> None:
    """How things stand: the newest night, who stands where, what is on its way.

    Ends with 1 if a night is unfinished.
    """
    from nurture.reporting import read_status

    with _house() as (database, playbook):
        found = read_status(database, playbook)
    show.status(found, json)
    raise typer.Exit(PROBLEM if found.newest_night in found.unfinished else OK)


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
    from nurture.calendar import business_date
    from nurture.explaining import explain_lead, explain_touch

    if (lead is None) == (touch is None) or (touch is None) != (night is None):
        raise InputError("Name a lead, or a touch with its night: nurture explain --night 2026-10-09 --touch checklist")
    with _house() as (database, playbook):
        if touch is not None and night is not None:
            show.touch_verdicts(explain_touch(database, night.date(), touch), json, language.value)
        elif lead is not None:
            today = business_date(datetime.now(UTC), playbook.zone)
            show.lead_story(explain_lead(database, playbook, lead, today, language.value), json, language.value)


@app.command()
def audit(json: Json = False) -> None:
    """Prove the promises of the ledger on this database. Ends with 1 if one is broken."""
    from nurture.auditing import audit as prove

    with _house() as (database, _):
        findings = prove(database)
    show.findings(findings, json)
    raise typer.Exit(PROBLEM if any(finding.breaches for finding in findings) else OK)


@app.command()
def check(json: Json = False) -> None:
    """Read every journey, policy, event and content file, and look for leads that a change would leave behind."""
    from nurture.calendar import business_date
    from nurture.checking import check_against, check_playbook
    from nurture.playbook import read_playbook
    from nurture.store import Store

    settings = read_settings()
    playbook = read_playbook(settings)
    problems = check_playbook(playbook, business_date(datetime.now(UTC), playbook.zone))
    if settings.database.exists():
        with Store.of(settings).open() as database:
            problems += check_against(database, playbook)
    show.problems(playbook, problems, json)
    raise typer.Exit(PROBLEM if problems else OK)


@app.command()
def settings(json: Json = False) -> None:
    """Every NURTURE_* setting: its value here, its default and its meaning."""
    show.settings(read_settings(), json)


@contextmanager
def _house() -> "Iterator[tuple[Database, Playbook]]":
    """The open database and the playbook."""
    from nurture.playbook import read_playbook
    from nurture.store import Store

    found: Settings = read_settings()
    playbook = read_playbook(found)
    with Store.of(found).open() as database:
        yield database, playbook


def _date(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def main() -> NoReturn:
    """Run the command; an error of ours becomes one message on stderr and the exit code it deserves."""
    try:
        app()
    except StoreBusy as error:
        show.error(error)
        sys.exit(PROBLEM)
    except NurtureError as error:
        show.error(error)
        sys.exit(BAD_INPUT)
    sys.exit(OK)


if __name__ == "__main__":
    main()
