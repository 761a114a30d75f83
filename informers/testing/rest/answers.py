"""Objects as answers: whole, as metadata alone or as a table, in JSON or YAML.

Nothing here reads the cluster; bytes come in and bytes in the form that was asked for go out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from informers.api import errors
from informers.testing.rest.bodies import encode, encode_raw
from informers.testing.rest.exchange import RestResponse
from informers.testing.tables.columns import builtin_columns
from informers.testing.tables.rows import columns_of, metadata_only, metadata_only_list, render_table
from informers.testing.words.status import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from informers.api.objects import Obj
    from informers.runtime import Runtime
    from informers.testing.cluster import WatchItem
    from informers.testing.rest.verbs import Target
    from informers.testing.tables.columns import Column

__all__ = ["Answers"]

_INCLUDES = ("", "Metadata", "Object", "None")


class _Versioned(msgspec.Struct, rename="camel"):
    resource_version: str = ""


class _Head(msgspec.Struct):
    metadata: _Versioned = msgspec.field(default_factory=_Versioned)


_decode_head = msgspec.json.Decoder(_Head)


class Answers:
    """Gives results the form that a request asked for.

    Threads: any thread; it has no state of its own.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def one(self, target: Target, raw: bytes, status: int = 200) -> RestResponse:
        """Return an object."""
        media = target.media
        if media.transform == "Table":
            version = _decode_head.decode(raw).metadata.resource_version
            raw = self._table(target, [raw], {"resourceVersion": version} if version else {})
        elif media.transform == "PartialObjectMetadata":
            raw = metadata_only(raw, media.version)
        elif media.transform:
            raise _no_list(target)
        return self._respond(target, raw, status)

    def many(self, target: Target, raws: Sequence[bytes], metadata: Obj) -> RestResponse:
        """Return a list; `metadata` is that of the list."""
        media, info = target.media, target.info
        if media.transform == "Table":
            return self._respond(target, self._table(target, raws, metadata))
        if media.transform == "PartialObjectMetadataList":
            return self._respond(target, metadata_only_list(raws, media.version, metadata))
        if media.transform:
            go = "unstructured.Unstructured" if info.custom else _go_type(target)
            raise _not_acceptable(media.transform, f"the requested object is a list (*{go}List)")
        if info.custom:
            metadata = {"continue": "", **metadata}  # lists without a Go type show it, empty or not
        kind = info.list_kind or f"{info.gvk.kind}List"
        head = msgspec.json.encode({"kind": kind, "apiVersion": info.gvk.api_version, "metadata": metadata})
        items = b",".join(raws if info.custom else _without_kind(raws))
        return self._respond(target, head[:-1] + b',"items":[' + items + b"]}")

    def deleted(self, target: Target, obj: Obj) -> RestResponse:
        """Return the Status of a deletion that is complete; it is never a table."""
        metadata, info = obj.get("metadata") or {}, target.info
        details = {
            "name": metadata.get("name", ""),
            "group": info.gvk.group,
            "kind": info.plural,
            "uid": metadata.get("uid", ""),
        }
        status = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": {name: value for name, value in details.items() if value},
        }
        media = target.media
        body = encode(status, yaml=media.yaml, pretty=media.pretty, protobuf=media.protobuf)
        return RestResponse(200, body, target.media.content_type, _warnings(target))

    def framer(self, target: Target) -> Callable[[WatchItem], bytes]:
        """Return what gives the objects of a watch their form; only the first table has column definitions."""
        media = target.media
        if media.transform.startswith("PartialObjectMetadata"):
            return lambda item: metadata_only(item.raw, media.version)
        if media.transform != "Table":
            return lambda item: item.raw
        headers = [True]

        def framer(item: WatchItem) -> bytes:
            first = bool(headers and headers.pop())
            include = "Metadata" if item.type == "BOOKMARK" else ""  # whose annotation matters, whatever was asked for
            version = {"resourceVersion": item.resource_version}
            return self._table(target, [item.raw], version, headers=first, include=include)

        return framer

    def _table(
        self, target: Target, raws: Sequence[bytes], metadata: Obj, *, headers: bool = True, include: str = ""
    ) -> bytes:
        include = include or target.request.parameters.get("includeObject", [""])[0]
        if include not in _INCLUDES:
            text = f"includeObject: Invalid value: \"{include}\": must be 'Metadata', 'Object', 'None', or empty"
            raise errors.BadRequest(f"Unable to convert to Table as requested: {text}", reason="BadRequest")
        return render_table(
            _columns(target),
            raws,
            version=target.media.version,
            metadata=metadata,
            now=self._runtime.wall(),
            include=include or "Metadata",
            headers=headers,
        )

    @staticmethod
    def _respond(target: Target, raw: bytes, status: int = 200) -> RestResponse:
        media = target.media
        body = encode_raw(raw, yaml=media.yaml, pretty=media.pretty, protobuf=media.protobuf)
        return RestResponse(status, body, media.content_type, _warnings(target))


def _columns(target: Target) -> tuple[Column, ...]:
    if target.route.subresource and target.route.subresource != "status":
        gvk = target.info.describe(target.route.subresource).gvk
        return builtin_columns(gvk.group, gvk.kind)
    return columns_of(target.info)


def _warnings(target: Target) -> tuple[tuple[str, str], ...]:
    return tuple(("Warning", f'299 - "{quote(text)}"') for text in target.warnings)


def _without_kind(raws: Sequence[bytes]) -> list[bytes]:
    """Cut the leading `kind` and `apiVersion`, which items of built-in lists do not carry."""
    cut = []
    for raw in raws:
        at = raw.find(b'"metadata":', 0, 200)
        cut.append(b"{" + raw[at:] if at > 0 and raw.count(b'":', 0, at) == 2 else raw)
    return cut


def _no_list(target: Target) -> errors.ApiError:
    transform, subresource = target.media.transform, target.route.subresource
    if subresource == "scale":
        return _not_acceptable(transform, "the requested object is not a list (*v1.Scale)")
    if target.info.custom:
        return errors.ServerError("content is not a list")
    return _not_acceptable(transform, f"the requested object is not a list (*{_go_type(target)})")


def _go_type(target: Target) -> str:
    return f"{target.info.gvk.group.partition('.')[0] or 'core'}.{target.info.gvk.kind}"


def _not_acceptable(transform: str, what: str) -> errors.NotAcceptable:
    return errors.NotAcceptable(f"you requested {transform}, but {what}", reason="NotAcceptable")
