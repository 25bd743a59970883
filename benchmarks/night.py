"""A whole night without a provider: decide, render, freeze, claim, check, send to nobody, record.

    python -m benchmarks.night --messages 100000

Every lead of a made-up company gets exactly one email from the real templates of ``product-trial``. What counts are
rows of the ledger that ended ``accepted`` and whose words, read back from disk, had the hash that was frozen. The
floor does the same rendering as a script would: one loop, plain Jinja, sqlite, no checks, no ledger.
"""

import argparse
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import jinja2

from models import Channel
from nurture.channels import Fate, Outcome, Question
from nurture.channels.envelope import Envelope
from nurture.channels.registry import Outlet
from nurture.channels.routing import Lane
from nurture.delivery.dispatch import Dispatch
from nurture.journey.playbook import Playbook, read_playbook
from nurture.keys.signed_links import Tokens, open_tokens
from nurture.night.close_steps import close_night
from nurture.rendering.freeze import freeze, open_workshop
from nurture.settings import Settings
from nurture.storage.database import Store
from nurture.storage.sql import literal
from nurture.templates.variables import Introduction, Reader

NIGHT = date(2026, 10, 13)
EVENING, NOON = datetime(2026, 10, 12, 18, tzinfo=UTC), datetime(2026, 10, 13, 4, tzinfo=UTC)
LEAST_PER_SECOND, MOST_RSS_MB = 5_000, 2_048
FROM_HERE_ON = 100_000
"""Fewer messages are not held to the speed: starting the processes costs more than sending them."""

ROLES = ("decision_maker", "champion", "user", "technical", "procurement", "finance")
INDUSTRIES = ("plastics", "machinery", "electronics", "food", "packaging")


@dataclass(frozen=True)
class Measured:
    """One line of JSON: seconds by part, messages a second over all of it, memory over all processes, bytes on disk.

    ``peak_rss_mb`` adds the peak of the main process and those of its renderers, as if they came at the same time.
    """

    benchmark: str
    messages: int
    seconds: dict[str, float]
    messages_per_second: int
    floor_per_second: int
    ratio: float
    peak_rss_mb: int
    bytes: dict[str, int]


class Nobody:
    """The null channel: takes everything, keeps nothing."""

    name = "null"
    batch = 25_000
    in_flight = 1_000

    def send(self, envelopes: Sequence[Envelope]) -> Sequence[Outcome]:
        """Take them."""
        return [Outcome(Fate.ACCEPTED)] * len(envelopes)

    def evidence(self, questions: Sequence[Question]) -> Mapping[str, Outcome]:
        """Know nothing."""
        return {}

    def finish(self) -> None:
        """Nothing is left to do."""


def main() -> None:
    """Run it in a process of its own, print one line, and fail beyond the limits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000, help="(default: %(default)s)")
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.home:
        print(json.dumps(asdict(measure(arguments.home, arguments.messages))))
        return
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        home = Path(folder) / "home"
        make_company(home, arguments.messages)
        command = [sys.executable, "-m", "benchmarks.night", "--home", str(home), "--messages", str(arguments.messages)]
        line = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    print(line.strip())
    found = json.loads(line)
    slow = found["messages_per_second"] < LEAST_PER_SECOND and arguments.messages >= FROM_HERE_ON
    if slow or found["peak_rss_mb"] > MOST_RSS_MB:
        raise SystemExit(f"beyond the limit: >= {LEAST_PER_SECOND} messages_per_second, <= {MOST_RSS_MB} peak_rss_mb")


def make_company(home: Path, leads: int, night: date = NIGHT) -> None:
    """So many leads, four to an account, each with consent, a form and nine page views of the day before the night."""
    roles, industries = ("[" + ", ".join(map(literal, words)) + "]" for words in (ROLES, INDUSTRIES))
    lead = "md5('lead|L' || i)::UUID"
    day = literal(night)
    statements = [
        """INSERT INTO staff SELECT md5('staff|S' || format('{:03d}', i))::UUID, 'S' || format('{:03d}', i),
           '同事' || i, 's' || i || '@us.example', 's' || i, '客户经理', 'CN', 'Asia/Shanghai' FROM range(1, 50)
           r(i)""",
        f"""INSERT INTO account SELECT md5('account|A' || i)::UUID, 'A' || i, '示例第' || i || '有限公司',
            {industries}[1 + i % 5], 50 + i % 3000, 'CN', '苏州', NULL, NULL, 0 FROM range({leads} // 4 + 1) r(i)""",
        f"""INSERT INTO lead SELECT {lead}, 'L' || i, md5('account|A' || i // 4)::UUID,
            md5('staff|S' || format('{{:03d}}', 1 + i % 49))::UUID, '读者' || i, 'l' || i || '@company.example', NULL,
            NULL, md5('email' || i), NULL, NULL, {roles}[1 + i % 6], CASE WHEN i % 5 = 0 THEN 'en' ELSE 'zh-CN' END,
            'CN', 'Asia/Shanghai', 'fair', 'lead', false, false, NULL, NULL, 0 FROM range({leads}) r(i)""",
        f"""INSERT INTO consent SELECT md5('consent|' || i)::UUID, {lead}, 'email', 'granted', ({day} - 9)::TIMESTAMP,
            {day} - 9, ({day} - 9)::TIMESTAMP, 'fair', 'w1', NULL, true FROM range({leads}) r(i)""",
        f"""INSERT INTO interaction (key, lead_id, kind, about, source, occurred_at, occurred_on, seen_at)
            SELECT md5('interaction|' || i || n)::UUID, {lead}, CASE n WHEN 0 THEN 'form.submitted' ELSE
            'page.viewed' END, NULL, 'web', {day} - 1, {day} - 1, {day} - 1 FROM range({leads}) r(i), range(10) q(n)""",
    ]
    with Store(home / "nurture.duckdb").open(create=True) as database, database.transaction():
        for statement in statements:
            database.run(statement)


def measure(home: Path, messages: int) -> Measured:
    """The night, part by part; then the floor over the same people."""
    settings = Settings(home=home)
    playbook, store = read_playbook(settings), Store.of(Settings(home=home))
    seconds: dict[str, float] = {}
    with _timed(seconds, "decide"), store.open() as database:
        close_night(database, playbook, NIGHT, now=EVENING)
    with _timed(seconds, "render and freeze"):
        frozen = freeze(store, settings, playbook, NIGHT, EVENING)
    with _timed(seconds, "claim, check, send, record"):
        report = Dispatch(store, settings, playbook, [Outlet(Lane(Channel.EMAIL), Nobody())], NOON).run()
    accepted = report.sent[Fate.ACCEPTED]
    if not (frozen.rendered == accepted == messages) or frozen.failed or report.refused:
        raise SystemExit(f"{messages} leads, {frozen.rendered} rendered, {accepted} accepted, {report.refused} refused")
    memory = _peak_rss_mb(settings.renderers)
    total, floor = sum(seconds.values()), run_floor(settings, playbook, store, home)
    return Measured(
        "night", messages, {name: round(each, 2) for name, each in seconds.items()}, round(messages / total),
        round(messages / floor), round(floor / total, 3), memory, _sizes(settings),
    )  # fmt: skip


@contextmanager
def _timed(seconds: dict[str, float], part: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds[part] = time.perf_counter() - began


def _peak_rss_mb(renderers: int) -> int:
    own, each = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return round((own + renderers * each) / 1024)


def _sizes(settings: Settings) -> dict[str, int]:
    """Bytes on disk: the database, the rendered words, the attempt log."""
    folders = {
        "database": settings.paths.database,
        "rendered": settings.paths.rendered,
        "attempts": settings.paths.attempts,
    }
    return {name: sum(_files(path)) for name, path in folders.items()}


def _files(path: Path) -> Iterator[int]:
    yield from (each.stat().st_size for each in ([path] if path.is_file() else path.rglob("*")) if each.is_file())


def run_floor(settings: Settings, playbook: Playbook, store: Store, home: Path) -> float:
    """Seconds that a plain script takes to render the same people with the same sources, and to note them in sqlite."""
    with store.open() as database:
        people = database.rows("SELECT id::VARCHAR, name, role, language FROM lead")
        tokens = open_tokens(database, settings)
    began = time.perf_counter()
    render = _plain_templates(settings, playbook, tokens)
    connection = sqlite3.connect(home / "floor.sqlite")
    connection.execute("CREATE TABLE sent (id TEXT PRIMARY KEY, subject TEXT, html TEXT, text TEXT)")
    with connection:
        connection.executemany("INSERT INTO sent VALUES (?, ?, ?, ?)", (render(*person) for person in people))
    connection.close()
    return time.perf_counter() - began


def _plain_templates(
    settings: Settings, playbook: Playbook, tokens: Tokens
) -> Callable[[str, str, str, str], tuple[str, ...]]:
    """Renders the checklist mail of a language with plain Jinja: no sandbox, no variants, escaping as usual."""
    checklists = [n for n, file in enumerate(playbook.content) if file.touch == "checklist" and not file.variant]
    workshop = open_workshop(settings, playbook, tokens, checklists)
    plain, escaping = jinja2.Environment(), jinja2.Environment(autoescape=True)
    introduction = Introduction(workshop.voice, workshop.tokens)
    found = {
        template.language: (template, plain.from_string(template.subject), escaping.from_string(template.html),
                            plain.from_string(template.text))
        for template in workshop.templates.values()
        if not isinstance(template, str)
    }  # fmt: skip
    us = {"sender": {"name": "—"}, "company": {"short": "—"}}

    def render(key: str, name: str, role: str, language: str) -> tuple[str, ...]:
        template, *parts = found[language]
        values = introduction.values(Reader(key, name=name, role=role), template) | us
        return (key, *(part.render(values) for part in parts))

    return render


if __name__ == "__main__":
    main()
