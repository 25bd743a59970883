"""The commands that keep an installation running."""

from typing import Annotated

import typer

from flows.commands import OK, app
from flows.screen import say_whole
from nurture.errors import AlreadyUp
from nurture.settings import read_settings


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Of the Prefect server and its UI.")] = 4200,
    gallery_port: Annotated[int, typer.Option(help="Of the outbox, to look at messages.")] = 4201,
) -> None:
    """Run everything on this machine until Ctrl-C: Prefect server, schedules, worker, and the outbox to look at.

    Nights run at 02:00, a dispatch every ten minutes (prefect.yaml). All files lie under NURTURE_HOME. What ends by
    itself is started again; a second `nurture up` says who runs. Ctrl-C or SIGTERM stops all of it.
    """
    from flows.up import Ports, keep_up

    try:
        keep_up(read_settings(), Ports(port, gallery_port), say_whole)
    except AlreadyUp as running:
        say_whole(str(running))
    raise typer.Exit(OK)
