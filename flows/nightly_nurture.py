"""The main job: take in, score, walk every journey, arbitrate, render, and report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from nurture.addresses import open_address_key
from nurture.calendar import business_date
from nurture.errors import NightRefused
from nurture.inbound import drain
from nurture.inbound.publishing import publish
from nurture.journey import Journey
from nurture.lease import night_lease
from nurture.night import close_night
from nurture.night_report import NightReport
from nurture.playbook import Playbook, read_playbook
from nurture.rendering.freezing import FrozenNight, freeze
from nurture.settings import Settings, read_settings
from nurture.store import Store
from nurture.voice import read_voice

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class NightResult:
    """What a night decided, and what became of its texts (nothing is rendered in a dry run)."""

    decided: NightReport
    rendered: FrozenNight | None


def run_night(
    night: date | None = None,
    *,
    journeys: Sequence[Journey | str] = (),
    dry_run: bool = False,
    limit: int | None = None,
    now: datetime | None = None,
    progress: Progress = lambda step, done, of: None,
) -> NightResult:
    """Close a night of this installation: decide, then render what was decided.

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
        ContentError: the frame of all texts (company, senders, layout …) cannot be used; nothing was decided.
    """
    settings = read_settings()
    moment = now or datetime.now(UTC)
    playbook = read_playbook(settings)
    today = business_date(moment, playbook.zone)
    wanted = night or today
    if wanted > today and not dry_run:
        raise NightRefused(f"Night {wanted} has not come yet, today is {today}. Add --dry-run to look ahead.")
    read_voice(settings.content)
    store = Store.of(settings)
    with night_lease(settings.home, moment):
        with store.open() as database:
            with database.transaction():
                open_address_key(database, settings)
            if not dry_run:
                drain(database, settings, playbook, moment)
            decided = close_night(
                database,
                playbook,
                wanted,
                now=moment,
                only=[each.name if isinstance(each, Journey) else each for each in journeys],
                limit=limit,
                dry_run=dry_run,
                progress=progress,
            )
            if not dry_run:
                publish(database, settings)
        return NightResult(decided, None if dry_run else _render(store, settings, playbook, wanted, moment, progress))


def _render(
    store: Store, settings: Settings, playbook: Playbook, night: date, now: datetime, progress: Progress
) -> FrozenNight:
    return freeze(store, settings, playbook, night, now, lambda done, of: progress("render", done, of))
