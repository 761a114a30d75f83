"""Bodies in and out: JSON, YAML and protobuf read with the API server's complaints, duplicates found, answers encoded.

It knows formats and nothing of kinds; a body is never quoted in full, only by its first bytes, as the API server does.
"""

from __future__ import annotations

import json
import re
from typing import Any, TypeAlias

import msgspec

from informers.api import errors
from informers.testing.rest.accept import PROTOBUF
from informers.testing.rest.jsonscan import complaint
from informers.testing.rest.protobuf import Malformed, read_protobuf
from informers.testing.rest.protowriter import write_raw

__all__ = [
    "Decoded",
    "decode_body",
    "decode_patch",
    "encode",
    "encode_raw",
    "media_type",
    "places",
    "unrecognized",
]

Decoded: TypeAlias = tuple[Any, list[str]]
"""A decoded document, and one sentence for each duplicate key in it and each member that a JSON patch does not know."""

JSON_TYPES = frozenset({"", "application/json"})
YAML_TYPES = frozenset({"application/yaml"})
UNKNOWN_FORMAT = (
    "the body of the request was in an unknown format - accepted media types include: "
    f"application/json, application/yaml, {PROTOBUF}"
)
_SPACED = re.compile(rb'"[ \t\r\n]+:')
_KINDS = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}


def media_type(content_type: str) -> str:
    """Return a content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def decode_body(body: bytes, content_type: str, *, kind: str = "", merge: bool = True) -> Decoded:
    """Read the object in the body of a create, update or delete; `null` reads as an empty object.

    Args:
        body: The bytes as they came.
        content_type: The header; empty means JSON.
        kind: The kind that the path asks for, which the refusals name; empty for options.
        merge: Whether two JSON members of the same name are merged when both are objects, as the API server does for
            built-in kinds; of any others the last one wins.

    Raises:
        UnsupportedMedia: A format that is not served.
        BadRequest: The document is malformed, or no object.
    """
    media = media_type(content_type)
    try:
        value, duplicates = _read(body, media, merge=merge)
    except Malformed as error:
        text = f"couldn't get version/kind; json parse error: {error}" if media in JSON_TYPES else str(error)
        raise unrecognized(text, body, kind) from error
    if value is None:
        return {}, duplicates
    if not isinstance(value, dict):
        go = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
        text = f"couldn't get version/kind; json parse error: json: cannot unmarshal {_KINDS[type(value)]}"
        raise unrecognized(f"{text} into Go value of type {go}", body, kind)
    for name in value:
        if name in ("kind", "apiVersion") and not isinstance(value[name], str | None):
            text = f"couldn't get version/kind; json parse error: json: cannot unmarshal {_KINDS[type(value[name])]}"
            raise unrecognized(f"{text} into Go struct field .{name} of type string", body, kind)
    if (value.get("apiVersion") or "").count("/") > 1:
        raise unrecognized(f"unexpected GroupVersion string: {value['apiVersion']}", body, kind)
    return value, duplicates


def _read(body: bytes, media: str, *, merge: bool) -> Decoded:
    if media in JSON_TYPES:
        return read_json(body, merge=merge)
    if media in YAML_TYPES:
        return read_yaml(body)
    if media == PROTOBUF:
        return read_protobuf(body), []
    raise errors.UnsupportedMedia(UNKNOWN_FORMAT, reason="UnsupportedMediaType")


def decode_patch(body: bytes, content_type: str) -> Decoded:
    """Read the document in the body of a patch; a JSON patch is a list, the others are objects.

    Raises:
        BadRequest: The document is malformed or of the wrong shape.
    """
    media = media_type(content_type)
    if media == "application/apply-patch+yaml":
        return _decode_apply(body)
    strategic = media == "application/strategic-merge-patch+json"
    prefix = "" if strategic else "error decoding patch: "
    try:
        value, duplicates = read_json(body)
    except Malformed as error:
        raise errors.BadRequest(f"{prefix}{error}", reason="BadRequest") from error
    listed = media == "application/json-patch+json"
    if value is not None and not isinstance(value, list if listed else dict):
        go = "[]handlers.jsonPatchOp" if listed else "map[string]interface {}"
        text = f"{prefix}json: cannot unmarshal {_KINDS[type(value)]} into Go value of type {go}"
        raise errors.BadRequest(text, reason="BadRequest")
    if value is None and not listed and not strategic:
        raise errors.BadRequest("Invalid JSON Patch", reason="BadRequest")
    if listed:
        duplicates = [f"json patch {sentence}" for sentence in (*duplicates, *_unknown_members(value))]
    return value if value is not None else ([] if listed else {}), duplicates


def _unknown_members(operations: Any) -> list[str]:
    """Return one sentence for each member of an operation that JSON patch does not know."""
    return [
        f'unknown field "[{index}].{name}"'
        for index, operation in enumerate(operations or ())
        for name in (operation if isinstance(operation, dict) else ())
        if name not in ("op", "path", "from", "value")
    ]


def encode(value: Any, *, yaml: bool = False, pretty: bool = False, protobuf: bool = False) -> bytes:
    """Encode an answer; JSON ends with a newline."""
    return encode_raw(msgspec.json.encode(value), yaml=yaml, pretty=pretty, protobuf=protobuf)


def encode_raw(raw: bytes, *, yaml: bool = False, pretty: bool = False, protobuf: bool = False) -> bytes:
    """Give an answer that is JSON already the format asked for."""
    if protobuf:
        return write_raw(raw)
    if yaml:
        from informers.testing.rest.yamltext import dump_yaml  # noqa: PLC0415 - PyYAML, which JSON does not need

        return dump_yaml(msgspec.json.decode(raw))
    return (msgspec.json.format(raw, indent=2) if pretty else raw) + b"\n"


def read_json(body: bytes, *, merge: bool = False) -> Decoded:
    """Decode JSON; of duplicate keys the last one wins, unless `merge` and both are objects.

    Raises:
        Malformed: It is not JSON.
    """
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        body, value = _lenient(body, error)
    if not _SPACED.search(body) and body.count(b'":') == count_keys(value):  # else there may be duplicates: look again
        return value, []
    try:
        tree = json.loads(body, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return value, []
    duplicates: list[str] = []
    return _collapse(tree, "", duplicates, merge=merge), duplicates


def places(body: bytes) -> dict[str, int]:
    """Return where in a JSON document each of its fields would be told as unknown, or as a duplicate."""
    found: dict[str, int] = {}
    try:
        _place(json.loads(body, object_pairs_hook=_Pairs), "", found)
    except (ValueError, RecursionError):
        return {}
    return found


def _place(tree: Any, path: str, found: dict[str, int]) -> None:
    if isinstance(tree, _Pairs):
        for name, item in tree:
            where = f"{path}.{name}" if path else name
            told = f'unknown field "{where}"'
            if told in found:
                told = f'duplicate field "{where}"'
            found.setdefault(told, len(found))
            _place(item, where, found)
    elif isinstance(tree, list):
        for index, item in enumerate(tree):
            _place(item, f"{path}[{index}]", found)


def count_keys(value: Any) -> int:
    """Count the keys of all objects in a value."""
    if isinstance(value, dict):
        return len(value) + sum(count_keys(item) for item in value.values() if isinstance(item, dict | list))
    if isinstance(value, list):
        return sum(count_keys(item) for item in value if isinstance(item, dict | list))
    return 0


class _Pairs(list[tuple[str, Any]]):
    """The members of one JSON object, duplicates included."""


def _collapse(tree: Any, path: str, duplicates: list[str], *, merge: bool) -> Any:
    if isinstance(tree, _Pairs):
        found: dict[str, Any] = {}
        for name, item in tree:
            where = f"{path}.{name}" if path else name
            value = _collapse(item, where, duplicates, merge=merge)
            if name in found:
                duplicates.append(f'duplicate field "{where}"')
                if merge and isinstance(found[name], dict) and isinstance(value, dict):
                    value = {**found[name], **value}
            found[name] = value
        return found
    if isinstance(tree, list):
        return [_collapse(item, f"{path}[{index}]", duplicates, merge=merge) for index, item in enumerate(tree)]
    return tree


def _decode_apply(body: bytes) -> Decoded:
    try:
        value, duplicates = read_yaml(body)
    except Malformed as error:
        text = f"error decoding YAML: error converting YAML to JSON: {error}"
        raise errors.BadRequest(text, reason="BadRequest") from error
    if value is not None and not isinstance(value, dict):
        text = f"json: cannot unmarshal {_KINDS[type(value)]} into Go value of type map[string]interface {{}}"
        text = f"error decoding YAML: error unmarshaling JSON: while decoding JSON: {text}"
        raise errors.BadRequest(text, reason="BadRequest")
    return value or {}, duplicates


def read_yaml(body: bytes) -> Decoded:
    """Decode YAML, or JSON, which clients like to send under YAML's name; duplicate keys are last wins."""
    if body.lstrip()[:1] == b"{":
        try:
            return read_json(body)
        except Malformed:
            pass  # flow-style YAML looks like JSON at first
    from informers.testing.rest.yamltext import load_yaml  # noqa: PLC0415 - PyYAML, which JSON does not need

    return load_yaml(body)


def _lenient(body: bytes, error: Exception) -> tuple[bytes, Any]:
    """Read what Go takes for JSON although our reader does not: text that is not UTF-8, and numbers beyond all bounds.

    Returns:
        The document in plain UTF-8, and what is in it.

    Raises:
        Malformed: It is no JSON.
    """
    if why := complaint(body):
        raise Malformed(why) from error
    body = body.decode(errors="replace").encode()
    try:
        return body, json.loads(body)
    except (ValueError, RecursionError) as again:
        raise Malformed("exceeded max depth") from again


def unrecognized(complaint: str, body: bytes, kind: str) -> errors.BadRequest:
    """Return the refusal of a body that is no object of the kind it should be."""
    if not kind:
        return errors.BadRequest(complaint, reason="BadRequest")
    shown = body[:30].decode("latin-1") if body[:1] == b"{" else body[:30].hex()
    excerpt = f"{shown} ..." if len(body) > 30 else shown or "<empty>"
    text = f"the object provided is unrecognized (must be of type {kind}): {complaint} ({excerpt})"
    return errors.BadRequest(text, reason="BadRequest")
