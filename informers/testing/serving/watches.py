"""The open watches of a server: each is woken when it has something to tell, or when its time has come.

A write wakes all watches that it concerns at once, so that a thousand of them cost one wake-up of the event loop.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, TimerHandle
    from collections.abc import Callable

    from informers.runtime import Runtime
    from informers.testing.rest.exchange import WatchResponse
    from informers.testing.rest.watchstream import WatchStream
    from informers.testing.serving.connection import Connection

__all__ = ["OpenWatches"]


class OpenWatches:
    """All that are open on one server.

    Args:
        loop: The server's event loop.
        runtime: Tells the time.
        fault: Told of what a stream raises, which is a fault of ours.

    Threads: the event loop's alone, but for `len`.
    """

    def __init__(self, loop: AbstractEventLoop, runtime: Runtime, fault: Callable[[BaseException], None]) -> None:
        self._loop, self._runtime, self._fault = loop, runtime, fault
        self._open: dict[Connection, WatchStream] = {}
        self._timers: dict[Connection, TimerHandle] = {}
        self._ready: dict[Connection, None] = {}
        self._awake = False

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: Connection, answer: WatchResponse) -> None:
        """Answer a request with a watch."""
        self._open[connection] = answer.stream
        answer.stream.listen(lambda: self._wake(connection))
        connection.on_writable = lambda: self._wake(connection)
        connection.begin(answer.content_type)
        self._feed(connection)

    def remove(self, connection: Connection) -> None:
        """Forget a watch, and give it back; nothing when the connection has none."""
        stream = self._open.pop(connection, None)
        if stream is None:
            return
        stream.close()
        connection.on_writable = None
        if (timer := self._timers.pop(connection, None)) is not None:
            timer.cancel()

    def dismiss(self) -> None:
        """End all watches."""
        for connection in list(self._open):
            self.remove(connection)
            connection.finish()

    def _wake(self, connection: Connection) -> None:
        """Have a watch fed soon; called from any thread, and for many watches after one write."""
        self._ready[connection] = None  # before looking: whoever empties it marks first that it does
        if not self._awake:
            self._awake = True
            with suppress(RuntimeError):  # the loop is closed: the server has stopped
                self._loop.call_soon_threadsafe(self._feed_ready)

    def _feed_ready(self) -> None:
        self._awake = False
        while self._ready:
            self._feed(self._ready.popitem()[0])

    def _feed(self, connection: Connection) -> None:
        stream = self._open.get(connection)
        if stream is None or not connection.writable:
            return
        try:
            piece = stream.poll(self._runtime.monotonic())
        except Exception as error:  # noqa: BLE001 - the answer has begun, so it can only end
            self._fault(error)
            self.remove(connection)
            connection.abort()
            return
        if piece:
            connection.stream(piece)
        if stream.finished:
            self.remove(connection)
            connection.finish()
        elif connection not in self._timers:
            self._rest(connection, stream)

    def _rest(self, connection: Connection, stream: WatchStream) -> None:
        """Come back when the stream wants to be asked at the latest."""
        delay = max(0.0, stream.due() - self._runtime.monotonic())
        self._timers[connection] = self._loop.call_later(delay, self._on_time, connection)

    def _on_time(self, connection: Connection) -> None:
        self._timers.pop(connection, None)
        self._feed(connection)
