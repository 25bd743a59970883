"""kill -9 of whoever applies the spool, at any moment: every acknowledged line is applied, once."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nurture.inbound.spool import Spool, SpoolKind, SpoolLine
from nurture.settings import Settings
from nurture.storage.database import Store
from tests.support.homes.inbound import SENT, house
from tests.support.sample_house import ROOT

DRAINER = """
import sys
from datetime import timedelta
from pathlib import Path
from nurture.inbound import drain as draining
from nurture.settings import Settings
from nurture.storage.database import Store
from tests.support.homes.inbound import BOOK, SENT
draining.LINES_A_GO = 7
settings = Settings(home=Path(sys.argv[1]))
print("ready", flush=True)
with Store.of(settings).open() as database:
    draining.drain(database, settings, BOOK, SENT + timedelta(hours=2))
"""


@pytest.mark.slow
def test_a_drainer_killed_at_any_moment_applies_every_line_once(tmp_path: Path) -> None:
    settings, chance = Settings(home=tmp_path / "home"), random.Random(11)
    with Store.of(settings).open(create=True) as database:
        message = house(database, tmp_path, "ann").message("ann").hex
    spool, lines = Spool(settings.paths.spool), 0
    for _ in range(12):
        some = range(lines, lines := lines + chance.randrange(1, 60))
        spool.append(
            SpoolLine(f"l{n}", SpoolKind.CLICK, SENT, {"message": message, "target": f"https://us.example/{n}"})
            for n in some
        )
        drainer = subprocess.Popen(
            [sys.executable, "-c", DRAINER, str(settings.home)], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert drainer.stdout
        drainer.stdout.readline()
        time.sleep(chance.random() * 0.5)
        os.kill(drainer.pid, signal.SIGKILL)
        drainer.communicate()
    subprocess.run([sys.executable, "-c", DRAINER, str(settings.home)], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    with Store.of(settings).open() as database:
        assert database.rows("SELECT count(*), count(DISTINCT target) FROM signal") == [(lines, lines)]
        assert database.rows("SELECT count(*), count(DISTINCT id) FROM spool_line") == [(lines, lines)]
    assert spool.is_empty()
