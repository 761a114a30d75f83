"""An answer that keeps coming: read by one thread, hung up by any.

A reader blocked on a socket can only be woken by shutting that socket down; closing it would free its number for
somebody else's connection while the reader still waits on it. So `close` shuts down, and whoever reads cleans up.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Protocol

from informers.api.errors import ResponseLost

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from informers.runtime import Runtime, Seconds

__all__ = ["Exchange", "HttpStream", "shut_down"]


class Exchange(Protocol):
    """An answer whose headers have arrived."""

    status: int
    headers: Mapping[str, str]

    def read(self, timeout: Seconds) -> bytes:
        """Return the next piece, empty at the end; raises ResponseLost when it breaks or nothing comes in time."""
        ...

    def hang_up(self) -> None:
        """Wake a blocked `read`; nothing can be read any more."""
        ...

    def finish(self) -> None:
        """Give the connection back if the answer is complete, and close it otherwise. Idempotent."""
        ...


class HttpStream:
    """A `Stream` over one exchange.

    Invariant: the exchange is finished exactly once, never while a read is under way, by the reader or by `close`.

    Threads: one thread iterates; any thread may close.
    """

    def __init__(self, exchange: Exchange, *, idle: Seconds, runtime: Runtime) -> None:
        self._exchange = exchange
        self._idle = idle
        self._lock = runtime.lock("stream")
        self._reading = False
        self._closed = False

    @property
    def status(self) -> int:
        """See `Stream.status`."""
        return self._exchange.status

    @property
    def headers(self) -> Mapping[str, str]:
        """See `Stream.headers`."""
        return self._exchange.headers

    def __iter__(self) -> Iterator[bytes]:
        """See `Stream.__iter__`."""
        try:
            while piece := self._next():
                yield piece
        finally:
            self.close()

    def close(self) -> None:
        """See `Stream.close`."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._reading:
                self._exchange.hang_up()
            else:
                self._exchange.finish()

    def _next(self) -> bytes:
        if not self._may_read():
            return b""
        try:
            return self._exchange.read(self._idle)
        except ResponseLost:
            if self._closed:
                return b""
            raise
        finally:
            with self._lock:
                self._reading = False
                if self._closed:
                    self._exchange.finish()

    def _may_read(self) -> bool:
        with self._lock:
            self._reading = not self._closed
            return self._reading


def shut_down(wire: Any) -> None:
    """End both directions of a socket, waking whoever reads from it; no matter in what state it is.

    The socket below TLS is shut down directly: doing it through TLS would let the reader go on in plain text.
    """
    while wire is not None and not isinstance(wire, socket.socket):
        wire = getattr(wire, "socket", None)
    try:
        if wire is not None:
            socket.socket.shutdown(wire, socket.SHUT_RDWR)
    except OSError:
        pass  # it is not connected any more, which is what was wanted
