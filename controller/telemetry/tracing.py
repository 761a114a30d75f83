"""Traces: one OpenTelemetry span per reconcile.

`Tracing` listens like any observer and uses the OpenTelemetry API alone: which spans are kept and where they go is for
the program's SDK, set up by the usual OTEL_* variables. A program that does not trace does not import this module, so
tracing off costs nothing. Spans MUST NOT carry bodies or credentials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry import context, trace
from opentelemetry.trace import Status, StatusCode

from controller.observe import ControllerObserver

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextvars import Token

    from opentelemetry.context import Context
    from opentelemetry.trace import Span, TracerProvider

    from controller.attempt import Attempt
    from controller.worker import Verdict
    from informers.runtime import Seconds

__all__ = ["Tracing", "wanted"]

SWITCHES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER")


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
        self._tracer = trace.get_tracer("levelset", tracer_provider=provider)
        self._open: dict[str, tuple[Span, Token[Context]]] = {}

    def reconcile_started(self, attempt: Attempt) -> None:
        """Open the span and make it current."""
        attributes: dict[str, str | int] = {
            "controller": attempt.controller,
            "k8s.namespace.name": attempt.request.namespace,
            "k8s.object.name": attempt.request.name,
            "reconcile.id": attempt.reconcile_id,
            "reconcile.priority": attempt.priority,
            "reconcile.failures": attempt.failures,
        }
        if attempt.kind is not None:
            attributes["k8s.object.kind"] = attempt.kind.kind
        span = self._tracer.start_span(f"reconcile {attempt.controller}", attributes=attributes)
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
