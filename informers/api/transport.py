"""The seam to the API server: one request, one answer; or one request, a stream of bytes.

A `Transport` moves bytes and nothing else: it knows addresses, TLS, credentials and connections, and nothing of
kinds. `informers.api.http` is production; `informers.testing` answers from memory; simulations lose and delay answers
here. A refusal by the server is an answer (`status` 4xx or 5xx), not an exception.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from informers.runtime import Seconds

__all__ = ["Call", "Response", "Stream", "Transport"]

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the API server.

    Threads: immutable.
    """

    method: str
    """GET, POST, PUT, PATCH or DELETE."""
    path: str
    """The absolute path, every segment already percent-encoded: `/api/v1/namespaces/default/pods/a`."""
    query: tuple[tuple[str, str], ...] = ()
    """Query parameters in order, not encoded."""
    body: bytes | None = None
    """The encoded body; None sends none."""
    content_type: str = JSON
    """Content-Type of the body; ignored when there is none."""
    accept: str = JSON
    """Accept header."""
    timeout: Seconds | None = None
    """For a request: seconds until the whole answer must be there. For a stream: seconds of silence that count as a
    dead connection. None uses the transport's default (requests 30 s, streams 310 s)."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers, for instance trace context."""

    @property
    def is_write(self) -> bool:
        """Whether the call may change something."""
        return self.method not in ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Response:
    """The server's whole answer; header names are lower case.

    Threads: immutable.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def retry_after(self) -> Seconds | None:
        """The `Retry-After` header in seconds, or None when absent or not a number."""
        text = self.headers.get("retry-after", "")
        return float(text) if text.isdigit() else None


class Stream(Protocol):
    """An answer whose body arrives in pieces.

    Threads: one thread iterates; any thread may close.
    """

    @property
    def status(self) -> int:
        """HTTP status; when it is not 200 the pieces are the error body."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Response headers, names in lower case."""
        ...

    def __iter__(self) -> Iterator[bytes]:
        """Yield pieces as they arrive; ends when the server ends the answer or `close` was called.

        Raises:
            ResponseLost: The connection broke or stayed silent for `Call.timeout` seconds.
        """
        ...

    def close(self) -> None:
        """Hang up; a thread blocked in iteration returns at once. Idempotent, never blocks."""
        ...


class Transport(Protocol):
    """Moves calls to the API server and answers back.

    Threads: any thread.
    """

    def request(self, call: Call) -> Response:
        """Send the call and return the whole answer. Blocks up to `Call.timeout` seconds.

        Raises:
            Unreachable: Nothing was sent.
            ResponseLost: Something was sent and no complete answer came back.
        """
        ...

    def stream(self, call: Call) -> Stream:
        """Send the call and return as soon as the answer's headers are there.

        Raises:
            Unreachable: Nothing was sent.
            ResponseLost: Something was sent and no headers came back.
        """
        ...

    def close(self) -> None:
        """Release connections; calls in flight may fail. Idempotent."""
        ...
