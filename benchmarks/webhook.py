"""How many of SendGrid's events a second the web process puts on disk: signed batches, an fsync before each answer.

    python -m benchmarks.webhook --events 50000

`nurture serve` runs as a process of its own; callers post batches of 100, signed beforehand, over kept connections.
What counts are events that lie in the spool, read back, each once. The callers share the processors with it.
"""

import argparse
import base64
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from nurture.inbound.spool import Found, Spool
from nurture.settings import Settings
from nurture.web.routes.sendgrid_webhook import SIGNATURE, TIMESTAMP
from nurture.web.server import listen

BATCH = 100
LEAST_PER_SECOND = 5_000
PATIENCE = 30.0


@dataclass(frozen=True)
class Post:
    """One signed batch."""

    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True)
class Measured:
    """One line of JSON; ``p99_ms`` is until the answer to a batch."""

    benchmark: str
    events: int
    batch: int
    callers: int
    seconds: float
    events_per_second: int
    p99_ms: float


def main() -> None:
    """Run it, print one line, and fail below the limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=50_000, help="(default: %(default)s)")
    parser.add_argument("--callers", type=int, default=4, help="connections at once (default: %(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        found = measure(Path(folder), arguments.events, arguments.callers)
    print(json.dumps(asdict(found)))
    if found.events_per_second < LEAST_PER_SECOND:
        raise SystemExit(f"{found.events_per_second} events a second; at least {LEAST_PER_SECOND} are wanted")


def measure(home: Path, events: int, callers: int) -> Measured:
    """Serve, post, and read back what is on disk."""
    key = ec.generate_private_key(ec.SECP256R1())
    posts = [_signed(key, range(start, min(start + BATCH, events))) for start in range(0, events, BATCH)]
    with listen(Settings(web_port=0)) as free:
        port = free.getsockname()[1]
    server = _serve(home, port, key)
    try:
        began = time.perf_counter()
        with ThreadPoolExecutor(callers) as pool:
            shares = [posts[number::callers] for number in range(callers)]
            waited = [each for share in pool.map(lambda share: _post_all(port, share), shares) for each in share]
        seconds = time.perf_counter() - began
    finally:
        server.terminate()
        server.wait()
    _prove(home, events)
    p99 = statistics.quantiles(waited, n=100)[98] if len(waited) > 1 else waited[0]
    return Measured(
        "webhook", events, BATCH, callers, round(seconds, 2), round(events / seconds), round(p99 * 1000, 1)
    )  # fmt: skip


def _serve(home: Path, port: int, key: ec.EllipticCurvePrivateKey) -> subprocess.Popen[bytes]:
    public = base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    given = {"HOME": str(home), "WEB_PORT": str(port), "SENDGRID_WEBHOOK_KEYS": public}
    environment = dict(os.environ) | {f"NURTURE_{name}": value for name, value in given.items()}
    command = [sys.executable, "-c", "from cli.main import main; main()", "serve"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            http.client.HTTPConnection("127.0.0.1", port).request("GET", "/healthz")
            return server
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise SystemExit("nurture serve does not answer")


def _signed(key: ec.EllipticCurvePrivateKey, numbers: range) -> Post:
    """A batch as SendGrid writes it, with the fields that a delivered mail has."""
    now = int(time.time())
    events = [
        {"email": f"reader{number}@company.example", "event": "delivered", "timestamp": now, "response": "250 OK",
         "sg_event_id": f"delivered-0-{number}", "sg_message_id": f"{number:022d}.recvd-5d8f9c4-abcde-1-0.0",
         "smtp-id": f"<{number:022d}@geopod-ismtpd-1>", "ip": "192.0.2.1", "tls": 1, "lf_send": f"{number:032x}"}
        for number in numbers
    ]  # fmt: skip
    body = ("[" + ",\r\n".join(json.dumps(each, separators=(",", ":")) for each in events) + "]\r\n").encode()
    timestamp = str(int(datetime.now(UTC).timestamp()))
    signature = base64.b64encode(key.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))).decode()
    return Post(body, {SIGNATURE: signature, TIMESTAMP: timestamp, "Content-Type": "application/json"})


def _post_all(port: int, posts: Sequence[Post]) -> list[float]:
    """Post one after the other over one connection; the seconds until each answer."""
    connection, waited = http.client.HTTPConnection("127.0.0.1", port), []
    for post in posts:
        began = time.perf_counter()
        connection.request("POST", "/hooks/sendgrid/events", post.body, post.headers)
        answer = connection.getresponse()
        answer.read()
        waited.append(time.perf_counter() - began)
        if answer.status != 200:
            raise SystemExit(f"a batch was answered with {answer.status}")
    return waited


def _prove(home: Path, events: int) -> None:
    """Every event lies in the spool once."""
    spool = Spool(home / "spool")
    spool.rotate()
    lines = [each for path in spool.rotated() for each in spool.read(path)]
    told = [event["sg_event_id"] for each in lines if isinstance(each, Found) for event in each.line.data["events"]]  # type: ignore[union-attr, call-overload, index]
    if len(told) != events or len(set(told)) != events:
        raise SystemExit(f"{events} events were posted, {len(told)} lie in the spool, {len(set(told))} different ones")


if __name__ == "__main__":
    main()
