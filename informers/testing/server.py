"""The HTTP face of the cluster: an API server on loopback that kubectl and every other client can use.

HTTPS with a certificate authority of its own, one bearer token, HTTP/1.1 with keep-alive, watches as chunked streams.
It carries bytes between sockets and `RestFace` and decides nothing. Handlers run on one event loop: a request is CPU
work of well under a millisecond, so a thread for each would only cost. It MUST listen on loopback unless told
otherwise: whoever can reach it and knows the token owns the cluster.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from informers.api import errors
from informers.certificates import issue
from informers.testing.kubeconfig import write_kubeconfig
from informers.testing.rest.accept import Media
from informers.testing.rest.exchange import RestRequest, RestResponse, WatchResponse
from informers.testing.rest.face import RestFace
from informers.testing.rest.gate import Gate
from informers.testing.words.status import refuse

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

    from informers.runtime import Event, Seconds, Task
    from informers.testing.cluster import Cluster
    from informers.testing.rest.exchange import Answer
    from informers.testing.rest.watchstream import WatchStream

__all__ = ["ApiServer", "ServerOptions", "ServerSnapshot"]

BODY_LIMIT = 3 * 1024 * 1024
"""Bytes of a request body; the API server's own limit."""
_TOO_LARGE = f"Request entity too large: limit is {BODY_LIMIT}"
_HEAD_LIMIT = 1024 * 1024
"""Bytes of a request line, or of one header; selectors can be long."""
_SILENT = logging.Logger("informers.testing.server")
_SILENT.addHandler(logging.NullHandler())
_HOSTS = ("localhost", "127.0.0.1", "::1", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
_STOP_WITHIN: Seconds = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How the server listens.

    Threads: immutable.
    """

    host: str = "127.0.0.1"
    """The address to listen on; anything but loopback opens the cluster to the network."""
    port: int = 0
    """The port to listen on; 0 lets the system choose a free one."""
    tls: bool = True
    """HTTPS; False serves plain HTTP, whose token anyone on the wire can read."""
    token: str | None = None
    """The bearer token that clients must send; None makes one."""
    audit: Callable[[RestRequest, int], None] | None = None
    """Called on the server's thread with each write and its HTTP status, once it was answered; MUST be quick."""
    record: Callable[[RestRequest, Answer], None] | None = None
    """Called likewise with every request and its answer; `informers.testing.exchanges` writes them down."""


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
        self._face = RestFace(cluster)
        self.token = self._options.token or secrets.token_urlsafe(24)
        self._gate = Gate(self.token, cluster.guard)
        hosts = {*_HOSTS, self._options.host}
        self._certificate = issue(hosts, now=self._runtime.wall()) if self._options.tls else None
        cluster.trust(self.authority)
        self._task: Task | None = None
        self._loop: AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._failure: OSError | None = None
        self._port = self._requests = self._faults = 0
        self._open: dict[WatchStream, asyncio.Event] = {}
        self._last_fault = ""

    def start(self) -> None:
        """Listen, and return when clients can connect. Idempotent."""
        if self._task is not None:
            return
        listening = self._runtime.event("api server listens")
        self._task = self._runtime.spawn("api-server", lambda: self._run(listening))
        listening.wait()
        if self._failure is not None:
            self._task.join()
            self._task = None
            raise self._failure

    def stop(self) -> None:
        """Hang up on everyone and stop listening. Idempotent."""
        task, self._task = self._task, None
        if task is not None and self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
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
        return ServerSnapshot(self.url, self._requests, len(self._open), self._faults, self._last_fault)

    # --- The event loop ---

    def _run(self, listening: Event) -> None:
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(self._serve(loop, listening))
        finally:
            loop.close()
            listening.set()

    async def _serve(self, loop: AbstractEventLoop, listening: Event) -> None:
        self._loop, self._stopping = loop, asyncio.Event()
        loop.set_exception_handler(self._overheard)
        http = web.Server(
            self._answer,
            request_factory=partial(web.BaseRequest, loop=loop, client_max_size=BODY_LIMIT),
            handler_cancellation=True,
            logger=_SILENT,
            max_line_size=_HEAD_LIMIT,
            max_field_size=_HEAD_LIMIT,
        )
        host, port, certificate = self._options.host, self._options.port, self._certificate
        tls = certificate.context() if certificate is not None else None
        try:
            server = await loop.create_server(http, host, port, ssl=tls, backlog=1024)
        except OSError as error:
            self._failure = OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}")
            return
        self._port = server.sockets[0].getsockname()[1]
        listening.set()
        await self._stopping.wait()
        server.close()
        for stream, ready in list(self._open.items()):
            stream.close()
            ready.set()
        transports = [connection.transport for connection in http.connections if connection.transport is not None]
        http.pre_shutdown()
        await http.shutdown(_STOP_WITHIN / 4)
        for transport in transports:  # a peer that does not answer TLS's goodbye would keep its socket open
            transport.abort()
        left = asyncio.all_tasks(loop) - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await asyncio.sleep(0)  # lets closed transports say goodbye

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self._requests += 1
        method, target = request.method, request.raw_path
        who = self._gate.enter(request.headers.get("Authorization", ""), method, target)
        if isinstance(who, RestResponse):
            return _response(who)
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            body = await request.read() if request.can_read_body else b""
        except web.HTTPRequestEntityTooLarge:
            return _response(refuse(errors.TooLarge(_TOO_LARGE, reason="RequestEntityTooLarge"), Media()))
        asked = RestRequest.parse(method, target, headers=request.headers, body=body, identity=who)
        try:
            loop, face = asyncio.get_running_loop(), self._face  # a webhook is waited for on a thread of its own
            answer = await loop.run_in_executor(None, face.handle, asked) if face.cluster.waits else face.handle(asked)
        except Exception as error:  # noqa: BLE001 - a fault of ours gets an answer too
            return _response(self._fault(error))
        if self._options.record is not None:
            self._options.record(asked, answer)
        if isinstance(answer, WatchResponse):
            return await self._stream(request, answer)
        if self._options.audit is not None and method not in ("GET", "HEAD", "OPTIONS"):
            self._options.audit(asked, answer.status)
        return _response(answer)

    def _overheard(self, _: AbstractEventLoop, context: dict[str, Any]) -> None:
        """Take what the loop has to say: clients that break off a handshake are no fault of ours, the rest is."""
        error = context.get("exception")
        if not isinstance(error, OSError):
            self._note(error or RuntimeError(context.get("message", "unknown")))

    def _note(self, error: BaseException) -> None:
        self._faults += 1
        self._last_fault = f"{type(error).__name__}: {error}"

    def _fault(self, error: Exception) -> RestResponse:
        self._note(error)
        text = f"Internal error occurred: {self._last_fault}"
        return refuse(errors.ServerError(text, code=500, reason="InternalError"), Media())

    async def _stream(self, request: web.BaseRequest, answer: WatchResponse) -> web.StreamResponse:
        loop, stream, ready = asyncio.get_running_loop(), answer.stream, asyncio.Event()
        stream.listen(lambda: _wake(loop, ready))
        self._open[stream] = ready
        headers = {"Cache-Control": "no-cache, private", "Content-Type": answer.content_type}
        response = web.StreamResponse(headers=headers)
        response.enable_chunked_encoding()
        try:
            await response.prepare(request)
            await self._pump(stream, ready, response)
            await response.write_eof()
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client hung up, or the server stops: there is nobody to tell
        except Exception as error:  # noqa: BLE001 - a fault of ours; the answer has begun, so it can only end
            self._note(error)
        finally:
            del self._open[stream]
            stream.close()
        return response

    async def _pump(self, stream: WatchStream, ready: asyncio.Event, response: web.StreamResponse) -> None:
        while True:
            ready.clear()
            chunk = stream.poll(self._runtime.monotonic())
            if chunk:
                await response.write(chunk)
            if stream.finished:
                return
            if not chunk:
                await _wait(ready, stream.due() - self._runtime.monotonic())


async def _wait(ready: asyncio.Event, seconds: Seconds) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, seconds)):
            await ready.wait()


def _wake(loop: AbstractEventLoop, ready: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: the server has stopped
        loop.call_soon_threadsafe(ready.set)


def _response(answer: RestResponse) -> web.Response:
    headers = [("Content-Type", answer.content_type), *answer.headers]
    if not any(name == "Cache-Control" for name, _ in answer.headers):
        headers.append(("Cache-Control", "no-cache, private"))
    reason = HTTPStatus(answer.status).phrase
    return web.Response(status=answer.status, reason=reason, body=answer.body, headers=headers)
