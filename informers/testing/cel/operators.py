"""Operators and conversions: what numbers, strings, lists and maps do without any library."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from informers.testing.cel.faults import CelError, NoSuchOverload
from informers.testing.cel.moments import read_duration, read_timestamp, write_duration, write_timestamp
from informers.testing.cel.values import (
    INT64,
    NONE,
    UINT64,
    Duration,
    Maybe,
    Timestamp,
    TypeValue,
    UInt,
    bounded,
    compare,
    equal,
    joined,
    type_name,
)

if TYPE_CHECKING:
    from informers.testing.cel.signatures import Library

__all__ = ["OPERATORS", "written"]


def _add(one: int, other: int) -> int:
    return bounded(one + other)


def _quotient(one: int, other: int) -> int:
    if other == 0:
        raise CelError("division by zero")
    result = abs(one) // abs(other)
    return bounded(result if (one < 0) == (other < 0) else -result)


def _remainder(one: int, other: int) -> int:
    if other == 0:
        raise CelError("modulus by zero")
    return bounded(int(math.fmod(one, other)) if abs(one) < 2**53 and abs(other) < 2**53 else _exact(one, other))


def _exact(one: int, other: int) -> int:
    result = abs(one) % abs(other)
    return -result if one < 0 else result


def _unsigned_quotient(one: int, other: int) -> int:
    if other == 0:
        raise CelError("division by zero")
    return UInt(one // other)


def _unsigned_remainder(one: int, other: int) -> int:
    if other == 0:
        raise CelError("modulus by zero")
    return UInt(one % other)


def _divided(one: float, other: float) -> float:
    if other == 0:
        return math.nan if one == 0 or math.isnan(one) else math.copysign(math.inf, one) * math.copysign(1, other)
    return one / other


def _item(items: list[Any], index: Any) -> Any:
    at = int(index) if isinstance(index, float) and index.is_integer() else index
    if isinstance(at, bool) or not isinstance(at, int):
        raise CelError(f"unsupported index type '{type_name(index)}' in list")
    if not 0 <= at < len(items):
        raise CelError(f"index out of bounds: {at}")
    return items[at]


def _member(entries: dict[Any, Any], key: Any) -> Any:
    if key not in entries or isinstance(key, list | dict):
        raise CelError(f"no such key: {written(key)}")
    return entries[key]


def _within_list(value: Any, items: list[Any]) -> bool:
    return any(equal(value, item) for item in items)


def _within_map(value: Any, entries: dict[Any, Any]) -> bool:
    return not isinstance(value, list | dict) and value in entries


_LESS: Final = {"_<_": (-1,), "_<=_": (-1, 0), "_>_": (1,), "_>=_": (0, 1)}
_ORDERED: Final = (
    *((kind, kind) for kind in ("bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration")),
    *((one, two) for one in ("int", "uint", "double") for two in ("int", "uint", "double") if one != two),
)


def _ordering(name: str, wanted: tuple[int, ...]) -> Library:
    def decide(one: Any, other: Any) -> bool:
        return compare(one, other) in wanted

    return {f"{name}({one}, {other}) -> bool": decide for one, other in _ORDERED}


def written(value: Any) -> str:
    """Return a value as text, as `string(x)` and `+` of messages write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise CelError("invalid UTF-8 in bytes, cannot convert to string") from error
    if isinstance(value, Timestamp):
        return write_timestamp(value)
    if isinstance(value, Duration):
        return write_duration(value)
    return value if isinstance(value, str) else str(value)


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if math.isnan(value):
        return "NaN"
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    text = repr(value)
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent):+03d}" if exponent else text


def _integer(value: Any) -> int:
    if isinstance(value, Timestamp):
        return value.nanos // 10**9
    if isinstance(value, str):
        try:
            return bounded(int(value.replace("_", "x")))
        except (ValueError, CelError) as error:
            raise CelError("type conversion error from 'string' to 'int'") from error
    if isinstance(value, float):
        if not (-(2.0**63) < value < 2.0**63):
            raise CelError("integer overflow")
        return int(value)
    if value > INT64:
        raise CelError("integer overflow")
    return int(value)


def _unsigned(value: Any) -> int:
    if isinstance(value, str):
        try:
            return bounded(int(value.replace("_", "x")), unsigned=True)
        except (ValueError, CelError) as error:
            raise CelError("type conversion error from 'string' to 'uint'") from error
    if isinstance(value, float) and not 0 <= value < float(UINT64):
        raise CelError("unsigned integer overflow")
    return bounded(int(value), unsigned=True)


def _double(value: Any) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise CelError("type conversion error from 'string' to 'double'") from error


def _boolean(value: str) -> bool:
    if value in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if value in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    raise CelError("type conversion error from 'string' to 'bool'")


def _value(optional: Maybe) -> Any:
    if not optional.there:
        raise CelError("optional.none() dereference")
    return optional.value


def _or_none(value: Any) -> Maybe:
    empty = (
        value is None or (value is False) or (isinstance(value, str | bytes | list | dict | int | float) and not value)
    )
    return NONE if empty else Maybe(there=True, value=value)


def _unwrap(items: list[Maybe]) -> list[Any]:
    return [item.value for item in items if item.there]


def _not(value: bool) -> bool:  # noqa: FBT001 - a value of an expression
    return not value


def _identity(value: Any) -> Any:
    return value


def _never(*_: Any) -> Any:
    raise NoSuchOverload


OPERATORS: Final[Library] = {
    "!_(bool) -> bool": _not,
    "-_(int) -> int": lambda value: bounded(-value),
    "-_(double) -> double": lambda value: -value,
    "_==_(A, A) -> bool": equal,
    "_!=_(A, A) -> bool": lambda one, other: not equal(one, other),
    **{key: call for name, wanted in _LESS.items() for key, call in _ordering(name, wanted).items()},
    "_+_(int, int) -> int": _add,
    "_+_(uint, uint) -> uint": lambda one, other: bounded(one + other, unsigned=True),
    "_+_(double, double) -> double": lambda one, other: one + other,
    "_+_(string, string) -> string": lambda one, other: one + other,
    "_+_(bytes, bytes) -> bytes": lambda one, other: one + other,
    "_+_(list(A), list(A)) -> list(A)": joined,
    "_+_(timestamp, duration) -> timestamp": lambda one, other: Timestamp(one.nanos + other.nanos),
    "_+_(duration, timestamp) -> timestamp": lambda one, other: Timestamp(one.nanos + other.nanos),
    "_+_(duration, duration) -> duration": lambda one, other: Duration(one.nanos + other.nanos),
    "_-_(int, int) -> int": lambda one, other: bounded(one - other),
    "_-_(uint, uint) -> uint": lambda one, other: bounded(one - other, unsigned=True),
    "_-_(double, double) -> double": lambda one, other: one - other,
    "_-_(timestamp, timestamp) -> duration": lambda one, other: Duration(one.nanos - other.nanos),
    "_-_(timestamp, duration) -> timestamp": lambda one, other: Timestamp(one.nanos - other.nanos),
    "_-_(duration, duration) -> duration": lambda one, other: Duration(one.nanos - other.nanos),
    "_*_(int, int) -> int": lambda one, other: bounded(one * other),
    "_*_(uint, uint) -> uint": lambda one, other: bounded(one * other, unsigned=True),
    "_*_(double, double) -> double": lambda one, other: one * other,
    "_/_(int, int) -> int": _quotient,
    "_/_(uint, uint) -> uint": _unsigned_quotient,
    "_/_(double, double) -> double": _divided,
    "_%_(int, int) -> int": _remainder,
    "_%_(uint, uint) -> uint": _unsigned_remainder,
    "_[_](list(A), int) -> A": _item,
    "_[_](map(A, B), A) -> B": _member,
    "_[_](optional(list(A)), int) -> optional(A)": _never,
    "_[_](optional(map(A, B)), A) -> optional(B)": _never,
    "_[?_](list(A), int) -> optional(A)": _never,
    "_[?_](optional(list(A)), int) -> optional(A)": _never,
    "_[?_](map(A, B), A) -> optional(B)": _never,
    "_[?_](optional(map(A, B)), A) -> optional(B)": _never,
    "_?_:_(bool, A, A) -> A": _never,
    "_&&_(bool, bool) -> bool": _never,
    "_||_(bool, bool) -> bool": _never,
    "@in(A, list(A)) -> bool": _within_list,
    "@in(A, map(A, B)) -> bool": _within_map,
    **{f"size({kind}) -> int": len for kind in ("string", "bytes", "list(A)", "map(A, B)")},
    **{f"{kind}.size() -> int": len for kind in ("string", "bytes", "list(A)", "map(A, B)")},
    "type(A) -> type": lambda value: TypeValue(type_name(value)),
    "dyn(A) -> dyn": _identity,
    "bool(bool) -> bool": _identity,
    "bool(string) -> bool": _boolean,
    "bytes(bytes) -> bytes": _identity,
    "bytes(string) -> bytes": lambda value: value.encode(),
    **{f"double({kind}) -> double": _double for kind in ("double", "int", "uint", "string")},
    **{f"int({kind}) -> int": _integer for kind in ("int", "double", "uint", "string", "timestamp")},
    **{f"uint({kind}) -> uint": _unsigned for kind in ("uint", "double", "int", "string")},
    **{
        f"string({kind}) -> string": written
        for kind in ("string", "bool", "bytes", "double", "int", "uint", "timestamp", "duration")
    },
    "timestamp(timestamp) -> timestamp": _identity,
    "timestamp(string) -> timestamp": read_timestamp,
    "timestamp(int) -> timestamp": lambda value: Timestamp(value * 10**9),
    "duration(duration) -> duration": _identity,
    "duration(string) -> duration": read_duration,
    "duration(int) -> duration": Duration,
    "optional::of(A) -> optional(A)": lambda value: Maybe(there=True, value=value),
    "optional::ofNonZeroValue(A) -> optional(A)": _or_none,
    "optional::none() -> optional(A)": lambda: NONE,
    "optional::unwrap(list(optional(A))) -> list(A)": _unwrap,
    "list(optional(A)).unwrapOpt() -> list(A)": _unwrap,
    "optional(A).hasValue() -> bool": lambda optional: optional.there,
    "optional(A).value() -> A": _value,
    "optional(A).or(optional(A)) -> optional(A)": _never,
    "optional(A).orValue(A) -> A": _never,
}
"""The operators, by the names that the parser gives them, and the conversions."""
