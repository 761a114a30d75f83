"""Tables and metadata-only objects: what the server makes of objects for people and for lean caches.

A table has one row for each object, with the columns of its kind: those of `columns` for built-in kinds, those of
`additionalPrinterColumns` for custom ones. Rendering reads objects and MUST NOT change them; a field that does not fit
its column leaves a gap and never breaks the listing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from informers.testing.tables.cells import Cell, age_of, parse_time
from informers.testing.tables.columns import Column, builtin_columns
from informers.testing.tables.printerpaths import first_match

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from informers.api.objects import Obj
    from informers.testing.model.resources import ResourceInfo

__all__ = ["columns_of", "metadata_only", "metadata_only_list", "render_table"]


class _Metadata(msgspec.Struct):
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


_decode_metadata = msgspec.json.Decoder(_Metadata)
_AGE = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}


def metadata_only(raw: bytes, version: str) -> bytes:
    """Return the object's PartialObjectMetadata; the metadata's bytes are passed through unread."""
    metadata = bytes(_decode_metadata.decode(raw).metadata)
    return b'{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/%s","metadata":%s}' % (
        version.encode(),
        metadata,
    )


def metadata_only_list(raws: Iterable[bytes], version: str, metadata: Obj) -> bytes:
    """Return a PartialObjectMetadataList; `metadata` is that of the list."""
    head = b'{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/%s","metadata":' % version.encode()
    items = b",".join(metadata_only(raw, version) for raw in raws)
    return head + msgspec.json.encode(metadata) + b',"items":[' + items + b"]}"


def render_table(
    columns: Sequence[Column],
    raws: Iterable[bytes],
    *,
    version: str,
    metadata: Obj,
    now: datetime,
    include: str = "Metadata",
    headers: bool = True,
) -> bytes:
    """Return a Table.

    Args:
        columns: What `columns_of` said.
        raws: The objects, as JSON.
        version: v1 or v1beta1.
        metadata: The list's, or the object's resourceVersion.
        now: What ages are counted from.
        include: What each row carries of its object: Metadata, Object or None.
        headers: Whether to send the column definitions; a watch sends them once.
    """
    head: Obj = {"kind": "Table", "apiVersion": f"meta.k8s.io/{version}", "metadata": metadata}
    head["columnDefinitions"] = [column.definition() for column in columns] if headers else None
    rows = b",".join(_row(columns, raw, version, now, include) for raw in raws)
    return msgspec.json.encode(head)[:-1] + b',"rows":[' + rows + b"]}"


def columns_of(info: ResourceInfo) -> tuple[Column, ...]:
    """Return the columns of a kind."""
    if info.crd is None:
        return builtin_columns(info.gvk.group, info.gvk.kind)
    name = builtin_columns("", "ConfigMap")[0]
    return (name, *(_custom_column(entry) for entry in info.columns or (_AGE,)))


def _row(columns: Sequence[Column], raw: bytes, version: str, now: datetime, include: str) -> bytes:
    obj = msgspec.json.decode(raw)
    cells = msgspec.json.encode([column.cell(obj, now) for column in columns])
    carried = b"null" if include == "None" else raw if include == "Object" else metadata_only(raw, version)
    return b'{"cells":' + cells + b',"object":' + carried + b"}"


def _custom_column(entry: Obj) -> Column:
    kind = entry.get("type", "string")
    cell = partial(_custom_cell, entry.get("jsonPath", ""), kind)
    return Column(entry.get("name", ""), cell, kind, entry.get("format", ""), int(entry.get("priority") or 0))


def _custom_cell(path: str, kind: str, obj: Obj, now: datetime) -> Cell:
    value = first_match(obj, path)
    return None if value is None else _fit(value, kind, now)


def _fit(value: Any, kind: str, now: datetime) -> Cell:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "string":
        return value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
    if kind == "date" and isinstance(value, str):
        return age_of(value, now) if parse_time(value) is not None else "<invalid>"
    if kind == "boolean" and isinstance(value, bool):
        return value
    whole = number and (kind == "integer" or value == int(value))
    return None if not number or kind not in ("integer", "number") else int(value) if whole else value
