"""After a restore: find out what was sent since the backup, then let sending go on."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from models import Channel
from nurture.channels.registry import open_outlets
from nurture.journey.playbook import read_playbook
from nurture.keys.address_hashes import open_address_key
from nurture.reconciling import ReconcileReport, Reconciliation
from nurture.settings import read_settings
from nurture.storage.database import Store
from nurture.witnesses import witnesses


def reconcile_sent(
    now: datetime | None = None,
    *,
    vouched: Sequence[Channel] = (),
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> ReconcileReport:
    """Ask about every message that counts as unsent; when all were asked about, sending goes on.

    Args:
        now: The moment to write into the records; without it, the clock's.
        vouched: Channels for which a person vouches: what they prove nothing about was not sent.

    Raises:
        InputError: the address key is missing or another one.
    """
    settings = read_settings()
    moment = now or datetime.now(UTC)
    playbook = read_playbook(settings)
    store = Store.of(settings)
    with store.open() as database, database.transaction():
        open_address_key(database, settings)
    outlets = open_outlets(settings, playbook, moment)
    return Reconciliation(store, settings.attempts, witnesses(outlets), moment, progress).run(vouched)
