"""How values read in the cells of a table: ages, labels, selectors, short lists.

Pure functions of JSON values and a time. They MUST cope with any field missing, since an object may be younger than
its status.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from informers.api.objects import Obj

__all__ = [
    "NONE",
    "UNKNOWN",
    "UNSET",
    "Cell",
    "age_of",
    "format_labels",
    "format_selector",
    "has_condition",
    "human_duration",
    "parse_time",
    "seconds_between",
    "shortened",
    "walk",
]

Cell: TypeAlias = str | int | float | bool | None
"""What may stand in a cell."""

NONE, UNKNOWN, UNSET = "<none>", "<unknown>", "<unset>"
_LISTED = 3
"""Hosts, ports or addresses shown before "+ N more..."."""


def walk(obj: Any, path: str) -> Any:
    """Return the value at a dotted path, None where it ends early."""
    for name in path.split("."):
        obj = obj.get(name) if isinstance(obj, dict) else None
    return obj


def has_condition(obj: Obj, kind: str) -> bool:
    """Whether the object's condition of that type is True."""
    return any(c.get("type") == kind and c.get("status") == "True" for c in walk(obj, "status.conditions") or ())


def human_duration(seconds: float) -> str:
    """Return a duration as people read ages: two or three significant figures."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    whole = max(0, whole)
    minutes, hours = whole // 60, whole // 3600
    days, years = hours // 24, hours // 24 // 365
    if whole < 120:
        return f"{whole}s"
    if minutes < 10:
        return _pair(minutes, "m", whole % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _pair(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _pair(days, "d", hours % 24, "h")
    if years < 2:
        return f"{days}d"
    return _pair(years, "y", days % 365, "d") if years < 8 else f"{years}y"


def _pair(large: int, unit: str, small: int, small_unit: str) -> str:
    return f"{large}{unit}{small}{small_unit}" if small else f"{large}{unit}"


def parse_time(text: object) -> datetime | None:
    """Return a timestamp, None when it is absent or malformed."""
    try:
        moment = datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def seconds_between(start: object, end: datetime) -> float | None:
    """Return the seconds from a timestamp to `end`, None when there is no timestamp."""
    moment = parse_time(start)
    return None if moment is None else (end - moment).total_seconds()


def age_of(text: object, now: datetime) -> str:
    """Return the time since a timestamp, for people."""
    seconds = seconds_between(text, now)
    return UNKNOWN if seconds is None else human_duration(seconds)


def format_labels(labels: Any) -> str:
    """Return labels as `a=b,c=d`."""
    return ",".join(f"{name}={value}" for name, value in sorted((labels or {}).items())) or NONE


def format_selector(selector: Any) -> str:
    """Return a label selector in its query form."""
    if selector is None:
        return NONE
    parts = [(name, f"{name}={value}") for name, value in (selector.get("matchLabels") or {}).items()]
    for rule in selector.get("matchExpressions") or ():
        key, values = rule.get("key", ""), ",".join(sorted(rule.get("values") or ()))
        forms = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "DoesNotExist": f"!{key}"}
        parts.append((key, forms.get(rule.get("operator", ""), key)))
    return ",".join(text for _, text in sorted(parts, key=lambda part: part[0])) or NONE


def shortened(items: Iterable[str], empty: str) -> str:
    """Return up to three items and how many more there are."""
    every = list(items)
    more = f" + {len(every) - _LISTED} more..." if len(every) > _LISTED else ""
    return ",".join(every[:_LISTED]) + more or empty
