"""Points in time and lengths of time: read, written, and taken apart by the calendar of a time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Final

from informers.testing.cel.faults import CelError
from informers.testing.cel.values import Duration, Timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.testing.cel.signatures import Library

__all__ = ["MOMENTS", "read_duration", "read_timestamp", "write_duration", "write_timestamp"]

_UNITS: Final = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9}
_NANOS: Final = _UNITS | {"h": 3600 * 10**9}
_PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_WHOLE: Final = re.compile(r"[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_MOMENT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})", re.IGNORECASE | re.ASCII
)
_OFFSET: Final = re.compile(r"([+-])?(\d{2}):(\d{2})")
_SECOND: Final = 10**9
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def read_duration(text: str) -> Duration:
    """Return the length of time that a text such as `1h30m` or `-1.5s` spells."""
    if not _WHOLE.fullmatch(text):
        raise CelError("type conversion error from 'string' to 'google.protobuf.Duration'")
    total = 0
    for number, unit in _PART.findall(text):
        whole, _, part = number.partition(".")
        scale = _NANOS[unit]
        total += int(whole or 0) * scale + (int(part) * scale // 10 ** len(part) if part else 0)
    return Duration(-total if text.startswith("-") else total)


def write_duration(value: Duration) -> str:
    """Return a length of time in seconds, as an expression writes it."""
    whole, part = divmod(abs(value.nanos), _SECOND)
    fraction = f".{part:09d}".rstrip("0") if part else ""
    return f"{'-' if value.nanos < 0 else ''}{whole}{fraction}s"


def read_timestamp(text: str) -> Timestamp:
    """Return the point in time that an RFC 3339 text spells."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise CelError("type conversion error from 'string' to 'google.protobuf.Timestamp'")
    date, clock, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(f"{date}T{clock}{'+00:00' if zone in 'zZ' else zone}")
    except ValueError as error:
        raise CelError("type conversion error from 'string' to 'google.protobuf.Timestamp'") from error
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    return Timestamp(seconds * _SECOND + int((fraction or "0")[:9].ljust(9, "0")))


def write_timestamp(value: Timestamp) -> str:
    """Return a point in time as RFC 3339 in UTC."""
    seconds, part = divmod(value.nanos, _SECOND)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{part:09d}".rstrip("0") if part else ""
    return f"{text}{fraction}Z"


def _named_zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - costs 20 ms, and next to nobody asks for one

    return ZoneInfo(name)


def _zone(name: str) -> tzinfo:
    found = _OFFSET.fullmatch(name)
    if found is not None:
        sign, hours, minutes = found.groups()
        ahead = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(-ahead if sign == "-" else ahead)
    try:
        return UTC if name in ("", "UTC") else _named_zone(name)
    except (KeyError, ValueError, OSError) as error:
        raise CelError(f"unknown time zone {name}") from error


def _local(value: Timestamp, zone: str = "UTC") -> datetime:
    return (_EPOCH + timedelta(seconds=value.nanos // _SECOND)).astimezone(_zone(zone))


_CALENDAR: Final[dict[str, Callable[[datetime], int]]] = {
    "getFullYear": lambda moment: moment.year,
    "getMonth": lambda moment: moment.month - 1,
    "getDate": lambda moment: moment.day,
    "getDayOfMonth": lambda moment: moment.day - 1,
    "getDayOfWeek": lambda moment: moment.isoweekday() % 7,
    "getDayOfYear": lambda moment: moment.timetuple().tm_yday - 1,
    "getHours": lambda moment: moment.hour,
    "getMinutes": lambda moment: moment.minute,
    "getSeconds": lambda moment: moment.second,
}
_LENGTHS: Final = {"getHours": 3600 * _SECOND, "getMinutes": 60 * _SECOND, "getSeconds": _SECOND}


def _calendar(part: Callable[[datetime], int]) -> Callable[..., int]:
    return lambda value, zone="UTC": part(_local(value, zone))


def _length(unit: int) -> Callable[[Duration], int]:
    return lambda value: int(abs(value.nanos) // unit * (1 if value.nanos >= 0 else -1))


MOMENTS: Final[Library] = {
    **{f"timestamp.{name}() -> int": _calendar(part) for name, part in _CALENDAR.items()},
    **{f"timestamp.{name}(string) -> int": _calendar(part) for name, part in _CALENDAR.items()},
    "timestamp.getMilliseconds() -> int": lambda value: value.nanos % _SECOND // 10**6,
    "timestamp.getMilliseconds(string) -> int": lambda value, _: value.nanos % _SECOND // 10**6,
    **{f"duration.{name}() -> int": _length(unit) for name, unit in _LENGTHS.items()},
    "duration.getMilliseconds() -> int": _length(10**6),
}
"""What is asked of timestamps and durations."""
