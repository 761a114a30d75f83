"""Whether the schemas of a CustomResourceDefinition are structural, and otherwise what the server takes.

Pure functions of schemas as they are written; each returns causes worded as the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from informers.testing.patching.merging import copied
from informers.testing.schema.constraints import violations
from informers.testing.schema.crdrules import check_compiled, check_written
from informers.testing.schema.formats import pattern_fault
from informers.testing.schema.rulesets import RULES
from informers.testing.schema.schemas import structural
from informers.testing.schema.unknown import prune
from informers.testing.validation.checks import choice, items
from informers.testing.words import causes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_schema", "check_structural", "has_defaults"]

_TYPES: Final = ("array", "boolean", "integer", "number", "object", "string")
_UNSUPPORTED: Final = ("$ref", "definitions", "patternProperties", "dependencies", "additionalItems", "id")
_LIST, _KEYS, _MAP = "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type"
_KEEP, _WHOLE, _EITHER = (
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
)
_STRUCTURE: Final[dict[str, str]] = {
    "description": "must be empty",
    "title": "must be empty",
    "type": "must be empty",
    "default": "must be undefined",
    "additionalProperties": "must be undefined",
    "nullable": "must be false",
    _KEEP: "must be false",
    _WHOLE: "must be false",
    _EITHER: "must be false",
    _LIST: "must be undefined",
    _KEYS: "must be empty",
    _MAP: "must be undefined",
    RULES: "must be empty",
}
"""What may not stand inside allOf, anyOf, oneOf and not, and what the server says of it."""
_PLACES: Final = {"field": "for specified object fields", "item": "for specified array items", "root": "at the root"}
_ONE_OF_BOTH: Final = [{"type": "integer"}, {"type": "string"}]


def check_structural(crd: Obj) -> list[Cause]:
    """Return what is wrong with the schemas of a CRD's versions; the same schema everywhere is told of once."""
    versions = crd.get("spec", {}).get("versions") or []
    schemas = [(version.get("schema") or {}).get("openAPIV3Schema") for version in versions]
    missing = [
        causes.required(f"spec.versions[{index}].schema.openAPIV3Schema")
        for index, schema in enumerate(schemas)
        if schema is None
    ]
    if missing:
        return missing
    given = [schema for schema in schemas if schema is not None]
    if given and all(schema == given[0] for schema in given):
        return check_schema(given[0], "spec.validation.openAPIV3Schema")
    return [
        cause
        for index, schema in enumerate(given)
        for cause in check_schema(schema, f"spec.versions[{index}].schema.openAPIV3Schema")
    ]


def has_defaults(spec: Obj) -> bool:
    """Return whether a schema of a CRD's `spec` has defaults anywhere."""
    versions = spec.get("versions") or ()
    return any(_defaulted((version.get("schema") or {}).get("openAPIV3Schema")) for version in versions)


def _defaulted(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return False
    parts = (schema.get("items"), schema.get("additionalProperties"), *(schema.get("properties") or {}).values())
    return schema.get("default") is not None or any(map(_defaulted, parts))


def check_schema(schema: Obj, at: str) -> list[Cause]:
    """Return what is wrong with the `openAPIV3Schema` of one version."""
    found = list(_walk(schema, at, "root"))
    fields = schema.get("properties") or {}
    for name in ("apiVersion", "kind"):
        kind = (fields.get(name) or {}).get("type", "string")
        if kind != "string":
            found.append(causes.invalid(f"{at}.properties[{name}].type", kind, "must be string"))
    found += _metadata(fields.get("metadata"), f"{at}.properties[metadata]")
    return found or list(check_compiled(schema, at))


def _metadata(schema: Any, at: str) -> list[Cause]:
    if schema is None:
        return []
    if schema.get("type", "object") != "object":
        return [causes.invalid(f"{at}.type", schema["type"], "must be object")]
    names = set(schema.get("properties") or ())
    if names <= {"name", "generateName"} and schema.keys() <= {"type", "properties", "description"}:
        return []
    detail = "must not specify anything other than name and generateName, but metadata is implicitly specified"
    return [causes.forbidden(at, detail)]


def _walk(schema: Obj, at: str, place: str) -> Iterator[Cause]:
    yield from _keywords(schema, at)
    yield from _type(schema, at, place)
    yield from _extensions(schema, at)
    yield from _lists(schema, at)
    yield from _default(schema, at)
    yield from check_written(schema, at)
    yield from _value_schemas(schema, at)
    yield from _missing_type(schema, at, place)
    for name, part in (schema.get("properties") or {}).items():
        if place != "root" or name != "metadata":
            yield from _walk(part, f"{at}.properties[{name}]", "field")
    beyond, inner = schema.get("additionalProperties"), schema.get("items")
    if place == "root" and beyond is not None:
        yield causes.forbidden(f"{at}.additionalProperties", "must not be used at the root")
    if beyond is not None and schema.get("properties"):
        detail = "additionalProperties and properties are mutual exclusive"
        yield causes.forbidden(f"{at}.additionalProperties", detail)
    if isinstance(beyond, dict):
        yield from _walk(beyond, f"{at}.additionalProperties", "field")
    if isinstance(inner, list):
        yield causes.forbidden(f"{at}.items", "items must be a schema object and not an array")
    elif inner is not None:
        yield from _walk(inner, f"{at}.items", "item")


def _keywords(schema: Obj, at: str) -> Iterator[Cause]:
    for name in _UNSUPPORTED:
        if schema.get(name):
            yield causes.forbidden(f"{at}.{name}", f"{name} is not supported")
    if schema.get("uniqueItems"):
        detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield causes.forbidden(f"{at}.uniqueItems", detail)
    if schema.get("pattern"):
        fault = pattern_fault(schema["pattern"])
        if fault:
            detail = f"must be a valid regular expression, but isn't: error parsing regexp: {fault}"
            yield causes.invalid(f"{at}.pattern", schema["pattern"], detail)


def _type(schema: Obj, at: str, place: str) -> Iterator[Cause]:
    kind = schema.get("type", "")
    if not kind:
        return
    if kind not in _TYPES:
        yield causes.unsupported(f"{at}.type", kind, _TYPES)
    if kind == "null":
        yield causes.forbidden(f"{at}.type", "type cannot be set to null, use nullable as an alternative")
    if kind == "array" and schema.get("items") is None:
        yield causes.required(f"{at}.items", "must be specified")
    if place == "root" and kind != "object":
        yield causes.invalid(f"{at}.type", kind, "must be object at the root")


def _missing_type(schema: Obj, at: str, place: str) -> Iterator[Cause]:
    if schema.get("type"):
        return
    if schema.get(_WHOLE):
        yield causes.required(f"{at}.type", f"must be object if {_WHOLE} is true")
    elif place == "root" or not (schema.get(_EITHER) or schema.get(_KEEP) or schema.get("$ref")):
        yield causes.required(f"{at}.type", f"must not be empty {_PLACES[place]}")


def _extensions(schema: Obj, at: str) -> Iterator[Cause]:
    if schema.get(_KEEP) is False:
        yield causes.invalid(f"{at}.{_KEEP}", value=False, detail="must be true or undefined")
    if not schema.get(_WHOLE):
        return
    if not schema.get("properties") and not schema.get(_KEEP):
        detail = f"must not be empty if {_WHOLE} is true without {_KEEP}"
        yield causes.required(f"{at}.properties", detail)
    if schema.get("type", "object") != "object":
        yield causes.invalid(f"{at}.type", schema["type"], f"must be object if {_WHOLE} is true")


def _lists(schema: Obj, at: str) -> Iterator[Cause]:
    kind, keys, inner = schema.get(_LIST), schema.get(_KEYS) or [], schema.get("items") or {}
    map_type = schema.get(_MAP)
    if map_type is not None:
        yield from choice(map_type, f"{at}.{_MAP}", ("atomic", "granular"))
        if schema.get("type") != "object":
            yield causes.invalid(f"{at}.type", schema.get("type", ""), f"must be object if {_MAP} is specified")
    if keys and kind != "map":
        yield causes.required(f"{at}.{_LIST}", f"must be map if {_KEYS} is non-empty")
    if kind is None:
        return
    yield from choice(kind, f"{at}.{_LIST}", ("atomic", "set", "map"))
    if schema.get("type") != "array":
        yield causes.invalid(f"{at}.type", schema.get("type", ""), f"must be array if {_LIST} is specified")
    elif kind in ("set", "map"):
        if inner.get("nullable"):
            yield causes.forbidden(f"{at}.items.nullable", f"cannot be nullable when {_LIST} is {kind}")
        yield from _set_items(inner, f"{at}.items") if kind == "set" else _keyed_items(inner, keys, at)


def _set_items(inner: Obj, at: str) -> Iterator[Cause]:
    if inner.get("type") == "object" and inner.get(_MAP) != "atomic":
        yield causes.invalid(f"{at}.{_MAP}", inner.get(_MAP), f"must be atomic as item of a list with {_LIST}=set")
    if inner.get("type") == "array" and inner.get(_LIST) not in (None, "atomic"):
        yield causes.invalid(f"{at}.{_LIST}", inner.get(_LIST), f"must be atomic as item of a list with {_LIST}=set")


def _keyed_items(inner: Obj, keys: list[str], at: str) -> Iterator[Cause]:
    if not keys:
        yield causes.required(f"{at}.{_KEYS}", f"must not be empty if {_LIST} is map")
    if inner.get("type") != "object":
        detail = f"must be object if parent array's {_LIST} is map"
        yield causes.invalid(f"{at}.items.type", inner.get("type", ""), detail)
        return
    fields = inner.get("properties") or {}
    if any(key not in fields for key in keys):
        yield causes.invalid(f"{at}.{_KEYS}", keys, "entries must all be names of item properties")
    if len(set(keys)) < len(keys):
        yield causes.invalid(f"{at}.{_KEYS}", keys, "must not contain duplicate entries")
    for key in dict.fromkeys(keys):
        field = fields.get(key)
        if field is None:
            continue
        here = f"{at}.items.properties[{key}]"
        if field.get("type") in ("array", "object"):
            detail = f"must be a scalar type if parent array's {_LIST} is map"
            yield causes.invalid(f"{here}.type", field["type"], detail)
        if "default" not in field and key not in (inner.get("required") or ()):
            detail = f"this property is in {_KEYS}, so it must have a default or be a required property"
            yield causes.required(f"{here}.default", detail)


def _default(schema: Obj, at: str) -> Iterator[Cause]:
    value = schema.get("default")
    if value is None:
        return
    whole = structural({"type": "object", "properties": {"x": schema}})
    if prune({"x": copied(value)}, whole):
        yield causes.invalid(f"{at}.default", value, "must not have unknown fields")
    for fault in violations(value, schema):
        inner = "" if fault.field == causes.NO_FIELD else f".{fault.field}"
        yield type(fault)(fault.reason, f"{at}.default{inner}", fault.message)


def _value_schemas(schema: Obj, at: str) -> Iterator[Cause]:
    """Yield what does not belong into the schemas that only validate."""
    for word in ("allOf", "anyOf", "oneOf"):
        if word == "anyOf" and schema.get(_EITHER) and schema.get(word) == _ONE_OF_BOTH:
            continue
        for here, part in items(schema, word, at):
            either = schema.get(_EITHER) and here.endswith("allOf[0]") and part.get("anyOf") == _ONE_OF_BOTH
            rest = {name: value for name, value in part.items() if name != "anyOf"} if either else part
            yield from _value_schema(rest, here)
    if schema.get("not") is not None:
        yield from _value_schema(schema["not"], f"{at}.not")


def _value_schema(schema: Obj, at: str) -> Iterator[Cause]:
    for name, sentence in _STRUCTURE.items():
        if schema.get(name) not in (None, "", False) or (name == "additionalProperties" and name in schema):
            yield causes.forbidden(f"{at}.{name}", f"{sentence} to be structural")
    yield from _value_schemas(schema, at)
    for name, part in (schema.get("properties") or {}).items():
        yield from _value_schema(part, f"{at}.properties[{name}]")
    if isinstance(schema.get("items"), dict):
        yield from _value_schema(schema["items"], f"{at}.items")
