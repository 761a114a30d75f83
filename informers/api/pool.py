"""The connections of a pool, which note how far each request came: the part that reaches into the HTTP library.

A connection notes the first byte that the kernel took from it: until then, repeating the request cannot do harm.
"""

from __future__ import annotations

from http.client import HTTPException
from ssl import SSLError
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from informers.api.errors import ResponseLost, TransportError, Unreachable
from informers.api.streams import shut_down

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.cancellation import Cancellation

__all__ = ["FAILURES", "PlainPool", "PooledConnection", "TlsPool", "reason"]

FAILURES = (OSError, HTTPError, HTTPException, ValueError)
"""What sockets, TLS and the two HTTP libraries raise when the other side does not play along."""


class PooledConnection(HTTPConnection):
    """A connection that knows whether any byte of the present request was taken.

    `wire` is its socket, remembered because http.client lets go of it when the server announces that it will close.

    Threads: one owner thread, whoever took it out of the pool; any may `hang_up`.
    """

    def __init__(self, *args: Any, register: Callable[[PooledConnection], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wire: Any = None
        self.cancel: Cancellation | None = None
        self._begun = False
        register(self)

    def hang_up(self) -> None:
        """Wake whoever uses it; it cannot be used any more."""
        shut_down(self.wire or self.sock)

    def connect(self) -> None:
        """Connect; raises Unreachable when that fails, or when the call was called off meanwhile."""
        self._begun, self.wire = False, None
        try:
            super().connect()
        except FAILURES as error:
            self.close()
            raise Unreachable(f"cannot connect to {self.host}:{self.port}: {reason(error)}") from error
        finally:
            connecting, self.wire = self.wire, self.sock
            if connecting is not None:
                connecting.close()
        if self.cancel is not None and self.cancel.is_set():
            self.close()
            raise Unreachable("it was called off before it was sent")

    def _new_conn(self) -> Any:
        sock = super()._new_conn()
        if self.cancel is not None:
            self.wire = sock.dup()  # for TLS takes the socket itself away while it shakes hands
        return sock

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request; raises Unreachable when nothing of it was taken, ResponseLost when something was."""
        self._begun = False
        try:
            super().request(*args, **kwargs)
        except (BrokenPipeError, ConnectionResetError) as error:
            if not self._begun:
                raise Unreachable("the connection was closed before anything was sent") from error
            raise  # the server may have answered before it read all; urllib3 looks
        except FAILURES as error:
            raise self._failed("sending", error) from error

    def send(self, data: Any) -> None:
        """Send bytes, noting the first that is taken."""
        if self.sock is None:
            self.connect()
        if not self._begun:
            data = memoryview(data)[self.sock.send(data) :]
            self._begun = True
        if len(data):
            super().send(data)

    def getresponse(self) -> Any:
        """Return the answer once its headers are there; raises ResponseLost when they do not come."""
        try:
            response = super().getresponse()
        except FAILURES as error:
            raise self._failed("waiting for the answer", error) from error
        if _without_end(response):
            response.close()
            raise ResponseLost(f"{self.host}:{self.port}: the answer broke off in its headers")
        return response

    def _failed(self, doing: str, error: BaseException) -> TransportError:
        kind = ResponseLost if self._begun and not _handshake_refused(error) else Unreachable
        return kind(f"{self.host}:{self.port}, {doing}: {reason(error)}")


class PooledTlsConnection(PooledConnection, HTTPSConnection):
    """The same over TLS."""


class PlainPool(urllib3.HTTPConnectionPool):
    """Connections in the clear, whose requests can be called off from the first byte to the answer's headers."""

    ConnectionCls = PooledConnection

    # The one method through which urllib3 sends a request on a connection and waits for the answer; `urlopen` passes
    # arguments that it does not know on to it.
    def _make_request(self, conn: Any, *args: Any, cancel: Cancellation | None = None, **kwargs: Any) -> Any:
        if cancel is None:
            return super()._make_request(conn, *args, **kwargs)
        conn.cancel = cancel
        try:
            with cancel.waking(conn.hang_up):
                return super()._make_request(conn, *args, **kwargs)
        finally:
            conn.cancel = None


class TlsPool(PlainPool, urllib3.HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = PooledTlsConnection


def _without_end(response: urllib3.HTTPResponse) -> bool:
    """Whether the headers do not say where the body ends; http.client takes headers that broke off for complete."""
    endless = response.length_remaining is None and not response.chunked and response.version == 11
    return endless and "close" not in response.headers.get("connection", "").lower()


def _handshake_refused(error: BaseException) -> bool:
    """Whether the server turned our certificate down, which TLS 1.3 only tells after the request; it never read it."""
    reason = getattr(error, "reason", None) or ""
    return isinstance(error, SSLError) and "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason)


def reason(error: BaseException) -> str:
    """Return what went wrong in the words of the innermost error, which names no more than host and cause."""
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return "the URL or a header holds what HTTP forbids"  # the text would repeat the header
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
