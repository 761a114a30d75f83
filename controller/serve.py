"""Serves a few plain pages over HTTP: probes and metrics.

A `Server` owns one listening socket and one task with its own event loop. Pages are plain functions that run on that
loop, so they MUST be quick and MUST NOT block. Nothing here knows what a page means. GET and HEAD only, no bodies,
headers, connections and silence bounded, because the port is open to the whole cluster.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from aiohttp import web

from controller.health import Page, Visit
from informers.api.errors import LevelsetError

if TYPE_CHECKING:
    from aiohttp.web_protocol import RequestHandler

    from informers.runtime import Runtime, Seconds, Task

__all__ = ["Address", "Handler", "ServeError", "Server", "ServerOptions"]

log = logging.getLogger("levelset.serve")

SETTLED: Seconds = 0.01
"""Seconds after which a new connection is surely in the server's own count."""

Handler: TypeAlias = Callable[[Visit], Page]


class ServeError(LevelsetError):
    """A port could not be opened; the message names the address, the flag and the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Limits of one server; the defaults suit probes and scrapers.

    Threads: immutable.
    """

    max_connections: int = 256
    """Open connections; one more is hung up on at once. Each costs a few kilobytes."""
    max_silence: Seconds = 30.0
    """Seconds after which a connection is closed that has not completed a request, so that nobody holds one by sending
    a byte at a time. A scraper that asks less often reconnects; that costs it a millisecond."""
    max_header: int = 8190
    """Bytes of the request line and of each header; the answer to longer ones is 400."""
    start_timeout: Seconds = 10.0
    """Seconds that `start` waits for the socket to be bound."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; an empty host means every interface.

    Threads: immutable.
    """

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address | None:
        """Read `:8080`, `127.0.0.1:8080` or `[::1]:8080`; `0` and the empty text mean "off" and give None.

        Raises:
            ValueError: Anything else.
        """
        if text in ("", "0"):
            return None
        host, colon, port = text.rpartition(":")
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535 or (":" in bare and bare == host):
            raise ValueError(f"{text!r} is no address; write :8080, 127.0.0.1:8080, [::1]:8080, or 0 to switch it off")
        return cls(bare, int(port))


class Server:
    """One listening socket and the pages below it; a `Runnable`.

    Invariants: between a `start` that returned and `stop`, the socket accepts connections and every mounted page
    answers; nothing is accepted after `stop`.

    Args:
        name: What it serves, for the thread's name and messages.
        address: As for `Address.parse`, but not off.
        flag: The command-line flag that moves it, for messages.

    Threads: any thread; pages run on the server's own task.
    Blocks: `start` until the socket is bound, `stop` until the task has ended.
    """

    needs_leader_election = False

    def __init__(
        self, name: str, address: str, *, runtime: Runtime, flag: str = "", options: ServerOptions | None = None
    ) -> None:
        parsed = Address.parse(address)
        if parsed is None:
            raise ValueError(f"the {name} server has no address")
        self.name, self.address, self.flag, self.options = name, parsed, flag, options or ServerOptions()
        self.port = parsed.port
        self._runtime = runtime
        self._pages: dict[str, Handler] = {}
        self._settled = runtime.event(f"{name} server settled")
        self._task: Task | None = None
        self._failure: OSError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def mount(self, path: str, page: Handler) -> None:
        """Answer `path` and everything one level below it with `page`; MUST be called before `start`."""
        self._pages[path] = page

    def start(self) -> None:
        """Begin to serve.

        Raises:
            ServeError: The port is taken or cannot be opened.
        """
        self._task = self._runtime.spawn(f"{self.name} server", self._run)
        settled = self._settled.wait(self.options.start_timeout)
        if self._loop is None or not settled:
            raise ServeError(self._explain(self._failure)) from self._failure
        log.info("serving", extra={"fields": {"server": self.name, "port": self.port, "paths": sorted(self._pages)}})

    def stop(self, deadline: Seconds) -> None:
        """Close the socket and the connections, and wait for the task until `deadline` on the monotonic clock."""
        if self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
        if self._task is not None:
            self._task.join(max(0.0, deadline - self._runtime.monotonic()))
        self._loop = self._stopping = None

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._failure = error
        finally:
            self._settled.set()

    async def _serve(self) -> None:
        app = web.Application(client_max_size=1)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=1.0,
            keepalive_timeout=self.options.max_silence,
            max_line_size=self.options.max_header,
            max_field_size=self.options.max_header,
            lingering_time=0.0,
        )
        await runner.setup()
        try:
            sockets = await self._listen(runner)
            self.port = sockets.sockets[0].getsockname()[1]
            self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
            self._settled.set()
            await self._stopping.wait()
            sockets.close()
        finally:
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> asyncio.Server:
        server = runner.server
        if server is None:
            raise RuntimeError("the runner was not set up")
        gate = _Gate(server, self.options)
        return await asyncio.get_running_loop().create_server(
            gate, self.address.host or None, self.address.port, backlog=128, reuse_address=True
        )

    async def _answer(self, request: web.Request) -> web.Response:
        if request.method not in ("GET", "HEAD"):
            return _response(Page.text("405 method not allowed\n", 405))
        path = "/" + request.path.strip("/")
        head, _, tail = path.rpartition("/")
        page, below = (self._pages.get(path), "") if path in self._pages else (self._pages.get(head), tail)
        if page is None:
            return _response(Page.text("404 page not found\n", 404))
        try:
            accept = request.headers.get("Accept", "")
            return _response(page(Visit(below, tuple(request.query.items()), accept)))
        except Exception:
            log.exception("a page failed", extra={"fields": {"server": self.name, "path": path}})
            return _response(Page.text("500 internal server error\n", 500))

    def _explain(self, error: OSError | None) -> str:
        where = f"{self.address.host}:{self.address.port}"
        way_out = f"; choose another with {self.flag}, or 0 to switch it off" if self.flag else ""
        if error is not None and error.errno == errno.EADDRINUSE:
            return f"cannot serve {self.name} on {where}: port {self.address.port} is taken{way_out}"
        reason = "no socket in time" if error is None else error.strerror or error
        return f"cannot serve {self.name} on {where}: {reason}{way_out}"


class _Gate:
    """Makes a protocol for each new connection, and bounds how many there are."""

    def __init__(self, server: web.Server, options: ServerOptions) -> None:
        self._server, self._options = server, options
        self._opening: set[RequestHandler] = set()

    def __call__(self) -> RequestHandler:
        protocol, loop = self._server(), asyncio.get_running_loop()
        # The server counts a connection only a moment after this, so that a burst would slip through.
        opening = sum(each.transport is None for each in self._opening)
        full = len(self._server.connections) + opening >= self._options.max_connections
        self._opening.add(protocol)
        loop.call_later(SETTLED, self._settle, protocol, full)
        return protocol

    def _settle(self, protocol: RequestHandler, full: bool) -> None:  # noqa: FBT001 - a callback of the event loop
        self._opening.discard(protocol)
        if full and protocol.transport is not None:
            protocol.transport.close()


def _response(page: Page) -> web.Response:
    headers = {**page.headers, "Content-Type": page.content_type}
    return web.Response(body=page.body, status=page.status, headers=headers)
