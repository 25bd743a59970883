"""A stand-in for SendGrid on a real socket: strict, scriptable, and honest about what it accepted.

In a test: ``with SendGrid() as server``. As a process: ``python -m tests.servers.sendgrid --state FILE``; each accepted
mail is a line in that file, on its way to disk before the answer leaves.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

from tests.servers.behaviours import Behaviour, errors
from tests.servers.mail_schema import faults_of, recipients_of
from tests.servers.script import Script
from tests.servers.threads import HOST, ThreadedServer
from tests.servers.wire import Answer, Connection, Manner, Request, Site, as_json

KEY = "SG.stand-in.key"
CREATED = re.compile(r'sg_message_id_created_at (>=|<=|>|<|=) TIMESTAMP "([0-9TZ:-]+)"')
TO = re.compile(r"to_email = '((?:[^'\\]|\\.)*)'")
NAMED = "nurture_message"


@dataclass(frozen=True)
class Accepted:
    """A mail that was accepted: to whom, our id, its own, when (seconds), and all of it."""

    to: str
    message: str
    name: str
    at: float
    mail: dict[str, Any] = field(repr=False)


class Api(Site):
    """The API: every request is answered by the rules, unless the script says otherwise."""

    def __init__(self, key: str, latency: float, state: Path | None) -> None:
        super().__init__()
        self.key, self.latency = key, latency
        self.script: Script[Behaviour] = Script()
        self.accepted: list[Accepted] = []
        self.requests: Counter[str] = Counter()
        self.without_key = 0
        self.lists: dict[str, list[dict[str, Any]]] = {}
        self.pages: dict[str, Any] = {"/v3/scopes": {"scopes": ["mail.send", "email_logs.read", "suppression.read"]}}
        self.date: float | None = None
        self.log_hides: set[str] = set()
        self.log_is_down = False
        self.log_was_asked = 0
        self._state = os.open(state, os.O_WRONLY | os.O_APPEND | os.O_CREAT) if state else None

    def before_the_body(self, request: Request) -> Answer | None:
        behaviour = self.script.take((), lambda each: each.answer is None and each.manner is Manner.UNREAD)
        return behaviour.of(Answer(), time.time()) if behaviour else None

    def answer(self, request: Request) -> Answer:
        if request.path == "/__truth":
            return as_json(200, {"accepted": [each.message for each in self.accepted], "requests": self.requests})
        if request.headers.get("authorization") != f"Bearer {self.key}":
            self.without_key += 1
            return errors(401, "The provided authorization grant is invalid, expired, or revoked")
        if request.path == "/v3/mail/send" and request.method == "POST":
            return self._send(request)
        if request.path.startswith("/v3/logs"):
            return self._log(request)
        if request.path.startswith("/v3/suppression/"):
            return self._suppressed(request)
        if request.path in self.pages and request.method == "GET":
            return self._page(self.pages[request.path])
        return errors(404, "not found")

    def _send(self, request: Request) -> Answer:
        now = time.time()
        try:
            mail = json.loads(request.body)
        except ValueError:
            return errors(400, "Bad Request")
        if faults := faults_of(mail, now):
            return errors(400, faults[0].message, faults[0].field)
        to = [address for _, address in recipients_of(mail)]
        message = mail.get("custom_args", {}).get(NAMED, "")
        self.requests[message] += 1
        behaviour = self.script.take(to, lambda each: each.manner is not Manner.UNREAD)
        name = f"{len(self.accepted) + 1:06d}StandInSendGrid"
        if behaviour is None or behaviour.accepts:
            self._accept(Accepted(to[0], message, name, now, mail))
        sandbox = mail.get("mail_settings", {}).get("sandbox_mode", {}).get("enable")
        usual = Answer(200 if sandbox else 202, b"", (("X-Message-Id", name),), after=self.latency)
        return behaviour.of(usual, now) if behaviour else usual

    def _accept(self, accepted: Accepted) -> None:
        self.accepted.append(accepted)
        if self._state is not None:
            line = {"message": accepted.message, "name": accepted.name, "at": accepted.at, "to": accepted.to}
            os.write(self._state, (json.dumps(line) + "\n").encode())

    def _log(self, request: Request) -> Answer:
        self.log_was_asked += 1
        if self.log_is_down:
            return errors(503, "service unavailable")
        shown = [each for each in self.accepted if each.message not in self.log_hides]
        if request.method == "GET":
            name = request.path.removeprefix("/v3/logs/")
            found = [each for each in shown if f"{each.name}.recvd-0" == name]
            if not found:
                return errors(404, "not found")
            return as_json(200, {"sg_message_id": name, "custom_args": {NAMED: found[0].message}, "events": []})
        asked = json.loads(request.body)
        rows = [each for each in shown if _fits(each, asked["query"])][: asked["limit"]]
        return as_json(
            200, {"messages": [{"sg_message_id": f"{each.name}.recvd-0", "to_email": each.to} for each in rows]}
        )

    def _page(self, page: Any) -> Answer:
        """A page of the account; None is one that the key may not read."""
        answer = errors(403, "access forbidden") if page is None else as_json(200, page)
        return replace(answer, headers=(*answer.headers, ("Date", formatdate(self.date or time.time(), usegmt=True))))

    def _suppressed(self, request: Request) -> Answer:
        since, start = int(request.query["start_time"]), int(request.query["offset"])
        rows = [row for row in self.lists.get(request.path.rpartition("/")[2], []) if row["created"] >= since]
        return as_json(200, rows[start : start + int(request.query["limit"])])


def _fits(accepted: Accepted, query: str) -> bool:
    """The parts of a query, joined by AND."""
    if (to := TO.search(query)) and to[1] != accepted.to:
        return False
    for comparison, moment in CREATED.findall(query):
        at = time.mktime(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
        if not {">=": accepted.at >= at, "<=": accepted.at <= at + 1}.get(comparison, True):
            return False
    return True


class SendGrid(ThreadedServer):
    """The stand-in, from ``with`` to its end."""

    def __init__(self, port: int = 0, key: str = KEY, latency: float = 0.0, state: Path | None = None) -> None:
        super().__init__(port)
        self.api = Api(key, latency, state)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def script(self) -> Script[Behaviour]:
        return self.api.script

    def protocol(self) -> Connection:
        return Connection(self.api)

    def drop_connections(self) -> None:
        for connection in list(self.api.open):
            connection.close()

    def times_accepted(self) -> Counter[str]:
        """How often each message was accepted."""
        return Counter(each.message for each in self.api.accepted)


@contextmanager
def as_process(latency_ms: float, state: Path | None = None) -> Iterator[str]:
    """The stand-in as a process of its own; its address."""
    command = [sys.executable, "-m", "tests.servers.sendgrid", "--latency-ms", str(latency_ms)]
    command += ["--state", str(state)] if state else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--state", type=Path)
    arguments = parser.parse_args()
    with SendGrid(arguments.port, latency=arguments.latency_ms / 1000, state=arguments.state) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
