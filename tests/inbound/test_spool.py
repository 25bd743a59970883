"""The spool: what was acknowledged is there, once, whoever dies or hangs; what is torn blocks nothing."""

import errno
import fcntl
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nurture.errors import StoreBusy
from nurture.inbound.spool import Found, Spool, SpoolKind, SpoolLine, Torn
from tests.support.sample_house import ROOT

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def line(name: str) -> SpoolLine:
    return SpoolLine(name, SpoolKind.CLICK, AT, {"message": name, "target": "https://us.example/线索"})


def read(spool: Spool) -> list[Found | Torn]:
    spool.rotate()
    return [each for path in spool.rotated() for each in spool.read(path)]


def ids(spool: Spool) -> list[str]:
    return [each.line.id for each in read(spool) if isinstance(each, Found)]


def test_what_was_appended_is_read_as_it_was(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    assert spool.is_empty()
    spool.append([line("a"), line("b")])
    assert not spool.is_empty()
    assert spool.pending() == 2
    found = read(spool)
    assert [each.line for each in found if isinstance(each, Found)] == [line("a"), line("b")]
    assert spool.oldest() == AT


def test_reading_goes_on_from_an_offset(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([line("a"), line("b")])
    first = read(spool)[0]
    (path,) = spool.rotated()
    (second,) = spool.read(path, first.offset)
    assert isinstance(second, Found)
    assert second.line == line("b")


def test_an_applied_file_is_out_of_the_way(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([line("a")])
    spool.rotate()
    spool.applied(spool.rotated()[0])
    assert spool.is_empty()
    assert len(list((tmp_path / "applied").iterdir())) == 1


def test_59_a_torn_line_is_told_apart_and_the_next_one_is_whole(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([line("a")])
    with (tmp_path / "current.ndjson").open("ab") as file:
        file.write(b'{"id": "torn')
    spool.append([line("b")])
    found = read(spool)
    assert [type(each) for each in found] == [Found, Torn, Found]
    torn = [each for each in found if isinstance(each, Torn)]
    spool.quarantine(torn)
    spool.quarantine(torn)
    assert [path.read_bytes() for path in spool.quarantined()] == [b'{"id": "torn\n']


@pytest.mark.parametrize(
    "raw",
    [b"\xff\xfe\n", b"null\n", b"[]\n", b'{"id":1,"kind":"click","at":"2026-11-25T09:00:00Z","data":{}}\n',
     b'{"id":"x","kind":"dance","at":"2026-11-25T09:00:00Z","data":{}}\n', b"[" * 100_000 + b"\n",
     b'{"id":"x","kind":"click","at":"2026-11-25T09:00:00","data":{}}\n'],
)  # fmt: skip
def test_59_what_is_no_line_blocks_nothing(tmp_path: Path, raw: bytes) -> None:
    spool = Spool(tmp_path)
    (tmp_path / "current.ndjson").write_bytes(raw)
    spool.append([line("b")])
    assert [type(each) for each in read(spool)] == [Torn, Found]


def test_threads_that_append_at_once_share_an_fsync_and_lose_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []

    def slowly(descriptor: int) -> None:
        synced.append(descriptor)
        time.sleep(0.02)

    monkeypatch.setattr(os, "fsync", slowly)
    spool = Spool(tmp_path)
    with ThreadPoolExecutor(32) as threads:
        list(threads.map(lambda n: spool.append([line(str(n))]), range(256)))
    assert sorted(ids(spool), key=int) == [str(n) for n in range(256)]
    assert len(synced) < 64


def test_33_a_full_disk_is_told_to_all_who_waited_and_later_lines_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    spool.append([line("before")])
    real = os.write

    def full(descriptor: int, text: bytes) -> int:
        if len(text) < 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, text[: len(text) // 2])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space left"):
            spool.append([line("lost")])
    spool.append([line("after")])
    assert ids(spool) == ["before", "after"]


def test_a_writer_that_hangs_stops_the_reader_within_its_patience(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([line("a")])
    with (tmp_path / ".lock").open() as hanging:
        fcntl.flock(hanging, fcntl.LOCK_EX)
        with pytest.raises(StoreBusy, match="nurture serve"):
            spool.rotate(patience=0.05)
    assert ids(spool) == ["a"]


WRITER = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from nurture.inbound.spool import Spool, SpoolKind, SpoolLine
spool, name = Spool(Path(sys.argv[1])), sys.argv[2]
def write(n):
    line = SpoolLine(f"{name}-{n}", SpoolKind.CLICK, datetime(2026, 11, 25, tzinfo=UTC), {"x": "y" * 2000})
    spool.append([line])
    os.write(1, line.id.encode() + b"\\n")
with ThreadPoolExecutor(8) as threads:
    list(threads.map(write, range(100_000)))
"""


@pytest.mark.slow
def test_writers_killed_at_any_moment_while_the_reader_rotates_lose_nothing_that_was_acknowledged(
    tmp_path: Path,
) -> None:
    spool, chance = Spool(tmp_path), random.Random(7)
    acknowledged: list[str] = []
    for turn in range(8):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(tmp_path), f"{turn}{which}"], stdout=subprocess.PIPE, cwd=ROOT
            )
            for which in "ab"
        ]
        first = [each.stdout.readline() for each in writers if each.stdout]
        for _ in range(chance.randrange(10)):
            spool.rotate()
            time.sleep(chance.random() * 0.02)
        for each in writers:
            os.kill(each.pid, signal.SIGKILL)
        acknowledged += b"".join([*first, *(each.communicate()[0] for each in writers)]).decode().split()
    found = ids(spool)
    assert len(found) == len(set(found))
    assert set(acknowledged) <= set(found)
    assert len(acknowledged) > 100
