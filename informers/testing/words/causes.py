"""One function for each way in which a field can be wrong: the cause's reason and sentence as the server has them.

Nothing here decides that something is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from informers.api.errors import Cause
from informers.testing.words.gotext import compact, plain, quote

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "NO_FIELD",
    "Shown",
    "ShownList",
    "duplicate",
    "forbidden",
    "immutable",
    "internal",
    "invalid",
    "not_found",
    "required",
    "too_long",
    "too_many",
    "type_invalid",
    "unsupported",
]

NO_FIELD = "<nil>"
"""How the server names the field of a cause that belongs to none."""


class Shown(dict[str, Any]):
    """A struct that the server shows by Go's own names, its fields in their order.

    Threads: immutable.
    """


class ShownList(list[Shown]):
    """Several structs, shown by Go's own names.

    Threads: immutable.
    """


def _shown(value: Any) -> str:
    if isinstance(value, Shown | ShownList):
        return compact(value, keep=True)
    if isinstance(value, str):
        return quote(value)
    return plain(value) if isinstance(value, int | float) else compact(value)


def _told(kind: str, value: Any, detail: str) -> str:
    return f"{kind}: {_shown(value)}: {detail}" if detail else f"{kind}: {_shown(value)}"


def required(field: str, detail: str = "") -> Cause:
    """Return the cause for a field that is missing."""
    return Cause("FieldValueRequired", field, f"Required value: {detail}" if detail else "Required value")


def invalid(field: str, value: Any, detail: str = "") -> Cause:
    """Return the cause for a value that breaks a rule."""
    return Cause("FieldValueInvalid", field, _told("Invalid value", value, detail))


def type_invalid(field: str, value: Any, detail: str) -> Cause:
    """Return the cause for a value of the wrong type or format."""
    return Cause("FieldValueTypeInvalid", field, _told("Invalid value", value, detail))


def immutable(field: str, value: Any) -> Cause:
    """Return the cause for a change of a field that may not change."""
    return invalid(field, value, "field is immutable")


def unsupported(field: str, value: Any, supported: Iterable[str]) -> Cause:
    """Return the cause for a value outside its set."""
    listed = ", ".join(quote(name) for name in supported)
    return Cause(
        "FieldValueNotSupported",
        field,
        _told("Unsupported value", value, f"supported values: {listed}" if listed else ""),
    )


def duplicate(field: str, value: Any) -> Cause:
    """Return the cause for something that is there twice."""
    return Cause("FieldValueDuplicate", field, _told("Duplicate value", value, ""))


def forbidden(field: str, detail: str) -> Cause:
    """Return the cause for a field that may not be set here."""
    return Cause("FieldValueForbidden", field, f"Forbidden: {detail}")


def not_found(field: str, value: Any) -> Cause:
    """Return the cause for a reference to what is not there."""
    return Cause("FieldValueNotFound", field, _told("Not found", value, ""))


def too_long(field: str, most: int) -> Cause:
    """Return the cause for a text of more than `most` bytes."""
    return Cause("FieldValueTooLong", field, f"Too long: may not be more than {most} byte{'' if most == 1 else 's'}")


def too_many(field: str, count: int, most: int) -> Cause:
    """Return the cause for a list of more than `most` items."""
    detail = f"must have at most {most} item{'' if most == 1 else 's'}"
    return Cause("FieldValueTooMany", field, _told("Too many", count, detail))


def internal(field: str, detail: str) -> Cause:
    """Return the cause for what the server itself cannot check."""
    return Cause("InternalError", field, f"Internal error: {detail}")
