"""The command that shows what came in and waits."""

from datetime import UTC, datetime

import typer

from cli.app import OK, PROBLEM, Json, app
from cli.views.terminal import as_json_line, say, say_whole


@app.command()
def spool(json: Json = False) -> None:
    """What came in from outside and is not in the ledger yet; every night and every dispatch applies it.

    Ends with 1 if something was set aside that nobody could read: look at it, then delete it.
    """
    from nurture.inbound.backlog import look
    from nurture.inbound.spool import Spool
    from nurture.settings import read_settings

    found = look(Spool(read_settings().paths.spool))
    age = int((datetime.now(UTC) - found.oldest).total_seconds()) if found.oldest else None
    if json:
        as_json_line(vars(found) | {"oldest": found.oldest and found.oldest.isoformat(), "oldest_age_seconds": age})
    else:
        since = f", the oldest for {age // 60:,} minutes" if age is not None else ""
        say(f"Waiting: {found.pending:,} lines{since}. Applied in the last days: {found.applied:,}.")
        for path in found.quarantined:
            say_whole(f"Set aside: {path}")
    raise typer.Exit(PROBLEM if found.quarantined else OK)
