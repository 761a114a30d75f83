"""Connections to one server, kept open for the next request: the one used last goes out first, if it is still quiet."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING
from weakref import WeakSet

from informers.api.connection import Connection
from informers.api.errors import Unreachable
from informers.api.http1 import request_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from informers.api.connection import HttpExchange
    from informers.api.dialing import Dialer
    from informers.api.transport import Call
    from informers.runtime import Runtime, Seconds

__all__ = ["Connections"]


class Connections:
    """Connections to one server under one TLS context.

    Args:
        dialer: Opens them.
        keep: Idle connections kept.
        runtime: Clock and lock.

    Threads: any thread; no request waits for another one's connection.
    """

    def __init__(self, dialer: Dialer, *, keep: int, runtime: Runtime) -> None:
        self._dialer, self._keep, self._runtime = dialer, keep, runtime
        self._lock = runtime.lock("connections")
        self._idle: list[Connection] = []
        self._alive: WeakSet[Connection] = WeakSet()
        self._closed = False
        self._cut = False

    def send(
        self,
        call: Call,
        target: str,
        headers: Sequence[tuple[str, str]],
        *,
        connect: Seconds,
        deadline: Seconds,
        alone: bool,
    ) -> HttpExchange:
        """Send a request and return once its answer begins.

        Args:
            call: Method, body and cancellation.
            target: Path and query, encoded.
            headers: All headers but Host and Content-Length; a name may come more than once.
            connect: Seconds in which each step to a connection must be done.
            deadline: Until when the answer must begin, on the monotonic clock.
            alone: Use the connection for nothing afterwards, and tell the server.

        Raises:
            Unreachable: Nothing was sent.
            ResponseLost: Something was sent, and no answer came.
        """
        dialer = self._dialer
        if alone:
            headers = (*headers, ("Connection", "close"))
        if dialer.headers:
            headers = (*headers, *dialer.headers)
        request = request_bytes(call.method, dialer.root + target, dialer.host, headers, call.body)
        connection = self._quiet()
        fresh = connection is None
        if connection is None:
            connection = self._new()
        try:
            with nullcontext() if call.cancel is None else call.cancel.waking(connection.hang_up):
                if call.cancel is not None and call.cancel.is_set():
                    raise Unreachable("it was called off before it was sent")
                if fresh:
                    connection.open(connect)
                exchange = connection.ask(request, method=call.method, deadline=deadline)
        except BaseException:
            connection.close()
            raise
        if not alone:
            exchange.give_back = self._take_back
        return exchange

    def close(self, *, hang_up: bool) -> None:
        """Close idle connections now and those in use when they are done; with `hang_up`, cut these as well."""
        with self._lock:
            self._closed, self._cut = True, self._cut or hang_up
            idle, self._idle = self._idle, []
            alive = list(self._alive) if hang_up else []
        for connection in idle:
            connection.close()
        for connection in alive:
            connection.hang_up()

    def _quiet(self) -> Connection | None:
        """Return the connection that was used last and can be used again; None when there is none."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if connection.is_quiet():
                return connection
            connection.close()

    def _new(self) -> Connection:
        connection = Connection(self._dialer, runtime=self._runtime)
        with self._lock:
            if self._cut:
                raise Unreachable("this transport is closed")
            self._alive.add(connection)
        return connection

    def _take_back(self, connection: Connection) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < self._keep:
                self._idle.append(connection)
                return
        connection.close()
