"""Send what is due: every ten minutes, around the clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic

from nurture.addresses import open_address_key
from nurture.channels.opening import open_channels
from nurture.dispatching import Dispatch, DispatchReport
from nurture.playbook import read_playbook
from nurture.settings import read_settings
from nurture.store import Store


def dispatch_due(
    now: datetime | None = None, *, progress: Callable[[int, int], None] = lambda done, of: None
) -> DispatchReport:
    """Send everything that is due in this installation.

    Args:
        now: The moment to act at; without it, the clock's.

    Raises:
        InputError: the address key is missing or another one: no suppression could be recognised.
    """
    settings = read_settings()
    moment = now or datetime.now(UTC)
    playbook = read_playbook(settings)
    store = Store.of(settings)
    with store.open() as database, database.transaction():
        open_address_key(database, settings)
    began = monotonic()
    channels = open_channels(settings, playbook, moment)
    return Dispatch(
        store, settings, playbook, channels, moment, progress, lambda: timedelta(seconds=monotonic() - began)
    ).run()
