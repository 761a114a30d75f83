"""A custom resource's schema as expressions see it: the type of each part, and values in that type's form.

What a schema does not describe is not visible to a rule. It MUST NOT know rules.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING, Any, Final

from informers.testing.cel import types
from informers.testing.cel.faults import CelError
from informers.testing.cel.moments import read_duration, read_timestamp
from informers.testing.cel.types import Type, list_of, map_of, object_of
from informers.testing.cel.values import KeyedList, SetList
from informers.testing.cel.words import RESERVED

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["escaped", "seen", "type_of", "with_metadata"]

_EXPANDED: Final = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_SPECIAL: Final = re.compile(r"__|[-./]")
_SCALARS: Final = {"boolean": types.BOOL, "number": types.DOUBLE, "integer": types.INT}
_STRINGS: Final = {
    "byte": types.BYTES,
    "duration": types.DURATION,
    "date": types.TIMESTAMP,
    "date-time": types.TIMESTAMP,
}
_TEXT: Final = {"type": "string"}
_METADATA: Final = {"type": "object", "properties": {"name": _TEXT, "generateName": _TEXT}}


def escaped(name: str) -> str:
    """Return how an expression spells a field's name; empty when it cannot."""
    if not name or name[0].isdigit() or not re.fullmatch(r"[\w./-]+", name, re.ASCII):
        return ""
    return f"__{name}__" if name in RESERVED else _SPECIAL.sub(lambda found: _EXPANDED[found.group()], name)


def with_metadata(schema: Obj) -> Obj:
    """Return the schema of a whole object, of whose metadata the two names are visible."""
    fields = {**(schema.get("properties") or {}), "kind": _TEXT, "apiVersion": _TEXT, "metadata": _METADATA}
    return {**schema, "type": "object", "properties": fields}


def type_of(schema: Any, name: str = "object", *, root: bool = False) -> Type | None:
    """Return the type of a part; None when rules do not see it.

    Args:
        schema: The part's schema.
        name: What an object type is called.
        root: Whether it is a whole object.
    """
    if not isinstance(schema, dict):
        return None
    if schema.get("x-kubernetes-int-or-string"):
        return types.DYN
    if root:
        schema = with_metadata(schema)
    match schema.get("type"):
        case "array":
            inner = _part(schema.get("items"), f"{name}.@idx")
            return list_of(inner) if inner is not None else None
        case "object":
            return _object(schema, name)
        case "string":
            return _STRINGS.get(schema.get("format") or "", types.STRING)
        case kind:
            return _SCALARS.get(kind or "")


def _part(schema: Any, name: str) -> Type | None:
    return type_of(schema, name, root=isinstance(schema, dict) and bool(schema.get("x-kubernetes-embedded-resource")))


def _object(schema: Obj, name: str) -> Type | None:
    beyond = schema.get("additionalProperties")
    if isinstance(beyond, dict):
        inner = _part(beyond, f"{name}.@elem")
        return map_of(types.STRING, inner) if inner is not None else None
    fields: dict[str, Type] = {}
    for given, part in (schema.get("properties") or {}).items():
        spelt = escaped(given)
        kind = _part(part, f"{name}.{spelt}") if spelt else None
        if kind is not None:
            fields[spelt] = kind
            fields.setdefault(given, kind)
    return object_of(name, fields)


def seen(value: Any, schema: Obj, *, root: bool = False) -> Any:
    """Return a part's value as a rule sees it.

    Raises:
        CelError: It is not of the schema's type, so that no rule can look at it.
    """
    if value is None or schema.get("x-kubernetes-int-or-string"):
        return value
    if root or schema.get("x-kubernetes-embedded-resource"):
        schema = with_metadata(schema)
    if isinstance(value, dict):
        return _seen_object(value, schema)
    if isinstance(value, list):
        return _seen_list(value, schema)
    match schema.get("type"):
        case "number":
            return float(value)
        case "integer" if isinstance(value, float):
            return int(value)
        case "string" if schema.get("format") in _STRINGS and isinstance(value, str):
            return _read(value, schema["format"])
    return value


def _seen_object(value: Obj, schema: Obj) -> Obj:
    beyond = schema.get("additionalProperties")
    if isinstance(beyond, dict):
        return {name: seen(inner, beyond) for name, inner in value.items()}
    declared = schema.get("properties") or {}
    found: Obj = {}
    for name, inner in value.items():
        spelt = escaped(name) if name in declared else ""
        if spelt and inner is not None:
            found[spelt] = found[name] = seen(inner, declared[name])
    return found


def _seen_list(value: list[Any], schema: Obj) -> list[Any]:
    inner = schema.get("items") or {}
    items = [seen(item, inner) for item in value]
    kind = schema.get("x-kubernetes-list-type")
    if kind == "set":
        return SetList(items)
    if kind == "map":
        return KeyedList(items, tuple(map(escaped, schema.get("x-kubernetes-list-map-keys") or ())))
    return items


def _read(text: str, form: str) -> Any:
    if form == "byte":
        return b64decode(text)
    if form == "duration":
        return read_duration(text)
    try:
        return read_timestamp(f"{text}T00:00:00Z" if form == "date" else text.replace("t", "T").replace(" ", "T"))
    except CelError as error:
        raise CelError(f'Invalid {form} formatted string "{text}"') from error
