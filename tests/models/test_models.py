"""The tables that Python knows are the tables that the migrations make."""

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from sqlalchemy import BigInteger, Boolean, Date, Float, Integer, Numeric, String, Uuid
from sqlalchemy.types import TypeEngine
from sqlmodel import Session, SQLModel, select

import models
from models import Consent, ConsentAction, ConsentScope
from models.types import UtcTimestamp, derived_id
from nurture.storage.database import Store

TABLES = sorted(SQLModel.metadata.tables)


def duckdb_type(column_type: TypeEngine[object]) -> str:
    known = (
        (BigInteger, "BIGINT"),
        (Boolean, "BOOLEAN"),
        (UtcTimestamp, "TIMESTAMP"),
        (Date, "DATE"),
        (Integer, "INTEGER"),
        (Float, "DOUBLE"),
        (Numeric, "DECIMAL(18,3)"),
        (Uuid, "UUID"),
        (String, "VARCHAR"),
    )
    return next((name for kind, name in known if isinstance(column_type, kind)), "VARCHAR")


def test_the_migrations_make_exactly_the_tables_of_the_models(store: Store) -> None:
    with store.open(create=True) as database:
        made = {row[0] for row in database.rows("SELECT table_name FROM duckdb_tables() WHERE NOT temporary")}
    assert made == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_columns_have_the_same_names_types_and_nullability(store: Store, table: str) -> None:
    with store.open(create=True) as database:
        stored = database.rows(
            f"""SELECT column_name, data_type, is_nullable FROM duckdb_columns()
                WHERE table_name = '{table}' ORDER BY column_index"""
        )
    declared = [(c.name, duckdb_type(c.type), bool(c.nullable)) for c in SQLModel.metadata.tables[table].columns]
    assert declared == [tuple(row) for row in stored]


def test_times_come_back_aware_and_in_utc(store: Store) -> None:
    nine_in_shanghai = datetime(2026, 10, 9, 9, 0, tzinfo=timezone(timedelta(hours=8)))
    row = Consent(
        id=UUID(int=1), lead_id=UUID(int=2), scope=ConsentScope.EMAIL, action=ConsentAction.GRANTED,
        occurred_at=nine_in_shanghai, occurred_on=date(2026, 10, 9), recorded_at=nine_in_shanghai,
    )  # fmt: skip
    with store.open(create=True) as database:
        with database.session() as session:
            session.add(row)
        with Session(database.connection) as session:
            found = session.exec(select(Consent)).one()
    assert found.occurred_at == datetime(2026, 10, 9, 1, 0, tzinfo=UTC)
    assert found.occurred_at.tzinfo is UTC


def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without its zone"):
        UtcTimestamp().process_bind_param(datetime(2026, 10, 9, 9, 0), None)  # type: ignore[arg-type]  # noqa: DTZ001


def test_sql_and_python_derive_the_same_id(store: Store) -> None:
    with store.open(create=True) as database:
        in_sql = database.one("SELECT md5('lead|' || '线索-1')::UUID")[0]
    assert in_sql == derived_id("lead", "线索-1")


def test_everything_exported_exists() -> None:
    assert all(hasattr(models, name) for name in models.__all__)


def test_enums_are_stored_by_their_values(store: Store) -> None:
    with store.open(create=True) as database:
        with database.session() as session:
            session.add(models.Lead(id=UUID(int=1), external_id="L1", name="—", role=models.BuyingRole.USER))
        assert database.one("SELECT lifecycle, role FROM lead") == ("lead", "user")
