"""Strategic merge patch: lists merged by the keys that the kind's schema names, with the directives that kubectl sends.

Pure functions of values and a schema; the patch is used up. They MUST NOT decide what a refusal is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from informers.testing.schema.nodes import ANY, ATOMIC, Node
from informers.testing.schema.walks import same
from informers.testing.words.gotext import plain, type_name

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["BadFormat", "BadPatch", "merge_map"]

_PATCH, _RETAIN = "$patch", "$retainKeys"
_DELETE_FROM, _ORDER = "$deleteFromPrimitiveList", "$setElementOrder"
_MISSING: Final = object()


class BadPatch(ValueError):
    """The patch cannot be applied; the message is the server's."""


class BadFormat(BadPatch):
    """A directive is malformed."""


def merge_map(original: Obj | None, patch: Obj, node: Node) -> Obj:
    """Return `original` changed by `patch`; both are used up.

    Raises:
        BadPatch: It cannot be applied.
    """
    if _PATCH in patch:
        return _directed(patch)
    original = {} if original is None else original
    _retain_keys(original, patch)
    _set_order(original, patch, node)
    for key, value in patch.items():
        deletes = key.startswith(_DELETE_FROM)
        name = _named(key, _DELETE_FROM) if deletes else key
        if value is None:
            original.pop(name, None)
        elif name in original and type(original[name]) is type(value) and isinstance(value, dict | list):
            original[name] = _merged(original[name], value, node.field(name) or ANY, deletes=deletes)
        elif not deletes:
            kept = _without_directives(_without_nulls(value))
            original.pop(name, None)
            if kept is not _MISSING:
                original[name] = kept
    return original


def _directed(patch: Obj) -> Obj:
    directive = patch[_PATCH]
    if directive == "replace":
        return {name: value for name, value in patch.items() if name != _PATCH}
    if directive == "delete":
        return {}
    raise BadPatch(f"unknown patch type: {plain(directive)} in map: {plain(patch)}")


def _merged(original: Any, value: Any, node: Node, *, deletes: bool) -> Any:
    if isinstance(value, dict):
        return value if "replace" in node.strategies else merge_map(original, value, node)
    if deletes or "merge" in node.strategies:
        return _merge_list(original, value, node, deletes=deletes)
    return value


def _named(key: str, directive: str) -> str:
    prefix, slash, name = key.partition("/")
    if prefix == directive and slash:
        return name
    kind = "primitive" if directive == _DELETE_FROM else "setElementOrder"
    raise BadFormat(f"invalid patch format of {kind} list")


def _retain_keys(original: Obj, patch: Obj) -> None:
    if _RETAIN not in patch:
        return
    kept = patch.pop(_RETAIN)
    directives = (_DELETE_FROM, _ORDER)
    if not isinstance(kept, list) or any(
        value is not None and key not in kept for key, value in patch.items() if not key.startswith(directives)
    ):
        raise BadFormat("invalid patch format of retainKeys")
    for key in [key for key in original if key not in kept]:
        del original[key]


def _set_order(original: Obj, patch: Obj, node: Node) -> None:
    """Bring lists into the order that `$setElementOrder/NAME` gives, merging what the patch has of them."""
    for directive in [key for key in patch if key.startswith(_ORDER)]:
        order = _list(patch.pop(directive))
        name = _named(directive, _ORDER)
        mine, theirs = original.get(name, _MISSING), patch.get(name, _MISSING)
        before = [] if mine is _MISSING else _list(mine)
        part = node.field(name) or ATOMIC
        _check_order([] if theirs is _MISSING else _list(theirs), order, part.merge_key)
        if theirs is _MISSING:
            merged = before
        elif mine is _MISSING:
            merged = _without_directives(theirs)
        else:
            merged = _merged(list(before), theirs, part, deletes=False)
        if mine is _MISSING and theirs is _MISSING:
            continue
        theirs = [] if theirs is _MISSING else theirs
        patch.pop(name, None)
        original[name] = _ordered(merged, order, _slots(before, theirs, part.merge_key), part.merge_key)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise BadPatch(f"expected a []interface {{}}, but received a {type_name(value)}")
    return value


def _check_order(patch: list[Any], order: list[Any], key: str) -> None:
    """Refuse a patch list whose items are not in the order given."""
    if not patch or not order:
        return
    rest = iter(order)
    for item in patch:
        if isinstance(item, dict) and _PATCH in item:
            continue
        if not any(same(_key_of(item, key), _key_of(other, key)) for other in rest):
            text = f"The order in patch list:\n{plain(patch)}\n doesn't match {_ORDER} list:\n{plain(order)}\n"
            raise BadPatch(text)


def _key_of(item: Any, key: str) -> Any:
    if not key:
        return item
    if not isinstance(item, dict):
        raise BadPatch(f"expected a map[string]interface {{}}, but received a {type_name(item)}")
    if key not in item:
        raise BadPatch(f"map: {plain(item)} does not contain declared merge key: {key}")
    return item[key]


def _merge_list(original: list[Any], patch: list[Any], node: Node, *, deletes: bool) -> list[Any]:
    if not original and not patch:
        return original
    if not _holds_maps(original, patch):
        if deletes:
            return [item for item in original if item not in patch]
        return _ordered(_distinct([*original, *patch]), patch, original, "")
    key = node.merge_key
    if not key:
        raise BadPatch(f"cannot merge lists without merge key for {node.items.go or node.items}")
    original, patch = _special_items(original, patch, key)
    before, merged = list(original), list(original)
    for item in patch:
        at = _index(merged, _key_of(item, key), key)
        if at < 0:
            merged.append(item)
        else:
            merged[at] = merge_map(merged[at], item, node.items)
    return _ordered(merged, patch, before, key)


def _slots(before: list[Any], patch: list[Any], key: str) -> list[Any]:
    """Return the list by which the server orders old items: the one it had, as its own deletions left it.

    It takes items out of that list in place, and puts new ones into the room that they leave.
    """
    if not key or not all(isinstance(item, dict) for item in patch):
        return before
    slots, used = list(before), len(before)
    for item in patch:
        while item.get(_PATCH) == "delete" and (at := _index(slots[:used], item.get(key), key)) >= 0:
            slots[at : used - 1] = slots[at + 1 : used]
            used -= 1
    if any(item.get(_PATCH) == "replace" for item in patch):
        return slots
    for item in patch:
        if _PATCH not in item and _index(slots[:used], item.get(key), key) < 0:
            if used == len(slots):
                break
            slots[used] = item
            used += 1
    return slots


def _holds_maps(*lists: list[Any]) -> bool:
    kinds = list(dict.fromkeys(type_name(item) for items in lists for item in items))
    if kinds[0] == "[]interface {}":
        raise BadPatch("lists of lists are not supported")
    if len(kinds) > 1:
        raise BadPatch(f"list element types are not identical: [{' '.join(map(plain, lists))}]")
    return "map[string]interface {}" in kinds


def _special_items(original: list[Any], patch: list[Any], key: str) -> tuple[list[Any], list[Any]]:
    """Return both lists after the items that carry a directive have had their effect."""
    plain_items = []
    replaces = False
    for item in patch:
        directive = item.get(_PATCH)
        if directive is None:
            plain_items.append(item)
        elif directive == "delete":
            gone = _key_of(item, key)
            original = [other for other in original if _index([other], gone, key) < 0]
        elif directive == "replace":
            replaces = True
        elif directive == "merge":
            raise BadPatch("merging lists cannot yet be specified in the patch")
        else:
            raise BadPatch(f"unknown patch type: {plain(directive)} in map: {plain(item)}")
    return (plain_items, []) if replaces else (original, plain_items)


def _index(items: list[Any], value: Any, key: str) -> int:
    for at, item in enumerate(items):
        if not key:
            found = item
        elif isinstance(item, dict):
            found = item.get(key, _MISSING)
        else:
            raise BadPatch(f"value for key {at} is not a map")
        if found is not _MISSING and same(found, value):
            return at
    return -1


def _distinct(items: list[Any]) -> list[Any]:
    """Return scalars without repetition; the last one takes the place of one that goes, as on the server."""
    items = list(items)
    at = 0
    while at < len(items) - 1:
        other = at + 1
        while other < len(items):
            if same(items[at], items[other]):
                items[other] = items[-1]
                items.pop()
            else:
                other += 1
        at += 1
    return items


def _ordered(merged: list[Any], patched: list[Any], before: list[Any], key: str) -> list[Any]:
    """Return the items in the patch's order, those that it does not name in their old one, new ones before old."""

    def place(items: list[Any], item: Any) -> int:
        return _index(items, _key_of(item, key), key)

    named = [item for item in merged if place(patched, item) >= 0]
    others = [item for item in merged if place(patched, item) < 0]
    named, others = _by(named, patched, place), _by(others, before, place)
    out: list[Any] = []
    while named and others:
        mine, theirs = place(before, others[0]), place(before, named[0])
        out.append(others.pop(0) if 0 <= mine < theirs else named.pop(0))
    return out + named + others


def _by(items: list[Any], order: list[Any], place: Any) -> list[Any]:
    """Return items sorted by their place in `order`; one that has none moves before what it meets, as on the server."""
    out: list[Any] = []
    for item in items:
        at = len(out)
        mine = place(order, item)
        while at > 0 and (mine < 0 or place(order, out[at - 1]) < 0 or mine < place(order, out[at - 1])):
            at -= 1
        out.insert(at, item)
    return out


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _without_directives(value: Any) -> Any:
    """Return a value that enters as a whole; what carries a directive does not."""
    if isinstance(value, dict):
        if _PATCH in value:
            return _MISSING
        parts = {name: _without_directives(inner) for name, inner in value.items()}
        return {name: inner for name, inner in parts.items() if inner is not _MISSING}
    if isinstance(value, list):
        return [kept for kept in map(_without_directives, value) if kept is not _MISSING]
    return value
