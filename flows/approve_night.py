"""Let a night go to people from the Prefect form."""

from datetime import UTC, date, datetime
from typing import Any

from prefect import State, flow
from prefect.states import Completed

from nurture.channels.routing import live_kinds
from nurture.journey.playbook import read_playbook
from nurture.safeguards.approval import approve
from nurture.settings import read_settings
from nurture.storage.database import Store


@flow(name="approve-night", flow_run_name="approve {night}", persist_result=False)
def approve_night(night: date, messages: int) -> State[Any]:
    """Let the messages of a night go to people, after you looked at the artifact nurture-approval and its samples.

    Args:
        night: The night that waits.
        messages: How many wait, as the artifact says: if others wait by now, nothing is approved.
    """
    settings = read_settings()
    kinds = live_kinds(settings.mode, read_playbook(settings).policy)
    with Store.of(settings).open() as database:
        approved = approve(database, kinds, night, datetime.now(UTC), messages=messages)
    return Completed(message=f"Night {night}: {approved:,} messages go out in their windows.")
