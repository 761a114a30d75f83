"""Calls to the API server as spans, and the trace's context on their way.

A transport round another one; only a program that traces has it. A span holds method, path and status, never a body, a
query or a header.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from informers.api.errors import TransportError

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

    from informers.api.transport import Call, Response, Stream, Transport

__all__ = ["TracedTransport"]

REFUSED = 400
"""HTTP statuses from here on are failures of the call."""


class TracedTransport:
    """Makes a span of every request, a child of the running one. Streams pass untouched: a watch is no unit of work.

    Threads: any thread.
    """

    def __init__(self, inner: Transport, provider: TracerProvider | None = None) -> None:
        self._inner = inner
        self._tracer = trace.get_tracer("levelset", tracer_provider=provider)

    def request(self, call: Call) -> Response:
        """See `Transport.request`."""
        attributes = {"http.request.method": call.method, "url.path": call.path}
        with self._tracer.start_as_current_span(
            f"{call.method} {_route(call.path)}",
            kind=SpanKind.CLIENT,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                response = self._inner.request(replace(call, headers={**call.headers, **_context()}))
            except TransportError as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))  # without the message, which may quote what it should not
                raise
            span.set_attribute("http.response.status_code", response.status)
            if response.status >= REFUSED:
                span.set_status(Status(StatusCode.ERROR))
            return response

    def stream(self, call: Call) -> Stream:
        """See `Transport.stream`."""
        return self._inner.stream(call)

    def close(self) -> None:
        """See `Transport.close`."""
        self._inner.close()


def _context() -> dict[str, str]:
    """Return what carries the running trace to another process: W3C's `traceparent`, as the propagators say."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier


def _route(path: str) -> str:
    """Return a path without the names in it, so that equal calls have equal names."""
    parts = path.strip("/").split("/")
    begin = 3 if parts[0] == "apis" else 2
    rest = parts[begin:]
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        rest = rest[2:]
    return "/".join(rest[:1] + rest[2:]) or path
