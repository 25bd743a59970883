"""The commands that keep a home: back it up, bring it back, and find out what was sent meanwhile."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.app import OK, PROBLEM, Json, app
from cli.views import backup as show
from cli.views.terminal import progress as progress_bar
from models import Channel


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="Where to put the file; best on another disk.")],
    with_keys: Annotated[
        bool,
        typer.Option(
            "--with-keys",
            help="Put address.key and web.key in, too. Without them keep the two elsewhere: who finds the file alone "
            "then cannot test addresses against the do-not-contact list, nor sign links in your name.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Put the home into one file, read it back, and only then give it its name.

    In it: the database, the frozen words, the attempt logs, the spool. Not in it: the outbox, previews, refused rows,
    and the keys (see --with-keys). Anything may run meanwhile. The file holds personal data and is not encrypted.

    For example: nurture backup /mnt/backup
    """
    from nurture.recovery.backup import back_up
    from nurture.settings import read_settings

    with progress_bar("Backing up", silent=json) as progress:
        report = back_up(read_settings(), folder, datetime.now(UTC), with_keys=with_keys, progress=progress)
    show.backup_report(report, json)
    raise typer.Exit(PROBLEM if report.broken else OK)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `nurture backup` made.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Although there is a database: move it aside into replaced-…/.")
    ] = False,
    json: Json = False,
) -> None:
    """Bring the home back to a backup. Nothing is sent afterwards until `nurture reconcile` has run.

    Every byte is proved before anything is touched. The attempt logs and the outbox that are there stay: they tell what
    was sent since the backup. Ends with 1 if a key must be brought.

    For example: nurture restore /mnt/backup/nurture-2026-10-12T011500Z.tar.gz --replace, then: nurture reconcile
    """
    from nurture.recovery.restore import restore as bring_back
    from nurture.settings import read_settings

    with progress_bar("Restoring", silent=json) as progress:
        report = bring_back(read_settings(), file, datetime.now(UTC), replacing=replace, progress=progress)
    show.restore_report(report, json)
    raise typer.Exit(PROBLEM if report.keys else OK)


@app.command()
def reconcile(
    vouch: Annotated[
        list[Channel] | None,
        typer.Option(help="You know that nothing went out by this channel since the backup. Only where it cannot say."),
    ] = None,
    json: Json = False,
) -> None:
    """After a restore: find out what was sent since the backup, then let sending go on.

    Every message that counts as unsent is asked about, in the attempt logs and at its channel. What was sent is
    recorded and not sent again; what nobody can tell is in doubt (see `nurture status`) and not sent either; the rest
    goes. A channel that cannot be asked now is named, and nothing is sent until it was. Ends with 1 if something needs
    a person. Run it as often as you like.
    """
    from nurture.delivery.reconcile import reconcile_sent
    from nurture.settings import read_settings

    with progress_bar("Asking what was sent", silent=json) as progress:
        report = reconcile_sent(read_settings(), datetime.now(UTC), vouched=vouch or (), progress=progress)
    show.reconcile_report(report, json)
    raise typer.Exit(OK if report.healthy else PROBLEM)
