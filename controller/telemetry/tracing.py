"""Traces: a span per reconcile, linked to the events that caused it, with a child for every call to the API server.

`Tracing` listens like any observer and uses the OpenTelemetry API alone: which spans are kept and where they go is for
the program's SDK (`controller.telemetry.export`, by the usual OTEL_* variables). A program that does not trace does not
import this module, so tracing off costs nothing. Spans MUST NOT carry bodies or credentials.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from contextvars import ContextVar
from typing import TYPE_CHECKING

from opentelemetry import context, trace
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

from controller.observe import ControllerObserver
from controller.telemetry.calls import TracedTransport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextvars import Token

    from opentelemetry.context import Context
    from opentelemetry.trace import Span, SpanContext, TracerProvider

    from controller.attempt import Attempt
    from controller.events import Event
    from controller.request import Request
    from controller.worker import Verdict
    from informers.api.objects import GroupVersionKind
    from informers.api.transport import Transport
    from informers.runtime import Seconds

__all__ = ["TraceFilter", "Tracing", "wanted"]

SWITCHES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER")
LINKS = 16
"""Events of one key that its next reconcile is linked to; more say no more."""
REMEMBERED = 10_000
"""Keys whose events are remembered until their reconcile; of more, the oldest go."""

_waited: ContextVar[Seconds] = ContextVar("queue wait", default=0.0)


def wanted(environment: Mapping[str, str]) -> bool:
    """Whether the OTEL_* variables ask for traces."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or environment.get("OTEL_TRACES_EXPORTER") == "none":
        return False
    return any(environment.get(name) for name in SWITCHES)


class Tracing(ControllerObserver):
    """Wraps every reconcile in a span, current on the worker's thread, so that spans made inside become its children.

    Args:
        provider: Makes the spans; the process's own when None.

    Threads: any thread; a reconcile starts and finishes on the same one.
    """

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._provider = provider
        self._tracer = trace.get_tracer("levelset", tracer_provider=provider)
        self._open: dict[str, tuple[Span, Token[Context]]] = {}
        self._causes: OrderedDict[tuple[str, Request], list[SpanContext]] = OrderedDict()

    def trace_id(self) -> str:
        """Return the id of the running trace in hexadecimal; empty when there is none, or none that is kept."""
        current = trace.get_current_span().get_span_context()
        return trace.format_trace_id(current.trace_id) if current.is_valid and current.trace_flags.sampled else ""

    def through(self, transport: Transport) -> Transport:
        """Return a transport whose requests are spans, and carry the trace on."""
        return TracedTransport(transport, self._provider)

    # --- What leads to a reconcile ---

    def enqueued(self, controller: str, *, event: Event, requests: Sequence[Request]) -> None:
        """Make a span of the event, for the reconciles that it causes."""
        attributes = {
            "controller": controller,
            "event.type": type(event).__name__.lower(),
            "k8s.namespace.name": event.obj.key.namespace,
            "k8s.object.name": event.obj.key.name,
        }
        span = self._tracer.start_span(f"event {controller}", attributes=attributes, kind=SpanKind.CONSUMER)
        span.end()
        for request in requests:
            causes = self._causes.setdefault((controller, request), [])
            if len(causes) < LINKS:
                causes.append(span.get_span_context())
        while len(self._causes) > REMEMBERED:
            self._causes.popitem(last=False)

    def queue_got(self, controller: str, *, priority: int, seconds: Seconds) -> None:
        """Remember how long the key waited, for the span that this thread opens next."""
        _waited.set(seconds)

    # --- Reconciles ---

    def reconcile_started(self, attempt: Attempt) -> None:
        """Open the span and make it current."""
        attributes: dict[str, str | int | float] = {
            "controller": attempt.controller,
            "k8s.namespace.name": attempt.request.namespace,
            "k8s.object.name": attempt.request.name,
            "reconcile.id": attempt.reconcile_id,
            "reconcile.priority": attempt.priority,
            "reconcile.failures": attempt.failures,
            "queue.wait_seconds": _waited.get(),
        }
        if attempt.kind is not None:
            attributes["k8s.object.kind"] = attempt.kind.kind
        causes = self._causes.pop((attempt.controller, attempt.request), ())
        links = [Link(cause) for cause in causes]
        span = self._tracer.start_span(f"reconcile {attempt.controller}", attributes=attributes, links=links)
        self._open[attempt.reconcile_id] = span, context.attach(trace.set_span_in_context(span))

    def reconcile_finished(
        self, attempt: Attempt, verdict: Verdict, *, seconds: Seconds, error: BaseException | None
    ) -> None:
        """Close the span with what became of the reconcile."""
        span, token = self._open.pop(attempt.reconcile_id)
        context.detach(token)
        span.set_attribute("reconcile.result", verdict.label.value)
        span.set_attribute("reconcile.seconds", seconds)
        if error is not None:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))  # messages may quote what they should not
        span.end()

    def decoded(self, gvk: GroupVersionKind, *, seconds: Seconds) -> None:
        """Add what reading from the cache cost to the running span."""
        span = trace.get_current_span()
        if span.is_recording():
            span.add_event("decode", {"k8s.object.kind": gvk.kind, "seconds": seconds})


class TraceFilter(logging.Filter):
    """Adds `traceID` and `spanID` to the lines that are logged inside a span, so that one finds the other.

    Threads: any thread.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every line pass."""
        current = trace.get_current_span().get_span_context()
        if current.is_valid:
            ids = {"traceID": trace.format_trace_id(current.trace_id), "spanID": trace.format_span_id(current.span_id)}
            record.fields = {**(getattr(record, "fields", None) or {}), **ids}
        return True
