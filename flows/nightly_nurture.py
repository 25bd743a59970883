"""The main job: take in, score, walk every journey, arbitrate, and report."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from nurture.addresses import open_address_key
from nurture.calendar import business_date
from nurture.errors import NightRefused
from nurture.journey import Journey
from nurture.lease import night_lease
from nurture.night import close_night
from nurture.night_report import NightReport
from nurture.playbook import read_playbook
from nurture.settings import read_settings
from nurture.store import Store


def run_night(
    night: date | None = None,
    *,
    journeys: Sequence[Journey | str] = (),
    dry_run: bool = False,
    limit: int | None = None,
    now: datetime | None = None,
    progress: Callable[[str, int, int], None] = lambda step, done, of: None,
) -> NightReport:
    """Close a night of this installation.

    Args:
        night: Business date; without it, today's.
        journeys: Run only these (or the ones so called); the others may follow later. Without it, all of them.
        dry_run: Decide and report, but write nothing.
        limit: Only the first so many leads; dry runs only.
        now: The time to write into the records; without it, the clock's.

    Raises:
        NightBusy: another process works on the nights of this home.
        NightRefused: the night cannot run as asked, or has not come yet.
        InputError: the address key is missing or another one: no suppression could be recognised.
    """
    settings = read_settings()
    moment = now or datetime.now(UTC)
    playbook = read_playbook(settings)
    today = business_date(moment, playbook.zone)
    wanted = night or today
    if wanted > today and not dry_run:
        raise NightRefused(f"Night {wanted} has not come yet, today is {today}. Add --dry-run to look ahead.")
    with night_lease(settings.home, moment), Store.of(settings).open() as database:
        with database.transaction():
            open_address_key(database, settings)
        return close_night(
            database,
            playbook,
            wanted,
            now=moment,
            only=[each.name if isinstance(each, Journey) else each for each in journeys],
            limit=limit,
            dry_run=dry_run,
            progress=progress,
        )
