"""One client's connection: its requests in order, each answered before the next is looked at.

It carries bytes and decides nothing. An answer is given at once, or later, or is a stream that a `Pump` feeds.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from informers.testing.serving.http1 import Refused, RequestReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.testing.rest.exchange import RestResponse
    from informers.testing.serving.http1 import HttpRequest

__all__ = ["Connection"]

_AHEAD = 256 * 1024
"""Bytes that a client may send ahead while its request is being answered; then it has to wait."""
_PHRASES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}


class Connection(asyncio.Protocol):
    """A client that is connected.

    Args:
        answer: Called with each request; it MUST call `send`, or `begin` and in the end `finish`, now or later.
        gone: Called when the connection has ended, whoever ended it.

    Threads: the event loop's alone.
    """

    def __init__(self, answer: Callable[[Connection, HttpRequest], None], gone: Callable[[Connection], None]) -> None:
        self.writable = True
        """Whether the client reads as fast as it is sent to."""
        self.on_writable: Callable[[], None] | None = None
        """Called when it does so again."""
        self._answer, self._gone = answer, gone
        self._reader = RequestReader()
        self._transport: asyncio.Transport | None = None
        self._asked: HttpRequest | None = None
        self._paused = self._reading = self._streaming = False

    # --- From the wire ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """End."""
        self._transport = None
        self._gone(self)

    def data_received(self, data: bytes) -> None:
        """Answer what is whole now."""
        self._reader.feed(data)
        self._proceed()

    def pause_writing(self) -> None:
        """The client reads slower than it is sent to."""
        self.writable = False

    def resume_writing(self) -> None:
        """It has caught up."""
        self.writable = True
        if self.on_writable is not None:
            self.on_writable()

    # --- For whoever answers ---

    def send(self, answer: RestResponse) -> None:
        """Answer the request with this, and go on to the next; hang up if a stream has begun to answer it."""
        asked = self._asked
        if asked is None or self._transport is None:
            return
        if self._streaming:
            self.abort()
            return
        head = [_PHRASES[answer.status], f"Content-Type: {answer.content_type}\r\n"]
        cached = False
        for name, value in answer.headers:
            head.append(f"{name}: {value}\r\n")
            cached = cached or name == "Cache-Control"
        if not cached:
            head.append("Cache-Control: no-cache, private\r\n")
        if not asked.keep_alive:
            head.append("Connection: close\r\n")
        head.append(f"Content-Length: {len(answer.body)}\r\n\r\n")
        self._transport.write("".join(head).encode() + (b"" if asked.method == "HEAD" else answer.body))
        self._end()

    def begin(self, content_type: str) -> None:
        """Answer the request with a stream."""
        self._streaming = True
        head = f"Content-Type: {content_type}\r\nCache-Control: no-cache, private\r\nTransfer-Encoding: chunked\r\n\r\n"
        self._write(_PHRASES[200].encode() + head.encode())

    def stream(self, piece: bytes) -> None:
        """Send a piece of the stream."""
        self._write(b"%x\r\n%b\r\n" % (len(piece), piece))

    def finish(self) -> None:
        """End the stream, and go on to the next request."""
        self._write(b"0\r\n\r\n")
        self._end()

    def close(self) -> None:
        """Hang up when everything is sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Hang up at once."""
        if self._transport is not None:
            self._transport.abort()

    # --- Inside ---

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _end(self) -> None:
        asked, self._asked, self._streaming = self._asked, None, False
        if asked is not None and not asked.keep_alive:
            self.close()
        elif not self._reading:
            self._proceed()

    def _proceed(self) -> None:
        """Answer one request after the other, until one takes its time or the next is not whole."""
        self._reading = True
        try:
            while self._asked is None and self._transport is not None and not self._transport.is_closing():
                request = self._reader.next()
                if request is None:
                    break
                self._asked = request
                self._answer(self, request)
            if self._reader.promise():
                self._write(b"HTTP/1.1 100 Continue\r\n\r\n")
        except Refused as refused:
            self._write(refused.answer)
            self.close()
        finally:
            self._reading = False
        self._hold_back(hold=self._asked is not None and self._reader.waiting > _AHEAD)

    def _hold_back(self, *, hold: bool) -> None:
        if self._transport is not None and hold != self._paused:
            self._paused = hold
            (self._transport.pause_reading if hold else self._transport.resume_reading)()
