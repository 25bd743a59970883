"""The commands around sending: look at texts, send what is due, and an operator's hand on single messages."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.app import OK, PROBLEM, Json, Moment, app, open_house
from cli.views import messages as show
from cli.views.terminal import progress as progress_bar
from models import Channel, PauseKind
from nurture.errors import InputError

if TYPE_CHECKING:
    from nurture.rendering.freeze import FrozenNight
    from nurture.safeguards.operator import Operator
    from nurture.storage.database import Database

Messages = Annotated[list[str] | None, typer.Argument(help="Ids of messages, or their first 8 digits or more.")]
ByLead = Annotated[str | None, typer.Option("--lead", help="Those of a lead, by its id.")]
ByJourney = Annotated[str | None, typer.Option("--journey", help="Those of a journey.")]
ByTouch = Annotated[str | None, typer.Option("--touch", help="Those of a touch: checklist or product-trial/checklist.")]
ByChannel = Annotated[Channel | None, typer.Option("--channel", help="Those of a channel.")]


@app.command()
def dispatch(
    now: Moment = None,
    json: Json = False,
) -> None:
    """Send what is due: claim, send, record, each message at most once.

    Everything that could stop a message is asked again. Kill it at any moment and run it again: what is in doubt is
    looked up, never sent on a guess. Ends with 1 if something needs a person.
    """
    from nurture.delivery.run_dispatch import send_due
    from nurture.settings import read_settings

    settings = read_settings()
    with progress_bar("Sending", silent=json) as progress:
        report = send_due(settings, settings.moment(now) if now else datetime.now(UTC), progress=progress)
    show.dispatch_report(report, settings.paths.outbox, json)
    raise typer.Exit(OK if report.healthy else PROBLEM)


@app.command()
def preview(
    journey: Annotated[str, typer.Argument(help="The name of a journey.")],
    lead: Annotated[str | None, typer.Option(help="Read as this lead of the database.")] = None,
    persona: Annotated[str | None, typer.Option(help="Read as this example reader (content/personas.toml).")] = None,
    json: Json = False,
) -> None:
    """Render every text of a journey as one person would read it. Nothing is planned or sent.

    For example: nurture preview product-trial --persona user-zh
    """
    from nurture.content.personas import read_personas
    from nurture.content.send_windows import business_date
    from nurture.journey.playbook import read_playbook
    from nurture.rendering.preview import lead_reader, persona_reader
    from nurture.rendering.preview import preview as look
    from nurture.settings import read_settings
    from nurture.storage.database import Store

    settings = read_settings()
    playbook, moment = read_playbook(settings), datetime.now(UTC)
    personas = read_personas(settings.content)
    if (lead is None) == (persona is None):
        raise InputError(f"Say who reads: --lead ID, or --persona with one of: {', '.join(personas)}.")
    wanted = playbook.journey(journey)
    if lead is not None:
        with Store.of(settings).open() as database:
            who = lead_reader(database, playbook, lead)
    else:
        who = persona_reader(persona or "", personas, business_date(moment, playbook.zone))
    report = look(settings, playbook, wanted, who, moment)
    show.preview_report(report, json)
    raise typer.Exit(PROBLEM if report.failed else OK)


@contextmanager
def _hand() -> "Iterator[tuple[Database, Operator]]":
    """The open database, and a person's hand on its messages."""
    from nurture.safeguards.operator import Operator

    with open_house() as (database, playbook, _):
        yield database, Operator(database, playbook, datetime.now(UTC))


def _moves(name: Literal["hold", "release"], help_: str, done: str) -> None:
    """Add a command that moves the messages that a person selects."""

    @app.command(name, help=help_)
    def command(
        messages: Messages = None,
        lead: ByLead = None,
        journey: ByJourney = None,
        touch: ByTouch = None,
        channel: ByChannel = None,
        json: Json = False,
    ) -> None:
        from nurture.safeguards.operator import select

        with _hand() as (database, operator):
            which = select(database, messages or [], lead, journey, touch, channel)
            moved = operator.hold(which) if name == "hold" else operator.release(which)
        show.moved(done, moved, json)


_moves("hold", "Keep planned messages back until they are released.", "held")
_moves("release", "Let held messages go on, in their window and after all checks.", "released")


@app.command()
def cancel(
    messages: Messages = None,
    lead: ByLead = None,
    journey: ByJourney = None,
    touch: ByTouch = None,
    channel: ByChannel = None,
    replan: Annotated[
        bool, typer.Option("--replan", help="Do not end them: render them again with today's texts.")
    ] = False,
    json: Json = False,
) -> None:
    """End messages that were not sent, and give up those in doubt.

    With --replan they stay planned and get new words: nurture cancel --touch checklist --replan
    """
    from nurture.safeguards.operator import select

    with _hand() as (database, operator):
        which = select(database, messages or [], lead, journey, touch, channel)
        moved = operator.replan(which) if replan else operator.cancel(which)
    frozen = _render(operator.now, json) if replan else None
    show.replanned(moved, frozen, json) if frozen else show.moved("cancelled", moved, json)
    raise typer.Exit(PROBLEM if frozen and frozen.failed else OK)


@app.command()
def resend(
    message: Annotated[str, typer.Argument(help="The id of a message that ended, or its first 8 digits or more.")],
    again: Annotated[bool, typer.Option("--again", help="Although they may have it already.")] = False,
    json: Json = False,
) -> None:
    """Plan a copy of a message that ended, with today's words. All checks are asked anew."""
    from nurture.safeguards.operator import find_message

    with _hand() as (database, operator):
        copy = operator.resend(find_message(database, message), again=again)
    frozen = _render(operator.now, json)
    show.resent(copy, frozen, json)
    raise typer.Exit(PROBLEM if frozen.failed else OK)


@app.command()
def pause(
    kind: Annotated[PauseKind, typer.Argument(help="What to pause.")],
    name: Annotated[str, typer.Argument(help="Which one: its name; nothing for all.")] = "",
    why: Annotated[str, typer.Option(help="For those who find it paused.")] = "by hand",
    json: Json = False,
) -> None:
    """Send nothing of a journey, a touch, a channel, or at all, until it is resumed.

    For example: nurture pause all; nurture pause touch checklist --why "wrong date in it"
    """
    with _hand() as (_, operator):
        show.paused(kind, operator.pause(kind, name, why), json)


@app.command()
def resume(
    kind: Annotated[PauseKind, typer.Argument(help="What to resume.")],
    name: Annotated[str, typer.Argument(help="Which one: its name; nothing for all.")] = "",
    json: Json = False,
) -> None:
    """End a pause. `nurture status` lists them."""
    with _hand() as (_, operator):
        show.resumed(kind, operator.resume(kind, name), json)


def _render(moment: datetime, silent: bool) -> "FrozenNight":
    """Render what has no words."""
    from nurture.content.send_windows import business_date
    from nurture.journey.playbook import read_playbook
    from nurture.rendering.freeze import freeze
    from nurture.settings import read_settings
    from nurture.storage.database import Store

    settings = read_settings()
    playbook = read_playbook(settings)
    with progress_bar("Rendering", silent=silent) as progress:
        night = business_date(moment, playbook.zone)
        return freeze(Store.of(settings), settings, playbook, night, moment, progress)
