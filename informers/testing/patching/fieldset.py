"""Sets of field paths, in the very form in which `fieldsV1` writes them: nested dicts.

A key is a path element: `f:name` (a field), `k:{"name":"x"}` (a list item by its keys), `v:"x"` (an item of a set) or
`i:0` (an index). What it maps to is an *entry*: `{}` says that the path is in the set, `{".": {}, ...}` that it and
paths below it are, `{...}` that only paths below it are. So nothing is encoded or decoded on the way to an object.

Sets are values: no function here changes one, and results share parts with arguments.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from informers.testing.words.gotext import compact, plain, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "FieldSet",
    "Unreadable",
    "below",
    "difference",
    "entry",
    "from_paths",
    "intersection",
    "is_member",
    "members",
    "normal",
    "ordered",
    "path_text",
    "union",
    "without",
]

FieldSet: TypeAlias = dict[str, Any]
"""A set of paths, or an entry of one."""


class Unreadable(ValueError):
    """What a client wrote as a field set, or as an entry of managedFields, is none.

    Threads: immutable.
    """


_HERE = "."


def is_member(found: FieldSet) -> bool:
    """Return whether an entry says that its own path is in the set."""
    return not found or _HERE in found


def entry(children: FieldSet, *, member: bool) -> FieldSet:
    """Return the entry for a path with `children` below it; `children` MUST NOT be empty unless it is a member."""
    return {_HERE: {}, **children} if member and children else children


def below(found: FieldSet) -> FieldSet:
    """Return the set of the paths below an entry."""
    return {key: inner for key, inner in found.items() if key != _HERE} if _HERE in found else found


def union(one: FieldSet, other: FieldSet) -> FieldSet:
    """Return the paths in either set."""
    if not one or not other:
        return one or other
    out = dict(one)
    for key, theirs in other.items():
        mine = one.get(key)
        if mine is None or mine is theirs:
            out[key] = theirs
        elif key != _HERE:
            out[key] = _both(mine, theirs)
    return out


def _both(mine: FieldSet, theirs: FieldSet) -> FieldSet:
    if not mine:
        return theirs if not theirs or _HERE in theirs else {_HERE: {}, **theirs}
    if not theirs:
        return mine if _HERE in mine else {_HERE: {}, **mine}
    return union(mine, theirs)


def difference(one: FieldSet, other: FieldSet) -> FieldSet:
    """Return the paths in `one` that are not in `other`."""
    if not other:
        return one
    out = {}
    for key, mine in one.items():
        theirs = other.get(key)
        if theirs is None:
            out[key] = mine
        elif key != _HERE:
            member = is_member(mine) and not is_member(theirs)
            children = difference(below(mine), below(theirs))
            if member or children:
                out[key] = entry(children, member=member)
    return out


def intersection(one: FieldSet, other: FieldSet) -> FieldSet:
    """Return the paths in both sets."""
    if len(other) < len(one):
        one, other = other, one
    out = {}
    for key, mine in one.items():
        theirs = other.get(key)
        if theirs is None or key == _HERE:
            continue
        member = is_member(mine) and is_member(theirs)
        children = intersection(below(mine), below(theirs))
        if member or children:
            out[key] = entry(children, member=member)
    return out


def without(one: FieldSet, other: FieldSet) -> FieldSet:
    """Return the paths in `one` that are neither in `other` nor below one of its paths."""
    out = {}
    for key, mine in one.items():
        theirs = other.get(key)
        if theirs is None:
            out[key] = mine
        elif not is_member(theirs):
            children = without(below(mine), theirs)
            member = is_member(mine)
            if member or children:
                out[key] = entry(children, member=member)
    return out


def from_paths(paths: Iterable[tuple[str, ...]]) -> FieldSet:
    """Return the set of some paths of field names, each path before those below it."""
    out: FieldSet = {}
    for path in paths:
        at = out
        for name in path[:-1]:
            found = at.setdefault(f"f:{name}", {})
            if not found:
                found[_HERE] = {}
            at = found
        at[f"f:{path[-1]}"] = {}
    return out


def members(found: FieldSet, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths of a set, in the server's order: those that end here first."""
    keys = sorted((key for key in found if key != _HERE), key=_rank)
    for key in keys:
        if is_member(found[key]):
            yield (*path, key)
    for key in keys:
        yield from members(found[key], (*path, key))


def path_text(path: Iterable[str]) -> str:
    """Return a path as the server's messages have it: `.spec.ports[port=80,protocol="TCP"].name`."""
    return "".join(_text(key) for key in path)


def _text(key: str) -> str:
    kind, _, rest = key.partition(":")
    if kind == "f":
        return f".{rest}"
    if kind == "k":
        pairs = sorted(msgspec.json.decode(rest).items())
        return "[" + ",".join(f"{name}={_value(value)}" for name, value in pairs) + "]"
    return f"[={_value(msgspec.json.decode(rest))}]" if kind == "v" else f"[{rest}]"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return quote(value)
    return "null" if value is None else plain(value)


def ordered(found: FieldSet) -> FieldSet:
    """Return a set with its keys in the order in which the server writes them."""
    if not found:
        return found
    keys = sorted(found, key=_rank) if len(found) > 1 else found
    return {key: ordered(found[key]) for key in keys}


@lru_cache(maxsize=4096)
def _rank(key: str) -> tuple[Any, ...]:
    kind, _, rest = key.partition(":")
    if kind == "f":
        return (1, rest)
    if kind == "k":
        return (2, *((name, _value_rank(value)) for name, value in sorted(msgspec.json.decode(rest).items())))
    if kind == "v":
        return (3, _value_rank(msgspec.json.decode(rest)))
    return (4, int(rest)) if kind == "i" else (0,)


def _value_rank(value: Any) -> tuple[int, Any]:
    if isinstance(value, bool):
        return (2, value)
    if isinstance(value, int | float):
        return (0, value)
    return (1, value) if isinstance(value, str) else (3, str(value))


def normal(found: Any) -> FieldSet:
    """Return a set that a client wrote in the form that ours have.

    Raises:
        Unreadable: It is none.
    """
    if not isinstance(found, dict):
        raise Unreadable("a field set is an object")
    return {_key(key): normal(inner) for key, inner in found.items() if key[:2] in ("f:", "k:", "v:", "i:", ".")}


def _key(key: str) -> str:
    kind = key[:2]
    if kind == "i:":
        return f"i:{int(key[2:])}"
    return key if kind in ("f:", ".") else kind + compact(msgspec.json.decode(key[2:]))
