"""The seam to the API server: one request, one answer; or one request, a stream of bytes.

A `Transport` moves bytes and nothing else: it knows addresses, TLS, credentials and connections, and nothing of
kinds. `informers.api.http` is production; `informers.testing` answers from memory; simulations lose and delay answers
here. A refusal by the server is an answer (`status` 4xx or 5xx), not an exception.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from informers.api.cancellation import Cancellation
    from informers.runtime import Seconds

__all__ = ["LONGEST_WAIT", "Call", "Response", "Stream", "Taker", "Transport"]

JSON = "application/json"

LONGEST_WAIT: Seconds = 300.0
"""A server may ask for no longer wait than this; one that means hours is asked again in five minutes."""

_REVIEWS = ("/apis/authentication.k8s.io/", "/apis/authorization.k8s.io/")
"""Groups whose every POST is a question and stores nothing."""


class Taker(Protocol):
    """Takes the body of an answer while it arrives.

    Threads: one owner thread, whoever made the call.
    """

    def feed(self, piece: bytes) -> None:
        """Take the next piece."""
        ...


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
    until: Seconds | None = None
    """The point on the monotonic clock from which it MUST NOT be sent any more, looked at right before each attempt;
    None is no such point."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers, for instance trace context."""
    impersonate: tuple[tuple[str, str], ...] = ()
    """The headers by which this call acts as somebody else, instead of those of the configuration; a name may come
    more than once."""
    into: Callable[[], Taker] | None = field(default=None, compare=False, repr=False)
    """For a request: makes a taker for the body of an answer with status 200. A transport may ignore it; one that does
    not makes a new one for each attempt, and the answer then has `taken` instead of a `body`."""
    cancel: Cancellation | None = field(default=None, compare=False, repr=False)
    """Calls it off: whoever waits for the answer then hears TransportError. A transport may ignore it; one that does
    not gives the call a connection of its own, so that it cuts nobody else's."""

    @property
    def is_write(self) -> bool:
        """Whether the call may change something; asking for a review of permissions does not."""
        return self.method not in ("GET", "HEAD", "OPTIONS") and not self.path.startswith(_REVIEWS)


@dataclass(frozen=True, slots=True)
class Response:
    """The server's whole answer; header names are lower case, a header that came more than once is joined by `, `.

    Threads: immutable.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    taken: Taker | None = None
    """Who took the body, if the call said `into` whom it goes."""

    @property
    def retry_after(self) -> Seconds | None:
        """Seconds the server asks to wait, five minutes at most; None when it does not ask, or not in so many words.

        A date counts from the answer's own `Date`, so that our clock need not be the server's.
        """
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return min(float(text), LONGEST_WAIT)
        from email.utils import parsedate_to_datetime  # noqa: PLC0415 - 10 ms that only such dates cost

        try:
            then, now = parsedate_to_datetime(text), parsedate_to_datetime(self.headers.get("date", ""))
            return min(max((then - now).total_seconds(), 0.0), LONGEST_WAIT)
        except (TypeError, ValueError):
            return None


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
