"""Pooled connections to one server, which tell exactly how far a request came.

Nothing sent is `Unreachable`; something sent and no answer is `ResponseLost`; no third thing comes out of here.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from weakref import WeakSet

import urllib3
from urllib3.exceptions import HTTPError, ReadTimeoutError

from informers.api.chunks import Chunks
from informers.api.errors import ConfigError, ResponseLost, Unreachable
from informers.api.pool import FAILURES, PlainPool, PooledConnection, TlsPool, reason
from informers.api.streams import shut_down
from informers.runtime import Seconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from ssl import SSLContext

    from informers.api.transport import Call
    from informers.runtime import Runtime

__all__ = ["Connections", "HttpExchange"]

_PIECE = 1 << 16
_COARSE: Seconds = 0.1
"""A limit that is too long by less is left as it is: setting one takes as long as reading a piece."""


class Connections:
    """Connections to one server under one TLS context, kept open for the next request.

    Args:
        server: `https://host:port`; its path does not count.
        context: For new TLS connections.
        server_name: The name that the server's certificate must carry; empty for its host.
        proxy: URL of an HTTP proxy, with user and password if it wants them; empty for none.
        keep: Idle connections kept.
        socket_options: Set on every socket.
        runtime: Makes the lock.

    Raises:
        ConfigError: The proxy is of a kind that is not supported.

    Threads: any thread; no request waits for another one's connection.
    """

    def __init__(
        self,
        server: str,
        *,
        context: SSLContext | None,
        server_name: str,
        proxy: str,
        keep: int,
        socket_options: list[tuple[int, int, int]],
        runtime: Runtime,
    ) -> None:
        self._lock = runtime.lock("connections")
        self._alive: WeakSet[PooledConnection] = WeakSet()
        settings: dict[str, Any] = {"maxsize": keep, "socket_options": socket_options}
        settings |= {"ssl_context": context, "server_hostname": server_name or None}
        manager = _proxy_manager(proxy, settings) if proxy else urllib3.PoolManager(**settings)
        pools: Any = {"http": partial(PlainPool, register=self._register)}
        pools["https"] = partial(TlsPool, register=self._register)
        manager.pool_classes_by_scheme = pools
        self._pool = manager.connection_from_url(server)
        self._root = server if proxy and server.startswith("http:") else ""

    def send(
        self, call: Call, target: str, headers: Sequence[tuple[str, str]], *, connect: Seconds, wait: Seconds
    ) -> HttpExchange:
        """Send a request and return once its answer begins.

        Args:
            call: Method and body.
            target: Path and query, encoded.
            headers: All headers; a name may come more than once.
            connect: Seconds in which a connection must stand.
            wait: Seconds in which the answer must begin.

        Raises:
            Unreachable: Nothing was sent.
            ResponseLost: Something was sent, and no answer came.
        """
        fields: Any = dict(headers)
        if len(fields) != len(headers):
            fields = urllib3.HTTPHeaderDict(headers)
        try:
            response = self._pool.urlopen(
                call.method,
                self._root + target,
                body=call.body,
                headers=fields,
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=urllib3.Timeout(connect=connect, read=wait),
                preload_content=False,
                cancel=call.cancel,
            )
        except FAILURES as error:
            raise Unreachable(f"cannot send to {self._pool.host}: {reason(error)}") from error
        return HttpExchange(response)

    def close(self, *, hang_up: bool) -> None:
        """Close idle connections now and those in use when they are done; with `hang_up`, cut these as well."""
        self._pool.close()
        if hang_up:
            with self._lock:
                alive = list(self._alive)
            for connection in alive:
                connection.hang_up()

    def _register(self, connection: PooledConnection) -> None:
        with self._lock:
            self._alive.add(connection)


class HttpExchange:
    """An `Exchange` over a pooled connection, which goes back to the pool when the answer was read to its end.

    Threads: one owner thread. Any may `hang_up` while it is not finished, if the connection will not be used again.
    """

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response
        self._wire: Any = getattr(response.connection, "wire", None)
        self.status = response.status
        self.headers: Mapping[str, str] = _joined(response.headers)
        self._limit: Seconds = 0.0
        self._chunks: Chunks | None = None
        self._body: Any = None

    def stands_alone(self) -> HttpExchange:
        """Promise that the connection will not be used again: chunks are then read many at a time, past urllib3."""
        body = getattr(getattr(self._response, "_fp", None), "fp", None)
        if body is not None and self._response.chunked and "content-encoding" not in self.headers:
            self._chunks, self._body = Chunks(), body
        return self

    def read(self, timeout: Seconds) -> bytes:
        """See `Exchange.read`."""
        if timeout <= 0:
            raise ResponseLost("the answer was not complete in time")
        try:
            if self._response.connection is not None and not 0 <= self._limit - timeout < _COARSE:
                self._wire.settimeout(timeout)  # but not once all was read, for the socket then serves others
                self._limit = timeout
            return self._response.read1(_PIECE) or b"" if self._chunks is None else self._unchunked(self._chunks)
        except FAILURES as error:
            silent = isinstance(error, TimeoutError) or (
                isinstance(error, ReadTimeoutError) and not getattr(error.__cause__, "errno", None)
            )
            what = (
                f"the server sent nothing for {timeout:.1f} s" if silent else f"the answer broke off: {reason(error)}"
            )
            raise ResponseLost(what, silent=silent) from error

    def _unchunked(self, chunks: Chunks) -> bytes:
        while not chunks.ended:
            data = self._body.read1(_PIECE)
            if not data:
                raise ResponseLost("the answer broke off")
            if piece := chunks.feed(data):
                return piece
        return b""

    def hang_up(self) -> None:
        """See `Exchange.hang_up`."""
        shut_down(self._wire)

    def finish(self) -> None:
        """See `Exchange.finish`."""
        self._response.close()
        self._response.release_conn()


def _joined(headers: urllib3.HTTPHeaderDict) -> dict[str, str]:
    """Return the headers by lower-case name, those that came more than once joined: each warning is a header."""
    return {name.lower(): value for name, value in headers.itermerged()}


def _proxy_manager(proxy: str, settings: dict[str, Any]) -> urllib3.PoolManager:
    try:
        auth = urllib3.util.parse_url(proxy).auth
        headers = urllib3.make_headers(proxy_basic_auth=unquote(auth)) if auth else {}
        return urllib3.ProxyManager(proxy, proxy_headers=headers, **settings)
    except (HTTPError, AttributeError):
        raise ConfigError("the proxy's URL is not usable; only http:// and https:// proxies are supported") from None
