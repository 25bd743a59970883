"""Mails to a stand-in for SendGrid: our dispatch, all of it, and SendGrid's own SDK posting the same payloads.

    python -m benchmarks.dispatch --messages 20000 --latency-ms 100
    python -m benchmarks.dispatch --messages 5000 --latency-ms 0

Ours claims with all checks, proves hashes, writes a line before and after each attempt, posts, and records. The SDK
only posts, from 16 threads, what was built beforehand; it runs when there is no latency. The server is a process of its
own on the same machine; what it says it accepted, each message once, is what counts.
"""

import argparse
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr
from sendgrid import SendGridAPIClient

from benchmarks.night import EVENING, NIGHT, NOON, make_company
from models import Channel
from nurture.channels.email.headers import Letterhead
from nurture.channels.registry import Outlet
from nurture.channels.routing import Lane
from nurture.channels.sendgrid import SendGrid
from nurture.channels.sendgrid.payload import payload
from nurture.delivery.dispatch import Dispatch
from nurture.journey.playbook import read_playbook
from nurture.keys.signed_links import tokens_of
from nurture.night.close_steps import close_night
from nurture.rendering.freeze import freeze
from nurture.rendering.frozen import Rendered
from nurture.settings import Settings
from nurture.storage.database import Store
from tests.servers.sendgrid import KEY, as_process

MOST_SECONDS, LEAST_RATIO, THREADS = 60.0, 2.0, 16


@dataclass(frozen=True)
class Measured:
    """One line of JSON: seconds and messages a second of ours; those of the SDK, and the ratio, without latency."""

    benchmark: str
    messages: int
    latency_ms: float
    seconds: float
    messages_per_second: int
    sdk_per_second: int | None
    ratio: float | None


def main() -> None:
    """Measure, print one line, and fail beyond the limits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000, help="(default: %(default)s)")
    parser.add_argument("--latency-ms", type=float, default=100, help="of each answer (default: %(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        found = measure(Path(folder) / "home", arguments.messages, arguments.latency_ms)
    print(json.dumps(asdict(found)))
    if found.seconds > MOST_SECONDS or (found.ratio is not None and found.ratio < LEAST_RATIO):
        raise SystemExit(f"beyond the limit: <= {MOST_SECONDS} seconds, >= {LEAST_RATIO} ratio")


def measure(home: Path, messages: int, latency: float) -> Measured:
    """A night of so many mails, dispatched; then the same payloads by the SDK."""
    make_company(home, messages)
    settings = Settings(home=home)
    playbook, store = read_playbook(settings), Store.of(settings)
    with store.open() as database:
        close_night(database, playbook, NIGHT, now=EVENING)
    freeze(store, settings, playbook, NIGHT, EVENING)
    letterhead = Letterhead(tokens_of(settings), "reply.ours.example", settings.paths.rendered / "attachments")
    with as_process(latency) as url:
        channel = SendGrid(SecretStr(KEY), url, letterhead, lambda: datetime.now(UTC))
        began = time.perf_counter()
        report = Dispatch(store, settings, playbook, [Outlet(Lane(Channel.EMAIL, "sendgrid"), channel)], NOON).run()
        seconds = time.perf_counter() - began
        prove_each_once(url, messages, report.sent["accepted"])
    theirs = None if latency else by_sdk(payloads(store, settings, letterhead))
    ratio = round(messages / seconds / theirs, 2) if theirs else None
    return Measured("dispatch", messages, latency, round(seconds, 1), round(messages / seconds), theirs, ratio)


def payloads(store: Store, settings: Settings, letterhead: Letterhead) -> list[dict[str, Any]]:
    """What was posted, built again."""
    with store.open() as database:
        rows = database.rows("SELECT replace(id::VARCHAR, '-', ''), payload_file FROM message ORDER BY not_before, id")
    rendered = Rendered(settings.paths.rendered)
    return [payload(found, letterhead) for id, file in rows if (found := rendered.find(file, id))]


def by_sdk(bodies: list[dict[str, Any]]) -> int:
    """Messages a second of SendGrid's SDK, a client for each thread."""
    with as_process(0) as url:

        def post(some: list[dict[str, Any]]) -> None:
            client = SendGridAPIClient(KEY, host=url).client
            for body in some:
                client.mail.send.post(request_body=body, timeout=20)

        began = time.perf_counter()
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(post, [bodies[start::THREADS] for start in range(THREADS)]))
        seconds = time.perf_counter() - began
        prove_each_once(url, len(bodies), len(bodies))
    return round(len(bodies) / seconds)


def prove_each_once(url: str, messages: int, accepted: int) -> None:
    """By the server's own word."""
    told = httpx.get(f"{url}/__truth", timeout=30).json()["accepted"]
    if not len(told) == len(set(told)) == messages == accepted:
        raise SystemExit(f"{messages} mails, {accepted} recorded, {len(told)} accepted, {len(set(told))} different")


if __name__ == "__main__":
    main()
