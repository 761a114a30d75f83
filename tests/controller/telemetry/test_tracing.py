"""Traces: one span per reconcile."""

import json

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from controller.attempt import Attempt
from controller.events import Created
from controller.request import Request
from controller.telemetry.tracing import Tracing, wanted
from controller.webhooks.review import Denied
from controller.worker import Label, Verdict
from informers.api.objects import GroupVersionKind
from informers.api.transport import Call, Response
from informers.api.wire import cached

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


class Answering:
    """A transport on which all goes well."""

    def request(self, call):
        """See `Transport`."""
        return Response(200, {}, b"")


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


def event(name="cache"):
    """An event about an object."""
    metadata = {"name": name, "namespace": "default", "uid": "u", "resourceVersion": "1"}
    obj = {"apiVersion": "cache.example.com/v1", "kind": "Memcached", "metadata": metadata}
    return Created(obj=cached(json.dumps(obj).encode()))


def spans(exporter):
    """Return {name: span}, the last of each name."""
    return {span.name: span for span in exporter.get_finished_spans()}


class TestCauses:
    def test_the_reconcile_is_in_the_trace_of_its_event_and_linked_to_it(self, tracing, exporter):
        """One trace leads from event to write."""
        tracing.enqueued("memcached", event=event(), requests=[ATTEMPT.request])
        tracing.reconcile_started(ATTEMPT)
        finish(tracing)
        cause, effect = (spans(exporter)[name] for name in ("event memcached", "reconcile memcached"))

        assert (cause.context.trace_id, cause.context.span_id) == (effect.context.trace_id, effect.parent.span_id)
        assert [cause.context.span_id] == [link.context.span_id for link in effect.links]

    def test_every_event_that_was_waited_for_is_linked(self, tracing, exporter):
        """Many changes make one reconcile; of very many, the first are named."""
        for _ in range(20):
            tracing.enqueued("memcached", event=event(), requests=[ATTEMPT.request])
        tracing.reconcile_started(ATTEMPT)
        finish(tracing)

        assert 16 == len(spans(exporter)["reconcile memcached"].links)

    def test_an_event_that_concerns_many_is_linked_only(self, tracing, exporter):
        """A thousand reconciles are not one trace."""
        tracing.enqueued("memcached", event=event(), requests=[ATTEMPT.request, Request("default", "other")])
        tracing.reconcile_started(ATTEMPT)
        finish(tracing)
        cause, effect = (spans(exporter)[name] for name in ("event memcached", "reconcile memcached"))

        assert effect.parent is None
        assert [cause.context.trace_id] == [link.context.trace_id for link in effect.links]

    def test_a_retry_has_no_event(self, tracing, exporter):
        """Its cause is the failure before it, which the attributes tell."""
        tracing.enqueued("memcached", event=event(), requests=[ATTEMPT.request])
        for _ in range(2):
            tracing.reconcile_started(ATTEMPT)
            finish(tracing)
        retry = exporter.get_finished_spans()[-1]

        assert (None, ()) == (retry.parent, tuple(retry.links))

    def test_what_waits_without_end_is_forgotten(self, tracing, exporter, monkeypatch):
        """Memory is bounded; the oldest goes."""
        monkeypatch.setattr("controller.telemetry.tracing.REMEMBERED", 1)
        tracing.enqueued("memcached", event=event(), requests=[ATTEMPT.request])
        tracing.enqueued("memcached", event=event("other"), requests=[Request("default", "other")])
        tracing.reconcile_started(ATTEMPT)
        finish(tracing)

        assert () == tuple(spans(exporter)["reconcile memcached"].links)


class TestCosts:
    def test_the_wait_in_the_queue_is_an_attribute(self, tracing, exporter):
        """As the queue told it on this thread."""
        tracing.queue_got("memcached", priority=0, seconds=1.5)
        tracing.reconcile_started(ATTEMPT)
        finish(tracing)

        assert 1.5 == spans(exporter)["reconcile memcached"].attributes["queue.wait_seconds"]

    def test_so_is_the_decoding(self, tracing, exporter):
        """How many objects were read, and how long it took; what others decode is not counted."""
        tracing.decoded(KIND, seconds=9.0)
        tracing.reconcile_started(ATTEMPT)
        tracing.decoded(KIND, seconds=0.25)
        tracing.decoded(KIND, seconds=0.5)
        finish(tracing)
        told = spans(exporter)["reconcile memcached"].attributes

        assert (2, 0.75) == (told["decode.objects"], told["decode.seconds"])


class TestSampling:
    @pytest.mark.parametrize(("sampler", "kept"), [("always_on", 3), ("always_off", 0)])
    def test_the_sampler_decides_about_all_of_a_trace(self, monkeypatch, sampler, kept):
        """Event, reconcile and call; what is not kept gives no exemplar either."""
        monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
        exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        tracing = Tracing(provider)
        tracing.enqueued("memcached", event=event(), requests=[ATTEMPT.request])
        tracing.reconcile_started(ATTEMPT)
        shown = tracing.trace_id()
        tracing.through(Answering()).request(Call("GET", "/version"))
        finish(tracing)

        assert (kept, bool(kept)) == (len(exporter.get_finished_spans()), bool(shown))
        assert 1 >= len({span.context.trace_id for span in exporter.get_finished_spans()})


class TestWebhooks:
    def test_a_webhook_continues_the_trace_of_who_asks(self, tracing, exporter):
        """The API server sends W3C's header along; calls that the handler makes are children."""
        trace_id, span_id = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
        tracing.webhook_started("/validate", headers={"traceparent": f"00-{trace_id}-{span_id}-01"})
        tracing.through(Answering()).request(Call("GET", "/version"))
        tracing.webhook_finished("/validate", seconds=0.1, error=None)
        found = spans(exporter)
        webhook = found["webhook /validate"]

        assert (trace_id, span_id) == (f"{webhook.context.trace_id:032x}", f"{webhook.parent.span_id:016x}")
        assert webhook.context.span_id == found["GET /version"].parent.span_id
        assert ("allowed", trace.SpanKind.SERVER) == (webhook.attributes["webhook.result"], webhook.kind)
        assert not trace.get_current_span().get_span_context().is_valid

    @pytest.mark.parametrize(("error", "ok"), [(Denied("hunter2"), True), (KeyError("hunter2"), False)])
    def test_a_refusal_is_an_answer_and_a_fault_is_an_error(self, tracing, exporter, *, error, ok):
        """Named, but not quoted."""
        tracing.webhook_started("/validate", headers={})
        tracing.webhook_finished("/validate", seconds=0.1, error=error)
        (span,) = exporter.get_finished_spans()

        assert (ok, type(error).__name__) == (
            span.status.status_code is not trace.StatusCode.ERROR,
            span.attributes["webhook.result"],
        )
        assert "hunter2" not in span.to_json()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, False),
        ({"OTEL_TRACES_EXPORTER": "console"}, True),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"}, False),
        ({"OTEL_LOGS_EXPORTER": "otlp"}, False),
    ],
)
def test_the_usual_variables_decide(environment, expected):
    """Nobody pays for tracing who did not ask for it."""
    assert expected == wanted(environment)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, False),
        ({"OTEL_LOGS_EXPORTER": "otlp", "OTEL_TRACES_EXPORTER": "none"}, True),
        ({"OTEL_LOGS_EXPORTER": "none"}, False),
        ({"OTEL_LOGS_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_logs_are_sent_only_when_asked_for(environment, expected):
    """With traces or without; most clusters collect them from the console."""
    assert expected == wanted(environment, "LOGS")
