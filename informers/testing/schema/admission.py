"""What the server does to a custom resource on its way in: unknown fields, nulls and defaults, and validation.

Everything follows the schema; what is true of built-in kinds alone is in `defaults`. Nothing here reads or stores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from informers.testing.patching.merging import copied
from informers.testing.schema.names import dns_1035_label, path_segment
from informers.testing.schema.nodes import MISSING, Node
from informers.testing.schema.unknown import malformed, prune
from informers.testing.validation.objectmeta import check_metadata, check_metadata_update
from informers.testing.words import causes
from informers.testing.words.gotext import compact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["default", "malformed", "prune", "validate"]


def default(obj: Obj, node: Node, *, nulls: bool = False) -> None:
    """Fill in the defaults of a custom resource's schema, in place.

    Args:
        obj: The object.
        node: Its schema.
        nulls: Whether nulls stay where the schema allows none and has no default, as they do in what was applied;
            otherwise they are dropped.
    """
    if not nulls:
        _drop_nulls(obj, node)
    _default(obj, node)


def _drop_nulls(value: Any, node: Node) -> None:
    if isinstance(value, dict):
        for name in list(value):
            part = node.properties.get(name) or node.additional
            if part is None or not part.described:
                continue
            if value[name] is None and _refuses_null(part) and part.default is MISSING:
                del value[name]
            else:
                _drop_nulls(value[name], part)
    elif isinstance(value, list):
        for item in value:
            _drop_nulls(item, node.items)


def _refuses_null(node: Node) -> bool:
    return not node.nullable


def _default(value: Any, node: Node) -> None:
    if isinstance(value, dict):
        for name, part in node.properties.items():
            absent = name not in value or (value[name] is None and _refuses_null(part))
            if part.default is not MISSING and absent:
                value[name] = copied(part.default)
        for name, inner in value.items():
            beyond = node.properties.get(name) or node.additional
            if beyond is None or not beyond.described:
                continue
            fills = name not in node.properties and _refuses_null(beyond) and beyond.default is not MISSING
            if inner is None and fills:
                value[name] = copied(beyond.default)
            _default(value[name], beyond)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if item is None and _refuses_null(node.items) and node.items.default is not MISSING:
                value[index] = copied(node.items.default)
            _default(value[index], node.items)


def validate(obj: Obj, node: Node, *, old: Obj | None = None, warnings: list[str] | None = None) -> list[Cause]:
    """Return what is wrong with a custom resource, its metadata included, worded as the server does.

    Args:
        obj: The object, pruned and defaulted.
        node: Its schema.
        old: What it replaces; faults of the schema in parts that did not change are passed over. Some faults of the
            metadata are then there more than once, as for built-in kinds.
        warnings: Where the rules go that are broken by parts that did not change.
    """
    from informers.testing.schema.celrules import violated_rules  # noqa: PLC0415 - CEL, which built-in kinds do without
    from informers.testing.schema.constraints import violations  # noqa: PLC0415 - the same

    metadata = obj.get("metadata") or {}
    before = (old or {}).get("metadata") or {}
    if old is None:
        found = check_metadata(metadata)
    else:
        found = check_metadata({**metadata, "generateName": ""}, rule=path_segment)
        found += 2 * check_metadata_update(metadata, before)
    found += violations(obj, node.given, old=MISSING if old is None else old)
    found += _embedded(obj, node, "")
    repeated = list(_repeated(obj, node, ""))
    if old is None or not list(_repeated(old, node, "")):
        found += repeated
    return found + violated_rules(obj, node.given, old, found, warnings)


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _parts(value: Any, node: Node, path: str) -> Iterator[tuple[Any, Node, str]]:
    """Yield what is one step below a value with its schema and the path that causes give it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            part = node.properties.get(name)
            if part:
                yield inner, part, _under(path, name)
            elif node.additional:
                yield inner, node.additional, f"{path}[{name}]"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield item, node.items, f"{path}[{index}]"


def _repeated(value: Any, node: Node, path: str) -> Iterator[Cause]:
    if isinstance(value, list) and node.list_type != "atomic":
        yield from _repeated_items(value, node, path)
    if isinstance(value, dict | list):
        for inner, part, here in _parts(value, node, path):
            if part.described:
                yield from _repeated(inner, part, here)


def _repeated_items(items: list[Any], node: Node, path: str) -> Iterator[Cause]:
    shown: list[Any] = items
    if node.list_type == "map":
        for index, item in enumerate(items):
            if not isinstance(item, dict | None):
                yield causes.invalid(f"{path}[{index}]", item, "must be an object for an array of list-type map")
                return
        shown = [{name: item[name] for name in node.map_keys if name in item} if item else {} for item in items]
    seen: dict[str, int] = {}
    for index, key in enumerate(shown):
        text = compact(key)
        seen[text] = seen.get(text, 0) + 1
        if seen[text] == 2:
            yield causes.duplicate(f"{path}[{index}]", key)


def _embedded(value: Any, node: Node, path: str) -> list[Cause]:
    found: list[Cause] = []
    if isinstance(value, dict) and node.embedded:
        found += _embedded_faults(value, path)
    if isinstance(value, dict | list):
        for inner, part, here in _parts(value, node, path):
            if part.described:
                found += _embedded(inner, part, here)
    return found


def _embedded_faults(value: Obj, path: str) -> list[Cause]:
    found = [causes.required(_under(path, name)) for name in ("apiVersion", "kind") if name not in value]
    for name in ("apiVersion", "kind"):
        text = value.get(name)
        if name in value and not isinstance(text, str):
            found.append(causes.invalid(_under(path, name), text, "must be a string"))
        elif text == "":
            found.append(causes.invalid(_under(path, name), "", "must not be empty"))
    version, kind = value.get("apiVersion"), value.get("kind")
    if isinstance(version, str) and version.count("/") > 1:
        detail = f"unexpected GroupVersion string: {version}"
        found.append(causes.invalid(_under(path, "apiVersion"), version, detail))
    if isinstance(kind, str) and kind and dns_1035_label(kind.lower()):
        detail = f"may have mixed case, but should otherwise match: {','.join(dns_1035_label(kind.lower()))}"
        found.append(causes.invalid(_under(path, "kind"), kind, detail))
    metadata = value.get("metadata")
    if isinstance(metadata, dict):
        named = {"name": "fakename", **metadata}
        found += check_metadata(named, rule=path_segment, at=_under(path, "metadata"))
    return found
