"""The database file: opened late, closed early, never by two, never made by mistake."""

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nurture.errors import NightBusy, SchemaError, StoreBusy, StoreError
from nurture.storage.database import Store
from nurture.storage.locks import night_lease

NOW = datetime(2026, 10, 9, 18, 0, tzinfo=UTC)
HOLD = """
import sys, time
from pathlib import Path
{imports}
with {holding}:
    print("held", flush=True)
    time.sleep(60)
"""


def start_holder(imports: str, holding: str) -> subprocess.Popen[str]:
    code = HOLD.format(imports=imports, holding=holding)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def hold_store(path: Path) -> subprocess.Popen[str]:
    return start_holder("from nurture.storage.database import Store", f"Store(Path({str(path)!r})).open(create=True)")


def test_looking_never_creates_a_database(store: Store) -> None:
    with pytest.raises(StoreError, match="nurture import staff"), store.open():
        pass
    assert not store.path.exists()


def test_a_second_process_learns_who_holds_the_file(store: Store) -> None:
    holder = hold_store(store.path)
    try:
        with pytest.raises(StoreBusy, match=f"process {holder.pid}"), store.open():
            pass
    finally:
        stop(holder)


def test_a_waiting_process_gets_in_when_the_holder_dies(store: Store) -> None:
    holder = hold_store(store.path)
    stop(holder)
    with store.open() as database:
        assert database.one("SELECT 1") == (1,)


def test_a_file_of_a_newer_nurture_is_refused_and_left_alone(store: Store) -> None:
    with store.open(create=True) as database:
        database.run("UPDATE meta SET value = '999' WHERE name = 'schema'")
    with pytest.raises(SchemaError, match="schema 999"), store.open():
        pass


def test_an_older_file_is_migrated_when_it_opens(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.open(create=True):
        pass
    from nurture.storage import migrations

    known = migrations.migrations()
    newest = max(known) + 1
    known[newest] = "ALTER TABLE account ADD COLUMN nickname VARCHAR;"
    monkeypatch.setattr(migrations, "migrations", lambda: known)
    with store.open() as database:
        assert database.one("SELECT value FROM meta WHERE name = 'schema'") == (str(newest),)
        assert database.rows("SELECT nickname FROM account") == []


def test_a_failed_migration_leaves_the_file_as_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.open(create=True):
        pass
    from nurture.storage import migrations

    known = migrations.migrations()
    broken = known | {max(known) + 1: "ALTER TABLE account ADD COLUMN x VARCHAR; SELECT * FROM nowhere;"}
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "migrations", lambda: broken)
        with pytest.raises(Exception, match="nowhere"), store.open():
            pass
    with store.open() as database:
        assert database.one("SELECT value FROM meta WHERE name = 'schema'") == (str(max(known)),)


def test_another_programs_file_is_refused(store: Store) -> None:
    import duckdb

    store.path.parent.mkdir()
    with duckdb.connect(str(store.path)) as connection:
        connection.execute("CREATE TABLE theirs (x INTEGER)")
    with pytest.raises(StoreError, match="not Nurture's"), store.open():
        pass


def test_a_damaged_file_is_refused_and_left_alone(store: Store) -> None:
    store.path.parent.mkdir()
    store.path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="cannot be opened"), store.open():
        pass
    assert store.path.read_bytes() == b"no database" * 1000


def test_a_file_of_another_business_zone_is_refused(store: Store) -> None:
    with store.open(create=True):
        pass
    with pytest.raises(StoreError, match="NURTURE_ZONE=Asia/Shanghai"), Store(store.path, zone="Europe/Berlin").open():
        pass


def test_a_transaction_is_all_or_nothing(store: Store) -> None:
    with store.open(create=True) as database:
        with pytest.raises(Exception, match="nowhere"), database.transaction():  # noqa: PT012
            database.run("INSERT INTO meta VALUES ('x', '1')")
            database.run("SELECT * FROM nowhere")
        assert database.rows("SELECT * FROM meta WHERE name = 'x'") == []


def test_a_statement_outside_a_transaction_is_kept(store: Store) -> None:
    with store.open(create=True) as database:
        database.rows("SELECT 1")
        database.run("INSERT INTO meta VALUES ('x', '1')")
    with store.open() as database:
        assert database.one("SELECT value FROM meta WHERE name = 'x'") == ("1",)


def test_a_trial_leaves_nothing(store: Store) -> None:
    with store.open(create=True) as database:
        with database.trial(), database.transaction():
            database.run("INSERT INTO meta VALUES ('x', '1')")
        assert database.rows("SELECT * FROM meta WHERE name = 'x'") == []


def test_the_night_lease_names_its_holder(tmp_path: Path) -> None:
    imports = "from datetime import datetime, UTC\nfrom nurture.storage.locks import night_lease"
    holder = start_holder(imports, f"night_lease(Path({str(tmp_path)!r}), datetime(2026, 10, 9, tzinfo=UTC))")
    try:
        with pytest.raises(NightBusy, match=f"process {holder.pid} on .*since 2026-10-09"), night_lease(tmp_path, NOW):
            pass
    finally:
        stop(holder)


def test_the_night_lease_of_a_killed_process_is_taken_over_at_once(tmp_path: Path) -> None:
    imports = "from datetime import datetime, UTC\nfrom nurture.storage.locks import night_lease"
    stop(start_holder(imports, f"night_lease(Path({str(tmp_path)!r}), datetime(2026, 10, 9, tzinfo=UTC))"))
    before = time.monotonic()
    with night_lease(tmp_path, NOW):
        assert time.monotonic() - before < 1
