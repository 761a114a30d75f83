"""Traces and logs to a collector, by the usual variables."""

import http.server
import logging
import threading

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from controller.telemetry.export import Export, resource
from informers.api.errors import ConfigError


@pytest.fixture
def collector():
    """An OTLP collector on loopback; keeps what it is sent, by path."""
    got = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            import gzip

            body = self.rfile.read(int(self.headers["Content-Length"]))
            body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            got.setdefault(self.path, []).append(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def environ(collector, monkeypatch):
    """The variables, for us and for the SDK, which reads the process's own."""
    values = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector[0],
        "OTEL_LOGS_EXPORTER": "otlp",
        "POD_NAME": "p-1",
        "POD_NAMESPACE": "ns",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


def test_spans_reach_the_collector_with_who_sent_them(collector, environ):
    """Service, version, pod and namespace."""
    export = Export(environ, service="levelset memcached")
    with export.tracer.get_tracer("test").start_as_current_span("hello"):
        pass
    export.close()
    (sent,) = [ExportTraceServiceRequest.FromString(body) for body in collector[1]["/v1/traces"]]

    (spans,) = sent.resource_spans
    told = {item.key: item.value.string_value for item in spans.resource.attributes}
    assert ("levelset memcached", "p-1", "ns") == tuple(
        told[key] for key in ("service.name", "k8s.pod.name", "k8s.namespace.name")
    )
    assert ["hello"] == [span.name for scope in spans.scope_spans for span in scope.spans]


def test_log_lines_reach_the_collector(collector, environ):
    """Those of the levelset loggers, once installed."""
    export = Export(environ, service="x")
    export.install_logs()
    logging.getLogger("levelset.test").warning("hello %s", "there")
    export.close()
    (sent,) = [ExportLogsServiceRequest.FromString(body) for body in collector[1]["/v1/logs"]]

    lines = [r.body.string_value for scope in sent.resource_logs[0].scope_logs for r in scope.log_records]
    assert ["hello there"] == lines


def test_the_variables_win_over_what_we_know(monkeypatch):
    """As for every program that uses OpenTelemetry."""
    monkeypatch.setenv("OTEL_SERVICE_NAME", "mine")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "team=blue")

    told = resource({}, service="levelset").attributes
    assert ("mine", "blue") == (told["service.name"], told["team"])


def test_an_unknown_exporter_is_refused_with_those_there_are():
    """Instead of silence."""
    with pytest.raises(ConfigError, match="none of otlp, console, none"):
        Export({"OTEL_TRACES_EXPORTER": "zipkin"}, service="x")


def test_logs_alone(collector, environ):
    """For those whose traces go nowhere."""
    export = Export(environ | {"OTEL_TRACES_EXPORTER": "none"}, service="x")
    export.install()
    logging.getLogger("levelset.test").warning("hello")
    export.close()

    assert (None, ["/v1/logs"]) == (export.tracer, list(collector[1]))


def test_floods_are_thinned_out_on_the_way_to_the_collector(collector, environ):
    """As they are on the console."""
    export = Export(environ, service="x")
    export.install_logs()
    for _ in range(300):
        logging.getLogger("levelset.test").warning("again")
    export.close()
    sent = [ExportLogsServiceRequest.FromString(body) for body in collector[1]["/v1/logs"]]

    assert 300 > sum(len(scope.log_records) for one in sent for scope in one.resource_logs[0].scope_logs)


def test_lines_lead_to_their_trace(collector, environ):
    """Records carry the ids of the span that was running, and no credential."""
    export = Export(environ, service="x")
    export.install_logs()
    with export.tracer.get_tracer("test").start_as_current_span("hello") as span:
        logging.getLogger("levelset.test").warning("sent Authorization: Bearer abcdefgh12345678")
    export.close()
    (sent,) = [ExportLogsServiceRequest.FromString(body) for body in collector[1]["/v1/logs"]]
    record = sent.resource_logs[0].scope_logs[0].log_records[0]

    assert span.get_span_context().trace_id.to_bytes(16, "big") == record.trace_id
    assert "abcdefgh" not in str(sent)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, "none of http/protobuf, grpc"),
        ({"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "smoke"}, "none of http/protobuf, grpc"),
        ({"OTEL_LOGS_EXPORTER": "console"}, "the console has the lines already"),
    ],
)
def test_what_nobody_speaks_is_refused(variables, words):
    """Instead of bytes that the collector cannot read."""
    with pytest.raises(ConfigError, match=words):
        Export({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", **variables}, service="x")


def test_a_protocol_that_is_not_installed_is_told_with_its_package(monkeypatch):
    """One command further it works."""

    def absent(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("controller.telemetry.export.import_module", absent)
    with pytest.raises(ConfigError, match="pip install opentelemetry-exporter-otlp-proto-grpc"):
        Export({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, service="x")


def test_a_pod_knows_its_namespace_without_a_variable(monkeypatch, tmp_path):
    """From its service account."""
    (tmp_path / "namespace").write_text("prod\n")
    monkeypatch.setattr("controller.telemetry.export.NAMESPACE", tmp_path / "namespace")

    assert "prod" == resource({}, service="x").attributes["k8s.namespace.name"]
    assert "given" == resource({"POD_NAMESPACE": "given"}, service="x").attributes["k8s.namespace.name"]


def test_a_collector_that_is_away_is_told_of_once_per_doubling(caplog):
    """An outage of an hour is not ten thousand lines; single attempts are not told at all."""
    logger = logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    logger.filters.clear()
    for _ in range(2):
        Export({"OTEL_TRACES_EXPORTER": "otlp"}, service="x").close()
    for number in range(9):
        logger.warning("attempt %s failed", number)
        logger.error("batch %s lost", number)

    assert [f"batch {number} lost" for number in (0, 1, 3, 7)] == [r.getMessage() for r in caplog.records]
