"""Shapes of JSON, put together like sentences: ``record({"email": address}, required=["email"])``.

A shape is asked about a value and answers with what is wrong, innermost field first in the path; nothing wrong is
an empty answer, and costs little.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where (``personalizations.0.to``)."""

    field: str
    message: str

    def within(self, name: str | int) -> "Fault":
        """The same, seen from further out."""
        return replace(self, field=f"{name}.{self.field}" if self.field else str(name))


Faults = Sequence[Fault]
Shape = Callable[[Any], Faults]
FINE: Faults = ()


def wrong(message: str) -> Faults:
    """One fault of the value itself."""
    return (Fault("", message),)


def anything(value: Any) -> Faults:
    """No rule."""
    return FINE


def boolean(value: Any) -> Faults:
    """True or false; ``"true"`` is neither."""
    return FINE if isinstance(value, bool) else wrong("should be a boolean")


def integer(value: Any) -> Faults:
    """A whole number; true is none."""
    return FINE if isinstance(value, int) and not isinstance(value, bool) else wrong("should be an integer")


def text(value: Any) -> Faults:
    """A string."""
    return FINE if isinstance(value, str) else wrong("should be a string")


def one_line(least: int = 0, most: int | None = None) -> Shape:
    """A string without a line break, of at least and at most so many characters."""

    def shape(value: Any) -> Faults:
        if not isinstance(value, str):
            return wrong("should be a string")
        if "\r" in value or "\n" in value or "\0" in value:
            return wrong("must not contain CR, LF or NUL")
        if len(value) < least or (most is not None and len(value) > most):
            return wrong(f"should be {least} to {most or 'any number of'} characters long")
        return FINE

    return shape


def one_of(*values: str) -> Shape:
    """One of these strings."""
    return lambda value: FINE if isinstance(value, str) and value in values else wrong(f"should be one of {values}")


def record(fields: Mapping[str, Shape], required: Collection[str] = ()) -> Shape:
    """An object with these fields and no others."""

    def shape(value: Any) -> Faults:
        if not isinstance(value, dict):
            return wrong("should be an object")
        faults: list[Fault] = []
        for name, each in value.items():
            if (known := fields.get(name)) is None:
                faults.append(Fault(name, "is not a known field"))
            elif found := known(each):
                faults += [fault.within(name) for fault in found]
        faults += [Fault(name, "is required") for name in required if name not in value]
        return faults

    return shape


def mapping(of: Shape) -> Shape:
    """An object with any names and values of one shape."""

    def shape(value: Any) -> Faults:
        if not isinstance(value, dict):
            return wrong("should be an object")
        return [fault.within(name) for name, each in value.items() for fault in of(each)]

    return shape


def array(of: Shape, least: int = 0, most: int | None = None, unique: bool = False) -> Shape:
    """So many values of one shape."""

    def shape(value: Any) -> Faults:
        if not isinstance(value, list):
            return wrong("should be an array")
        if len(value) < least or (most is not None and len(value) > most):
            return wrong(f"should have {least} to {most or 'any number of'} items")
        if unique and any(each in value[:number] for number, each in enumerate(value)):
            return wrong("should have no item twice")
        return [fault.within(number) for number, each in enumerate(value) for fault in of(each)]

    return shape


def both(*shapes: Shape) -> Shape:
    """The first that finds something wrong speaks."""

    def shape(value: Any) -> Faults:
        for each in shapes:
            if found := each(value):
                return found
        return FINE

    return shape
