"""Where traces and logs go: the OpenTelemetry SDK, set up by the usual OTEL_* variables.

    OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318   spans, and logs if OTEL_LOGS_EXPORTER=otlp, by OTLP over HTTP
    OTEL_TRACES_EXPORTER=console                        spans on standard output
    OTEL_EXPORTER_OTLP_PROTOCOL=grpc                    if opentelemetry-exporter-otlp-proto-grpc is installed
    OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES, ...  as the SDK reads them

Only a program that was asked to export imports this. What cannot be exported is dropped by the SDK, and complained of
once per doubling; it MUST NOT hold up a reconcile.
"""

from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

from controller.telemetry.tracing import wanted
from informers.api.errors import ConfigError
from informers.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

__all__ = ["Export", "resource"]

ATTRIBUTES = {"k8s.pod.name": ("POD_NAME", "HOSTNAME"), "k8s.namespace.name": ("POD_NAMESPACE",)}
"""Resource attribute to the variables that may hold it: the downward API's by custom, and what every pod has."""
NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
"""Where a pod finds its namespace without any variable."""
PROTOCOLS = {"http/protobuf": "http", "grpc": "grpc"}
"""What OTEL_EXPORTER_OTLP_PROTOCOL may say, and the package below opentelemetry.exporter.otlp.proto that speaks it."""


class Export:
    """The providers of a program, until `close`.

    Args:
        environment: The OTEL_* variables.
        service: `service.name`, unless OTEL_SERVICE_NAME says otherwise.

    Threads: any thread.
    Raises: ConfigError when an exporter is asked for that is not installed or not known.
    """

    def __init__(self, environment: Mapping[str, str], *, service: str) -> None:
        made = resource(environment, service=service)
        self.tracer = _tracer_provider(environment, made) if wanted(environment) else None
        """Makes spans; None when only logs are exported."""
        self._logs = _log_provider(environment, made) if wanted(environment, "LOGS") else None
        self._handler: logging.Handler | None = None

    def install(self) -> None:
        """Make them the process's own, and send what is logged along."""
        if self.tracer is not None:
            trace.set_tracer_provider(self.tracer)
        self.install_logs()

    def install_logs(self) -> None:
        """Send what is logged along, where that is asked for."""
        if self._logs is not None:
            from controller.telemetry.lines import LogExport  # noqa: PLC0415 - only programs that export logs

            self._handler = LogExport(self._logs)
            logging.getLogger().addHandler(self._handler)

    def close(self) -> None:
        """Send what is left. Blocks for some seconds when nobody takes it. Idempotent."""
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)
            self._handler = None
        if self.tracer is not None:
            self.tracer.shutdown()
        if self._logs is not None:
            self._logs.shutdown()


def resource(environment: Mapping[str, str], *, service: str) -> Resource:
    """Return who tells: service, version, pod and namespace; OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME win."""
    found = {"service.name": service, "service.version": VERSION}
    for name, variables in ATTRIBUTES.items():
        values = [environment[one] for one in variables if environment.get(one)]
        found |= {name: values[0]} if values else {}
    if "k8s.namespace.name" not in found and NAMESPACE.is_file():
        found["k8s.namespace.name"] = NAMESPACE.read_text(encoding="utf-8").strip()
    asked = Resource.create()
    given = {
        key: value
        for key, value in asked.attributes.items()
        if key != "service.name" or not str(value).startswith("unknown_service")
    }
    return Resource(found).merge(Resource(given))


def _tracer_provider(environment: Mapping[str, str], made: Resource) -> TracerProvider:
    provider = TracerProvider(resource=made)
    for name in environment.get("OTEL_TRACES_EXPORTER", "otlp").split(","):
        provider.add_span_processor(BatchSpanProcessor(_span_exporter(environment, name.strip())))
    return provider


def _span_exporter(environment: Mapping[str, str], name: str) -> SpanExporter:
    if name == "console":
        return ConsoleSpanExporter()
    if name != "otlp":
        raise ConfigError(f"OTEL_TRACES_EXPORTER={name} is none of otlp, console, none")
    exporter: SpanExporter = _otlp(environment, "TRACES", "trace_exporter.OTLPSpanExporter")
    return exporter


def _log_provider(environment: Mapping[str, str], made: Resource) -> LoggerProvider:
    from opentelemetry.sdk._logs import LoggerProvider  # noqa: PLC0415 - only programs that export logs
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor  # noqa: PLC0415 - the same

    if (name := environment["OTEL_LOGS_EXPORTER"]) != "otlp":
        raise ConfigError(f"OTEL_LOGS_EXPORTER={name} is none of otlp, none; the console has the lines already")
    provider = LoggerProvider(resource=made)
    provider.add_log_record_processor(
        BatchLogRecordProcessor(_otlp(environment, "LOGS", "_log_exporter.OTLPLogExporter"))
    )
    return provider


def _otlp(environment: Mapping[str, str], signal: str, place: str) -> Any:
    """Return the exporter at `place` in the package that speaks the protocol asked for."""
    asked = [f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"]
    protocol = next(filter(None, map(environment.get, asked)), "http/protobuf")
    if protocol not in PROTOCOLS:
        raise ConfigError(f"OTEL_EXPORTER_OTLP_PROTOCOL={protocol} is none of {', '.join(PROTOCOLS)}")
    module, _, name = place.partition(".")
    try:
        found = import_module(f"opentelemetry.exporter.otlp.proto.{PROTOCOLS[protocol]}.{module}")
    except ModuleNotFoundError as error:
        extra = "opentelemetry-exporter-otlp-proto-grpc" if protocol == "grpc" else "'levelset[otlp]'"
        raise ConfigError(
            f"OTLP by {protocol} is asked for and not installed: pip install {extra}, or OTEL_{signal}_EXPORTER=none"
        ) from error
    logger = logging.getLogger(found.__name__)
    if not any(isinstance(one, Doubling) for one in logger.filters):
        logger.addFilter(Doubling())
    return getattr(found, name)()


class Doubling(logging.Filter):
    """Lets the first, second, fourth, eighth... complaint pass of an exporter whose collector is away.

    Threads: any thread; a race costs a line.
    """

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written; each single attempt is told to nobody."""
        if record.levelno < logging.ERROR:
            return False
        self._count += 1
        return not self._count & (self._count - 1)
