"""Structural schemas: a Python type as Kubernetes' OpenAPI subset, constraints, defaults and words included.

A type that Kubernetes cannot express is refused with its path. The result is a pure function of the source; nothing
here MUST depend on the machine, the clock or the order of imports. Where the parts of a schema come from:

- description: the string literal below a field, or `Meta(description=...)`; of an object, the class docstring up to
  its `Threads:` and similar sections.
- required: a field without a default. Defaults become `default`, except those that say no more than absence (None,
  "", [], {}).
- `T | None`: nullable. `int | str`: int-or-string. `Literal` and enums: enum. Sets: list type set. `Any`: unknown
  fields are preserved.
- anything else, in Kubernetes' own words: `Meta(extra_json_schema={"x-kubernetes-list-type": "map", ...})` on a field,
  and on a class an attribute such as `x_kubernetes_validations: ClassVar = ({"rule": ..., "message": ...},)`.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect as types

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["extensions", "prose", "schema_of"]

_INT32 = range(-(2**31), 2**31)
_SECTIONS = re.compile(r"^(?:Args|Assumes|Blocks|Guarantees|Invariants|Raises|Returns|Threads)\b.*:", re.MULTILINE)
_SCALARS: dict[type[types.Type], Obj] = {
    types.BoolType: {"type": "boolean"},
    types.BytesType: {"type": "string", "format": "byte"},
    types.DateTimeType: {"type": "string", "format": "date-time"},
    types.DateType: {"type": "string", "format": "date"},
    types.UUIDType: {"type": "string", "format": "uuid"},
    types.AnyType: {"x-kubernetes-preserve-unknown-fields": True},
    types.RawType: {"x-kubernetes-preserve-unknown-fields": True},
}


def schema_of(kind: Any, where: str, *, defaults: bool) -> Obj:
    """Return the structural schema of a type.

    Args:
        kind: A Python type, such as a `msgspec.Struct` class.
        where: What to call it in messages.
        defaults: Whether fields carry their defaults; servers never default a status.

    Raises:
        TypeError: A field has a type that no Kubernetes schema can express; the message holds its path.
    """
    return _schema(types.type_info(kind), where, defaults=defaults, above=())


def extensions(cls: type) -> Obj:
    """Return the `x_kubernetes_*` attributes of a class under Kubernetes' names."""
    names = sorted(name for name in dir(cls) if name.startswith("x_kubernetes_"))
    return {name.replace("_", "-"): msgspec.to_builtins(getattr(cls, name)) for name in names}


def prose(text: str | None) -> Obj:
    """Return a docstring as `{"description": ...}`: its paragraphs up to the first section, each on one line."""
    words = _SECTIONS.split(inspect.cleandoc(text or ""))[0].strip()
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", words)]
    return {"description": "\n\n".join(paragraphs)} if words else {}


# --- Types ---


def _schema(kind: types.Type, where: str, *, defaults: bool, above: tuple[type, ...]) -> Obj:
    """Return the schema of one type; `above` are the structs it lies in."""

    def inner(part: types.Type, step: str = "") -> Obj:
        return _schema(part, where + step, defaults=defaults, above=above)

    match kind:
        case types.Metadata():
            return inner(kind.type) | _own_words(kind.extra_json_schema or {})
        case types.StructType():
            return _struct(kind, where, defaults=defaults, above=above)
        case types.UnionType():
            return _union(kind, inner(_essence(kind, where)))
        case types.IntType():
            return _integer(kind)
        case types.FloatType():
            return {"type": "number", **_bounds(kind)}
        case types.StrType():
            return {"type": "string"} | _lengths(kind, "Length") | ({"pattern": kind.pattern} if kind.pattern else {})
        case types.LiteralType():
            return _enum(list(kind.values), where)
        case types.EnumType():
            return _enum([member.value for member in kind.cls], where)
        case types.DictType():
            if kind.key_type != types.StrType():
                raise TypeError(f"{where}: the keys of a map are plain strings; Kubernetes cannot constrain them")
            value = inner(kind.value_type, "[*]")
            return {"type": "object", "additionalProperties": value, **_lengths(kind, "Properties")}
        case types.ListType() | types.VarTupleType() | types.SetType() | types.FrozenSetType():
            items = inner(kind.item_type, "[*]")
            unique = isinstance(kind, types.SetType | types.FrozenSetType)
            kept = {"x-kubernetes-list-type": "set"} if unique else {}
            return {"type": "array", "items": items, **_lengths(kind, "Items"), **kept}
        case _ if type(kind) in _SCALARS:
            return dict(_SCALARS[type(kind)])
    raise TypeError(f"{where}: no Kubernetes schema expresses a {_name(kind)}")


def _struct(kind: types.StructType, where: str, *, defaults: bool, above: tuple[type, ...]) -> Obj:
    if kind.cls in above:
        raise TypeError(f"{where}: {kind.cls.__name__} contains itself; Kubernetes schemas cannot recurse")
    if kind.array_like or kind.tag_field:
        raise TypeError(f"{where}: {kind.cls.__name__} is tagged or array-like; use a plain Struct")
    docs = _field_docs(kind.cls)
    properties: Obj = {}
    for field in kind.fields:
        node = _schema(field.type, f"{where}.{field.encode_name}", defaults=defaults, above=(*above, kind.cls))
        described = prose(docs.get(field.name)) | node
        properties[field.encode_name] = described | (_default(field, node) if defaults else {})
    required = [field.encode_name for field in kind.fields if field.required]
    needs = {"required": required} if required else {}
    return {**prose(kind.cls.__doc__), "type": "object", "properties": properties, **needs, **extensions(kind.cls)}


def _default(field: types.Field, node: Obj) -> Obj:
    """Return `{"default": ...}`, or nothing when absence says the same."""
    made = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
    if made is msgspec.NODEFAULT or made is msgspec.UNSET or made is None:
        return {}
    plain = msgspec.to_builtins(made)
    if isinstance(made, msgspec.Struct) and made == type(made)():
        # An empty object stands in, and the defaults of its fields fill it, if there are any.
        return {"default": {}} if any("default" in inner for inner in node["properties"].values()) else {}
    return {} if plain in ("", [], {}) else {"default": plain}


def _essence(kind: types.UnionType, where: str) -> types.Type:
    """Return the one member of a union that carries its schema."""
    members = [member for member in kind.types if not isinstance(member, types.NoneType)]
    strings = [member for member in members if isinstance(_bare(member), types.StrType)]
    integers = [member for member in members if isinstance(_bare(member), types.IntType)]
    if len(members) == 1:
        return members[0]
    if len(members) == 2 and strings and integers:
        return strings[0]
    names = " | ".join(_name(member) for member in members)
    raise TypeError(f"{where}: no Kubernetes schema expresses {names}; only T | None and int | str are possible unions")


def _union(kind: types.UnionType, node: Obj) -> Obj:
    members = [member for member in kind.types if not isinstance(member, types.NoneType)]
    if len(members) == 2:
        constraints = {key: value for key, value in node.items() if key != "type"}
        either = [{"type": "integer"}, {"type": "string"}]
        node = {"anyOf": either, **constraints, "x-kubernetes-int-or-string": True}
    return node | ({"nullable": True} if len(members) < len(kind.types) else {})


def _enum(values: list[Any], where: str) -> Obj:
    if {type(value) for value in values} not in ({str}, {int}):
        raise TypeError(f"{where}: the values of an enum are all strings or all integers")
    return {"type": "string" if isinstance(values[0], str) else "integer", "enum": values}


def _bare(kind: types.Type) -> types.Type:
    return _bare(kind.type) if isinstance(kind, types.Metadata) else kind


def _name(kind: types.Type) -> str:
    return type(_bare(kind)).__name__.removesuffix("Type").lower()


# --- Constraints and words ---


def _integer(kind: types.IntType) -> Obj:
    bounds = [bound for bound in (kind.ge, kind.gt, kind.le, kind.lt) if bound is not None]
    small = len(bounds) == 2 and all(bound in _INT32 for bound in bounds)
    return {"type": "integer", "format": "int32" if small else "int64", **_bounds(kind)}


def _bounds(kind: types.IntType | types.FloatType) -> Obj:
    bounds = {"minimum": kind.ge, "maximum": kind.le, "multipleOf": kind.multiple_of}
    for key, value in (("minimum", kind.gt), ("maximum", kind.lt)):
        if value is not None:
            bounds |= {key: value, f"exclusive{key.capitalize()}": True}
    return {key: value for key, value in bounds.items() if value is not None}


def _lengths(kind: Any, what: str) -> Obj:
    limits = {f"min{what}": kind.min_length, f"max{what}": kind.max_length}
    return {key: value for key, value in limits.items() if value is not None}


def _own_words(extra: dict[str, Any]) -> Obj:
    """Return what a `Meta` adds; JSON Schema's list of examples is a single one in Kubernetes."""
    words = {key: value for key, value in extra.items() if key != "examples"}
    return words | ({"example": extra["examples"][0]} if extra.get("examples") else {})


def _field_docs(cls: type) -> dict[str, str]:
    """Return {field: the string literal below it}, inherited ones included; none where the source is not at hand."""
    docs: dict[str, str] = {}
    for ancestor in reversed(cls.__mro__[:-1]):
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(ancestor))).body[0]
        except (OSError, TypeError, SyntaxError):
            continue
        body = tree.body if isinstance(tree, ast.ClassDef) else []
        for above, below in pairwise(body):
            match above, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    docs[name] = text
    return docs
