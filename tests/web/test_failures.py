"""A full disk, a locked database, kill -9 and SIGTERM: who was thanked is not forgotten, who leaves is not refused."""

import random
import resource
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from nurture.inbound.spool import Found, Spool, SpoolKind
from nurture.storage.database import Store
from tests.servers.webhook import batch
from tests.support.nurture_up import move_in, surroundings
from tests.support.sample_house import ROOT
from tests.support.web_process import API_KEY, SERVE, Child, child, delivered, environment, signed

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
HOOK = "/hooks/sendgrid/events"
ROOM = 200
"""Bytes that a full disk still takes: half a line."""


@contextmanager
def full_disk(house: Child) -> Iterator[None]:
    """No file of this process may grow beyond a few bytes."""
    _, most = resource.prlimit(house.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(house.process.pid, resource.RLIMIT_FSIZE, (ROOM, most))
    yield
    resource.prlimit(house.process.pid, resource.RLIMIT_FSIZE, (most, most))


def test_while_the_disk_is_full_nobody_is_thanked_and_nothing_is_lost(tmp_path: Path) -> None:
    """33"""
    body = batch(*(delivered(number) for number in range(20)))
    with child(tmp_path) as house, httpx.Client(base_url=house.url, trust_env=False) as client:
        headers = signed(body, datetime.now(UTC))
        with full_disk(house):
            assert client.post(HOOK, content=body, headers=headers).status_code == 503
            assert client.get("/healthz").status_code == 200
            failed = client.post(house.tokens.preferences_url("0" * 32), data={"do": "save"})
            assert (failed.status_code, "没能记下来" in failed.text) == (503, True)
            assert client.get(house.tokens.link_url("0" * 32, "https://x.example/")).status_code == 302
        assert client.post(HOOK, content=body, headers=headers).status_code == 200
    (line,) = [each for each in lines(tmp_path) if isinstance(each, Found) and each.line.kind is SpoolKind.SENDGRID]
    assert line.line.data == {"events": [delivered(number) for number in range(20)]}


def lines(home: Path) -> list[object]:
    """All that lies in the spool, whole or torn."""
    spool = Spool(home / "spool")
    spool.rotate()
    return [each for path in spool.rotated() for each in spool.read(path)]


@contextmanager
def locked_database(home: Path) -> Iterator[None]:
    """Another process holds the database, as a night does."""
    path = home / "nurture.duckdb"
    with Store(path).open(create=True):
        pass
    hold = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdin
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.stdin.close()


@pytest.mark.alone
def test_leaving_never_waits_for_the_database(tmp_path: Path) -> None:
    """67"""
    tmp_path.joinpath("home").mkdir()
    with locked_database(tmp_path / "home"), child(tmp_path / "home") as house:
        seconds, statuses = [], set()
        with httpx.Client(trust_env=False) as client:
            for number in range(500):
                began = time.perf_counter()
                answer = client.post(house.tokens.unsubscribe_url(f"{number:032x}"), data=ONE_CLICK)
                seconds.append(time.perf_counter() - began)
                statuses.add(answer.status_code)
    assert statuses == {200}
    assert statistics.quantiles(seconds, n=100)[98] < 0.2
    assert len(lines(tmp_path / "home")) == 500


@pytest.mark.alone
@pytest.mark.slow
def test_leaving_never_waits_for_a_running_night(tmp_path: Path) -> None:
    """67"""
    (tmp_path / "home").mkdir()
    home, seconds, statuses = move_in(tmp_path / "home"), list[float](), set[int]()
    command = [sys.executable, "-m", "cli.main", "run"]
    with child(home) as house, httpx.Client(trust_env=False) as client:
        night = subprocess.Popen(command, cwd=ROOT, env=surroundings(home), stdout=subprocess.DEVNULL)
        while night.poll() is None:
            began = time.perf_counter()
            answer = client.post(house.tokens.unsubscribe_url(f"{len(seconds):032x}"), data=ONE_CLICK)
            seconds.append(time.perf_counter() - began)
            statuses.add(answer.status_code)
            time.sleep(0.005)
    assert night.returncode == 0
    assert (statuses, len(seconds) > 300) == ({200}, True)
    assert statistics.quantiles(seconds, n=100)[98] < 0.2


@pytest.mark.parametrize("kills", [1, pytest.param(30, marks=pytest.mark.slow)])
def test_what_was_thanked_for_before_a_kill_is_on_disk_once_and_whole(tmp_path: Path, kills: int) -> None:
    """Every acknowledged line is there exactly once; of what was not acknowledged there may be a torn last line."""
    chance, thanked = random.Random(kills), []
    for round_ in range(kills):
        with child(tmp_path) as house:
            thanked += _kill_under_load(house, round_, chance.uniform(0.1, 0.5))
    found = [each.line.data["lead"] for each in lines(tmp_path) if isinstance(each, Found)]
    assert len(thanked) > 10 * kills
    assert set(thanked) <= set(found)
    assert len(found) == len(set(found))


def _kill_under_load(house: Child, round_: int, after: float) -> list[str]:
    """Six callers tell one event after another until the process dies; what they were thanked for."""
    thanked: list[str] = []

    def call(caller: int) -> None:
        with httpx.Client(base_url=house.url, trust_env=False, verify=False) as client, suppress(httpx.TransportError):
            for number in range(100_000):
                lead = f"{round_}-{caller}-{number}"
                event = {"lead": lead, "kind": "page.viewed", "occurred_at": "2026-11-20T10:00:00+08:00"}
                answer = client.post("/v1/events", json=event, headers={"Authorization": f"Bearer {API_KEY}"})
                assert answer.status_code == 202
                thanked.append(lead)

    callers = [threading.Thread(target=call, args=(number,)) for number in range(6)]
    for each in callers:
        each.start()
    time.sleep(after)
    house.process.send_signal(signal.SIGKILL)
    for each in callers:
        each.join()
    return thanked


@pytest.mark.slow
def test_sigterm_ends_it_within_five_seconds_whoever_is_still_talking(tmp_path: Path) -> None:
    with child(tmp_path) as house, httpx.Client(base_url=house.url, trust_env=False, timeout=10) as client:
        assert client.get("/healthz").status_code == 200

        def slowly() -> Iterator[bytes]:
            yield b"["
            time.sleep(8)
            yield b"]"

        def talk() -> None:
            with suppress(httpx.TransportError):
                httpx.post(f"{house.url}/hooks/sendgrid/events", content=slowly(), trust_env=False)

        talking = threading.Thread(target=talk, daemon=True)
        talking.start()
        time.sleep(0.5)
        began = time.monotonic()
        house.process.terminate()
        assert house.process.wait(timeout=10) == 0
        assert time.monotonic() - began < 5


def test_the_log_holds_no_address_and_no_person(tmp_path: Path) -> None:
    with child(tmp_path) as house, httpx.Client(base_url=house.url, trust_env=False) as client:
        url = house.tokens.unsubscribe_url("0" * 32)
        for each in (url, url[:-1]):
            client.post(each, data=ONE_CLICK)
        client.post("/v1/events", json={"lead": "L-private"}, headers={"Authorization": f"Bearer {API_KEY}"})
        client.get("/hooks/sendgrid/inbound/guess-private")
        house.process.terminate()
        house.process.wait()
        logged = (tmp_path / "log").read_text()
    assert "POST leave 200" in logged
    assert "POST leave 404" in logged
    assert url.rpartition("/")[2][:20] not in logged
    assert "private" not in logged
    assert API_KEY not in logged


@pytest.mark.slow
def test_a_port_that_is_taken_is_said_so(tmp_path: Path) -> None:
    with child(tmp_path) as house:
        second = subprocess.run(SERVE, cwd=ROOT, env=environment(house.settings), capture_output=True, text=True)
    assert second.returncode == 2
    assert "NURTURE_WEB_PORT" in second.stderr
