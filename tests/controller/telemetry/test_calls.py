"""Calls to the API server as spans."""

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from controller.telemetry.calls import TracedTransport
from informers.api.errors import ResponseLost
from informers.api.transport import Call, Response


class Server:
    """Answers with a status, or not at all."""

    def __init__(self):
        self.status, self.calls = 200, []

    def request(self, call):
        """See `Transport`."""
        self.calls.append(call)
        if self.status is None:
            raise ResponseLost("password123")
        return Response(self.status, {}, b"")


@pytest.fixture
def server():
    """The API server."""
    return Server()


@pytest.fixture
def exporter():
    """Keeps finished spans."""
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter):
    """Traces into memory."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/v1/namespaces/default/pods/web-1", "GET pods"),
        ("/apis/apps/v1/namespaces/default/deployments/web/scale", "GET deployments/scale"),
        ("/api/v1/namespaces/default", "GET namespaces"),
        ("/version", "GET /version"),
    ],
)
def test_a_span_is_named_without_the_objects_name(server, exporter, provider, path, name):
    """So that equal calls are counted together."""
    TracedTransport(server, provider).request(Call("GET", path))
    (span,) = exporter.get_finished_spans()

    assert (name, path, 200) == (span.name, span.attributes["url.path"], span.attributes["http.response.status_code"])


def test_the_context_travels_along(server, provider):
    """As W3C writes it, and as a child of what runs."""
    with trace.get_tracer("test", tracer_provider=provider).start_as_current_span("outer") as outer:
        TracedTransport(server, provider).request(Call("GET", "/version", headers={"X-Own": "1"}))

    headers = server.calls[0].headers
    assert "1" == headers["X-Own"]
    assert f"{outer.get_span_context().trace_id:032x}" == headers["traceparent"].split("-")[1]


@pytest.mark.parametrize("status", [409, None])
def test_a_failure_is_an_error_without_its_words(server, exporter, provider, status):
    """Messages may quote what they should not."""
    server.status = status
    transport = TracedTransport(server, provider)
    if status is None:
        with pytest.raises(ResponseLost):
            transport.request(Call("POST", "/api/v1/namespaces"))
    else:
        transport.request(Call("POST", "/api/v1/namespaces"))
    (span,) = exporter.get_finished_spans()

    assert not span.status.is_ok
    assert "password123" not in span.to_json()
