"""Points in time as the server reads and writes them: RFC 3339 in UTC, whole seconds or exactly six decimals.

Pure functions of text. They MUST NOT ask what time it is.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["canonical_micro_time", "canonical_time", "readable"]

_DATE: Final = (
    ("2006", r"\d{4}"),
    ("-", "-"),
    ("01", r"\d\d"),
    ("-", "-"),
    ("02", r"\d\d"),
    ("T", "T"),
    ("15", r"\d\d?"),
    (":", ":"),
    ("04", r"\d\d"),
    (":", ":"),
    ("05", r"\d\d"),
)
_ZONE: Final = ("Z07:00", r"Z|[+-]\d\d:\d\d")
_LAYOUT: Final = "2006-01-02T15:04:05Z07:00"
_MICRO_LAYOUT: Final = "2006-01-02T15:04:05.000000Z07:00"
_TIME: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(?:Z|([+-])(\d\d):(\d\d))")
_MICRO: Final = re.compile(r"\.\d{6}")
_RANGES: Final = (("month", 1, 12), ("day", 1, 31), ("hour", 0, 23), ("minute", 0, 59), ("second", 0, 59))


def canonical_time(text: str) -> str:
    """Return a time as `metav1.Time` is written; raises ValueError with the server's sentence."""
    moment = _moment(text, _LAYOUT, micro=False)
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}Z"  # a year below 1000 has no zeros in front by strftime


def canonical_micro_time(text: str) -> str:
    """Return a time as `metav1.MicroTime` is written; raises ValueError with the server's sentence."""
    moment = _moment(text, _MICRO_LAYOUT, micro=True)
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S.%f}Z"


def readable(text: str) -> bool:
    """Return whether a text is a time by RFC 3339."""
    try:
        _moment(text, _LAYOUT, micro=False)
    except ValueError:
        return False
    return True


def _moment(text: str, layout: str, *, micro: bool) -> datetime:
    found = _TIME.fullmatch(text)
    if not found or (micro and not (found.group(7) and len(found.group(7)) == 7)):
        raise ValueError(f'parsing time "{text}" as "{layout}": {_fault(text, micro=micro)}')
    numbers = [int(part) for part in found.groups()[:6]]
    for (name, low, high), number in zip(_RANGES, numbers[1:], strict=True):
        if not low <= number <= high:
            raise ValueError(f'parsing time "{text}": {name} out of range')
    try:
        moment = datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type, misc] # six numbers, year to second
    except ValueError as error:
        raise ValueError(f'parsing time "{text}": day out of range') from error
    if found.group(7):
        moment += timedelta(microseconds=int(found.group(7)[1:7].ljust(6, "0")))
    if found.group(8):
        offset = timedelta(hours=int(found.group(9)), minutes=int(found.group(10)))
        moment += -offset if found.group(8) == "+" else offset
    return moment


def _fault(text: str, *, micro: bool) -> str:
    rest = text
    for name, pattern in _DATE:
        found = re.match(pattern, rest)
        if not found:
            return f'cannot parse "{rest}" as "{name}"'
        rest = rest[found.end() :]
    if micro:
        if not _MICRO.match(rest):
            return f'cannot parse "{rest}" as ".000000"'
        rest = rest[7:]
    else:
        rest = re.sub(r"^[.,]\d+", "", rest)
    zone = re.match(_ZONE[1], rest)
    return f'extra text: "{rest[zone.end() :]}"' if zone else f'cannot parse "{rest}" as "{_ZONE[0]}"'
