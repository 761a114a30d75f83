"""The values of expressions: Python's own where they fit, classes of ours for the rest.

int, float, str, bytes, bool, None, list and dict stand for themselves. Equality, order and the bounds of integers are
here, as Python's differ: `True` is not 1 in an expression, and integers overflow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from informers.testing.cel.faults import CelError, NoSuchOverload

__all__ = [
    "INT64",
    "NONE",
    "UINT64",
    "Duration",
    "KeyedList",
    "Maybe",
    "Opaque",
    "SetList",
    "Timestamp",
    "TypeValue",
    "UInt",
    "bounded",
    "compare",
    "equal",
    "joined",
    "type_name",
]

INT64: Final = 2**63 - 1
UINT64: Final = 2**64 - 1


class UInt(int):
    """An unsigned integer.

    Threads: immutable.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """A point in time.

    Threads: immutable.
    """

    nanos: int
    """Nanoseconds since 1970 in UTC."""


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A length of time.

    Threads: immutable.
    """

    nanos: int


@dataclass(frozen=True, slots=True)
class TypeValue:
    """A type as a value, as `type(x)` yields it.

    Threads: immutable.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Maybe:
    """An optional: there, with a value, or not.

    Threads: immutable.
    """

    there: bool
    value: Any = None


NONE: Final = Maybe(there=False)


class SetList(list[Any]):
    """A list whose items are told apart by their value alone: order does not count.

    Threads: one owner thread.
    """


class KeyedList(list[Any]):
    """A list whose items are told apart by some of their fields: order does not count.

    Threads: one owner thread.
    """

    def __init__(self, items: list[Any], keys: tuple[str, ...]) -> None:
        super().__init__(items)
        self.keys = keys

    def key(self, item: Any) -> tuple[Any, ...]:
        """Return what tells an item apart."""
        return tuple(item.get(name) for name in self.keys) if isinstance(item, dict) else (item,)


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value of a library's own type, such as a quantity or an address; `kind` is the type's name.

    Threads: immutable.
    """

    kind: str
    value: Any


_NAMES: Final[dict[type, str]] = {
    int: "int",
    UInt: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    bool: "bool",
    type(None): "null_type",
    list: "list",
    dict: "map",
    Timestamp: "google.protobuf.Timestamp",
    Duration: "google.protobuf.Duration",
    TypeValue: "type",
    Maybe: "optional_type",
}


def type_name(value: Any) -> str:
    """Return the name of a value's type."""
    if isinstance(value, Opaque):
        return value.kind
    return _NAMES.get(type(value)) or next(
        (name for kind, name in _NAMES.items() if isinstance(value, kind)), type(value).__name__
    )


_SAME: Final = frozenset({str, bytes, Timestamp, Duration, TypeValue})


def equal(one: Any, other: Any) -> bool:
    """Return whether two values are equal: numbers across their types, lists and maps by their members."""
    kind = type(one)
    if kind is type(other) and kind in _SAME:
        return bool(one == other)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        if isinstance(one, SetList | KeyedList):
            return len(one) == len(other) and all(any(equal(item, found) for found in other) for item in one)
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(value, other[key]) for key, value in one.items())
    if isinstance(one, Maybe) and isinstance(other, Maybe):
        return one.there == other.there and equal(one.value, other.value)
    return bool(one == other)


_ORDERED: Final = frozenset({bool, str, bytes, Timestamp, Duration})


def compare(one: Any, other: Any, name: str = "") -> int:
    """Return -1, 0 or 1; raises NoSuchOverload for what has no order."""
    kind = type(one)
    if isinstance(one, int | float) and isinstance(other, int | float):
        if (kind is bool) != (type(other) is bool):
            raise NoSuchOverload(name)
        if one != one or other != other:  # noqa: PLR0124 - only NaN differs from itself
            raise CelError("NaN values cannot be ordered")
    elif kind is not type(other) or kind not in _ORDERED:
        if isinstance(one, str) and isinstance(other, str):
            return (one > other) - (one < other)
        raise NoSuchOverload(name)
    return bool(one > other) - bool(one < other)


def bounded(number: int, *, unsigned: bool = False) -> int:
    """Return an integer that fits its 64 bits; raises CelError when it does not."""
    if unsigned:
        if not 0 <= number <= UINT64:
            raise CelError("unsigned integer overflow")
        return UInt(number)
    if not -INT64 - 1 <= number <= INT64:
        raise CelError("integer overflow")
    return number


def joined(one: list[Any], other: list[Any]) -> list[Any]:
    """Return two lists as one: a set takes what it lacks, a keyed list also replaces what has the same key."""
    if isinstance(one, SetList):
        return SetList([*one, *(item for item in other if not any(equal(item, found) for found in one))])
    if isinstance(one, KeyedList):
        merged = {one.key(item): item for item in one} | {one.key(item): item for item in other}
        return KeyedList(list(merged.values()), one.keys)
    return one + other
