"""Lists and sets: sums, extremes, order, position, and what two lists have in common."""

from __future__ import annotations

from functools import cmp_to_key
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from informers.testing.cel.faults import CelError
from informers.testing.cel.values import NONE, Duration, Maybe, UInt, bounded, compare, equal

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.testing.cel.signatures import Library

__all__ = ["SEQUENCES"]

_COMPARABLE: Final = ("int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes")
_ZEROES: Final[dict[str, Any]] = {"int": 0, "uint": UInt(0), "double": 0.0, "duration": Duration(0)}


def _is_sorted(items: list[Any]) -> bool:
    return all(compare(one, other) <= 0 for one, other in pairwise(items))


def _sum(zero: Any) -> Callable[[list[Any]], Any]:
    def total(items: list[Any]) -> Any:
        if isinstance(zero, Duration):
            return Duration(sum(item.nanos for item in items))
        found = sum(items, zero)
        return found if isinstance(zero, float) else bounded(found, unsigned=isinstance(zero, UInt))

    return total


def _extreme(name: str, sign: int) -> Callable[[list[Any]], Any]:
    def found(items: list[Any]) -> Any:
        if not items:
            raise CelError(f"{name} called on empty list")
        best = items[0]
        for item in items[1:]:
            if compare(item, best) == sign:
                best = item
        return best

    return found


def _position(items: list[Any], value: Any) -> int:
    return next((at for at, item in enumerate(items) if equal(item, value)), -1)


def _last_position(items: list[Any], value: Any) -> int:
    return next((at for at in range(len(items) - 1, -1, -1) if equal(items[at], value)), -1)


def _slice(items: list[Any], start: int, end: int) -> list[Any]:
    if start < 0 or end < 0:
        raise CelError(f"cannot slice({start}, {end}), negative indexes not supported")
    if start > end:
        raise CelError(f"cannot slice({start}, {end}), start index must be less than or equal to end index")
    if len(items) < end:
        raise CelError(f"cannot slice({start}, {end}), list is length {len(items)}")
    return items[start:end]


def _flatten(items: list[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise CelError("level must be non-negative")
    found: list[Any] = []
    for item in items:
        if isinstance(item, list) and depth:
            found += _flatten(item, depth - 1)
        else:
            found.append(item)
    return found


def _distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if not any(equal(item, seen) for seen in found):
            found.append(item)
    return found


def _sorted_by(items: list[Any], keys: list[Any]) -> list[Any]:
    kinds = {type(key) for key in keys}
    if len(kinds) > 1:
        raise CelError("list elements must have the same type")
    rank = cmp_to_key(compare)
    pairs: list[tuple[Any, Any]] = sorted(zip(keys, items, strict=True), key=lambda pair: rank(pair[0]))
    return [item for _, item in pairs]


def _contains(items: list[Any], wanted: list[Any]) -> bool:
    return all(any(equal(want, item) for item in items) for want in wanted)


def _intersects(one: list[Any], other: list[Any]) -> bool:
    return any(equal(a, b) for a in one for b in other)


def _end(items: list[Any], at: int) -> Maybe:
    return Maybe(there=True, value=items[at]) if items else NONE


SEQUENCES: Final[Library] = {
    **{f"list({kind}).isSorted() -> bool": _is_sorted for kind in _COMPARABLE},
    **{f"list({kind}).sum() -> {kind}": _sum(zero) for kind, zero in _ZEROES.items()},
    **{f"list({kind}).max() -> {kind}": _extreme("max", 1) for kind in _COMPARABLE},
    **{f"list({kind}).min() -> {kind}": _extreme("min", -1) for kind in _COMPARABLE},
    "list(A).indexOf(A) -> int": _position,
    "list(A).lastIndexOf(A) -> int": _last_position,
    "list(A).slice(int, int) -> list(A)": _slice,
    "list(list(A)).flatten() -> list(A)": _flatten,
    "list(dyn).flatten(int) -> list(dyn)": _flatten,
    "list(A).distinct() -> list(A)": _distinct,
    "list(A).reverse() -> list(A)": lambda items: items[::-1],
    "list(A).first() -> optional(A)": lambda items: _end(items, 0),
    "list(A).last() -> optional(A)": lambda items: _end(items, -1),
    **{f"list({kind}).sort() -> list({kind})": lambda items: _sorted_by(items, items) for kind in _COMPARABLE},
    **{f"list(A).@sortByAssociatedKeys(list({kind})) -> list(A)": _sorted_by for kind in _COMPARABLE},
    "lists::range(int) -> list(int)": lambda count: list(range(count)),
    "sets::contains(list(A), list(A)) -> bool": _contains,
    "sets::equivalent(list(A), list(A)) -> bool": lambda one, other: _contains(one, other) and _contains(other, one),
    "sets::intersects(list(A), list(A)) -> bool": _intersects,
}
"""What is asked of lists. `sum` of several kinds is chosen by the items' type, which an empty list does not tell."""
