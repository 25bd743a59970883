"""One night, its nine steps in order: what comes in, what is decided, what is rendered. Who runs each is handed in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from nurture.channels.registry import open_lists
from nurture.consent.provider_suppressions import pull, told_of
from nurture.consent.publish_preferences import publish
from nurture.content.brand import read_voice
from nurture.content.send_windows import business_date
from nurture.errors import NightRefused
from nurture.inbound.drain import drain
from nurture.journey.playbook import Playbook, read_playbook
from nurture.keys.address_hashes import prove_address_key
from nurture.night.close_steps import begin_night
from nurture.night.report import NightReport
from nurture.rendering.freeze import FrozenNight, freeze
from nurture.settings import Settings
from nurture.steps import Plainly, Steps
from nurture.storage.database import Database, Store
from nurture.storage.locks import night_lease

Progress = Callable[[str, int, int], None]
PLAINLY = Plainly()


@dataclass(frozen=True)
class NightResult:
    """What a night decided, and what became of its texts (nothing is rendered in a dry run)."""

    decided: NightReport
    rendered: FrozenNight | None


def run_night(
    settings: Settings, now: datetime, night: date | None = None, *, journeys: Sequence[str] = (),
    dry_run: bool = False, limit: int | None = None, progress: Progress = lambda step, done, of: None,
    steps: Steps = PLAINLY,
) -> NightResult:  # fmt: skip
    """Close a night of an installation, or what is still open of it: decide, then render what was decided.

    Args:
        now: The moment: written into the records, and the newest night that may be closed is its business date.
        night: Business date; without it, that of ``now``.
        journeys: The names of the journeys to run; the others may follow later. Without it, all of them.
        dry_run: Decide and report, but write nothing.
        limit: Only the first so many leads; dry runs only.
        progress: Told the step and how many of how many are done.
        steps: Who runs each step.

    Raises:
        NightBusy: another process works on the nights of this home.
        NightRefused: the night cannot run as asked, or has not come yet.
        StoreBusy: another process holds the database.
        InputError: the address key is missing or another one: no suppression could be recognised.
        ContentError: the frame of all texts (company, senders, layout …) cannot be used; nothing was decided.
    """
    playbook, store = read_playbook(settings), Store.of(settings)
    wanted = _wanted(night, business_date(now, playbook.zone), dry_run=dry_run)
    read_voice(settings.content)
    outside = Outside(store, settings, playbook, now, steps, dry_run)

    with night_lease(settings.home, now):
        steps.reach(partial(prove_address_key, store, settings))
        outside.take_suppression_lists()
        with store.open() as database:
            outside.drain(database)
            with begin_night(
                database, playbook, wanted, now=now, only=journeys, limit=limit, dry_run=dry_run,
                progress=progress, steps=steps,
            ) as run:  # fmt: skip
                run.take_in()
                run.score()
                run.walk()
                run.choose()
                run.fold_decisions()
                decided = run.report()
            outside.publish(database)
        return NightResult(decided, outside.render(wanted, progress))


def _wanted(night: date | None, today: date, *, dry_run: bool) -> date:
    """The night that is meant; one that has not come yet can only be looked at."""
    wanted = night or today
    if wanted > today and not dry_run:
        raise NightRefused(f"Night {wanted} has not come yet, today is {today}. Add --dry-run to look ahead.")
    return wanted


@dataclass(frozen=True)
class Outside:
    """The steps of a night that look beyond the database: before it decides and after it did. A dry run has none."""

    store: Store
    settings: Settings
    playbook: Playbook
    now: datetime
    steps: Steps
    dry_run: bool

    def take_suppression_lists(self) -> None:
        """Take over whom a provider will not write to."""
        if not self.dry_run and (provider := open_lists(self.settings, self.playbook)):
            work = partial(pull, self.store, self.settings, provider, self.now)
            self.steps.step("take suppression lists", work, told_of)

    def drain(self, database: Database) -> None:
        """Apply everything that came in from outside."""
        if not self.dry_run:
            drain(database, self.settings, self.playbook, self.now)

    def publish(self, database: Database) -> None:
        """Tell the pages what their readers wish."""
        if not self.dry_run:
            publish(database, self.settings)

    def render(self, night: date, progress: Progress) -> FrozenNight | None:
        """Render every message that has no words yet, and freeze them."""
        if self.dry_run:
            return None
        told = partial(progress, "render")
        return freeze(self.store, self.settings, self.playbook, night, self.now, told, self.steps)
