"""Traces: a span per reconcile, linked to the events that caused it, with a child for every call to the API server.

A reconcile belongs to the trace of the first event that asked for it alone, so that one trace leads from event to
write, and what a sampler keeps it keeps whole; whatever else asked is linked. A webhook's span continues the trace that
the API server sends along.

`Tracing` listens like any observer and uses the OpenTelemetry API alone: which spans are kept and where they go is for
the program's SDK (`controller.telemetry.export`, by the usual OTEL_* variables). A program that does not trace does not
import this module, so tracing off costs nothing. Spans MUST NOT carry bodies or credentials.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from opentelemetry import context, propagate, trace
from opentelemetry.trace import Link, NonRecordingSpan, SpanKind, Status, StatusCode

from controller.observe import ControllerObserver
from controller.telemetry.calls import TracedTransport
from controller.webhooks.review import refusal

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

SWITCHES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
LINKS = 16
"""Events of one key that its next reconcile is linked to; more say no more."""
FAULT = 500
"""HTTP statuses from here on are faults of ours."""
REMEMBERED = 10_000
"""Keys whose events are remembered until their reconcile; of more, the oldest go."""


@dataclass(slots=True)
class _Open:
    """A span that is current on its thread, and what reading objects cost meanwhile."""

    span: Span
    token: Token[Context]
    decoded: int = 0
    seconds: Seconds = 0.0


@dataclass(slots=True)
class _Causes:
    """The events that asked for a key since its last reconcile."""

    parent: SpanContext | None
    """The first, if it asked for this key alone: one that asks for a thousand would make one trace of them all."""
    links: list[SpanContext] = field(default_factory=list)


_NOTHING = _Causes(None)
_waited: ContextVar[Seconds] = ContextVar("queue wait", default=0.0)
_open: ContextVar[_Open | None] = ContextVar("open span", default=None)


def wanted(environment: Mapping[str, str], signal: Literal["TRACES", "LOGS"] = "TRACES") -> bool:
    """Whether the OTEL_* variables ask for traces: by an endpoint, or an exporter. For logs only an exporter does."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if asked := environment.get(f"OTEL_{signal}_EXPORTER"):
        return asked != "none"
    return signal == "TRACES" and any(environment.get(name) for name in SWITCHES)


class Tracing(ControllerObserver):
    """Wraps every reconcile in a span, current on the worker's thread, so that spans made inside become its children.

    Args:
        provider: Makes the spans; the process's own when None.

    Threads: any thread; a reconcile starts and finishes on the same one.
    """

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._provider = provider
        self._tracer = trace.get_tracer("levelset", tracer_provider=provider)
        self._causes: OrderedDict[tuple[str, Request], _Causes] = OrderedDict()

    def trace_id(self) -> str:
        """Return the id of the running trace in hexadecimal; empty when there is none, or none that is kept."""
        current = trace.get_current_span().get_span_context()
        return trace.format_trace_id(current.trace_id) if current.is_valid and current.trace_flags.sampled else ""

    def through(self, transport: Transport) -> Transport:
        """Return a transport whose requests are spans, and carry the trace on."""
        return TracedTransport(transport, self._provider)

    # --- What leads to a reconcile ---

    def enqueued(self, controller: str, *, event: Event, requests: Sequence[Request], waited: Seconds = 0.0) -> None:
        """Make a span of the event, for the reconciles that it causes."""
        attributes: dict[str, str | float] = {
            "controller": controller,
            "event.type": type(event).__name__.lower(),
            "k8s.namespace.name": event.obj.key.namespace,
            "k8s.object.name": event.obj.key.name,
            "event.waited": waited,
        }
        span = self._tracer.start_span(f"event {controller}", attributes=attributes, kind=SpanKind.CONSUMER)
        span.end()
        cause = span.get_span_context()
        for request in requests:
            causes = self._causes.setdefault((controller, request), _Causes(cause if len(requests) == 1 else None))
            if len(causes.links) < LINKS:
                causes.links.append(cause)
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
        causes = self._causes.pop((attempt.controller, attempt.request), _NOTHING)
        parent = trace.set_span_in_context(NonRecordingSpan(causes.parent)) if causes.parent else None
        links = [Link(cause) for cause in causes.links]
        name = f"reconcile {attempt.controller}"
        self._enter(self._tracer.start_span(name, context=parent, attributes=attributes, links=links))

    def reconcile_finished(
        self, attempt: Attempt, verdict: Verdict, *, seconds: Seconds, error: BaseException | None
    ) -> None:
        """Close the span with what became of the reconcile."""
        self._leave(error, {"reconcile.result": verdict.label.value, "reconcile.seconds": seconds})

    def decoded(self, gvk: GroupVersionKind, *, seconds: Seconds) -> None:
        """Add what reading an object cost to the reconcile or webhook that this thread is in."""
        if (running := _open.get()) is not None:
            running.decoded, running.seconds = running.decoded + 1, running.seconds + seconds

    # --- Webhooks ---

    def webhook_started(self, path: str, *, headers: Mapping[str, str]) -> None:
        """Open a span in the trace of whoever asks, and make it current."""
        attributes = {"http.request.method": "POST", "url.path": path}
        asker = propagate.extract(headers)
        self._enter(
            self._tracer.start_span(f"webhook {path}", context=asker, attributes=attributes, kind=SpanKind.SERVER)
        )

    def webhook_finished(self, path: str, *, seconds: Seconds, error: BaseException | None) -> None:
        """Close the span; only a fault is an error, a refusal is an answer."""
        fault = error if isinstance(error, Exception) and refusal(error)["code"] >= FAULT else None
        self._leave(fault, {"webhook.result": "allowed" if error is None else type(error).__name__})

    def _enter(self, span: Span) -> None:
        _open.set(_Open(span, context.attach(trace.set_span_in_context(span))))

    def _leave(self, error: BaseException | None, attributes: dict[str, str | float]) -> None:
        running = _open.get()
        if running is None:
            return
        _open.set(None)
        context.detach(running.token)
        attributes |= {"decode.objects": running.decoded, "decode.seconds": running.seconds}
        running.span.set_attributes(attributes)
        if error is not None:  # without its message, which may quote what it should not
            running.span.set_status(Status(StatusCode.ERROR, type(error).__name__))
        running.span.end()


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
