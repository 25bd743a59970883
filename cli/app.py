"""What all commands share: the `nurture` command itself, its options, and the open house."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nurture.journey.playbook import Playbook
    from nurture.settings import Settings
    from nurture.storage.database import Database

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
      nurture run                                        [dim]do it, and render the texts[/dim]
      nurture preview product-trial --persona user-zh    [dim]every text as one person reads it[/dim]
      nurture dispatch                                   [dim]send what is due; into var/outbox/ by default[/dim]
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
Moment = Annotated[
    datetime | None,
    typer.Option(
        "--now",
        formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S%z"],
        help="Act as if it were this moment (business zone unless it says another).",
    ),
]


@contextmanager
def open_house() -> "Iterator[tuple[Database, Playbook, Settings]]":
    """The open database, the playbook and the settings."""
    from nurture.journey.playbook import read_playbook
    from nurture.settings import read_settings
    from nurture.storage.database import Store

    found = read_settings()
    playbook = read_playbook(found)
    with Store.of(found).open() as database:
        yield database, playbook, found


def as_date(moment: datetime | None) -> date | None:
    """The date that was typed."""
    return moment.date() if moment else None
