"""Where traces and logs go: the OpenTelemetry SDK, set up by the usual OTEL_* variables.

    OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318   spans, and logs if OTEL_LOGS_EXPORTER=otlp, by OTLP over HTTP
    OTEL_TRACES_EXPORTER=console                        spans on standard output
    OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES, ...  as the SDK reads them

Only a program that was asked to export imports this. What cannot be exported is dropped and counted by the SDK; it
MUST NOT hold up a reconcile.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

from controller.status import our_version
from informers.api.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

__all__ = ["Export", "resource"]

ATTRIBUTES = {"k8s.pod.name": ("POD_NAME", "HOSTNAME"), "k8s.namespace.name": ("POD_NAMESPACE",)}
"""Resource attribute to the variables that may hold it: the downward API's, as the manifests set them."""


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
        self.tracer = TracerProvider(resource=made)
        self.tracer.add_span_processor(BatchSpanProcessor(_span_exporter(environment)))
        self._logs = _log_provider(made) if environment.get("OTEL_LOGS_EXPORTER") == "otlp" else None
        self._handler: logging.Handler | None = None

    def install(self) -> None:
        """Make them the process's own, and send what is logged along."""
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
        self.tracer.shutdown()
        if self._logs is not None:
            self._logs.shutdown()


def resource(environment: Mapping[str, str], *, service: str) -> Resource:
    """Return who tells: service, version, pod and namespace; OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME win."""
    found = {"service.name": service, "service.version": our_version()}
    for name, variables in ATTRIBUTES.items():
        values = [environment[one] for one in variables if environment.get(one)]
        found |= {name: values[0]} if values else {}
    asked = Resource.create()
    given = {
        key: value
        for key, value in asked.attributes.items()
        if key != "service.name" or not str(value).startswith("unknown_service")
    }
    return Resource(found).merge(Resource(given))


def _span_exporter(environment: Mapping[str, str]) -> SpanExporter:
    name = environment.get("OTEL_TRACES_EXPORTER", "otlp")
    if name == "console":
        return ConsoleSpanExporter()
    if name != "otlp":
        raise ConfigError(f"OTEL_TRACES_EXPORTER={name} is none of otlp, console, none")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise ConfigError(_absent("OTEL_TRACES_EXPORTER")) from error
    return OTLPSpanExporter()


def _log_provider(made: Resource) -> LoggerProvider:
    from opentelemetry.sdk._logs import LoggerProvider  # noqa: PLC0415 - only programs that export logs
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor  # noqa: PLC0415 - the same

    try:
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise ConfigError(_absent("OTEL_LOGS_EXPORTER")) from error
    provider = LoggerProvider(resource=made)
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    return provider


def _absent(variable: str) -> str:
    return f"{variable} asks for OTLP, which is not installed: pip install 'levelset[otlp]', or set {variable}=none"
