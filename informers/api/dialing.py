"""Opening connections: the part that is left to urllib3, which knows addresses, TLS, server names and proxies."""

from __future__ import annotations

from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from urllib3 import make_headers
from urllib3.connection import HTTPConnection, HTTPSConnection, ProxyConfig
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from informers.api.errors import ConfigError, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext

    from urllib3.util import Url

    from informers.runtime import Seconds

__all__ = ["Dialer", "reason"]

_PORTS = {"http": 80, "https": 443}


class Dialer:
    """Opens connections to one server under one TLS context.

    Args:
        server: `https://host:port`; its path does not count.
        context: For TLS.
        server_name: The name that the server's certificate must carry; empty for its host.
        proxy: URL of an HTTP proxy, with user and password if it wants them; empty for none.
        socket_options: Set on every socket.

    Raises:
        ConfigError: The proxy is of a kind that is not supported, or the server's URL is not usable.

    Threads: immutable.
    """

    def __init__(
        self,
        server: str,
        *,
        context: SSLContext | None,
        server_name: str,
        proxy: str,
        socket_options: list[tuple[int, int, int]],
    ) -> None:
        try:
            url = parse_url(server)
        except HTTPError:
            raise ConfigError("the server's URL is not usable") from None
        self._host, self._port = _address(url)
        self._tls = url.scheme == "https"
        self._settings: dict[str, Any] = {"socket_options": socket_options}
        far = self._host, self._port
        self._proxy = _proxy_url(proxy) if proxy else None
        self._proxy_headers: dict[str, str] = {}
        if self._proxy is not None:
            far = _address(self._proxy)
            config = ProxyConfig(
                ssl_context=None, use_forwarding_for_https=False, assert_hostname=None, assert_fingerprint=None
            )
            self._settings |= {"proxy": self._proxy, "proxy_config": config}
            if self._proxy.auth:
                self._proxy_headers = make_headers(proxy_basic_auth=unquote(self._proxy.auth))
        self._settings |= {"host": far[0], "port": far[1]}
        if self._tls or (self._proxy is not None and self._proxy.scheme == "https"):
            self._settings |= {"ssl_context": context, "server_hostname": server_name or None}
        self.peer = f"{far[0]}:{far[1]}"
        """Host and port of whoever is connected to, for messages."""
        self.host = (url.host or "").rstrip(".")
        """The Host header."""
        if self._port != _PORTS[url.scheme or "http"]:
            self.host += f":{self._port}"
        forwarded = self._proxy is not None and not self._tls
        self.root = f"{url.scheme}://{self.host}" if forwarded else ""
        """What stands before the target of each request: a proxy that forwards it is told the whole URL."""
        self.headers = tuple(self._proxy_headers.items()) if forwarded else ()
        """Headers that a proxy wants in each request that it forwards."""

    def open(self, timeout: Seconds, noted: Callable[[Any], None]) -> Any:
        """Return a new connection's socket, TLS included.

        Args:
            timeout: Seconds in which each step of it must be done.
            noted: Hears of the TCP socket as soon as there is one; TLS takes it away while it shakes hands.

        Raises:
            Unreachable: There is none.
        """
        kind = _TlsConnection if "ssl_context" in self._settings else _PlainConnection
        connection = kind(timeout=timeout, noted=noted, **self._settings)
        try:
            if self._proxy is not None and self._tls:
                scheme = self._proxy.scheme or "http"
                connection.set_tunnel(self._host, self._port, headers=self._proxy_headers, scheme=scheme)
            connection.connect()
        except (OSError, HTTPError, HTTPException, ValueError) as error:
            connection.close()
            raise Unreachable(f"cannot connect to {self.peer}: {reason(error)}") from error
        return connection.sock


class _PlainConnection(HTTPConnection):
    """Tells of its TCP socket.

    Threads: one owner thread.
    """

    def __init__(self, *, noted: Callable[[Any], None], **settings: Any) -> None:
        super().__init__(**settings)
        self._noted = noted

    def _new_conn(self) -> Any:
        sock = super()._new_conn()
        self._noted(sock)
        return sock


class _TlsConnection(_PlainConnection, HTTPSConnection):
    """The same over TLS, to the server or to a proxy."""


def _address(url: Url) -> tuple[str, int]:
    return (url.host or "").strip("[]"), url.port or _PORTS[url.scheme or "http"]


def _proxy_url(proxy: str) -> Url:
    try:
        url = parse_url(proxy)
    except HTTPError:
        url = None
    if url is None or url.scheme not in _PORTS or not url.host:
        raise ConfigError("the proxy's URL is not usable; only http:// and https:// proxies are supported")
    return url


def reason(error: BaseException) -> str:
    """Return what went wrong in the words of the innermost error, which names no more than host and cause."""
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return "the URL or a header holds what HTTP forbids"  # the text would repeat the header
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
