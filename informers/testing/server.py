"""The HTTP face of the cluster: an API server on loopback that kubectl and every other client can use.

HTTPS with a certificate authority of its own, one bearer token, HTTP/1.1 with keep-alive, watches as chunked streams.
It carries bytes between sockets and `RestFace` and decides nothing. Handlers run on one event loop: a request is CPU
work of well under a millisecond, so a thread for each would only cost. It MUST listen on loopback unless told
otherwise: whoever can reach it and knows the token owns the cluster.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from informers.certificates import issue
from informers.testing.kubeconfig import write_kubeconfig
from informers.testing.serving.options import ServerOptions

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

    from informers.runtime import Event, Seconds, Task
    from informers.testing.cluster import Cluster
    from informers.testing.serving.front import Front
    from informers.testing.serving.tlswire import TlsWire

__all__ = ["ApiServer", "ServerOptions", "ServerSnapshot"]

_HOSTS = ("localhost", "127.0.0.1", "::1", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
_STOP_WITHIN: Seconds = 1.0


@dataclass(frozen=True, slots=True)
class ServerSnapshot:
    """What the server is doing.

    Threads: immutable.
    """

    url: str
    requests: int
    """Requests answered so far."""
    watches: int
    """Watches open now."""
    faults: int
    """Requests that failed by a fault of ours and were answered 500."""
    last_fault: str
    """The last of these, as text; empty when there was none."""


class ApiServer:
    """Serves one cluster over HTTP.

    Use it as a context manager, or call `start` and `stop`.

    Threads: any thread.
    Blocks: `start` until it listens, some 30 ms; `stop` up to a second.
    Raises: OSError from `start` when the address cannot be had; the message names it.
    """

    def __init__(self, cluster: Cluster, *, options: ServerOptions | None = None) -> None:
        self._options = options or ServerOptions()
        self._runtime = cluster.runtime
        self.token = self._options.token or secrets.token_urlsafe(24)
        self._cluster = cluster
        self._front: Front | None = None
        self._greeting: set[TlsWire] = set()
        """Who has connected and not shaken hands."""
        hosts = {*_HOSTS, self._options.host}
        self._certificate = issue(hosts, now=self._runtime.wall()) if self._options.tls else None
        cluster.trust(self.authority)
        self._task: Task | None = None
        self._stop: Callable[[], None] = lambda: None
        self._failure: OSError | None = None
        self._port = 0

    def start(self) -> None:
        """Listen, and return when clients can connect. Idempotent."""
        if self._task is not None:
            return
        listening = self._runtime.event("api server listens")
        self._task = self._runtime.spawn("api-server", lambda: self._run(listening))
        listening.wait()
        if self._failure is not None:
            self._task.join()
            failure, self._task, self._failure = self._failure, None, None
            raise failure

    def stop(self) -> None:
        """Hang up on everyone and stop listening. Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            self._stop()
            task.join(2 * _STOP_WITHIN)

    def __enter__(self) -> ApiServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address, such as `https://127.0.0.1:39411`; known once the server was started."""
        host = f"[{self._options.host}]" if ":" in self._options.host else self._options.host
        return f"{'https' if self._options.tls else 'http'}://{host}:{self._port}"

    @property
    def authority(self) -> bytes:
        """The PEM certificate that clients must trust; empty without TLS."""
        return self._certificate.authority if self._certificate is not None else b""

    def kubeconfig(self, path: str | Path) -> Path:
        """Write a kubeconfig that only its owner can read, and return its path. It holds the token."""
        return write_kubeconfig(Path(path), url=self.url, authority=self.authority, token=self.token)

    def snapshot(self) -> ServerSnapshot:
        """Return what the server is doing."""
        front = self._front
        if front is None:
            return ServerSnapshot(self.url, 0, 0, 0, "")
        return ServerSnapshot(self.url, front.requests, front.watches, front.faults, front.last_fault)

    # --- The event loop ---

    def _run(self, listening: Event) -> None:
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(self._serve(loop, listening))
        finally:
            loop.close()
            listening.set()

    async def _serve(self, loop: AbstractEventLoop, listening: Event) -> None:
        stopping = asyncio.Event()
        self._stop = lambda: _say(loop, stopping)
        if self._front is not None:  # the server has been started before
            self._front.attach(loop)
        host, port = self._options.host, self._options.port
        try:
            server = await loop.create_server(self._protocol(), host, port, backlog=1024)
        except OSError as error:
            self._failure = OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}")
            return
        self._port = server.sockets[0].getsockname()[1]
        listening.set()
        await stopping.wait()
        server.close()
        for wire in list(self._greeting):
            wire.abort()
        if self._front is not None:
            await self._front.close(_STOP_WITHIN / 4)

    def _protocol(self) -> Callable[[], asyncio.Protocol]:
        if self._certificate is None:
            return self._connect
        from informers.testing.serving.tlswire import TlsWire  # noqa: PLC0415 - what only HTTPS needs

        context = self._certificate.context()
        return lambda: TlsWire(context, self._connect, self._greeting)

    def _connect(self) -> asyncio.Protocol:
        """Return the protocol of a new connection; the first one brings all that answers requests."""
        if self._front is None:
            self._front = _front(self._cluster, self._options, self.token)
            self._front.attach(asyncio.get_running_loop())
        return self._front.connect()


def _say(loop: AbstractEventLoop, stopping: asyncio.Event) -> None:
    with suppress(RuntimeError):  # it has stopped by itself
        loop.call_soon_threadsafe(stopping.set)


def _front(cluster: Cluster, options: ServerOptions, token: str) -> Front:
    from informers.testing.rest.face import RestFace  # noqa: PLC0415 - 60 ms that a server starts sooner without
    from informers.testing.rest.gate import Gate  # noqa: PLC0415 - the same
    from informers.testing.serving.front import Front  # noqa: PLC0415 - the same

    return Front(RestFace(cluster), Gate(token, cluster.guard, open=options.open), options)
