"""Which fields a value has, and which fields differ between two values, by a schema.

Objects stay what they are, plain JSON; the answers are field sets. Pure functions. They MUST NOT know of managers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from informers.testing.patching.fieldset import FieldSet, below, entry
from informers.testing.schema.nodes import ANY, MISSING, Node
from informers.testing.words.gotext import compact

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Comparison", "Unkeyed", "compare", "field_of", "field_set", "item_key", "item_keys", "same"]


class Unkeyed(ValueError):
    """An item of a list cannot be told apart from the others."""


class Comparison(NamedTuple):
    """What differs between two values; no path is in two of the sets.

    Threads: immutable.
    """

    removed: FieldSet
    modified: FieldSet
    added: FieldSet


def same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal; unlike for Python, true is not 1."""
    if one != other:
        return False
    if isinstance(one, dict):
        return all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool)


def field_of(node: Node, name: str) -> Node:
    """Return what a field is; anything for one that should not be there."""
    return node.properties.get(name) or node.additional or ANY


def item_key(item: Any, node: Node) -> str:
    """Return the path element that names an item of a list that is not atomic.

    Raises:
        Unkeyed: It has none of the keys, or is no scalar in a set; worded as the server does.
    """
    if node.list_type == "set":
        return _value_key(item)
    if not isinstance(item, dict):
        what = "a null element" if item is None else "non-map elements"
        raise Unkeyed(f"associative list with keys may not have {what}")
    found: dict[str, Any] = {}
    for name in node.map_keys:
        value = item.get(name, MISSING)
        if value is MISSING:
            declared = node.items.properties.get(name)
            value = declared.default if declared else MISSING
        if value is not MISSING:
            found[name] = value
    if not found:
        names = " ".join(f'"{name}"' for name in node.map_keys)
        raise Unkeyed(
            f"associative list with keys has an element that omits all key fields [{names}]"
            " (and doesn't have default values for any key fields)"
        )
    if len(found) == 1:
        (name, value), *_ = found.items()
        if isinstance(value, str) and value.replace("-", "").replace(".", "").isalnum() and value.isascii():
            return f'k:{{"{name}":"{value}"}}'
    return f"k:{compact(found)}"


def _value_key(item: Any) -> str:
    if isinstance(item, dict):
        raise Unkeyed("associative list without keys has an element that's a map type")
    if isinstance(item, list):
        raise Unkeyed("not supported: associative list with lists as elements")
    if item is None:
        raise Unkeyed("associative list without keys has an element that's an explicit null")
    return f"v:{compact(item)}"


def item_keys(items: list[Any], node: Node) -> Iterator[tuple[str, Any]]:
    """Yield each item that can be told apart with its path element."""
    for item in items:
        try:
            yield item_key(item, node), item
        except Unkeyed:
            continue


def field_set(value: Any, node: Node) -> FieldSet:
    """Return the fields that a manager names by applying `value`."""
    if isinstance(value, dict):
        return {} if node.atomic else _map_fields(value, node)
    if isinstance(value, list) and not node.atomic_list:
        return _list_fields(value, node)
    return {}


def _map_fields(value: dict[str, Any], node: Node) -> FieldSet:
    out: FieldSet = {}
    declared = node.properties
    for name, inner in value.items():
        known = declared.get(name)
        part = known or node.additional or ANY
        children = field_set(inner, part)
        member = not known or _is_leaf(inner, part)
        if member or children:
            out[f"f:{name}"] = entry(children, member=member)
    return out


def _is_leaf(value: Any, node: Node) -> bool:
    if isinstance(value, dict):
        return node.atomic or not value
    return not isinstance(value, list) or node.atomic_list


def _list_fields(items: list[Any], node: Node) -> FieldSet:
    out: FieldSet = {}
    repeated: set[str] = set()
    for key, item in item_keys(items, node):
        if key in out:
            repeated.add(key)
        out[key] = entry(field_set(item, node.items), member=True)
    return {**out, **{key: {} for key in repeated}} if repeated else out


def compare(before: Any, after: Any, node: Node) -> Comparison:
    """Return what differs between two objects."""
    removed, modified, added = _differ(before, after, node)
    return Comparison(removed or {}, modified or {}, added or {})


_SAME = (None, None, None)
_CHANGED: tuple[None, FieldSet, None] = (None, {}, None)
_Entries = tuple[FieldSet | None, FieldSet | None, FieldSet | None]
"""Entries of the removed, modified and added sets for one path; None where there is nothing."""


def _differ(before: Any, after: Any, node: Node) -> _Entries:
    if before is after:
        return _SAME
    if before is MISSING:
        return None, None, _whole(after, node)
    if after is MISSING:
        return _whole(before, node), None, None
    if not (before or after) or not (_splits(before, node) or _splits(after, node)):
        return _SAME if same(before, after) else _CHANGED
    if isinstance(before, dict | None) and isinstance(after, dict | None):
        return _differ_maps(before or {}, after or {}, node)
    if isinstance(before, list | None) and isinstance(after, list | None):
        return _differ_lists(before or [], after or [], node)
    gone = below(_whole(before, node)) if _splits(before, node) else None
    come = below(_whole(after, node)) if _splits(after, node) else None
    return gone or None, {} if gone is None or come is None else None, come or None


def _splits(value: Any, node: Node) -> bool:
    """Return whether the parts of a value have owners of their own."""
    if not value or not isinstance(value, dict | list):
        return False
    return not (node.atomic if isinstance(value, dict) else node.atomic_list)


def _differ_maps(before: dict[str, Any], after: dict[str, Any], node: Node) -> _Entries:
    out: tuple[FieldSet, FieldSet, FieldSet] = ({}, {}, {})
    declared, beyond = node.properties, node.additional or ANY
    for name, was in before.items():
        now = after.get(name, MISSING)
        if was is not now and (type(was) is not str or was != now):
            _note(out, f"f:{name}", _differ(was, now, declared.get(name, beyond)))
    for name, now in after.items():
        if name not in before:
            out[2][f"f:{name}"] = _whole(now, declared.get(name, beyond))
    return out[0] or None, out[1] or None, out[2] or None


def _note(out: tuple[FieldSet, FieldSet, FieldSet], key: str, found: _Entries) -> None:
    for target, part in zip(out, found, strict=True):
        if part is not None:
            target[key] = part


def _differ_lists(before: list[Any], after: list[Any], node: Node) -> _Entries:
    out: tuple[FieldSet, FieldSet, FieldSet] = ({}, {}, {})
    was, now = _grouped(before, node), _grouped(after, node)
    for key in {**was, **now}:
        mine, theirs = was.get(key, []), now.get(key, [])
        if len(mine) < 2 and len(theirs) < 2:
            _note(out, key, _differ(mine[0] if mine else MISSING, theirs[0] if theirs else MISSING, node.items))
        else:
            _differ_repeated(out, key, (mine, theirs), node)
    return out[0] or None, out[1] or None, out[2] or None


def _differ_repeated(
    out: tuple[FieldSet, FieldSet, FieldSet], key: str, both: tuple[list[Any], list[Any]], node: Node
) -> None:
    """Items of one key that come more than once are compared together; nothing below them has an owner."""
    mine, theirs = both
    if len(mine) > 1 and len(theirs) > 1:
        if not same(mine, theirs):
            out[1][key] = {}
    elif len(mine) > 1:
        out[0][key] = {}
        if theirs:
            out[2][key] = _whole(theirs[0], node.items)
    else:
        out[2][key] = {}
        if mine:
            out[0][key] = _whole(mine[0], node.items)


def _grouped(items: list[Any], node: Node) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for key, item in item_keys(items, node):
        found.setdefault(key, []).append(item)
    return found


def _whole(value: Any, node: Node) -> FieldSet:
    """Return the entry of a path that appears, or goes, with everything below it."""
    if not _splits(value, node):
        return {}
    if isinstance(value, dict):
        declared, beyond = node.properties, node.additional or ANY
        inner = {f"f:{name}": _whole(part, declared.get(name, beyond)) for name, part in value.items()}
        return {".": {}, **inner}
    items = {
        key: _whole(found[0], node.items) if len(found) == 1 else {} for key, found in _grouped(value, node).items()
    }
    return {".": {}, **items} if items else {}
