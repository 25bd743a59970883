"""One night, in order: decide, then render what was decided. Who runs each step is handed in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

from nurture.channels.registry import open_lists
from nurture.consent.provider_suppressions import pull, told_of
from nurture.consent.publish_preferences import publish
from nurture.content.brand import read_voice
from nurture.content.send_windows import business_date
from nurture.errors import NightRefused
from nurture.inbound.drain import drain
from nurture.journey.playbook import read_playbook
from nurture.keys.address_hashes import prove_address_key
from nurture.night.close_steps import close_night
from nurture.night.report import NightReport
from nurture.rendering.freeze import FrozenNight, freeze
from nurture.settings import read_settings
from nurture.steps import Plainly, Steps
from nurture.storage.database import Store
from nurture.storage.locks import night_lease

Progress = Callable[[str, int, int], None]
PLAINLY = Plainly()


@dataclass(frozen=True)
class NightResult:
    """What a night decided, and what became of its texts (nothing is rendered in a dry run)."""

    decided: NightReport
    rendered: FrozenNight | None


def close_and_render(
    night: date | None = None,
    *,
    journeys: Sequence[str] = (),
    dry_run: bool = False,
    limit: int | None = None,
    now: datetime | None = None,
    progress: Progress = lambda step, done, of: None,
    steps: Steps = PLAINLY,
) -> NightResult:
    """Close a night of this installation: decide, then render what was decided.

    Args:
        night: Business date; without it, today's.
        journeys: The names of the journeys to run; the others may follow later. Without it, all of them.
        dry_run: Decide and report, but write nothing.
        limit: Only the first so many leads; dry runs only.
        now: The time to write into the records; without it, the clock's.
        progress: Told the step and how many of how many are done.
        steps: Who runs each step.

    Raises:
        NightBusy: another process works on the nights of this home.
        NightRefused: the night cannot run as asked, or has not come yet.
        StoreBusy: another process holds the database.
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
        steps.reach(partial(prove_address_key, store, settings))
        if not dry_run and (provider := open_lists(settings, playbook)):
            steps.step("take suppression lists", partial(pull, store, settings, provider, moment), told_of)
        with store.open() as database:
            if not dry_run:
                drain(database, settings, playbook, moment)
            decided = close_night(
                database, playbook, wanted, now=moment, only=journeys, limit=limit, dry_run=dry_run,
                progress=progress, steps=steps,
            )  # fmt: skip
            if not dry_run:
                publish(database, settings)
        if dry_run:
            return NightResult(decided, None)
        rendering = freeze(
            store, settings, playbook, wanted, moment, lambda done, of: progress("render", done, of), steps
        )
        return NightResult(decided, rendering)
