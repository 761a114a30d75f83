"""Answers in protobuf, for typed Go clients: the JSON of an answer written by the recorded numbering.

What JSON shows is written and nothing else: a zero that is left out reads back as a zero. Kinds without a recorded
message, custom resources and tables among them, MUST NOT come here: see `writable`.
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Callable
from datetime import datetime
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from informers.api.objects import GroupVersionKind
from informers.testing.rest.protobuf import MAGIC, META, QUANTITY, numbers
from informers.testing.schema import schemas

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["frame_protobuf", "writable", "write_protobuf", "write_raw"]

_EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."
_FRAMES = 1024
"""Frames that are kept for the next watch of the same objects; about 2 MB."""
_U64 = 2**64 - 1
Writer = Callable[[bytearray, Any], None]
"""Appends one field, its tag included."""
_encode = msgspec.json.encode


class _Plan(NamedTuple):
    """How the messages of one kind are written."""

    fields: dict[str, Writer]
    inlined: list[tuple[bytes, str]]
    """Tag and kind of each message whose fields JSON shows among its parent's."""


def writable(api_version: str, kind: str) -> bool:
    """Whether objects of a kind can be written."""
    return _definition(api_version, kind) is not None


def write_protobuf(obj: Obj) -> bytes:
    """Return an object or list in its envelope; it MUST be of a kind that is `writable`."""
    api_version, kind = obj.get("apiVersion") or "", obj.get("kind") or ""
    definition = _definition(api_version, kind)
    if definition is None:
        raise LookupError(f"{api_version} {kind} has no protobuf form")
    body = _message(definition, obj)
    named = _bytes(b"\x0a", api_version.encode()) + _bytes(b"\x12", kind.encode())
    return b"".join((MAGIC, _bytes(b"\x0a", named), _bytes(b"\x12", body), b'\x1a\x00"\x00'))


def write_raw(raw: bytes) -> bytes:
    """Return an object or list, given as JSON, in its envelope."""
    return write_protobuf(msgspec.json.decode(raw))


@lru_cache(maxsize=_FRAMES)
def frame_protobuf(kind: str, raw: bytes) -> bytes:
    """Return one watch event, its length before it; `raw` is the object as JSON."""
    event = _bytes(b"\x0a", kind.encode()) + _bytes(b"\x12", _bytes(b"\x0a", write_raw(raw)))
    return struct.pack(">I", len(event)) + event


@cache
def _definition(api_version: str, kind: str) -> str | None:
    known = numbers()
    found = schemas.definition_name(GroupVersionKind.parse(api_version, kind))
    if found is None and kind.endswith("List"):
        item = schemas.definition_name(GroupVersionKind.parse(api_version, kind.removesuffix("List")))
        found = f"{item}List" if item else None
    if found is None and api_version in ("", "v1", "meta.k8s.io/v1"):
        found = f"{META}{kind}"
    if found is None and api_version == "apidiscovery.k8s.io/v2":
        found = f"io.k8s.api.apidiscovery.v2.{kind}"
    return found if found in known else None


@cache
def _plan(kind: str) -> _Plan:
    fields: dict[str, Writer] = {}
    inlined: list[tuple[bytes, str]] = []
    for field in numbers()[kind].values():
        if not field.name:
            inlined.append((_tag(field.number, 2), field.kind))
        else:
            fields[field.name] = _writer(field.number, field.kind, field.shape)
    return _Plan(fields, inlined)


def _message(kind: str, obj: Obj) -> bytes:
    plan, out = _plan(kind), bytearray()
    fields = plan.fields
    for name, value in obj.items():
        write = fields.get(name)
        if write is not None and value is not None:
            write(out, value)
    for tag, inner in plan.inlined:
        body = _message(inner, obj)
        if body:
            out += _bytes(tag, body)
    return bytes(out)


def _writer(number: int, kind: str, shape: str) -> Writer:
    one = _single(number, kind)
    if shape == "list":
        return partial(_write_list, one)
    if shape == "map":
        return partial(_write_map, _tag(number, 2), _single(2, kind))
    return one


def _write_list(one: Writer, out: bytearray, values: Any) -> None:
    for value in values:
        one(out, value)


def _write_map(tag: bytes, one: Writer, out: bytearray, values: Any) -> None:
    for name, value in values.items():
        entry = bytearray(_bytes(b"\x0a", name.encode()))
        one(entry, value)
        out += _bytes(tag, entry)


def _single(number: int, kind: str) -> Writer:
    if kind in _VARINTS:
        return partial(_write_varint, _tag(number, 0))
    if kind == "double":
        return partial(_write_double, _tag(number, 1))
    tag = _tag(number, 2)
    if kind == "string":
        return partial(_write_string, tag)
    content = _CONTENTS.get(kind)
    if content is None:
        listed = kind.rpartition(".")[2] in ("ExtraValue", "Verbs")
        content = _strings if listed else partial(_message, kind)
    return partial(_write_content, tag, content)


def _write_varint(tag: bytes, out: bytearray, value: Any) -> None:
    out += tag
    out += _varint(int(value) & _U64)


def _write_double(tag: bytes, out: bytearray, value: Any) -> None:
    out += tag
    out += struct.pack("<d", value)


def _write_string(tag: bytes, out: bytearray, value: Any) -> None:
    out += _bytes(tag, value.encode())


def _write_content(tag: bytes, content: Callable[[Any], bytes], out: bytearray, value: Any) -> None:
    out += _bytes(tag, content(value))


# --- Content of messages whose JSON is no object of their fields ---


def _strings(values: Any) -> bytes:
    return b"".join(_bytes(b"\x0a", value.encode()) for value in values)


@lru_cache(maxsize=4096)
def _time(text: str) -> bytes:
    moment = datetime.fromisoformat(text)
    seconds = int((moment.replace(microsecond=0) - _EPOCH).total_seconds())
    body = b"\x08" + _varint(seconds & _U64)
    return body + b"\x10" + _varint(moment.microsecond * 1000)


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00Z")
_UNITS = {"h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "µs": 10**3, "ns": 1}


def _duration(text: str) -> bytes:
    parts = re.findall(r"([0-9.]+)(h|ms|m|s|us|µs|ns)", text)
    total = round(sum(float(number) * _UNITS[unit] for number, unit in parts))
    return b"\x08" + _varint((-total if text.startswith("-") else total) & _U64)


def _int_or_string(value: Any) -> bytes:
    if isinstance(value, str):
        return b"\x08\x01\x10\x00" + _bytes(b"\x1a", value.encode())
    return b"\x08\x00\x10" + _varint(value & _U64) + b"\x1a\x00"


def _json(value: Any) -> bytes:
    return _bytes(b"\x0a", _encode(value))


def _schema(value: Any) -> bytes:
    return _message(f"{_EXTENSIONS}JSONSchemaProps", value)


def _schema_or_bool(value: Any) -> bytes:
    if isinstance(value, bool):
        return b"\x08\x01" if value else b"\x08\x00"
    return b"\x08\x01" + _bytes(b"\x12", _schema(value))


def _schema_or_list(value: Any) -> bytes:
    if isinstance(value, list):
        return b"".join(_bytes(b"\x12", item.encode() if isinstance(item, str) else _schema(item)) for item in value)
    return _bytes(b"\x0a", _schema(value))


_VARINTS = frozenset({"bool", "int32", "int64", "uint32", "uint64"})
_CONTENTS: dict[str, Callable[[Any], bytes]] = {
    "bytes": base64.b64decode,
    f"{META}Time": _time,
    f"{META}MicroTime": _time,
    f"{META}Duration": _duration,
    f"{META}FieldsV1": _json,
    QUANTITY: lambda value: _bytes(b"\x0a", str(value).encode()),
    "io.k8s.apimachinery.pkg.runtime.RawExtension": _json,
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": _int_or_string,
    f"{_EXTENSIONS}JSON": _json,
    f"{_EXTENSIONS}JSONSchemaPropsOrArray": _schema_or_list,
    f"{_EXTENSIONS}JSONSchemaPropsOrBool": _schema_or_bool,
    f"{_EXTENSIONS}JSONSchemaPropsOrStringArray": _schema_or_list,
}


# --- The wire ---


def _tag(number: int, form: int) -> bytes:
    return _varint(number << 3 | form)


def _bytes(tag: bytes, body: bytes | bytearray) -> bytes:
    size = len(body)
    return tag + (_SMALL[size] if size < 128 else _varint(size)) + body


def _varint(value: int) -> bytes:
    if value < 128:
        return _SMALL[value]
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


_SMALL = [bytes((value,)) for value in range(128)]
