"""Traces: one span per reconcile."""

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from controller.attempt import Attempt
from controller.request import Request
from controller.telemetry.tracing import Tracing, wanted
from controller.worker import Label, Verdict
from informers.api.objects import GroupVersionKind

KIND = GroupVersionKind("cache.example.com", "v1", "Memcached")
ATTEMPT = Attempt("memcached", KIND, Request("default", "cache"), "r-1", 0, 2, 0.0, None)


@pytest.fixture
def exporter():
    """Keeps finished spans."""
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter):
    """Tracing into memory."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Tracing(provider)


def finish(tracing, label=Label.SUCCESS, error=None):
    """End the reconcile."""
    tracing.reconcile_finished(ATTEMPT, Verdict(label=label), seconds=0.5, error=error)


class TestSpan:
    def test_it_says_what_was_reconciled_and_how_it_went(self, tracing, exporter):
        """The keys of the log lines, so that one finds the other."""
        tracing.reconcile_started(ATTEMPT)
        finish(tracing)
        (span,) = exporter.get_finished_spans()

        assert "reconcile memcached" == span.name
        assert ("default", "cache", "Memcached", "r-1", 2, "success", 0.5) == tuple(
            span.attributes[key]
            for key in (
                "k8s.namespace.name",
                "k8s.object.name",
                "k8s.object.kind",
                "reconcile.id",
                "reconcile.failures",
                "reconcile.result",
                "reconcile.seconds",
            )
        )

    def test_spans_made_inside_are_its_children(self, tracing, exporter):
        """It is current while the reconcile runs, and not after."""
        tracing.reconcile_started(ATTEMPT)
        inside = trace.get_current_span().get_span_context()
        finish(tracing)

        assert exporter.get_finished_spans()[0].context == inside
        assert not trace.get_current_span().get_span_context().is_valid

    def test_an_error_is_named_but_not_quoted(self, tracing, exporter):
        """Messages of exceptions may hold what nobody should read."""
        tracing.reconcile_started(ATTEMPT)
        finish(tracing, Label.ERROR, ValueError("hunter2"))
        (span,) = exporter.get_finished_spans()

        assert (trace.StatusCode.ERROR, "ValueError") == (span.status.status_code, span.status.description)
        assert "hunter2" not in span.to_json()

    def test_without_an_sdk_nothing_happens(self):
        """The API's own spans go nowhere."""
        tracing = Tracing(trace.NoOpTracerProvider())
        tracing.reconcile_started(ATTEMPT)
        finish(tracing)

        assert not trace.get_current_span().get_span_context().is_valid


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, False),
        ({"OTEL_TRACES_EXPORTER": "console"}, True),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"}, False),
    ],
)
def test_the_usual_variables_decide(environment, expected):
    """Nobody pays for tracing who did not ask for it."""
    assert expected == wanted(environment)
