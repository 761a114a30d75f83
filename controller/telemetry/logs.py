"""Logs: one JSON object a line for machines, aligned text for people.

`setup` is called once by a program, never by the library: modules log through `logging.getLogger("levelset.…")` and
pass what belongs to the line as `extra={"fields": {...}}`, with controller-runtime's keys (`controller`, `namespace`,
`name`, `reconcileID`, ...); lines from inside a reconcile get its keys by themselves. Credentials MUST NOT reach a
sink: values under telling keys and things that look like tokens are blotted out on the way, and foreign loggers that
print bodies stay at WARNING.
"""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, TextIO

from controller.options import option
from controller.redaction import HIDDEN, scrub, telling

__all__ = ["ConsoleFormatter", "JsonFormatter", "LogOptions", "RepeatFilter", "setup"]

QUIET = ("urllib3", "kubernetes", "aiohttp", "asyncio", "opentelemetry")
"""Foreign loggers; some print whole bodies at DEBUG."""

MOST_KINDS = 4096
"""A program has hundreds of message templates; more kinds than this come from messages formatted beforehand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """How the program logs.

    Threads: immutable.
    """

    log_level: str = option("info", choices=("debug", "info", "warning", "error"))
    """Least severity that is written. `debug` also shows the tracebacks of errors that end the program."""
    log_format: str = option("auto", choices=("auto", "json", "console"))
    """`json` writes one object a line, `console` text for people; `auto` is console on a terminal, else json."""


def setup(options: LogOptions | None = None, *, stream: TextIO | None = None) -> logging.Handler:
    """Send the whole program's logs to `stream` (standard error when None), replacing what an earlier call set up."""
    options, out = options or LogOptions(), stream or sys.stderr
    pretty = options.log_format == "console" or (options.log_format == "auto" and out.isatty())
    handler = logging.StreamHandler(out)
    handler.setFormatter(ConsoleFormatter(colour=out.isatty()) if pretty else JsonFormatter())
    if options.log_level != "debug":
        handler.addFilter(RepeatFilter())
    root = logging.getLogger()
    for old in [h for h in root.handlers if getattr(h, "levelset", False)]:
        root.removeHandler(old)
    handler.levelset = True  # type: ignore[attr-defined] # marks ours for the next call
    root.addHandler(handler)
    root.setLevel(options.log_level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    return handler


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `ts`, `level`, `msg`, `logger`, then the line's own fields, `error`, `stacktrace`.

    Threads: any thread.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; never raises on odd fields."""
        entry: dict[str, Any] = {
            "ts": _stamp(record),
            "level": record.levelname.lower(),
            "msg": scrub(record.getMessage()),
            "logger": record.name,
        }
        for key, value in _fields(record).items():
            entry.setdefault(key, _clean(key, value))
        return json.dumps(entry, default=_text, ensure_ascii=False)


class ConsoleFormatter(logging.Formatter):
    """Aligned text for people: time, level, message, then `key=value`; tracebacks below.

    Threads: any thread.
    """

    COLOURS: ClassVar = {"DEBUG": "2", "INFO": "32", "WARNING": "33", "ERROR": "31", "CRITICAL": "31;1"}

    def __init__(self, *, colour: bool = False) -> None:
        super().__init__()
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, or several with a traceback."""
        level, fields = f"{record.levelname:<7}", _fields(record)
        if self._colour:
            level = f"\x1b[{self.COLOURS.get(record.levelname, '0')}m{level}\x1b[0m"
        trace = fields.pop("stacktrace", "")
        pairs = "  ".join(f"{key}={_plain(_clean(key, value))}" for key, value in fields.items())
        line = f"{_stamp(record)[11:23]} {level} {scrub(record.getMessage())}"
        return "\n".join(part for part in (f"{line}  {pairs}" if pairs else line, scrub(trace)) if part)


class RepeatFilter(logging.Filter):
    """Thins out floods of lines of one kind, and says on the next line that passes how many were left out.

    A kind is logger, level and message template, with the controller when the line names one. In every second the first
    hundred pass and then each hundredth, as zap does it in Go. Nothing is thinned out when `debug` is asked for.

    Threads: any thread; a race costs at most a line too many.
    """

    def __init__(self, *, burst: int = 100, window: float = 1.0) -> None:
        super().__init__()
        self._burst, self._window = burst, window
        self._seen: dict[tuple[object, ...], tuple[float, int, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written; what is worse than ERROR always is."""
        if record.levelno > logging.ERROR:
            return True
        fields = getattr(record, "fields", None) or {}
        kind = (record.name, record.levelno, record.msg, fields.get("controller"))
        since, count, missing = self._seen.get(kind, (record.created, 0, 0))
        if record.created - since >= self._window:
            since, count = record.created, 0
        count += 1
        if count > self._burst and count % self._burst:
            self._seen[kind] = since, count, missing + 1
            return False
        if missing:
            record.fields = {**fields, "suppressed": missing}
        if len(self._seen) > MOST_KINDS:
            self._seen.clear()
        self._seen[kind] = since, count, 0
        return True


def _stamp(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    from controller.attempt import current_attempt  # noqa: PLC0415 - the workers, which no option needs

    attempt = current_attempt.get()
    found = attempt.fields() if attempt is not None else {}
    found |= getattr(record, "fields", None) or {}
    if record.exc_info and record.exc_info[1] is not None:
        found.setdefault("error", str(record.exc_info[1]) or type(record.exc_info[1]).__name__)
        found["stacktrace"] = logging.Formatter().formatException(record.exc_info)
    return found


def _clean(key: str, value: Any) -> Any:
    """Return a field's value without credentials, at any depth."""
    if telling(key, value):
        return HIDDEN
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return {str(inner): _clean(str(inner), item) for inner, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return scrub(str(value))
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(key, item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else _text(value)


def _text(value: object) -> str:
    try:
        return scrub(str(value))
    except Exception:  # noqa: BLE001 - a log line must come out whatever its fields do
        return f"<{type(value).__name__}>"


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value, default=_text, ensure_ascii=False)
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or " " in text or "\n" in text else text
