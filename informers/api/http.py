"""The production transport: HTTP to a server that may be slow, gone, half gone, overloaded or suspicious of us.

Every call has a time limit, and within it is sent again only where that is safe. Answers are not interpreted here
beyond that: a refusal is an answer.
"""

from __future__ import annotations

import logging
import socket
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from informers.api.connections import Connections
from informers.api.credentials import Credential, open_credentials
from informers.api.dialing import Dialer
from informers.api.errors import ConfigError, Unreachable
from informers.api.expiry import ExpiryWatch
from informers.api.sending import Sender
from informers.api.streams import HttpStream
from informers.api.tls import TlsContexts
from informers.api.transport import Response
from informers.observe import NULL, Observer
from informers.runtime import Seconds

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ssl import SSLContext

    from informers.api.config import ClusterConfig
    from informers.api.connection import HttpExchange
    from informers.api.transport import Call
    from informers.runtime import Runtime

__all__ = ["HttpOptions", "HttpTransport"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """How patiently calls are made.

    Threads: immutable.
    """

    request_timeout: Seconds = 30.0
    """Until a whole answer must be there, retries included, and until a stream must have begun to answer."""
    stream_timeout: Seconds = 310.0
    """Silence on a stream after which it counts as dead."""
    connect_timeout: Seconds = 10.0
    """Until a connection must stand, TLS included."""
    idle_connections: int = 64
    """Connections kept for the next call; each costs a file descriptor and some 50 KB with TLS."""
    keepalive_idle: int = 30
    """Seconds of silence after which the kernel asks whether the other side is still there."""
    keepalive_interval: int = 10
    """Seconds between such questions."""
    keepalive_count: int = 3
    """Unanswered questions after which the connection is dead."""
    user_timeout: int = 60
    """Seconds after which data that was sent and not acknowledged means that the connection is dead."""
    compression: bool = False
    """Ask for gzip, unless the configuration says no: a tenth of the bytes or less. A list is written and compressed on
    one processor of the server, and of a list of Pods compressing takes the longer part: `python -m bench.pages`. So it
    is for thin links, and for programs that read several lists at once, as every manager does. Streams never use it."""

    def socket_options(self) -> list[tuple[int, int, int]]:
        """Return what is set on each socket, as far as the platform knows it."""
        wanted = {
            "TCP_KEEPIDLE": self.keepalive_idle,
            "TCP_KEEPINTVL": self.keepalive_interval,
            "TCP_KEEPCNT": self.keepalive_count,
            "TCP_USER_TIMEOUT": self.user_timeout * 1000,
        }
        tcp = {getattr(socket, name): value for name, value in wanted.items() if hasattr(socket, name)}
        tcp[socket.TCP_NODELAY] = 1
        return [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)] + [(socket.IPPROTO_TCP, *pair) for pair in tcp.items()]


class HttpTransport:
    """A `Transport` over HTTP/1.1.

    Args:
        config: Which server, and as whom.
        runtime: Clock, sleep and dice of the retries.
        observe: Hears of every attempt.
        options: Time limits and connections.

    Guarantees: a call is sent again only where `informers.api.retries` says so, and within its time limit. A token
    that is refused is renewed and the call sent once more. Tokens and certificates that change are used from the next
    call on, and one that cannot be read leaves the last good one in use.

    Raises:
        ConfigError: The server's URL, the proxy, a certificate, a key or a token is not usable.

    Threads: any thread.
    """

    def __init__(
        self, config: ClusterConfig, *, runtime: Runtime, observe: Observer = NULL, options: HttpOptions = HttpOptions()
    ) -> None:
        self.config, self.options, self.runtime, self.observe = config, options, runtime, observe
        self._server, self.host, self._prefix = config.address()
        self._credentials = open_credentials(config, runtime=runtime)
        self._expiry = ExpiryWatch(config.source, runtime=runtime)
        self._tls = TlsContexts(config, runtime=runtime) if self._server.startswith("https:") else None
        self._sender = Sender(
            credential=self._credential, renew=self._renewed, send=self._whole, told=self._repeated, runtime=runtime
        )
        self._encoding = "gzip" if options.compression and config.compression else "identity"
        self._lock = runtime.lock("http transport")
        self._context: SSLContext | None = None
        self._connections: Connections | None = None
        self._closed = False
        self._connected(self._credentials.current())
        if config.insecure:
            _LOG.warning(
                "TLS verification is off: whoever stands in between can read and change everything",
                extra={"fields": {"host": self.host, "source": config.source}},
            )

    def request(self, call: Call) -> Response:
        """See `Transport.request`."""
        limit = self.options.request_timeout if call.timeout is None else call.timeout
        return self._sender.answer(call, self.runtime.monotonic() + limit)

    def stream(self, call: Call) -> HttpStream:
        """See `Transport.stream`. Sent again only with a renewed token: who streams has a backoff of its own."""
        idle = self.options.stream_timeout if call.timeout is None else call.timeout
        deadline = self.runtime.monotonic() + self.options.request_timeout
        credential = self._credential()
        exchange = self._begin(call, credential, deadline)
        if exchange.status == 401 and self._renewed(credential):
            exchange.finish()
            self._repeated(call, 401)
            exchange = self._begin(call, self._credential(), deadline)
        return HttpStream(exchange, idle=idle, runtime=self.runtime)

    def close(self) -> None:
        """See `Transport.close`. Calls and streams in flight are cut at once."""
        with self._lock:
            self._closed = True
            if self._connections is not None:
                self._connections.close(hang_up=True)

    # --- One attempt ---

    def _begin(self, call: Call, credential: Credential, deadline: Seconds) -> HttpExchange:
        """Open a stream; its connection serves nothing else, so that hanging up can never hit another call."""
        started, status = self.runtime.monotonic(), None
        try:
            exchange = self._send(call, self._target(call, None), credential, deadline, alone=True)
            status = exchange.status
        finally:
            self._report(call, status, started)
        return exchange

    def _whole(self, call: Call, credential: Credential, deadline: Seconds) -> Response:
        started, status = self.runtime.monotonic(), None
        try:
            target = self._target(call, deadline - started)
            alone, encoding = call.cancel is not None, self._encoding
            exchange = self._send(call, target, credential, deadline, alone=alone, encoding=encoding)
            taker = call.into() if call.into is not None and exchange.status == 200 else None
            pieces: list[bytes] = []
            take = pieces.append if taker is None else taker.feed
            with nullcontext() if call.cancel is None else call.cancel.waking(exchange.hang_up):
                if call.cancel is not None and call.cancel.is_set():
                    exchange.hang_up()
                try:
                    while piece := exchange.read(deadline - self.runtime.monotonic()):
                        take(piece)
                finally:
                    exchange.finish()
            status = exchange.status
        finally:
            self._report(call, status, started)
        return Response(exchange.status, exchange.headers, b"".join(pieces), taker)

    def _send(
        self,
        call: Call,
        target: str,
        credential: Credential,
        deadline: Seconds,
        *,
        alone: bool,
        encoding: str = "identity",
    ) -> HttpExchange:
        now = self.runtime.monotonic()
        wait = deadline - now
        if wait <= 0 or (call.until is not None and now >= call.until):
            raise Unreachable("there was no time left to send it")
        if call.cancel is not None and call.cancel.is_set():
            raise Unreachable("it was called off before it was sent")
        headers = [("User-Agent", self.config.user_agent), ("Accept-Encoding", encoding), ("Accept", call.accept)]
        headers += self._identity(call)
        headers += call.headers.items()
        if call.body is not None:
            headers.append(("Content-Type", call.content_type))
        if credential.authorization:
            headers.append(("Authorization", credential.authorization))
        connect = min(wait, self.options.connect_timeout)
        connections = self._connected(credential)
        return connections.send(call, target, headers, connect=connect, deadline=deadline, alone=alone)

    def _identity(self, call: Call) -> Iterable[tuple[str, str]]:
        """Return the configuration's headers; whoever the call acts as takes the place of whoever they name."""
        if not call.impersonate:
            return self.config.headers
        ours = (pair for pair in self.config.headers if not pair[0].lower().startswith("impersonate-"))
        return (*ours, *call.impersonate)

    def _target(self, call: Call, limit: Seconds | None) -> str:
        """Return path and query; the server is told after how many seconds nobody waits for the answer any more."""
        query, limited = _encoded(call.query)
        if limit is not None and not limited:
            query = f"{query}{'&' if query else ''}timeout={max(1, int(limit * 1000))}ms"
        return f"{self._prefix}{call.path}?{query}" if query else self._prefix + call.path

    def _report(self, call: Call, status: int | None, started: Seconds) -> None:
        seconds = self.runtime.monotonic() - started
        self.observe.request(call, status=status, seconds=seconds, host=self.host)

    def _repeated(self, call: Call, status: int | None) -> None:
        self.observe.retry(call, status=status, host=self.host)

    # --- Who and where ---

    def _credential(self) -> Credential:
        try:
            credential = self._credentials.current()
        except ConfigError as error:
            raise Unreachable(f"nothing was sent, for want of a credential: {error}") from error
        self._expiry.look(credential)
        return credential

    def _renewed(self, rejected: Credential) -> bool:
        try:
            return self._credentials.renew(rejected)
        except ConfigError:
            return False

    def _connected(self, credential: Credential) -> Connections:
        """Return the connections under the present certificates, replacing those under older ones."""
        with self._lock:
            if self._closed:
                raise Unreachable("this transport is closed")
            context = self._tls.current(credential) if self._tls else None
            if self._connections is None or context is not self._context:
                outdated = self._connections
                self._context, self._connections = context, self._connect(context)
                if outdated is not None:
                    outdated.close(hang_up=False)
            return self._connections

    def _connect(self, context: SSLContext | None) -> Connections:
        dialer = Dialer(
            self._server,
            context=context,
            server_name=self.config.tls_server_name,
            proxy=self.config.proxy,
            socket_options=self.options.socket_options(),
        )
        return Connections(dialer, keep=self.options.idle_connections, runtime=self.runtime)


@lru_cache(maxsize=256)
def _encoded(query: tuple[tuple[str, str], ...]) -> tuple[str, bool]:
    """Return a query as it is sent, and whether it has a time limit; a program asks few different ones, often."""
    return urlencode(query), any(name == "timeout" for name, _ in query)
