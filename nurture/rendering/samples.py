"""Samples: some messages of a night that waits, as they would go out, for whoever approves it."""

from datetime import datetime
from pathlib import Path

from nurture.channels.preview import Preview
from nurture.channels.registry import places
from nurture.journey.playbook import Playbook
from nurture.rendering.frozen import Rendered
from nurture.safeguards.approval import WaitingNight
from nurture.settings import Settings
from nurture.storage.database import Store
from nurture.storage.sql import texts


def hang_samples(store: Store, settings: Settings, playbook: Playbook, waiting: WaitingNight, now: datetime) -> Path:
    """Some messages of every touch that waits, as they would go out, in a gallery under ``samples/``."""
    wanted = [sample for touch in waiting.touches for sample in touch.samples]
    with store.open() as database:
        files = database.rows(f"""
            SELECT replace(id::VARCHAR, '-', ''), payload_file FROM message
            WHERE id IN {texts(*wanted)}""")
    rendered = Rendered(settings.paths.rendered)
    envelopes = [found for sample, file in files if (found := rendered.find(file, sample))]
    preview = Preview(settings.paths.samples, settings.paths.rendered, now, places(playbook.ranked()))
    preview.send([each._replace(night=str(waiting.night)) for each in envelopes])
    preview.finish()
    return settings.paths.samples / str(waiting.night) / "index.html"
