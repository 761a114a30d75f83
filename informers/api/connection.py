"""One connection: a request out and an answer in, at a time, and exactly how far each came.

A connection notes whether the kernel took a byte of a request: until then, repeating the request cannot do harm.
Nothing sent is `Unreachable`; something sent and no answer is `ResponseLost`; no third thing comes out of here.
"""

from __future__ import annotations

import select
from ssl import SSLEOFError, SSLError
from typing import TYPE_CHECKING, Any

from informers.api.dialing import reason
from informers.api.errors import ResponseLost, TransportError, Unreachable
from informers.api.http1 import Head, read_head
from informers.api.streams import shut_down
from informers.runtime import Seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from informers.api.dialing import Dialer
    from informers.runtime import Runtime

__all__ = ["Connection", "HttpExchange"]

_PIECE = 1 << 16
_COARSE: Seconds = 0.1
"""A limit that is too long by less is left as it is: setting one takes as long as reading a piece."""
_SLICE = 16_384
"""Bytes sent at a time: a TLS record. More than one record is written whole or not at all, as far as TLS tells."""
_CLOSED = (BrokenPipeError, ConnectionResetError, SSLEOFError)
_FAILURES = (OSError, ValueError)
"""What sockets and TLS raise when the other side does not play along."""


class Connection:
    """A connection to one server, which carries one request after the other.

    Threads: one owner thread; any may `hang_up`.
    """

    def __init__(self, dialer: Dialer, *, runtime: Runtime) -> None:
        self._dialer = dialer
        self.now = runtime.monotonic
        """The clock."""
        self._socket: Any = None
        self._wire: Any = None
        self._limit: Seconds = -1.0
        self._poll: Any = None
        self.cut = False
        """Whether somebody hung up; it cannot be used any more."""

    def open(self, timeout: Seconds) -> None:
        """Connect; raises Unreachable when that fails, or when somebody hung up meanwhile."""
        try:
            self._socket = self._dialer.open(timeout, self._connecting)
        finally:
            connecting, self._wire = self._wire, self._socket
            if connecting is not None:
                connecting.close()

    def _connecting(self, sock: Any) -> None:
        self._wire = sock.dup()  # for TLS takes the socket itself away while it shakes hands
        if self.cut:
            shut_down(self._wire)

    def hang_up(self) -> None:
        """Wake whoever uses it; it cannot be used any more."""
        self.cut = True
        shut_down(self._wire)

    def close(self) -> None:
        """Close it. Idempotent."""
        if self._socket is not None:
            self._socket.close()

    def __del__(self) -> None:
        """Close what nobody closed: a stream that was opened and forgotten."""
        self.close()

    def is_quiet(self) -> bool:
        """Whether an idle connection can be used again: the server neither closed it nor said anything."""
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self._socket.fileno(), select.POLLIN)
        return not self._poll.poll(0)

    def ask(self, request: bytes, *, method: str, deadline: Seconds) -> HttpExchange:
        """Send a request and return once the head of its answer is there.

        Raises:
            Unreachable: No byte of it was taken.
            ResponseLost: Something was sent, and no answer came.
        """
        if self.cut:
            raise Unreachable("it was called off before it was sent")
        whole = self._send(request, deadline)
        try:
            head, early = self._head(method, deadline)
        except _FAILURES as error:
            raise self._failed("waiting for the answer", error) from error
        except ResponseLost as error:
            raise ResponseLost(f"{self._dialer.peer}: {error}") from error.__cause__
        return HttpExchange(self, head, early, reusable=whole and head.reusable)

    def receive(self, timeout: Seconds) -> bytes:
        """Return what comes next, empty when the connection has ended; raises TimeoutError when nothing comes."""
        self._allow(timeout)
        data: bytes = self._socket.recv(_PIECE)
        return data

    def _allow(self, timeout: Seconds) -> None:
        if not 0 <= self._limit - timeout < _COARSE:
            if timeout <= 0:
                raise TimeoutError("timed out")
            self._limit = timeout + _COARSE / 2  # so that it also fits the next call, which may take as long
            self._socket.settimeout(self._limit)

    def _send(self, request: bytes, deadline: Seconds) -> bool:
        """Send a request; whether all of it was taken, for a server may answer and close before it has read it."""
        rest = memoryview(request)
        try:
            self._allow(deadline - self.now())
            rest = rest[self._socket.send(rest[:_SLICE]) :]
        except _CLOSED as error:
            raise Unreachable("the connection was closed before anything was sent") from error
        except _FAILURES as error:
            raise Unreachable(f"{self._dialer.peer}, sending: {reason(error)}") from error
        try:
            while rest:
                self._allow(deadline - self.now())
                rest = rest[self._socket.send(rest[:_SLICE]) :]
        except _CLOSED:
            return False
        except _FAILURES as error:
            raise self._failed("sending", error) from error
        return True

    def _head(self, method: str, deadline: Seconds) -> tuple[Head, bytes]:
        data = b""
        while True:
            piece = self.receive(deadline - self.now())
            if not piece:
                begun = "broke off in its headers" if data else "did not come: the connection was closed"
                raise ResponseLost(f"the answer {begun}")
            data = data + piece if data else piece
            if (found := read_head(data, method=method)) is not None:
                return found

    def _failed(self, doing: str, error: BaseException) -> TransportError:
        kind = Unreachable if _handshake_refused(error) else ResponseLost
        return kind(f"{self._dialer.peer}, {doing}: {reason(error)}")


class HttpExchange:
    """An `Exchange` over a connection, which is given back when the answer was read to its end.

    Threads: one owner thread. Any may `hang_up`, if the connection will not be used again.
    """

    def __init__(self, connection: Connection, head: Head, early: bytes, *, reusable: bool) -> None:
        self._connection: Connection | None = connection
        self._body, self._early, self._reusable = head.body, early, reusable
        self.status = head.status
        self.headers: Mapping[str, str] = head.headers
        self.give_back: Callable[[Connection], None] | None = None
        """Takes the connection when it can be used again; None closes it."""

    def read(self, timeout: Seconds) -> bytes:
        """See `Exchange.read`."""
        body, connection = self._body, self._connection
        if self._body.ended or connection is None:
            return b""
        until = connection.now() + timeout
        while True:
            if timeout <= 0:
                raise ResponseLost("the answer was not complete in time")
            data, self._early = self._early or self._next(connection, timeout), b""
            if not data:
                body.cut()
            elif piece := body.feed(data):
                return piece
            if body.ended:
                return b""
            timeout = until - connection.now()

    def _next(self, connection: Connection, timeout: Seconds) -> bytes:
        try:
            data = connection.receive(timeout)
        except TimeoutError as error:
            raise ResponseLost(f"the server sent nothing for {timeout:.1f} s", silent=True) from error
        except _FAILURES as error:
            raise ResponseLost(f"the answer broke off: {reason(error)}") from error
        if not data and connection.cut:
            raise ResponseLost("the answer was called off")
        return data

    def hang_up(self) -> None:
        """See `Exchange.hang_up`."""
        connection = self._connection
        if connection is not None:
            connection.hang_up()

    def finish(self) -> None:
        """See `Exchange.finish`."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        whole = self._reusable and self._body.ended and not (self._body.rest or self._early)
        if whole and self.give_back is not None:
            self.give_back(connection)
        else:
            connection.close()


def _handshake_refused(error: BaseException) -> bool:
    """Whether the server turned our certificate down, which TLS 1.3 only tells after the request; it never read it."""
    reason = getattr(error, "reason", None) or ""
    return isinstance(error, SSLError) and "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason)
