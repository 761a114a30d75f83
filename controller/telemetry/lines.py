"""Log lines as OpenTelemetry records: the same words and fields as on the console, credentials blotted out."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Final

from opentelemetry import context
from opentelemetry._logs import LogRecord, SeverityNumber

from controller.telemetry.logs import JsonFormatter, RepeatFilter

if TYPE_CHECKING:
    from opentelemetry._logs import LoggerProvider

__all__ = ["LogExport"]

_SEVERITIES: Final = {
    "debug": SeverityNumber.DEBUG,
    "info": SeverityNumber.INFO,
    "warning": SeverityNumber.WARN,
    "error": SeverityNumber.ERROR,
    "critical": SeverityNumber.FATAL,
}
_NANO: Final = 1_000_000_000


class LogExport(logging.Handler):
    """Hands every line to a provider of loggers; OpenTelemetry's own lines stay here, or they would breed.

    Threads: any thread.
    """

    def __init__(self, provider: LoggerProvider) -> None:
        super().__init__()
        self._provider = provider
        self._formatter = JsonFormatter()
        self.addFilter(RepeatFilter())

    def emit(self, record: logging.LogRecord) -> None:
        """Hand one line over; never raises."""
        if record.name.startswith("opentelemetry"):
            return
        try:
            fields = json.loads(self._formatter.format(record))
            body, level = fields.pop("msg"), fields.pop("level")
            made = LogRecord(
                timestamp=int(record.created * _NANO),
                context=context.get_current(),
                severity_text=level.upper(),
                severity_number=_SEVERITIES.get(level, SeverityNumber.UNSPECIFIED),
                body=body,
                attributes={key: _flat(value) for key, value in fields.items() if value is not None and key != "ts"},
            )
            self._provider.get_logger(fields.pop("logger")).emit(made)
        except Exception:  # noqa: BLE001 - as every logging handler: a line that fails MUST NOT harm who wrote it
            self.handleError(record)


def _flat(value: object) -> str | bool | int | float:
    return value if isinstance(value, str | bool | int | float) else json.dumps(value)
