"""The core statements stay sets: no nested-loop join, which turned 0.1 s into 94 s when it was measured."""

import pytest

from nurture.journey.playbook import Playbook, read_playbook
from nurture.settings import Settings
from nurture.storage.database import Database
from tests.support.small import MONDAY, STAFF, consent, deliver, lead, night, put

LOOPS = ("NESTED_LOOP_JOIN", "BLOCKWISE_NL_JOIN", "CROSS_PRODUCT", "IE_JOIN")
SMALL_ON_PURPOSE = ("points AS", "INSERT INTO run")


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return read_playbook(Settings())


def plans(database: Database, monkeypatch: pytest.MonkeyPatch, playbook: Playbook) -> dict[str, str]:
    """What DuckDB would do for each statement of a night, asked just before it does it."""
    found: dict[str, str] = {}
    run = Database.run

    def explained(self: Database, sql: str) -> int:
        if sql.lstrip().startswith(("CREATE OR REPLACE TEMP TABLE", "INSERT", "UPDATE", "DELETE")):
            found[sql] = self.rows("EXPLAIN " + sql)[0][1]
        return run(self, sql)

    with monkeypatch.context() as patch:
        patch.setattr(Database, "run", explained)
        night(database, playbook, MONDAY)
    return found


def test_no_statement_of_a_night_joins_by_nested_loops(
    database: Database, monkeypatch: pytest.MonkeyPatch, playbook: Playbook
) -> None:
    put(database, STAFF, *(lead(f"l{n}") for n in range(50)), *(consent(f"l{n}") for n in range(50)))
    database.run("UPDATE lead SET wecom_id = external_id, wecom_hash = external_id")
    deliver(database)
    found = plans(database, monkeypatch, playbook)
    assert len(found) > 40
    slow = [
        sql
        for sql, plan in found.items()
        if any(loop in plan for loop in LOOPS) and not any(known in sql for known in SMALL_ON_PURPOSE)
    ]
    assert slow == []


def test_the_guard_sees_a_nested_loop(database: Database) -> None:
    plan = database.rows(
        "EXPLAIN SELECT * FROM lead a LEFT JOIN lead b ON a.name = b.name AND a.source = 'x' OR a.role = b.role"
    )
    assert any(loop in plan[0][1] for loop in LOOPS)
