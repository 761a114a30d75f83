"""The three patch types that are not apply: JSON patch, JSON merge patch, strategic merge patch.

Pure functions: the object passed in stays, the answer is private. They MUST NOT default, validate or store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import jsonpatch

from informers.api.errors import BadRequest, Invalid, ServerError, TooLarge
from informers.testing.patching.merging import copied
from informers.testing.patching.strategic import BadFormat, BadPatch, merge_map
from informers.testing.words.gotext import type_name

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.schema.nodes import Node

__all__ = ["json_patch", "merge_patch", "strategic_merge"]

_MOST_OPERATIONS: Final = 10_000
_BLANK: Final = "the server rejected our request due to an error in our request"
_FAILURES: Final = (
    jsonpatch.JsonPatchException,
    jsonpatch.JsonPointerException,
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    AttributeError,
)
"""What the library raises when an operation does not apply; it knows no Go, so none of its words are used."""


def json_patch(obj: Obj, ops: Any) -> Obj:
    """Return `obj` changed by an RFC 6902 patch.

    Raises:
        Invalid: An operation does not apply; the server says no more than that.
        BadRequest: The document is no JSON patch.
        TooLarge: More than 10 000 operations.
    """
    if not isinstance(ops, list):
        raise _undecodable(ops, "[]handlers.jsonPatchOp")
    for operation in ops:
        if not isinstance(operation, dict):
            raise _undecodable(operation, "handlers.jsonPatchOp")
        for name in ("op", "path", "from"):
            if not isinstance(operation.get(name, ""), str):
                raise _undecodable(operation[name], "string", field=f"jsonPatchOp.{name}")
    if len(ops) > _MOST_OPERATIONS:
        text = f"The allowed maximum operations in a JSON patch is {_MOST_OPERATIONS}, got {len(ops)}"
        raise TooLarge(text, reason="RequestEntityTooLarge")
    patched: Any = copied(obj)
    try:
        for operation in ops:
            for meant in _lenient(patched, operation):
                patched = jsonpatch.apply_patch(patched, [meant])
    except _FAILURES as error:
        raise Invalid(_BLANK, reason="Invalid") from error
    if not isinstance(patched, dict):
        raise Invalid(_BLANK, reason="Invalid")
    return patched


def _lenient(value: Any, operation: Obj) -> list[Obj]:
    """Return the operation as the server takes it, which is more lenient than the standard.

    `replace` adds a field that is missing, a missing value is null, a missing field tests and copies as null, and an
    index counts from the end when it is negative. Only `replace` takes the whole document.
    """
    kind, path = operation.get("op"), operation["path"]
    if kind == "add" and not path:
        raise KeyError(path)
    meant = {**operation, "path": _from_the_end(value, path)}
    if kind in ("add", "replace", "test"):
        meant.setdefault("value", None)
    if kind == "replace" and isinstance(jsonpatch.JsonPointer(path).to_last(value)[0], dict):
        meant["op"] = "add"
    if kind == "test" and meant["value"] is None and _missing(value, path):
        return []
    if kind == "copy" and _missing(value, operation["from"]):
        return [{"op": "add", "path": meant["path"], "value": None}]
    return [meant]


def _missing(value: Any, path: str) -> bool:
    inner, part = jsonpatch.JsonPointer(path).to_last(value)
    return isinstance(inner, dict) and part not in inner


def _from_the_end(value: Any, path: str) -> str:
    before, _, last = path.rpartition("/")
    if not last.startswith("-") or not last[1:].isdigit():
        return path
    inner = jsonpatch.JsonPointer(before).resolve(value)
    return f"{before}/{len(inner) + int(last)}" if isinstance(inner, list) else path


_JSON_KINDS: Final = {
    "map[string]interface {}": "object",
    "[]interface {}": "array",
    "int64": "number",
    "float64": "number",
    "<nil>": "null",
}


def _undecodable(value: Any, wanted: str, *, field: str = "") -> BadRequest:
    found = _JSON_KINDS.get(type_name(value), type_name(value))
    where = f"Go struct field {field}" if field else "Go value"
    text = f"error decoding patch: json: cannot unmarshal {found} into {where} of type {wanted}"
    return BadRequest(text, reason="BadRequest")


def merge_patch(obj: Obj, patch: Any) -> Obj:
    """Return `obj` changed by an RFC 7386 merge patch.

    Raises:
        BadRequest: The document is no JSON object.
    """
    if patch is None:
        raise BadRequest("Invalid JSON Patch", reason="BadRequest")
    if not isinstance(patch, dict):
        raise _undecodable(patch, "map[string]interface {}")
    return _merged(copied(obj), patch)


def _merged(value: Obj, patch: Obj) -> Obj:
    for name, change in patch.items():
        if change is None:
            value.pop(name, None)
        elif isinstance(change, dict) and isinstance(value.get(name), dict):
            _merged(value[name], change)
        else:
            value[name] = _without_nulls(change)
    return value


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def strategic_merge(obj: Obj, patch: Any, node: Node) -> Obj:
    """Return `obj` changed by a strategic merge patch, lists merged by the keys that `node` names.

    Raises:
        BadRequest: The document is no JSON object, or a directive is malformed.
        ServerError: An item without its merge key, an unknown `$patch` (500, without a reason).
    """
    if not isinstance(patch, dict):
        found = _JSON_KINDS.get(type_name(patch), type_name(patch))
        text = f"json: cannot unmarshal {found} into Go value of type map[string]interface {{}}"
        raise BadRequest(text, reason="BadRequest")
    try:
        return merge_map(copied(obj), copied(patch), node)
    except BadFormat as error:
        raise BadRequest(str(error), reason="BadRequest") from error
    except BadPatch as error:
        raise ServerError(str(error)) from error
