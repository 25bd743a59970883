"""The commands that keep an installation running."""

from typing import Annotated

import typer

from cli.app import OK, Json, app, open_house
from cli.views.terminal import say_whole
from nurture.errors import AlreadyUp


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Of the Prefect server and its UI.")] = 4200,
    gallery_port: Annotated[int, typer.Option(help="Of the outbox, to look at messages.")] = 4201,
    web_port: Annotated[int, typer.Option(help="Of the pages and hooks of `nurture serve`.")] = 8700,
) -> None:
    """Run everything on this machine until Ctrl-C: Prefect server, schedules, worker, web pages, and the outbox.

    Nights run at 02:00, a dispatch every ten minutes (prefect.yaml). All files lie under NURTURE_HOME. What ends by
    itself is started again; a second `nurture up` says who runs. Ctrl-C or SIGTERM stops all of it.
    """
    from flows.server.supervisor import Ports, keep_up
    from nurture.settings import read_settings

    try:
        keep_up(read_settings(), Ports(port, gallery_port, web_port), say_whole)
    except AlreadyUp as running:
        say_whole(str(running))
    raise typer.Exit(OK)


@app.command()
def demo(json: Json = False) -> None:
    """A company's month of nurturing, in a minute: 2,000 invented leads, thirty nights, every message to look at.

    Imports content/sample, lives through 2026-10-22 to 2026-11-20 on a virtual clock (the last night under Prefect),
    and delivers into a folder. Nothing leaves this machine. All files lie in NURTURE_HOME/demo; the next demo makes it
    anew.
    """
    from cli.demo import FIRST, LAST, run_demo
    from cli.views.demo import demo as show_demo
    from cli.views.terminal import progress
    from nurture.reporting.period import read_month

    found = run_demo(lambda title: progress(title, silent=json))
    with open_house() as (database, playbook, _):
        month = read_month(database, playbook, FIRST, LAST)
    show_demo(found, month, json)
    raise typer.Exit(OK)
