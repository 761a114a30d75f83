"""Fields that a schema does not know: found, and taken out.

For custom resources the server prunes by the CRD's schema; for built-in kinds Go's decoder knows the struct's fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from informers.testing.kinds.normal import Mismatch, normalise
from informers.testing.schema.schemas import Node, definition
from informers.testing.words import causes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.api.objects import Obj

__all__ = ["malformed", "prune"]

_HEAD: Final = frozenset({"apiVersion", "kind", "metadata"})
_META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


def prune(obj: Obj, node: Node) -> list[str]:
    """Drop the fields that a schema does not know, in place; return their paths, such as `spec.list[0].bar`.

    The server's sentence for each is `unknown field "spec.foo"`; they come in its order: as found in the body for a
    built-in kind; for a custom resource those of its metadata first, of embedded metadata last, each sorted. Of a
    custom resource's metadata and embedded metadata, fields of the wrong type are dropped, too, as the server drops
    them from what it has stored.
    """
    found: list[str] = []
    if node.definition:
        _unknown(obj, node, "", found)
        return found
    metadata = obj.get("metadata")
    if isinstance(metadata, dict):
        _prune_object_meta(metadata, "metadata", found)
    pruned: list[str] = []
    _prune_fields(obj, node.given, "", pruned, root=True)
    inner: list[str] = []
    _prune_metadata({name: part for name, part in obj.items() if name != "metadata"}, node, "", inner)
    return [*sorted(found), *sorted(pruned), *sorted(inner)]


def malformed(obj: Obj, node: Node) -> str:
    """Return the server's sentence on metadata that it cannot read, in a custom resource or embedded; empty if none."""
    metadata = obj.get("metadata")
    if isinstance(metadata, dict):
        try:
            normalise(dict(metadata), definition(_META))
        except Mismatch as mismatch:
            return str(mismatch)
    return next(_malformed_parts(obj, node, ""), "")


def _malformed_parts(value: Any, node: Node, path: str) -> Iterator[str]:
    if isinstance(value, dict) and node.embedded:
        for name in ("apiVersion", "kind"):
            if not isinstance(value.get(name, ""), str):
                yield f"{path}.{name}: {causes.invalid('', value[name], 'must be a string').message}"
        metadata = value.get("metadata")
        if metadata is not None and not isinstance(metadata, dict):
            kind = {list: "array", str: "string", bool: "bool"}.get(type(metadata), "number")
            why = f"json: cannot unmarshal {kind} into Go value of type v1.ObjectMeta"
            yield f"{path}.metadata: {causes.invalid('', metadata, why).message}"
        if isinstance(metadata, dict):
            try:
                normalise(dict(metadata), definition(_META))
            except Mismatch as mismatch:
                yield f"{path}.metadata: {causes.invalid('', metadata, str(mismatch)).message}"
    for here, inner, part in _below(value, node, path):
        if isinstance(inner, dict | list) and part is not None and part.described:
            yield from _malformed_parts(inner, part, here)


def _below(value: Any, node: Node, path: str) -> Iterator[tuple[str, Any, Node | None]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (f"{path}.{name}" if path else name), inner, node.field(name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield f"{path}[{index}]", inner, node.items


def _unknown(value: Any, node: Node, path: str, found: list[str]) -> None:
    if isinstance(value, dict):
        declared, beyond = node.properties, node.additional
        for name in list(value):
            part = declared.get(name) or beyond
            here = f"{path}.{name}" if path else name
            if part is None:
                found.append(here)
                del value[name]
            elif isinstance(value[name], dict | list):
                _unknown(value[name], part, here, found)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict | list):
                _unknown(item, node.items, f"{path}[{index}]", found)


def _prune(value: Any, schema: Obj | None, path: str, found: list[str]) -> None:
    if isinstance(value, dict):
        _prune_fields(value, schema or {}, path, found)
    elif isinstance(value, list):
        schema = schema or {}
        keeps = schema.get("x-kubernetes-preserve-unknown-fields")
        for index, item in enumerate(value):
            inner = schema.get("items")
            if not keeps:
                _prune(item, inner, f"{path}[{index}]", found)
            elif isinstance(item, dict | list):
                kept = {**(inner or {}), "x-kubernetes-preserve-unknown-fields": True}
                _prune(item, kept, f"{path}[{index}]", found)


def _prune_fields(value: Obj, schema: Obj, path: str, found: list[str], *, root: bool = False) -> None:
    declared, beyond = schema.get("properties") or {}, schema.get("additionalProperties")
    whole = root or schema.get("x-kubernetes-embedded-resource")
    keeps = schema.get("x-kubernetes-preserve-unknown-fields")
    for name in list(value):
        if whole and name in _HEAD:
            continue
        here = f"{path}.{name}" if path else name
        if name in declared:
            _prune(value[name], declared[name], here, found)
        elif beyond is not None and beyond is not False:
            _prune(value[name], beyond if isinstance(beyond, dict) else None, here, found)
        elif not keeps:
            found.append(here)
            del value[name]


def _prune_metadata(value: Any, node: Node, path: str, found: list[str]) -> None:
    if isinstance(value, list):
        for index, item in enumerate(value):
            _prune_metadata(item, node.items, f"{path}[{index}]", found)
    if not isinstance(value, dict):
        return
    for name, inner in value.items():
        here = f"{path}.{name}" if path else name
        if name == "metadata" and node.embedded:
            if isinstance(inner, dict):
                _prune_object_meta(inner, here, found)
        elif isinstance(inner, dict | list):
            part = node.properties.get(name) or node.additional
            if part is not None and part.described:
                _prune_metadata(inner, part, here, found)


def _prune_object_meta(metadata: Obj, path: str, found: list[str]) -> None:
    node = definition(_META)
    _unknown(metadata, node, path, found)
    for name in list(metadata):
        field = {name: metadata[name]}
        try:
            normalise(field, node)
        except Mismatch:
            del metadata[name]
    normalise(metadata, node)
