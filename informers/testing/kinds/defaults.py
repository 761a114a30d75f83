"""What the server does to an object of a built-in kind on its way in: decoding, defaults, validation.

Three steps, in this order; `admission.prune` between the first two tells the unknown fields. A fourth one comes when
the object is stored. Nothing here reads or stores; what depends on the server, such as a Service's address, is filled
in elsewhere.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from informers.api.errors import BadRequest
from informers.testing.kinds.crddefaults import CRD_DEFAULTS
from informers.testing.kinds.kinddefaults import KIND_DEFAULTS
from informers.testing.kinds.normal import Mismatch, normalise
from informers.testing.kinds.poddefaults import POD_DEFAULTS
from informers.testing.kinds.sharedefaults import SHARE_DEFAULTS
from informers.testing.schema.nodes import MISSING, Node
from informers.testing.schema.schemas import builtin, definition
from informers.testing.validation.objects import validate_builtin

if TYPE_CHECKING:
    from informers.api.objects import GroupVersionKind, Obj

__all__ = ["decode_builtin", "default_builtin", "settle_builtin", "validate_builtin"]

_DEFAULTS: Final = {**POD_DEFAULTS, **KIND_DEFAULTS, **SHARE_DEFAULTS, **CRD_DEFAULTS}
_ZEROS: Final[tuple[Any, ...]] = ("", 0, False, {}, [], None)


def decode_builtin(gvk: GroupVersionKind, obj: Obj) -> None:
    """Bring an object into the form in which the server would write it back, in place; a kind unknown is left alone.

    Nulls and empty values go, empty structs that are always written appear (`resources: {}`), quantities and times take
    their canonical form. Unknown fields are left alone: see `admission.prune`.

    Raises:
        BadRequest: A field has the wrong JSON type; worded as the server words it.
    """
    node = builtin(gvk)
    if node is None:
        return
    try:
        normalise(obj, node)
    except Mismatch as mismatch:
        text = f'{gvk.kind} in version "{gvk.version}" cannot be handled as a {gvk.kind}: {mismatch}'
        raise BadRequest(text, reason="BadRequest") from mismatch


def default_builtin(gvk: GroupVersionKind, obj: Obj) -> None:
    """Fill in the defaults of a built-in kind, in place; a kind without any is left alone."""
    node = builtin(gvk)
    if node is not None:
        _default(obj, node.definition)


def _default(part: Any, name: str) -> None:
    if isinstance(part, list):
        for item in part:
            _default(item, name)
    elif isinstance(part, dict):
        fill = _DEFAULTS.get(name)
        if fill:
            fill(part)
        declared, deeper = _steps(name)
        for field, value, pointer in declared:
            if field not in part if pointer else not part.get(field):
                part[field] = value
        for field, inner in deeper:
            found = part.get(field)
            if found is not None:
                _default(found, inner)


@cache
def _steps(name: str) -> tuple[tuple[tuple[str, Any, bool], ...], tuple[tuple[str, str], ...]]:
    """Return the defaults that a definition declares itself, and the fields below which there are more.

    With each default goes whether the field is a pointer, whose zero is as good as any value.
    """
    properties = definition(name).properties
    declared = tuple(
        (field, node.default, node.go.rpartition(":")[2].startswith("*"))
        for field, node in properties.items()
        if node.default is not MISSING and node.default not in _ZEROS
    )
    held = ((field, _held(node)) for field, node in properties.items())
    return declared, tuple((field, inner) for field, inner in held if inner and _defaulted(inner))


def settle_builtin(gvk: GroupVersionKind, obj: Obj) -> None:
    """Make the empty lists of an object null, in place: once it is kept, they are not told from missing ones."""
    node = builtin(gvk)
    if node is not None:
        _settle(obj, node.definition)


def _settle(part: Any, name: str) -> None:
    if isinstance(part, list):
        for item in part:
            _settle(item, name)
    elif isinstance(part, dict):
        written, deeper = _lists(name)
        for field in written:
            if part.get(field) == []:
                part[field] = None
        for field, inner in deeper:
            if field in part:
                _settle(part[field], inner)


@cache
def _lists(name: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return the lists that a definition always writes, and the fields below which there are more."""
    properties = definition(name).properties
    written = tuple(field for field, node in properties.items() if node.type == "array" and node.go.endswith("!"))
    held = ((field, _held(node)) for field, node in properties.items())
    return written, tuple((field, inner) for field, inner in held if inner and _listing(inner))


@cache
def _listing(name: str, above: frozenset[str] = frozenset()) -> bool:
    """Return whether a definition, or something in it, has lists that are always written."""
    if name in above:
        return False
    nodes = definition(name).properties.values()
    if any(node.type == "array" and node.go.endswith("!") for node in nodes):
        return True
    return any(_held(node) and _listing(_held(node), above | {name}) for node in nodes)


def _held(node: Node) -> str:
    return node.items.definition if node.type == "array" else node.definition


@cache
def _defaulted(name: str, above: frozenset[str] = frozenset()) -> bool:
    """Return whether a definition, or something in it, has defaults."""
    if name in _DEFAULTS:
        return True
    if name in above or not definition(name).properties:
        return False
    properties = definition(name).properties.values()
    if any(node.default is not MISSING and node.default not in _ZEROS for node in properties):
        return True
    return any(_held(node) and _defaulted(_held(node), above | {name}) for node in properties)
