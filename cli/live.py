"""The commands of whoever lets mail go to people: look and approve, send a test, stop everything."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.app import OK, PROBLEM, Json, app, open_house
from cli.views import live as show
from cli.views.terminal import err
from nurture.errors import InputError
from nurture.safeguards.kill_switch import KillSwitch


@app.command()
def approve(
    night: Annotated[
        datetime | None, typer.Argument(formats=["%Y-%m-%d"], help="The night to let go; without it, only look.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    json: Json = False,
) -> None:
    """Look at the nights that wait before they go to people, and let one go.

    In live mode a night waits when it has more messages than the policy lets pass (email.hold_above), or when a touch
    in it is new or has changed. Shown are what waits, how that compares to the night before, and samples.

    For example: nurture approve, then: nurture approve 2026-11-25
    """
    from nurture.channels.routing import live_kinds
    from nurture.rendering.samples import hang_samples
    from nurture.safeguards.approval import approve as let_go
    from nurture.safeguards.approval import read_waiting
    from nurture.storage.database import Store

    now = datetime.now(UTC)
    with open_house() as (database, playbook, settings):
        kinds = live_kinds(settings.mode, playbook.policy)
        waiting = [each for each in read_waiting(database, kinds) if night is None or each.night == night.date()]
    pages = [hang_samples(Store.of(settings), settings, playbook, each, now) for each in waiting]
    show.waiting(waiting, pages, json and night is None)
    if night is None:
        raise typer.Exit(OK)
    if not waiting:
        raise InputError(f"No message of night {night.date()} waits for an approval.")
    if not yes and not typer.confirm(f"Let these {waiting[0].messages:,} messages go to people?", err=True):
        err.print("Nothing was approved.")
        raise typer.Exit(PROBLEM)
    with open_house() as (database, playbook, settings):
        approved = let_go(database, kinds, night.date(), now, messages=waiting[0].messages)
    show.approved(night.date(), approved, json)


@app.command("send-test")
def send_test(
    touch: Annotated[str, typer.Argument(help="journey/touch, for example product-trial/checklist.")],
    to: Annotated[str, typer.Option("--to", help="Your own address. Unless live, one of NURTURE_ONLY_TO.")],
    lead: Annotated[str | None, typer.Option(help="Written as to this lead of the database.")] = None,
    persona: Annotated[str | None, typer.Option(help="Written as to this reader (content/personas.toml).")] = None,
    json: Json = False,
) -> None:
    """Send one touch, as one person would get it, to your own mailbox, by the provider that would carry it.

    For example: nurture send-test product-trial/checklist --to you@company.com --persona user-zh
    """
    from nurture.delivery.send_test import run_send_test as send
    from nurture.settings import read_settings

    result = send(read_settings(), datetime.now(UTC), touch, to, lead=lead, persona=persona)
    show.tested(result, json)
    raise typer.Exit(OK if result.accepted else PROBLEM)


@app.command()
def stop(
    why: Annotated[str, typer.Argument(help="For those who find it stopped.")] = "by hand",
    json: Json = False,
) -> None:
    """The kill switch: stop all sending at once, whatever is at work. Needs no database and no server.

    What a provider has got is gone; nothing more follows until `nurture go`. `touch var/STOP` does the same.
    """
    from nurture.settings import read_settings

    switch = KillSwitch(read_settings().paths.kill_switch)
    switch.pull(why, datetime.now(UTC))
    show.switched(f"Stopped: {switch.pulled}. `nurture go` lets sending go on.", json)


@app.command()
def go(json: Json = False) -> None:
    """Let sending go on after `nurture stop`. Pauses stay: `nurture status` lists them."""
    from nurture.settings import read_settings

    was = KillSwitch(read_settings().paths.kill_switch).release()
    show.switched("Sending goes on with the next dispatch." if was else "Nothing was stopped.", json)


doctor = typer.Typer(no_args_is_help=True, help="Look at what has to be right before it goes out. Changes nothing.")
app.add_typer(doctor, name="doctor")


@doctor.callback()
def _doctor() -> None:
    """Room for what else is examined one day."""


@doctor.command("email")
def doctor_email(json: Json = False) -> None:
    """Can mail go out, arrive, be answered and be left? Each finding says what to do.

    Looked at: mode, the pages' address, SPF, DKIM, DMARC and MX of every sender's domain, the key at SendGrid and what
    it may do, the senders there, the event webhook and its key, replies, the clock, and whether relays let us in.
    Nothing is sent, nothing is changed. Ends with 1 when something is bad.
    """
    from nurture.doctor import Verdict
    from nurture.doctor.email import examine_email
    from nurture.journey.playbook import read_playbook
    from nurture.settings import read_settings

    settings = read_settings()
    with err.status("Asking name servers, SendGrid and relays …"):
        found = list(examine_email(settings, read_playbook(settings), lambda: datetime.now(UTC)))
    show.examined(found, json)
    raise typer.Exit(PROBLEM if any(each.verdict is Verdict.BAD for each in found) else OK)
