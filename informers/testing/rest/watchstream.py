"""Framing of watch events: what a watch has to tell becomes bytes, with bookmarks and an end in time.

Pure and pull-based: `poll` is given the time and returns the bytes that are due, so that a task under virtual time, a
thread and an event loop all pump the same thing. It never blocks and starts nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from informers.testing.words.status import status_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api import errors
    from informers.runtime import Seconds
    from informers.testing.cluster import Watch, WatchItem

__all__ = ["BOOKMARK_INTERVAL", "Framer", "WatchStream", "ended_watch", "frame"]

BOOKMARK_INTERVAL: Seconds = 60.0
"""Seconds between two bookmarks on a watch that asked for them; the API server's is about the same."""


class Framer(Protocol):
    """Turns one item into the object of its event."""

    def __call__(self, item: WatchItem, /) -> bytes:
        """Return the object's JSON."""
        ...


def frame(kind: str, raw: bytes) -> bytes:
    """Return the line of one event in JSON; `frame_protobuf` is its like."""
    return b'{"type":"' + kind.encode() + b'","object":' + raw + b"}\n"


class WatchStream:
    """One watch as a stream of lines.

    Args:
        watch: Where the events come from; None for a watch that is over before it began.
        framer: Gives each object its form: as it is, a table, or metadata alone.
        now: The time on the runtime's clock.
        timeout: Seconds until the stream ends by itself.
        bookmarks: Whether to send one every `BOOKMARK_INTERVAL`.
        first: Lines to send before anything else.
        frame: Puts the type of an event and its object into bytes.

    Threads: one owner thread polls; `on_ready` may be called from any thread; any thread may close.
    """

    def __init__(
        self,
        watch: Watch | None,
        framer: Framer,
        *,
        now: Seconds,
        timeout: Seconds,
        bookmarks: bool,
        first: bytes = b"",
        frame: Callable[[str, bytes], bytes] = frame,
    ) -> None:
        self._watch, self._framer, self._frame = watch, framer, frame
        self._deadline = now + timeout
        self._bookmark_due = now + BOOKMARK_INTERVAL if bookmarks else float("inf")
        self._first = first
        self.finished = False

    def listen(self, on_ready: Callable[[], None]) -> None:
        """Have `on_ready` called, from any thread, whenever `poll` may have something new."""
        if self._watch is not None:
            self._watch.on_ready = on_ready

    def poll(self, now: Seconds) -> bytes:
        """Return the lines that are due, which may be none; sets `finished` when these were the last."""
        if self.finished:
            return b""
        lines, self._first = [self._first] if self._first else [], b""
        if self._watch is None:
            self.finished = True
            return b"".join(lines)
        lines += [self._frame(item.type, self._framer(item)) for item in self._watch.drain()]
        if self._watch.expired:
            lines.append(self._frame("ERROR", msgspec.json.encode(_TOO_OLD)))
            self.close()
        elif now >= self._deadline:
            self.close()
        elif now >= self._bookmark_due:
            self._bookmark_due = now + BOOKMARK_INTERVAL
            item = self._watch.bookmark()
            lines.append(self._frame(item.type, self._framer(item)))
        return b"".join(lines)

    def due(self) -> Seconds:
        """Return when, at the latest, `poll` wants to be called again."""
        return min(self._deadline, self._bookmark_due)

    def close(self) -> None:
        """Give the watch back. Idempotent."""
        self.finished = True
        if self._watch is not None:
            self._watch.close()


_TOO_OLD = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Failure",
    "message": "The resourceVersion for the provided watch is too old.",
    "reason": "Expired",
    "code": 410,
}


def ended_watch(error: errors.ApiError, frame: Callable[[str, bytes], bytes] = frame) -> WatchStream:
    """Return the stream of a watch that could not begin because its version is too old: one ERROR event."""
    line = frame("ERROR", msgspec.json.encode(status_of(error)))
    return WatchStream(None, lambda item: item.raw, now=0.0, timeout=0.0, bookmarks=False, first=line)
