"""One dispatch, in order. Who runs each step is handed in."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

from nurture.channels.registry import open_outlets
from nurture.delivery.dispatch import Dispatch, DispatchReport
from nurture.journey.playbook import read_playbook
from nurture.keys.address_hashes import prove_address_key
from nurture.settings import Settings
from nurture.steps import Plainly, Steps
from nurture.storage.database import Store

PLAINLY = Plainly()


def send_due(
    settings: Settings,
    now: datetime,
    *,
    progress: Callable[[int, int], None] = lambda done, of: None,
    steps: Steps = PLAINLY,
) -> DispatchReport:
    """Send everything that is due in this installation.

    Args:
        now: The moment to act at.
        progress: Told how many of how many are done.
        steps: Who runs each step.

    Raises:
        StoreBusy: another process holds the database.
        InputError: the address key is missing or another one: no suppression could be recognised.
    """
    playbook, store = read_playbook(settings), Store.of(settings)
    steps.reach(partial(prove_address_key, store, settings))
    began = monotonic()
    outlets = open_outlets(settings, playbook, now)
    return Dispatch(
        store, settings, playbook, outlets, now, progress, lambda: timedelta(seconds=monotonic() - began), steps
    ).run()
