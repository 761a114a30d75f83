"""What the kinds look like: the recorded schemas of the built-in ones, and the schema of a custom one.

The recording (`informers.testing.recording.kinds` makes it) is read when the first schema is asked for, and each schema
decoded when it is asked for itself. Facts only: it MUST NOT decide anything about an object.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from informers.api.objects import GroupVersionKind
from informers.testing.schema.nodes import OBJECT_FIELDS, Node

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["Node", "builtin", "definition", "definition_name", "definitions", "structural"]

_RECORDING = Path(__file__).parent / "schemas.json.gz"


class _Head(msgspec.Struct):
    """Of a recorded definition: the kinds that look like it.

    Threads: immutable.
    """

    kinds: list[dict[str, str]] = msgspec.field(name="x-kubernetes-group-version-kind", default_factory=list)


@cache
def _recorded() -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(gzip.decompress(_RECORDING.read_bytes()), type=dict[str, msgspec.Raw])


def _schema(name: str) -> Obj:
    schema: Obj = msgspec.json.decode(_recorded()[name])
    return schema


@cache
def _names() -> dict[GroupVersionKind, str]:
    return {
        GroupVersionKind(kind["group"], kind["version"], kind["kind"]): name
        for name, recorded in _recorded().items()
        for kind in msgspec.json.decode(recorded, type=_Head).kinds
    }


@cache
def definitions() -> dict[str, Obj]:
    """Return every recorded definition by name, as OpenAPI v3 has it. MUST NOT be changed.

    References read `#/components/schemas/NAME`. OpenAPI v2 is the same without `default`, `oneOf` and `allOf` (its one
    reference stands in its place), with `#/definitions/NAME`, and `type: string` for a Quantity.
    """
    return {name: _published(_schema(name)) for name in _recorded()}


def _published(schema: Obj) -> Obj:
    fields = schema.get("properties")
    if not fields:
        return schema
    bare = {name: {key: fact for key, fact in part.items() if key != "x-go"} for name, part in fields.items()}
    return {**schema, "properties": bare}


def definition_name(gvk: GroupVersionKind) -> str | None:
    """Return the name of a kind's definition, `io.k8s.api.apps.v1.Deployment`; None when it is not recorded."""
    return _names().get(gvk)


@cache
def definition(name: str) -> Node:
    """Return a recorded definition by its name, compiled; raises KeyError when there is none."""
    return Node(_schema(name), definition, definition=name)


def builtin(gvk: GroupVersionKind) -> Node | None:
    """Return the schema of a built-in kind; None when it is not one."""
    name = _names().get(gvk)
    return definition(name) if name else None


def structural(schema: Obj) -> Node:
    """Compile the `openAPIV3Schema` of a CRD's version, `apiVersion`, `kind` and `metadata` filled in.

    `schema` is kept and MUST NOT be changed afterwards. Compiling costs nothing until somebody looks.
    """
    fields = {**(schema.get("properties") or {}), **OBJECT_FIELDS}
    return Node({"type": "object", **schema, "properties": fields, "x-given": schema}, definition)
