"""The server's side of every connection: who is asking is found out, the request handed on, the answer sent back.

It runs on one event loop: a request is CPU work of well under a millisecond, so a thread for each would only cost.
While a webhook may be asked, requests are handled on threads instead, for that takes as long as the webhook takes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from informers.api import errors
from informers.testing.rest.accept import Media
from informers.testing.rest.exchange import BODY_LIMIT, RestRequest, RestResponse, WatchResponse
from informers.testing.serving.connection import Connection
from informers.testing.serving.watches import OpenWatches
from informers.testing.words.status import refuse

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future

    from informers.runtime import Seconds
    from informers.testing.rest.exchange import Answer
    from informers.testing.rest.face import RestFace
    from informers.testing.rest.gate import Gate
    from informers.testing.serving.http1 import HttpRequest
    from informers.testing.serving.options import ServerOptions

__all__ = ["Front"]

_TOO_LARGE = f"Request entity too large: limit is {BODY_LIMIT}"


class Front:
    """Answers what comes over connections from one face.

    Threads: the event loop's alone, but for reading the counts.
    """

    def __init__(self, face: RestFace, gate: Gate, options: ServerOptions) -> None:
        self.requests = 0
        """Requests answered so far."""
        self.faults = 0
        """Of these, those that failed by a fault of ours."""
        self.last_fault = ""
        self._face, self._gate, self._options = face, gate, options
        self._connections: set[Connection] = set()
        self._watches: OpenWatches | None = None

    @property
    def watches(self) -> int:
        """Watches open now."""
        return len(self._watches) if self._watches is not None else 0

    def attach(self, loop: AbstractEventLoop) -> None:
        """Begin to serve on an event loop."""
        loop.set_exception_handler(self._overheard)
        self._watches = OpenWatches(loop, self._face.cluster.runtime, self._note)

    def connect(self) -> Connection:
        """Return the protocol of a new connection."""
        connection = Connection(self._answer, self._hung_up)
        self._connections.add(connection)
        return connection

    async def close(self, patience: Seconds) -> None:
        """End all watches and hang up on everybody, those who do not read on after some seconds."""
        if self._watches is not None:
            self._watches.dismiss()
        for connection in list(self._connections):
            connection.close()
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        while self._connections and loop.time() < until:
            await asyncio.sleep(0.01)
        for connection in list(self._connections):
            connection.abort()
        await loop.shutdown_default_executor()

    def _hung_up(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if self._watches is not None:
            self._watches.remove(connection)

    def _answer(self, connection: Connection, request: HttpRequest) -> None:
        self.requests += 1
        try:
            self._take(connection, request)
        except Exception as error:  # noqa: BLE001 - a fault of ours gets an answer too
            connection.send(self._fault(error))

    def _take(self, connection: Connection, request: HttpRequest) -> None:
        if request.target == "*" and request.method == "OPTIONS":
            connection.send(RestResponse(200, b"", "text/plain"))
            return
        who = self._gate.enter(request.headers.get("authorization", ""), request.method, request.target)
        if isinstance(who, RestResponse):
            connection.send(who)
            return
        if request.too_large:
            connection.send(refuse(errors.TooLarge(_TOO_LARGE, reason="RequestEntityTooLarge"), Media()))
            return
        if request.broken:
            connection.send(refuse(errors.ServerError(request.broken), Media()))
            return
        asked = RestRequest.parse(
            request.method, request.target, headers=request.headers, body=request.body, identity=who
        )
        if self._face.cluster.waits:
            waited = asyncio.get_running_loop().run_in_executor(None, self._face.handle, asked)
            waited.add_done_callback(lambda done: self._after(connection, asked, done))
        else:
            self._give(connection, asked, self._face.handle(asked))

    def _after(self, connection: Connection, asked: RestRequest, done: Future[Answer]) -> None:
        error = done.exception()
        self._give(connection, asked, self._fault(error) if error is not None else done.result())

    def _give(self, connection: Connection, asked: RestRequest, answer: Answer) -> None:
        if self._options.record is not None:
            self._options.record(asked, answer)
        if isinstance(answer, WatchResponse):
            if connection in self._connections and self._watches is not None:
                self._watches.add(connection, answer)
            else:
                answer.stream.close()
            return
        if self._options.audit is not None and asked.method not in ("GET", "HEAD", "OPTIONS"):
            self._options.audit(asked, answer.status)
        connection.send(answer)

    def _overheard(self, _: AbstractEventLoop, context: dict[str, Any]) -> None:
        """Take what the loop has to say: clients that break off are no fault of ours, the rest is."""
        error = context.get("exception")
        if not isinstance(error, OSError):
            self._note(error or RuntimeError(context.get("message", "unknown")))

    def _fault(self, error: BaseException) -> RestResponse:
        self._note(error)
        text = f"Internal error occurred: {self.last_fault}"
        return refuse(errors.ServerError(text, code=500, reason="InternalError"), Media())

    def _note(self, error: BaseException) -> None:
        self.faults += 1
        self.last_fault = f"{type(error).__name__}: {error}"
