"""How an applied configuration is checked, merged into an object, and how fields are taken out again, by a schema.

Objects stay what they are, plain JSON, and none is changed: results are fresh. It MUST NOT know of managers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from informers.testing.patching.fieldset import FieldSet, below, is_member, path_text
from informers.testing.schema.nodes import MISSING, Node
from informers.testing.schema.walks import Unkeyed, field_of, item_key
from informers.testing.words.gotext import plain, syntax, type_name

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["check", "copied", "merge", "remove"]


def copied(value: Any) -> Any:
    """Return a private copy of a JSON value."""
    if isinstance(value, dict):
        return {name: copied(inner) for name, inner in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


def merge(live: Any, applied: Any, node: Node) -> Any:
    """Return `live` with `applied` laid over it; `MISSING` stands for none of either."""
    if applied is MISSING:
        return copied(live)
    if isinstance(applied, dict | None) and isinstance(live, dict) and live and not node.atomic and not node.scalar:
        return _merge_maps(live, applied or {}, node)
    if isinstance(applied, list | None) and isinstance(live, list) and live and not node.atomic_list:
        return _merge_lists(live, applied or [], node)
    return copied(applied)


def _merge_maps(live: dict[str, Any], applied: dict[str, Any], node: Node) -> dict[str, Any]:
    out = {
        name: merge(value, applied[name], field_of(node, name)) if name in applied else copied(value)
        for name, value in live.items()
    }
    for name, value in applied.items():
        if name not in live:
            out[name] = copied(value)
    return out


def _merge_lists(live: list[Any], applied: list[Any], node: Node) -> list[Any]:
    """Items of both are in the applied order; an item of `live` alone stays behind the one that it followed."""
    ours, theirs = [item_key(item, node) for item in live], [item_key(item, node) for item in applied]
    incoming = dict(zip(theirs, applied, strict=True))
    existing: dict[str, Any] = {}
    for name, item in zip(ours, live, strict=True):
        existing[name] = MISSING if name in existing else item
    shared = iter([key for key in theirs if key in existing])
    wanted = next(shared, None)
    out: list[Any] = []
    done: set[str] = set()
    mine = other = 0
    while mine < len(ours) or other < len(theirs):
        key = ours[mine] if mine < len(ours) else None
        next_key = theirs[other] if other < len(theirs) else None
        if key is not None and key != next_key:
            if key not in incoming:
                out.append(copied(live[mine]))
                mine += 1
                continue
            if next_key is not None and wanted not in (None, key):
                mine += 1
                continue
            mine += key in done
        if next_key is not None:
            out.append(merge(existing.get(next_key, MISSING), incoming[next_key], node.items))
            done.add(next_key)
            other += 1
            mine += key == next_key
            if next_key in (wanted, key):
                wanted = next(shared, None)
    return out


def remove(value: Any, gone: FieldSet, node: Node) -> Any:
    """Return `value` without the paths in `gone`; what loses its last field or item stays, empty."""
    if not gone:
        return copied(value)
    if isinstance(value, dict):
        return {} if node.atomic else _remove_fields(value, gone, node)
    if isinstance(value, list):
        return [] if node.atomic_list else _remove_items(value, gone, node)
    return value


def _remove_fields(value: dict[str, Any], gone: FieldSet, node: Node) -> dict[str, Any]:
    out = {}
    for name, inner in value.items():
        found = gone.get(f"f:{name}")
        if found is None:
            out[name] = copied(inner)
        elif not is_member(found):
            out[name] = remove(inner, below(found), field_of(node, name))
    return out


def _remove_items(items: list[Any], gone: FieldSet, node: Node) -> list[Any]:
    out = []
    for item in items:
        try:
            found = gone.get(item_key(item, node))
        except Unkeyed:
            found = None
        if found is None:
            out.append(copied(item))
        elif not is_member(found):
            out.append(remove(item, below(found), node.items))
    return out


def check(value: Any, node: Node) -> str:
    """Return what keeps a configuration from being applied, worded as the server does; empty when nothing does."""
    found = [f"{path}: {fault}" if path else fault for path, fault in _faults(value, node, "")]
    return found[0] if len(found) == 1 else "\n  ".join(["errors:", *found]) if found else ""


def _faults(value: Any, node: Node, path: str) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    if isinstance(value, dict) and node.type in ("", "object") and not node.scalar:
        yield from _field_faults(value, node, path)
    elif isinstance(value, list) and node.type in ("", "array") and not node.scalar:
        yield from _item_faults(value, node, path)
    elif node.type in ("object", "array"):
        yield path, f"expected {'map' if node.type == 'object' else 'list'}, got &{{{plain(value)}}}"
    elif fault := _scalar_fault(value, node):
        yield path, fault


def _field_faults(value: dict[str, Any], node: Node, path: str) -> Iterator[tuple[str, str]]:
    for name in sorted(value):
        part = node.field(name)
        if part is None:
            yield f"{path}.{name}", "field not declared in schema"
            return
        yield from _faults(value[name], part, f"{path}.{name}")


def _item_faults(items: list[Any], node: Node, path: str) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        key = f"i:{index}"
        if not node.atomic_list:
            try:
                key = item_key(item, node)
            except Unkeyed as error:
                yield path, f"element {index}: {error}"
                return
            if key in seen:
                yield path, f"duplicate entries for key {path_text([key])}"
            seen.add(key)
        yield from _faults(item, node.items, path + path_text([key]))


def _scalar_fault(value: Any, node: Node) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if node.type in ("integer", "number"):
        return "" if number else f"expected numeric (int or float), got {type_name(value)}"
    if node.type == "string":
        return (
            "" if isinstance(value, str) else f"expected string, got &value.valueUnstructured{{Value:{syntax(value)}}}"
        )
    if node.type == "boolean":
        return "" if isinstance(value, bool) else f"expected boolean, got &{{{plain(value)}}}"
    return "" if isinstance(value, bool | int | float | str) else f"expected any scalar, got &{{{plain(value)}}}"
