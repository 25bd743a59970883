"""Column types shared by the tables: times that are always UTC, and ids that follow from what they name."""

from datetime import UTC, datetime
from enum import StrEnum
from hashlib import md5
from typing import Any
from uuid import UUID

from sqlalchemy import TIMESTAMP, Enum
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator


class UtcTimestamp(TypeDecorator[datetime]):
    """An aware ``datetime`` in Python, a plain UTC ``TIMESTAMP`` in DuckDB.

    DuckDB's TIMESTAMPTZ arithmetic is 5 to 15 times slower, and its meaning depends on the session's zone.
    A naive ``datetime`` is refused: nobody can say which moment it is.
    """

    impl = TIMESTAMP
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store the moment in UTC, without its offset."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without its zone cannot be stored: {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment back, aware."""
        return None if value is None else value.replace(tzinfo=UTC)


def words(kinds: type[StrEnum]) -> Any:
    """A text column that holds the enum's values (SQLAlchemy would store its Python names)."""
    return Enum(kinds, values_callable=list, native_enum=False, create_constraint=False)


def derived_id(kind: str, *parts: object) -> UUID:
    """The id of a thing, from what identifies it: the same parts give the same id on every machine.

    ``derived_id("lead", "L0001")`` equals ``md5('lead|L0001')::uuid`` in DuckDB, so that sets get their
    ids in SQL and Python agrees. Not a secret and not a signature.
    """
    text = "|".join([kind, *(str(part) for part in parts)])
    return UUID(md5(text.encode(), usedforsecurity=False).hexdigest())
