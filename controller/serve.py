"""Serves a few plain pages over HTTP or HTTPS: probes, metrics, webhooks, pages for people.

A `Server` owns one listening socket and one task with its own event loop. Pages are plain functions that run on that
loop and MUST be quick, unless their route says that they block. Nothing here knows what a page means. Methods, bodies,
headers, connections and silence are bounded, because the port is open to the whole cluster.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from controller.page import Handler, Page, Route, Visit
from informers.api.errors import LevelsetError

if TYPE_CHECKING:
    import ssl

    from aiohttp.web_protocol import RequestHandler

    from controller.certificates import Certificate
    from informers.runtime import Runtime, Seconds, Task

__all__ = ["Address", "ServeError", "Server", "ServerOptions"]

log = logging.getLogger("levelset.serve")

SETTLED: Seconds = 0.01
"""Seconds after which a new connection is surely in the server's own count."""
ROTATION: Seconds = 10.0
"""Seconds between two looks at the certificate; controller-runtime's certwatcher has the same."""


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
        required: Whether the program cannot do without; if not, a port that is taken is a warning.
        certificate: What it shows over HTTPS, looked at again every ten seconds; None serves plain HTTP.

    Threads: any thread; pages run on the server's own task.
    Blocks: `start` until the socket is bound, `stop` until the task has ended.
    """

    needs_leader_election = False

    def __init__(
        self,
        name: str,
        address: str,
        *,
        runtime: Runtime,
        flag: str = "",
        required: bool = True,
        certificate: Certificate | None = None,
        options: ServerOptions | None = None,
    ) -> None:
        parsed = Address.parse(address)
        if parsed is None:
            raise ValueError(f"the {name} server has no address")
        self.name, self.address, self.flag, self.options = name, parsed, flag, options or ServerOptions()
        self.port = parsed.port
        self._runtime, self._certificate, self._required = runtime, certificate, required
        self._routes: dict[str, Route] = {}
        self._settled = runtime.event(f"{name} server settled")
        self._task: Task | None = None
        self._failure: OSError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    @property
    def paths(self) -> list[str]:
        """What is mounted, in order."""
        return sorted(self._routes)

    def mount(self, path: str, page: Handler | Route) -> None:
        """Answer `path` and everything one level below it with `page`; MUST be called before `start`.

        Raises:
            ValueError: Something else answers there.
        """
        if path in self._routes:
            raise ValueError(f"the {self.name} server already answers {path}")
        self._routes[path] = page if isinstance(page, Route) else Route(page=page)

    def start(self) -> None:
        """Begin to serve.

        Raises:
            ServeError: The port is taken or cannot be opened, and the server is required.
        """
        self._task = self._runtime.spawn(f"{self.name} server", self._run)
        settled = self._settled.wait(self.options.start_timeout)
        if self._loop is None or not settled:
            if not self._required:
                log.warning("going on without a server", extra={"fields": {"reason": self._explain(self._failure)}})
                return
            raise ServeError(self._explain(self._failure)) from self._failure
        log.info("serving", extra={"fields": {"server": self.name, "port": self.port, "paths": self.paths}})

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
        app = web.Application(client_max_size=1 + max((route.body_limit for route in self._routes.values()), default=0))
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
            rotation = asyncio.create_task(self._rotate())
            await self._stopping.wait()
            rotation.cancel()
            sockets.close()
        finally:
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> asyncio.Server:
        server = runner.server
        if server is None:
            raise RuntimeError("the runner was not set up")
        gate = _Gate(server, self.options)
        context: ssl.SSLContext | None = self._certificate.context() if self._certificate else None
        return await asyncio.get_running_loop().create_server(
            gate, self.address.host or None, self.address.port, backlog=128, reuse_address=True, ssl=context
        )

    async def _rotate(self) -> None:
        while self._certificate is not None:
            await asyncio.sleep(ROTATION)
            self._certificate.refresh()

    async def _answer(self, request: web.Request) -> web.Response:
        path = "/" + request.path.strip("/")
        head, _, tail = path.rpartition("/")
        route, below = (self._routes.get(path), "") if path in self._routes else (self._routes.get(head or "/"), tail)
        if route is None:
            return _response(Page.text("404 page not found\n", 404))
        if request.method not in route.methods:
            return _response(Page.text("405 method not allowed\n", 405))
        try:
            visit = await _visit(request, route, path, below)
            return _response(await asyncio.to_thread(route.page, visit) if route.blocking else route.page(visit))
        except ConnectionError:
            raise
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


async def _visit(request: web.Request, route: Route, path: str, tail: str) -> Visit:
    body, oversized = b"", False
    if route.body_limit:
        oversized = (request.content_length or 0) > route.body_limit
        body = b"" if oversized else await request.content.read(route.body_limit + 1)
        while body and not oversized and (more := await request.content.read(route.body_limit + 1 - len(body))):
            body += more
            oversized = len(body) > route.body_limit
    return Visit(
        tail,
        tuple(request.query.items()),
        request.headers.get("Accept", ""),
        request.method,
        path,
        request.headers,
        b"" if oversized else body,
        oversized,
    )


def _response(page: Page) -> web.Response:
    headers = {**page.headers, "Content-Type": page.content_type}
    return web.Response(body=page.body, status=page.status, headers=headers)
