"""One dispatch, in order. Who runs each step is handed in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic

from nurture.channels.registry import open_outlets
from nurture.delivery.dispatch import Dispatch, DispatchReport
from nurture.journey.playbook import read_playbook
from nurture.keys.address_hashes import prove_address_key
from nurture.settings import read_settings
from nurture.steps import Plainly, Steps
from nurture.storage.database import Store

PLAINLY = Plainly()


def send_due(
    now: datetime | None = None,
    *,
    progress: Callable[[int, int], None] = lambda done, of: None,
    steps: Steps = PLAINLY,
) -> DispatchReport:
    """Send everything that is due in this installation.

    Args:
        now: The moment to act at; without it, the clock's.
        progress: Told how many of how many are done.
        steps: Who runs each step.

    Raises:
        StoreBusy: another process holds the database.
        InputError: the address key is missing or another one: no suppression could be recognised.
    """
    settings = read_settings()
    moment = now or datetime.now(UTC)
    playbook = read_playbook(settings)
    store = Store.of(settings)

    steps.reach(partial(prove_address_key, store, settings))
    began = monotonic()
    outlets = open_outlets(settings, playbook, moment)
    return Dispatch(
        store, settings, playbook, outlets, moment, progress, lambda: timedelta(seconds=monotonic() - began), steps
    ).run()
