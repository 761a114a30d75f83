"""Events of a kind as they happen, straight from the API server, for whoever needs them once: no cache, no retries.

A watch ends: when its time is up, when the server restarts, when the version it began at is too old. It always says
why, and keeps the version to go on from. Controllers MUST NOT live on this; their informers do all of it for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Self, TypeVar

import msgspec

from informers.api.errors import Expired, LevelsetError, TransportError, Undecodable
from informers.api.status import api_error
from informers.api.wire import INITIAL_EVENTS_END, split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from informers.api.objects import GroupVersionKind
    from informers.api.transport import Stream

__all__ = ["WatchEvent", "Watching"]

T = TypeVar("T")


class WatchEvent(NamedTuple, Generic[T]):
    """What happened to one object."""

    type: str
    """ADDED, MODIFIED or DELETED; BOOKMARK too, if bookmarks were asked for."""
    object: T
    """The object as it is after the event; before it, for DELETED. Of a bookmark only the version counts."""


class Watching(Generic[T]):
    """The events of a watch, one after the other, until it ends; also a context manager that hangs up.

        with client.watch(CONFIG_MAP, namespace="default", resource_version=found.resource_version) as events:
            for event in events:
                print(event.type, event.object["metadata"]["name"])

    Guarantees: events come in the server's order. After the loop, `ended` says why, and `resource_version` is where
    another watch goes on without missing anything, unless it ended with Expired.

    Blocks: until the next event.

    Raises:
        Expired: The version is too old: list again, and watch from there.
        ApiError: The server gave up for another reason.
        ResponseLost: The connection broke, or was silent for too long.
        Undecodable: One event cannot be read, or does not fit the type; the loop may go on with the next.

    Threads: one thread iterates; any may close.
    """

    def __init__(self, stream: Stream, gvk: GroupVersionKind, read: Callable[[bytes], T], *, bookmarks: bool) -> None:
        self.resource_version = ""
        """Everything up to this version was seen; empty before the first event."""
        self.initial_done = False
        """Whether everything that was there at the beginning was told, of a watch with `initial_events`."""
        self.ended = ""
        """Why it ended: closed by the server in good order, stopped by us, expired, refused or lost; empty before."""
        self._stream, self._gvk, self._read, self._bookmarks = stream, gvk, read, bookmarks
        self._lines: Iterator[bytes] = split_lines(iter(stream))
        self._stopped = False

    def close(self) -> None:
        """Hang up; a thread that waits for an event sees the end at once. Never blocks; idempotent."""
        self._stopped = True
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> WatchEvent[T]:
        while not self.ended:
            event = self._take(self._line())
            if event is not None:
                return event
        raise StopIteration

    def _line(self) -> bytes:
        try:
            return next(self._lines)
        except StopIteration:
            self._end("stopped" if self._stopped else "closed")
            raise
        except LevelsetError as error:
            self._end("lost" if isinstance(error, TransportError) else "refused")
            raise

    def _take(self, line: bytes) -> WatchEvent[T] | None:
        """Return what a line tells; None for a bookmark that nobody asked for."""
        kind, raw, meta = self._open(line)
        if kind == "ERROR":
            status = msgspec.json.decode(raw, type=dict[str, Any])
            refusal = api_error(int(status.get("code") or 500), status)
            self._end("expired" if isinstance(refusal, Expired) else "refused")
            raise refusal
        self.resource_version = meta.resource_version or self.resource_version
        if kind == "BOOKMARK":
            self.initial_done |= (meta.annotations or {}).get(INITIAL_EVENTS_END) == "true"
            if not self._bookmarks:
                return None
        return WatchEvent(kind, self._read(raw))

    def _open(self, line: bytes) -> tuple[str, bytes, _Meta]:
        try:
            event = _read_event(line)
            raw = bytes(event.object)
            meta = _Meta() if event.type == "ERROR" else _read_versioned(raw).metadata
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Undecodable(f"an event of {self._gvk} cannot be read: {error}") from error
        return event.type, raw, meta

    def _end(self, why: str) -> None:
        self.ended = why
        self._stream.close()


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Meta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    annotations: dict[str, str] | None = None


class _Versioned(msgspec.Struct):
    metadata: _Meta


_read_event = msgspec.json.Decoder(_Event).decode
_read_versioned = msgspec.json.Decoder(_Versioned).decode
