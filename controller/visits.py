"""Requests become visits, and pages answers: the part of a server that the HTTP library does.

A server imports this on its own task, for the library takes longer to import than all else of a program's start.
Pages are plain functions that run on the event loop and MUST be quick, unless their route says that they block.
Methods, bodies, headers, connections and silence are bounded, because the port is open to the whole cluster.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from aiohttp import web

from controller.page import Page, Route, Visit

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Mapping, Sequence

    from aiohttp.web_protocol import RequestHandler

    from controller.certificates import Certificate
    from controller.serve import ServerOptions
    from informers.runtime import Seconds

__all__ = ["Visits"]

log = logging.getLogger("levelset.serve")

SETTLED: Seconds = 0.01
"""Seconds after which a new connection is surely in the server's own count."""
ROTATION: Seconds = 10.0
"""Seconds between two looks at the certificate; controller-runtime's certwatcher has the same."""


class Visits:
    """Answers whoever comes to some sockets.

    Args:
        name: What is served, for messages.
        routes: What answers, by path.
        sockets: Where they come; they listen already, and are closed at the end.
        certificate: What is shown over HTTPS; None is plain HTTP.
        options: The limits.

    Threads: `run` on a task of its own; `stop` on any.
    Blocks: `run` until `stop`.
    """

    def __init__(
        self,
        name: str,
        routes: Mapping[str, Route],
        sockets: Sequence[socket.socket],
        *,
        certificate: Certificate | None,
        options: ServerOptions,
    ) -> None:
        self._name, self._routes, self._sockets = name, routes, sockets
        self._certificate, self._options = certificate, options
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._over = False

    def run(self) -> None:
        """Serve."""
        asyncio.run(self._serve())

    def stop(self) -> None:
        """Let `run` return, whether it has begun or not; never blocks."""
        self._over = True
        if (loop := self._loop) is not None:
            loop.call_soon_threadsafe(self._stopping.set)

    async def _serve(self) -> None:
        app = web.Application(client_max_size=1 + max((route.body_limit for route in self._routes.values()), default=0))
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=1.0,
            keepalive_timeout=self._options.max_silence,
            max_line_size=self._options.max_header,
            max_field_size=self._options.max_header,
            lingering_time=0.0,
        )
        await runner.setup()
        listening: list[asyncio.Server] = []
        try:
            listening += await self._listen(runner)
            self._loop = asyncio.get_running_loop()
            if self._over:  # looked at once the loop can be told
                return
            rotation = asyncio.create_task(self._rotate())
            await self._stopping.wait()
            rotation.cancel()
        finally:
            self._loop = None
            for one in listening:
                one.close()
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> list[asyncio.Server]:
        server = runner.server
        if server is None:
            raise RuntimeError("the runner was not set up")
        gate = _Gate(server, self._options)
        context: ssl.SSLContext | None = self._certificate.context() if self._certificate else None
        loop = asyncio.get_running_loop()
        return [await loop.create_server(gate, sock=each, backlog=128, ssl=context) for each in self._sockets]

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
            log.exception("a page failed", extra={"fields": {"server": self._name, "path": path}})
            return _response(Page.text("500 internal server error\n", 500))


class _Gate:
    """Makes a protocol for each new connection, and bounds how many there are.

    Threads: the event loop's alone.
    """

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
