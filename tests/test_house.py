"""The house keeps its order: imports point one way, files stay small, every name on the outside is documented."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from nurture.settings import Settings

ROOT = Path(__file__).parent.parent
LAYERS = {"models": 0, "nurture": 1, "tasks": 2, "flows": 3, "cli": 4}
SOURCES = sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))
FOLDERS = sorted(
    {path.parent for path in (*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py"))}
)
IDS = [str(path.relative_to(ROOT)) for path in SOURCES]


@cache
def imported_modules(path: Path) -> frozenset[str]:
    names = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def imported(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported_modules(path)}


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_imports_point_one_way(path: Path) -> None:
    layer = LAYERS[path.relative_to(ROOT).parts[0]]
    above = {name for name, height in LAYERS.items() if height > layer}
    assert not imported(path) & above


FLOORS = (
    ("models",),
    ("nurture.errors", "nurture.steps", "nurture.vocabulary"),
    ("nurture.settings",),
    ("nurture.storage",),
    ("nurture.content", "nurture.keys", "nurture.ledger", "nurture.people"),
    ("nurture.consent", "nurture.imports", "nurture.journey", "nurture.templates"),
    ("nurture.channels", "nurture.safeguards"),
    ("nurture.doctor", "nurture.inbound", "nurture.rendering"),
    ("nurture.night", "nurture.web"),
    ("nurture.audit", "nurture.delivery", "nurture.reporting"),
    ("nurture.recovery", "tasks"),
    ("flows",),
    ("cli",),
)
"""The order of a message's life: a room uses only rooms of the floors above it in this list, and none of its own."""

FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def room_of(module: str) -> str:
    """The room that a module of ours lies in; empty for what is not ours."""
    first, _, rest = module.partition(".")
    if first == "nurture":
        return f"nurture.{rest.split('.')[0]}" if rest and not rest.startswith("__") else ""
    return first if first in LAYERS else ""


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_rooms_use_only_rooms_of_floors_above_them(path: Path) -> None:
    here = room_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
    if not here:
        return
    used = {room_of(name) for name in imported_modules(path)} - {here, ""}
    assert {room for room in used if FLOOR_OF[room] >= FLOOR_OF[here]} == set()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_no_folder_holds_more_than_twelve_modules(folder: Path) -> None:
    assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= 12


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_only_flows_and_tasks_know_prefect(path: Path) -> None:
    assert path.relative_to(ROOT).parts[0] in ("flows", "tasks") or "prefect" not in imported(path)


def test_who_sends_has_no_database_and_who_records_has_no_channel() -> None:
    delivery = ROOT / "nurture" / "delivery"
    assert not [name for name in imported_modules(delivery / "send.py") if name.startswith("nurture.storage.database")]
    channels = {name for name in imported_modules(delivery / "record.py") if name.startswith("nurture.channels")}
    assert channels <= {"nurture.channels.Fate", "nurture.channels.Outcome", "nurture.channels.Question"}


def test_models_lean_on_sqlmodel_alone() -> None:
    allowed = {"models", "sqlmodel", "sqlalchemy"} | set(sys.stdlib_module_names)
    for path in (ROOT / "models").rglob("*.py"):
        assert imported(path) <= allowed, path


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_files_stay_under_three_hundred_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 300


def test_importing_everything_writes_nothing_opens_no_database_and_needs_no_prefect(tmp_path: Path) -> None:
    paths = [*(ROOT / "models").rglob("*.py"), *(ROOT / "nurture").rglob("*.py")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    code = f"import {', '.join(names)}, cli.main, sys; print('prefect' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert run.stderr == ""
    assert run.stdout == "False\n"
    assert list(tmp_path.iterdir()) == []


def test_every_setting_says_what_it_is_for() -> None:
    for name, field in Settings.model_fields.items():
        assert (field.description or "").endswith("."), name


MAY_READ_THE_WORLD = {
    "nurture/channels/email/http.py", "nurture/channels/email/smtp.py", "nurture/channels/preview/__init__.py",
    "nurture/channels/preview/gallery.py", "nurture/channels/registry.py", "nurture/channels/sendgrid/__init__.py",
    "nurture/delivery/attempt_log.py", "nurture/delivery/claim.py", "nurture/delivery/reconcile.py",
    "nurture/delivery/run_dispatch.py", "nurture/delivery/send_test.py", "nurture/doctor/dns_lookup.py",
    "nurture/imports/refused_rows.py", "nurture/imports/sources/staging.py", "nurture/inbound/mail_file.py",
    "nurture/inbound/spool.py", "nurture/keys/key_file.py", "nurture/recovery/archive.py",
    "nurture/recovery/backup.py", "nurture/recovery/restore.py", "nurture/rendering/shards.py",
    "nurture/storage/database.py", "nurture/storage/fsync.py", "nurture/storage/locks.py",
    "nurture/storage/process_lease.py", "nurture/web/context.py", "nurture/web/middleware.py",
    "nurture/web/routes/health.py", "nurture/web/routes/sendgrid_webhook.py", "nurture/web/server.py",
}  # fmt: skip
"""The only modules of the core that may read a clock, wait, name a process, read the environment, make a secret, or
talk over a network. Everything else is told: the night, the moment and the playbook are arguments."""

CLOCK = re.compile(r"\b(datetime|date)\.(now|today|utcnow)\(")
WORLD = {
    "time", "os", "random", "secrets", "socket", "tempfile", "subprocess", "uuid.uuid1", "uuid.uuid4",
    "aiosmtplib", "dns", "httpx", "smtplib", "ssl", "urllib.request",
}  # fmt: skip


def names_of_the_world(path: Path) -> set[str]:
    """What a module imports of the clock, the environment, chance and the network."""
    names = imported_modules(path)
    return {part for part in WORLD for name in names if f"{name}.".startswith(f"{part}.")}


@pytest.mark.parametrize("path", sorted((ROOT / "nurture").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_clock_no_environment_no_chance_and_no_network_in_a_decision(path: Path) -> None:
    if str(path.relative_to(ROOT)) not in MAY_READ_THE_WORLD:
        assert not CLOCK.search(path.read_text())
        assert not names_of_the_world(path)


def test_every_module_that_may_read_the_world_does() -> None:
    for name in MAY_READ_THE_WORLD:
        path = ROOT / name
        assert CLOCK.search(path.read_text()) or names_of_the_world(path), name


def test_the_guard_of_the_world_sees_it(tmp_path: Path) -> None:
    assert CLOCK.search("datetime.now(UTC)")
    (tmp_path / "a.py").write_text("from uuid import uuid4\nimport os\n")
    assert names_of_the_world(tmp_path / "a.py") == {"uuid.uuid4", "os"}
