"""The CustomResourceDefinition of a typed kind, derived from its class alone.

The types of spec and status become the schema (`informers.api.structural`); what the class says of columns, scale and
short names becomes the rest. So a kind is written down once, and a CRD that differs from its code is a failing test.
The result MUST be the same on every machine.
"""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING, Any

from informers.api.structural import extensions, prose, schema_of

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.api.resource import Resource

__all__ = ["crd_of"]

_PLAIN_PATH = re.compile(r"\.(spec|status)(\.[A-Za-z0-9_]+)*")
_SCALE = ("specReplicasPath", "statusReplicasPath", "labelSelectorPath")
_AGE = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}
_HEADER = {
    "apiVersion": {"description": "Group and version of the schema this object is written in.", "type": "string"},
    "kind": {"description": "The kind of this object, in CamelCase.", "type": "string"},
    "metadata": {"type": "object"},
}


def crd_of(cls: type[Resource[Any, Any]]) -> Obj:
    """Return the CustomResourceDefinition of a typed kind, as `kubectl apply` takes it.

    Raises:
        TypeError: A field has a type that no Kubernetes schema can express; the message holds its path.
        ValueError: A column or scale path leads to no field.
    """
    group, version, kind = cls.gvk
    names: Obj = {"kind": kind, "listKind": f"{kind}List", "plural": cls.plural, "singular": kind.lower()}
    names |= {"shortNames": list(cls.short_names)} if cls.short_names else {}
    names |= {"categories": list(cls.categories)} if cls.categories else {}
    root = _root(cls)
    served = {
        "name": version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": root},
        **_subresources(cls, root),
        "additionalPrinterColumns": [*(_column(cls, root, column) for column in cls.columns), dict(_AGE)],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{cls.plural}.{group}"},
        "spec": {
            "group": group,
            "names": names,
            "scope": "Namespaced" if cls.namespaced else "Cluster",
            "versions": [served],
        },
    }


def _root(cls: type[Resource[Any, Any]]) -> Obj:
    spec = schema_of(cls.spec_type, "spec", defaults=True)
    status = {"status": schema_of(cls.status_type, "status", defaults=False)} if _has_status(cls) else {}
    if any("default" in field for field in spec["properties"].values()) and "required" not in spec:
        spec["default"] = {}
    properties = {**{name: dict(field) for name, field in _HEADER.items()}, "spec": spec, **status}
    needs = {"required": ["spec"]} if "required" in spec else {}
    return {**prose(cls.__doc__), "type": "object", "properties": properties, **needs, **extensions(cls)}


def _has_status(cls: type[Resource[Any, Any]]) -> bool:
    """Whether the kind has a status: `Resource[Spec, None]` has none, nor the subresource."""
    return cls.status_type is not type(None)


def _subresources(cls: type[Resource[Any, Any]], root: Obj) -> Obj:
    found: Obj = {"status": {}} if _has_status(cls) else {}
    found |= {"scale": _scale(cls, root)} if cls.scale else {}
    return {"subresources": found} if found else {}


def _scale(cls: type[Resource[Any, Any]], root: Obj) -> Obj:
    for path in cls.scale or ():
        if not _at(root, path):
            raise ValueError(f"{cls.__name__}: the scale path {path} leads to no field")
    return dict(zip(_SCALE, cls.scale or (), strict=False))


def _column(cls: type[Resource[Any, Any]], root: Obj, column: tuple[str, ...]) -> Obj:
    name, path, *given = column
    found = _at(root, path)
    if _PLAIN_PATH.fullmatch(path) and not found:
        raise ValueError(f"{cls.__name__}: the path {path} of column {name} leads to no field")
    kind = found.get("type")
    scalar = kind if kind in ("integer", "number", "boolean") else "string"
    guessed = "date" if found.get("format") == "date-time" else scalar
    return {"name": name, "type": given[0] if given else guessed, "jsonPath": path}


def _at(root: Obj, path: str) -> Obj:
    """Return the schema that a plain path such as `.spec.size` leads to; empty when it leads nowhere."""
    found: Obj = reduce(lambda node, step: node.get("properties", {}).get(step, {}), path.strip(".").split("."), root)
    return found
