"""TLS between a socket and the protocol above it: what comes is decrypted for it, what it writes is encrypted.

asyncio has the same, and keeps 256 KB for each connection, of which an API server with a thousand open watches has too
many. Here a connection costs what OpenSSL keeps for it, some 20 KB.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.runtime import Seconds

__all__ = ["TlsWire"]

HANDSHAKE: Seconds = 32.0
"""Seconds that a client gets to shake hands; a real server grants as much for the head of a request."""
_PIECE = 64 * 1024
"""Bytes that are decrypted at once."""


class TlsWire(asyncio.Protocol, asyncio.Transport):
    """The server's end of one TLS connection: a protocol to the socket, the transport of another protocol.

    A client that breaks off, speaks no TLS, or takes too long to shake hands is hung up on without a word.

    Args:
        context: The server's certificate.
        protocol: Makes the protocol above, once hands are shaken.
        greeting: Where it is as long as they are not, for whoever stops the server.
        patience: Seconds that the handshake may take.

    Threads: the event loop's alone.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        protocol: Callable[[], asyncio.Protocol],
        greeting: set[TlsWire],
        *,
        patience: Seconds = HANDSHAKE,
    ) -> None:
        super().__init__()
        self._greeting, self._patience = greeting, patience
        self._timer: asyncio.TimerHandle | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._make = protocol
        self._above: asyncio.Protocol | None = None
        self._below: asyncio.Transport | None = None

    # --- To the socket ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the socket; the protocol above hears of it after the handshake."""
        self._below = cast("asyncio.Transport", transport)
        self._greeting.add(self)
        self._timer = asyncio.get_running_loop().call_later(self._patience, self.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the protocol above."""
        self._greeted()
        above, self._above, self._below = self._above, None, None
        if above is not None:
            above.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Decrypt what came."""
        self._incoming.write(data)
        try:
            if self._above is None:
                self._tls.do_handshake()
                self._greeted()
                self._above = self._make()
                self._above.connection_made(self)
            while self._above is not None:
                piece = self._tls.read(_PIECE)
                if not piece:  # the client has said goodbye
                    self.close()
                    return
                self._above.data_received(piece)
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError:
            self._flush()  # the alert that says why
            self.abort()

    def pause_writing(self) -> None:
        """Pass it on."""
        if self._above is not None:
            self._above.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        if self._above is not None:
            self._above.resume_writing()

    # --- For the protocol above ---

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send."""
        if self._below is not None:
            self._tls.write(data)
            self._flush()

    def close(self) -> None:
        """Say goodbye, send what is left, and hang up; without waiting for the client's own goodbye."""
        if self._below is not None and not self._below.is_closing():
            with suppress(ssl.SSLError):  # it wants the client's goodbye too, or there was no handshake
                self._tls.unwrap()
            self._flush()
            self._below.close()

    def abort(self) -> None:
        """Hang up at once."""
        if self._below is not None:
            self._below.abort()

    def is_closing(self) -> bool:
        """Whether it has been closed."""
        return self._below is None or self._below.is_closing()

    def pause_reading(self) -> None:
        """Let the client wait."""
        if self._below is not None:
            self._below.pause_reading()

    def resume_reading(self) -> None:
        """Take more."""
        if self._below is not None:
            self._below.resume_reading()

    def _greeted(self) -> None:
        self._greeting.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    def _flush(self) -> None:
        if self._below is not None and self._outgoing.pending:
            self._below.write(self._outgoing.read())
