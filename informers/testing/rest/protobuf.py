"""Bodies in protobuf, as typed Go clients and `kubectl create` send them, read into the JSON they stand for.

Driven by the recorded numbering (`informers.testing.recording.protobuf` makes it), which is read when the first such
body comes. A field that is not recorded is skipped; a body that is cut short is malformed, and MUST NOT end in anything
but `Malformed`. Answers are written by `protowriter`.
"""

from __future__ import annotations

import base64
import gzip
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from informers.api.objects import GroupVersionKind
from informers.testing.schema import schemas

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["MAGIC", "META", "NUMBERS", "QUANTITY", "Field", "Malformed", "numbers", "read_protobuf"]

NUMBERS = Path(__file__).parent / "protobuf.json.gz"
"""Where the recording is kept."""

MAGIC = b"k8s\x00"
"""What every such body begins with."""

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
"""What the names of the shared messages begin with."""
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."
Wire = Iterator[tuple[int, Any]]
"""Field numbers with their values: an int for a varint, bytes for the rest."""


class Malformed(ValueError):
    """The bytes are no message of the kind they claim to be."""


class Field(NamedTuple):
    """How one field is recorded."""

    number: int
    name: str
    """Its JSON name; empty when the message's own fields take its place."""
    kind: str
    shape: str
    """Nothing, `list` or `map`."""
    written: bool
    """Whether JSON shows a zero of it."""


def read_protobuf(body: bytes) -> Obj:
    """Return the object in a body, with the `apiVersion` and `kind` that the envelope names.

    Raises:
        Malformed: It is none, or of a kind that is not recorded.
    """
    if not body.startswith(MAGIC):
        shown = " ".join(str(byte) for byte in MAGIC)
        raise Malformed(f"provided data does not appear to be a protobuf message, expected prefix [{shown}]")
    try:
        return _object(body[len(MAGIC) :])
    except Malformed:
        raise
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError, struct.error) as error:
        raise Malformed(f"proto: {error}") from error


def _object(data: bytes) -> Obj:
    envelope = dict(_wire(data))
    named = dict(_wire(envelope.get(1, b"")))
    api_version, kind = named.get(1, b"").decode(), named.get(2, b"").decode()
    definition = schemas.definition_name(GroupVersionKind.parse(api_version, kind))
    if definition is None and kind == "DeleteOptions":
        definition = f"{META}DeleteOptions"
    if definition is None or definition not in numbers():
        raise Malformed(f'no kind "{kind}" is registered for version "{api_version}"')
    return {"apiVersion": api_version, "kind": kind, **_message(definition, envelope.get(2, b""))}


@cache
def numbers() -> dict[str, dict[int, Field]]:
    """Return the recorded fields of every message by their numbers. MUST NOT be changed."""
    recorded = msgspec.json.decode(gzip.decompress(NUMBERS.read_bytes()), type=dict[str, list[Field]])
    return {name: {field.number: field for field in fields} for name, fields in recorded.items()}


def _message(kind: str, data: bytes) -> Obj:
    """Read one message into a JSON object."""
    known, obj = numbers()[kind], dict[str, Any]()
    for number, value in _wire(data):
        field = known.get(number)
        if field is None:
            continue
        if not field.name:
            obj.update(_message(field.kind, value))
        elif field.shape == "map":
            entry = dict(_wire(value))
            name = entry.get(1, b"").decode()
            obj.setdefault(field.name, {})[name] = _value(field.kind, entry.get(2, _zero(field.kind)))
        elif field.shape == "list":
            obj.setdefault(field.name, []).append(_value(field.kind, value))
        else:
            read = _value(field.kind, value)
            if field.written or read not in (None, "", 0, False, {}, []):
                obj[field.name] = read
    return obj


def _value(kind: str, value: Any) -> Any:
    scalar = _SCALARS.get(kind)
    if scalar is not None:
        return scalar(value)
    special = _SPECIAL.get(kind)
    if special is not None:
        return special(dict(_wire(value)))
    if kind.rpartition(".")[2] in ("ExtraValue", "Verbs"):
        return [item.decode() for _, item in _wire(value)]
    return _message(kind, value)


def _zero(kind: str) -> Any:
    return 0 if kind in ("bool", "int32", "int64", "uint32", "uint64") else bytes(8) if kind == "double" else b""


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "bool": bool,
    "bytes": lambda value: base64.b64encode(value).decode(),
    "double": lambda value: struct.unpack("<d", value)[0],
    "int32": _signed,
    "int64": _signed,
    "string": lambda value: value.decode(),
    "uint32": int,
    "uint64": int,
}


def _time(fields: dict[int, Any], *, micro: bool = False) -> str | None:
    seconds, nanos = _signed(fields.get(1, 0)), fields.get(2, 0)
    if not fields or seconds == _GO_ZERO:
        return None
    moment = _EPOCH + timedelta(seconds=seconds)
    text = f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}"
    return f"{text}.{nanos // 1000:06d}Z" if micro else f"{text}Z"


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GO_ZERO = -62135596800
"""The first second of the year 1, which Go writes for a time that was never set."""


def _json(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data) if data else None
    except msgspec.DecodeError as error:
        raise Malformed(f"json: {error}") from error


def _schema(data: bytes) -> Obj:
    return _message(f"{_EXTENSIONS}JSONSchemaProps", data)


_SPECIAL: dict[str, Callable[[dict[int, Any]], Any]] = {
    f"{META}Time": _time,
    f"{META}MicroTime": lambda fields: _time(fields, micro=True),
    f"{META}Duration": lambda fields: f"{_signed(fields.get(1, 0)) / 1e9:g}s",
    f"{META}FieldsV1": lambda fields: _json(fields.get(1, b"")),
    QUANTITY: lambda fields: fields.get(1, b"").decode(),
    "io.k8s.apimachinery.pkg.runtime.RawExtension": lambda fields: _json(fields.get(1, b"")),
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": lambda fields: (
        fields.get(3, b"").decode() if fields.get(1) else _signed(fields.get(2, 0))
    ),
    f"{_EXTENSIONS}JSON": lambda fields: _json(fields.get(1, b"")),
    f"{_EXTENSIONS}JSONSchemaPropsOrArray": lambda fields: _schema(fields.get(1, b"")),
    f"{_EXTENSIONS}JSONSchemaPropsOrBool": lambda fields: _schema(fields[2]) if 2 in fields else bool(fields.get(1, 0)),
    f"{_EXTENSIONS}JSONSchemaPropsOrStringArray": lambda fields: _schema(fields.get(1, b"")),
}
"""Messages whose JSON is no object of their fields."""


def _wire(data: bytes) -> Wire:
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at)
        number, form = tag >> 3, tag & 7
        if form == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if form == 2:
            length, at = _varint(data, at)
        elif form in (1, 5):
            length = 8 if form == 1 else 4
        else:
            raise Malformed(f"proto: illegal wireType {form}")
        if at + length > end:
            raise Malformed("unexpected EOF")
        yield number, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data):
            raise Malformed("unexpected EOF")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (2**64 - 1), at
        shift += 7
        if shift > 63:
            raise Malformed("proto: integer overflow")
