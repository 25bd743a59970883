"""Values as SQL text: the only place where a value becomes part of a statement."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

Value = str | int | float | Decimal | date | datetime | UUID | None


def literal(value: Value) -> str:
    """The SQL literal of a value; text is quoted, a ``datetime`` must be aware and is stored in UTC.

    Raises:
        TypeError: the value has no literal.
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError(f"a time without its zone has no literal: {value!r}")
        return f"TIMESTAMP '{value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, UUID):
        return f"'{value}'::UUID"
    raise TypeError(f"no SQL literal for {type(value).__name__}")


def texts(*values: str) -> str:
    """``('a', 'b')``, for IN; an empty list matches nothing."""
    return "(" + (", ".join(literal(value) for value in values) or "NULL") + ")"
