"""Worlds in and out of a database, and the first difference between two of them."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlmodel import SQLModel

from models import (
    Account,
    Consent,
    Decision,
    DecisionHistory,
    Enrolment,
    Interaction,
    Lead,
    Message,
    MessageKind,
    Move,
    Preference,
    Run,
    Staff,
    StageEntry,
    Suppression,
    TopicOff,
)
from nurture.ledger.message_ids import about
from nurture.storage.database import Database
from nurture.storage.sql import literal
from tests.oracle.rules import World

TABLES: dict[str, type[SQLModel]] = {
    "account": Account,
    "staff": Staff,
    "lead": Lead,
    "consent": Consent,
    "suppression": Suppression,
    "preference": Preference,
    "topic_off": TopicOff,
    "interaction": Interaction,
    "enrolment": Enrolment,
    "stage_entry": StageEntry,
    "message": Message,
    "decision": Decision,
    "decision_history": DecisionHistory,
    "run": Run,
}
NOT_COMPARED = {("run", "closed_at"), ("stage_entry", "why_zh"), ("interaction", "id")} | {
    ("message", name)  # what rendering and delivery write
    for name in ("resend", "revision", "payload_hash", "payload_file", "fence", "batch_id", "provider_id", "moved_at")
}
WITH_KINDS = ("message", "decision", "decision_history")
"""The oracle has no kinds: it calls what is about no touch by what its id says (``@goal``)."""

NOT_COMPARED |= {(table, name) for table in WITH_KINDS for name in ("kind", "subject")}
# Moves whose cause is a rule that the lead fulfilled; other words are free.
WHY_IS_A_RULE = (Move.ENROLLED, Move.ADVANCED)
Rows = list[tuple[Any, ...]]


def columns(table: str) -> list[str]:
    """The columns that are compared, in the order of the model."""
    return [name for name in TABLES[table].model_fields if (table, name) not in NOT_COMPARED]


def copy_world(world: World) -> World:
    """The same rows, on their own."""
    return World(
        **{name: [model(**row.model_dump()) for row in getattr(world, name)] for name, model in TABLES.items()}
    )


# -- into the database -------------------------------------------------------------------------------------


def empty(database: Database) -> None:
    """Forget every row, so that one file serves many examples."""
    with database.transaction():
        for name in TABLES:
            database.run(f"DELETE FROM {name}")


def load(world: World, database: Database, shuffle: random.Random | None = None) -> None:
    """Write all rows of a world."""
    with database.transaction():
        for name in TABLES:
            rows = list(getattr(world, name))
            if shuffle:
                shuffle.shuffle(rows)
            insert(database, name, rows)


def insert(database: Database, table: str, rows: Iterable[SQLModel]) -> None:
    """Add rows to a table; a missing interaction id is the database's to give."""
    names = [name for name in TABLES[table].model_fields if (table, name) != ("interaction", "id")]
    told = [_with_kind(row) if table in WITH_KINDS else row for row in rows]
    lines = ["(" + ", ".join(literal(_plain(getattr(row, name))) for name in names) + ")" for row in told]
    if lines:
        database.run(f"INSERT INTO {table} ({', '.join(names)}) VALUES {', '.join(lines)}")


def _with_kind(row: SQLModel) -> SQLModel:
    kept = row.model_dump()
    if kept["touch"] == "@goal":
        kept |= {"kind": MessageKind.GOAL_NOTICE, "touch": ""}
    elif kept["touch"].startswith("@"):
        kept |= {"kind": MessageKind.MARK_NOTICE, "subject": kept["touch"][1:], "touch": ""}
    return type(row)(**kept)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


# -- and out ----------------------------------------------------------------------------------------------


def dump(source: Database | World) -> dict[str, Rows]:
    """All compared columns of all rows, sorted."""
    return {name: sorted(_rows(source, name), key=repr) for name in TABLES}


def _rows(source: Database | World, table: str) -> Rows:
    names = columns(table)
    if isinstance(source, World):
        raw: Iterable[Iterable[Any]] = [[getattr(row, name) for name in names] for row in getattr(source, table)]
    else:
        with source.transaction():
            told = [about(table) if name == "touch" and table in WITH_KINDS else name for name in names]
            raw = source.rows(f"SELECT {', '.join(told)} FROM {table}")
    rows = [dict(zip(names, map(_comparable, row), strict=True)) for row in raw]
    if table == "stage_entry":
        by_goal = _left_by_goal(source)
        for row in rows:
            if row["move"] not in WHY_IS_A_RULE and not (row["move"] == Move.LEFT and row["enrolment_id"] in by_goal):
                row["why"] = "…"
    return [tuple(row.values()) for row in rows]


def _left_by_goal(source: Database | World) -> set[str]:
    if isinstance(source, World):
        return {str(row.id) for row in source.enrolment if row.exit_reason == "goal"}
    with source.transaction():
        return {str(row[0]) for row in source.rows("SELECT id FROM enrolment WHERE exit_reason = 'goal'")}


def _comparable(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value.quantize(Decimal("0.001")))
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).replace(tzinfo=None).isoformat(" ")
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def difference(oracle: dict[str, Rows], engine: dict[str, Rows]) -> str:
    """The first rows that differ, side by side; nothing when all are equal."""
    told = []
    for table in TABLES:
        names = columns(table)
        only_oracle = [row for row in oracle[table] if row not in engine[table]]
        only_engine = [row for row in engine[table] if row not in oracle[table]]
        if not only_oracle and not only_engine and len(oracle[table]) != len(engine[table]):
            told.append(f"{table}: {len(oracle[table])} and {len(engine[table])} rows, some twice")
        if only_oracle or only_engine:
            told.append(f"{table}: {len(only_oracle)} rows only in the oracle, {len(only_engine)} only in the engine")
            left, right = _nearest(only_oracle, only_engine)
            told.append(f"  oracle: {_named(names, left, right)}")
            told.append(f"  engine: {_named(names, right, left)}")
    return "\n".join(told)


def _nearest(left: Rows, right: Rows) -> tuple[tuple[Any, ...] | None, tuple[Any, ...] | None]:
    if not left or not right:
        return (left[0] if left else None), (right[0] if right else None)
    first = left[0]
    return first, max(right, key=lambda row: sum(a == b for a, b in zip(first, row, strict=True)))


def _named(names: list[str], row: tuple[Any, ...] | None, other: tuple[Any, ...] | None) -> str:
    if row is None:
        return "—"
    against = other or (object(),) * len(row)
    shown = [
        f"{'>>' if value != theirs and other else ''}{name}={value}"
        for name, value, theirs in zip(names, row, against, strict=True)
    ]
    return ", ".join(shown)
