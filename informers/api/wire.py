"""Bytes on the wire: lists, watch lines and single objects, read without building what nobody asked for.

An object is split into a small metadata struct and its own bytes, out of which `managedFields` are cut. This module
never touches spec or status, never lets one object that cannot be read spoil the others, and never puts content into
a message: only names, places and types.

Everything is first read by compiled decoders; what they refuse goes to `informers.api.patient`. One pass over a 4 KB
object costs a few microseconds.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from informers.api.carve import NO_MANAGERS, UNREADABLE, cached, carved, complaint
from informers.api.errors import Undecodable
from informers.api.objects import CachedObject, GroupVersionKind, Obj, ObjectMeta
from informers.api.patient import members, parts, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "LINE_LIMIT",
    "ListPage",
    "WatchEvent",
    "cached",
    "collector_resting",
    "decode_event",
    "decode_list",
    "split_lines",
]

LINE_LIMIT = 16 * 1024 * 1024
"""Bytes of the longest watch line taken. An object is at most 3 MiB, so only a broken server gets near it."""

INITIAL_EVENTS_END = "k8s.io/initial-events-end"

_OPENINGS = tuple((f'{{"type":"{kind}","object":'.encode(), kind) for kind in ("MODIFIED", "ADDED", "DELETED"))
"""How servers begin an event. What is between that and the last brace is one JSON value, or no event begins so."""
_CLOSING = ord("}")


class _ListMeta(msgspec.Struct, rename="camel", gc=False):
    resource_version: str = ""
    continue_: str | None = msgspec.field(default=None, name="continue")
    remaining_item_count: int | None = None


class _List(msgspec.Struct, gc=False):
    metadata: _ListMeta
    items: list[msgspec.Raw] | None


class _Event(msgspec.Struct, gc=False):
    type: str
    object: msgspec.Raw


class _Bookmark(msgspec.Struct, gc=False):
    metadata: ObjectMeta


_read_list = msgspec.json.Decoder(_List).decode
_read_event = msgspec.json.Decoder(_Event).decode
_read_bookmark = msgspec.json.Decoder(_Bookmark).decode
_read_list_meta = msgspec.json.Decoder(_ListMeta).decode


class ListPage(msgspec.Struct, frozen=True):
    """One page of a list: all of it when `continue_` is empty.

    Threads: immutable.
    """

    resource_version: str
    """The version that all pages of one list share."""
    continue_: str = ""
    """The token for the next page; empty on the last."""
    remaining: int | None = None
    """How many objects follow, where the server says so."""
    items: list[CachedObject] = msgspec.field(default_factory=list)
    """The objects, in the server's order."""
    skipped: list[str] = msgspec.field(default_factory=list)
    """One sentence for each object that was left out because it cannot be read."""


class WatchEvent(msgspec.Struct, frozen=True, gc=False):
    """One line of a watch.

    Threads: immutable.
    """

    type: str
    """ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, or a word that this version does not know."""
    obj: CachedObject | None = None
    """The object; of a bookmark only `meta.resource_version` means something. None for ERROR or when `skipped`."""
    status: Obj | None = None
    """The Status of an ERROR."""
    initial_events_end: bool = False
    """Whether this bookmark ends the initial events of a streaming list."""
    skipped: str = ""
    """Why the event means nothing to us, as a sentence; empty when it does."""


def decode_list(
    body: bytes, *, gvk: GroupVersionKind | None = None, keep_managers: frozenset[str] = NO_MANAGERS
) -> ListPage:
    """Split the body of a list answer into objects.

    Args:
        body: The whole answer. Nothing of the result refers to it afterwards.
        gvk: The kind of the items, which those of built-in kinds do not carry: it is written into each.
        keep_managers: Field managers whose `managedFields` entries stay in the objects.

    Raises:
        Undecodable: This is no list, or it lacks `items` or a resourceVersion; taking it for an empty one would
            delete the world.
    """
    objects: list[CachedObject] = []
    skipped: list[str] = []
    with collector_resting():
        meta, items = _open_list(body)
        read = carved if body.isascii() else cached
        for item in items:
            raw = bytes(item)  # a copy, for a view would keep the whole body in memory
            try:
                objects.append(read(raw, keep_managers, gvk))
            except UNREADABLE as error:
                skipped.append(complaint(raw, error))
    return ListPage(meta.resource_version, meta.continue_ or "", meta.remaining_item_count, objects, skipped)


def decode_event(
    line: bytes, *, gvk: GroupVersionKind | None = None, keep_managers: frozenset[str] = NO_MANAGERS
) -> WatchEvent:
    """Read one line of a watch; arguments as for `decode_list`.

    Raises:
        Undecodable: The line is no event: something was lost, and only a list can tell what.
    """
    for opening, kind in _OPENINGS:
        if line.startswith(opening) and line[-1] == _CLOSING:
            try:
                return WatchEvent(kind, cached(line[len(opening) : -1], keep_managers, gvk=gvk))
            except UNREADABLE:
                break  # the line may be an event all the same, of another layout or of an object that is left out
    kind, raw = _open_event(line)
    try:
        if kind in ("ADDED", "MODIFIED", "DELETED"):
            return WatchEvent(kind, cached(raw, keep_managers, gvk=gvk))
        if kind == "BOOKMARK":
            meta = _read_bookmark(raw).metadata
            end = (meta.annotations or {}).get(INITIAL_EVENTS_END) == "true"
            return WatchEvent(kind, CachedObject(meta, raw), initial_events_end=end)
        if kind == "ERROR":
            return WatchEvent(kind, status=msgspec.json.decode(raw, type=dict[str, Any]))
    except UNREADABLE as error:
        return WatchEvent(kind, skipped=complaint(raw, error))
    return WatchEvent(kind, skipped=f"an event of unknown type {kind[:40]!r}")


def split_lines(chunks: Iterable[bytes], *, limit: int = LINE_LIMIT) -> Iterator[bytes]:
    r"""Yield the complete lines of a stream, without their b"\n", which alone ends a line; blank ones are left out.

    What follows the last b"\n" when the stream ends is half an event and is dropped.

    Raises:
        Undecodable: A line is longer than `limit` bytes.
    """
    begun: list[bytes] = []
    size = 0
    for chunk in chunks:
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            line, start = chunk[start:end], end + 1
            if begun:
                line = b"".join((*begun, line))
                begun, size = [], 0
            if len(line) > limit:
                raise _too_long(limit)
            if line and not line.isspace():
                yield line
        if rest := chunk[start:]:
            begun.append(rest)
            size += len(rest)
        if size > limit:
            raise _too_long(limit)


def _too_long(limit: int) -> Undecodable:
    return Undecodable(f"a line of the watch is longer than {limit} bytes")


def _open_list(body: bytes) -> tuple[_ListMeta, Iterable[bytes | msgspec.Raw]]:
    items: Iterable[bytes | msgspec.Raw]
    try:
        page = _read_list(body)
        meta, items = page.metadata, page.items or ()
    except (msgspec.DecodeError, RecursionError) as error:
        try:
            found = parts(body)
            meta, items = _read_list_meta(found["metadata"]), [value for _, value in members(found["items"])]
        except (KeyError, *UNREADABLE):
            raise Undecodable(f"the answer is no list: {error}") from None
    if meta.resource_version in ("", "0"):
        raise Undecodable("the list carries no resourceVersion")
    return meta, items


def _open_event(line: bytes) -> tuple[str, bytes]:
    try:
        event = _read_event(line)
        return event.type, bytes(event.object)
    except (msgspec.DecodeError, RecursionError) as error:
        try:
            found = parts(line)
            return read_text(found["type"]), found["object"]
        except (KeyError, *UNREADABLE):
            raise Undecodable(f"the line is no event: {error}") from None


@contextmanager
def collector_resting() -> Iterator[None]:
    """Keep the cyclic collector from running; nothing decoded here can form a cycle.

    Several threads may be inside: whoever found it on turns it on again, whoever found it off leaves it alone.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
