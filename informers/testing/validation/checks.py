"""The small rules from which the validation of built-in kinds is made: ranges, choices, names, addresses, quantities.

Each takes a value and its path and returns the causes, worded as the server words them; none means nothing is wrong.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final

from informers.testing.schema.names import port_name
from informers.testing.schema.quantities import nanos
from informers.testing.words import causes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = [
    "NOT_NEGATIVE",
    "address",
    "at_least_zero",
    "choice",
    "items",
    "named_port",
    "network",
    "not_negative",
    "number_or_percent",
    "ordinary",
    "port",
    "ruled",
    "share",
    "starred",
    "unique",
    "unqualified",
    "whole",
    "within",
]

NOT_NEGATIVE: Final = "must be greater than or equal to 0"
_PERCENT: Final = (
    "a valid percent string must be a numeric string followed by an ending '%'"
    " (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
)
_ADDRESS: Final = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_NETWORK: Final = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_NANO: Final = 10**9
_FINALIZERS: Final = frozenset({"kubernetes", "orphan", "foregroundDeletion"})
_UNQUALIFIED: Final = "name is neither a standard finalizer name nor is it fully qualified"


def items(part: Obj, name: str, at: str) -> list[tuple[str, Any]]:
    """Return the items of a list field, each with its path; none when the field is missing."""
    return [
        (f"{at}.{name}[{index}]" if at else f"{name}[{index}]", item) for index, item in enumerate(part.get(name) or ())
    ]


def at_least_zero(part: Obj, at: str, *names: str) -> list[Cause]:
    """Numbers that may be missing but not negative."""
    return [cause for name in names for cause in not_negative(part.get(name), f"{at}.{name}")]


def not_negative(value: Any, at: str) -> list[Cause]:
    """A number that may be missing but not negative."""
    return [causes.invalid(at, value, NOT_NEGATIVE)] if isinstance(value, int) and value < 0 else []


def within(value: Any, at: str, low: int, high: int) -> list[Cause]:
    """A number between two bounds, both included; it may be missing."""
    if value is None or low <= value <= high:
        return []
    return [causes.invalid(at, value, f"must be between {low} and {high}, inclusive")]


def port(value: Any, at: str) -> list[Cause]:
    """A port's number."""
    return within(value, at, 1, 65535)


def named_port(value: Any, at: str) -> list[Cause]:
    """A port by number or name."""
    return ruled(port_name, value, at) if isinstance(value, str) else port(value, at)


def choice(value: Any, at: str, allowed: Iterable[str], *, missing: bool = False) -> list[Cause]:
    """One word of a set; `missing` says whether it may be absent."""
    if (missing and not value) or value in (listed := tuple(allowed)):
        return []
    return [causes.unsupported(at, value or "", listed)]


def ruled(rule: Callable[[str], list[str]], value: str, at: str) -> list[Cause]:
    """A text by one of the rules of `informers.testing.schema.names`."""
    return [causes.invalid(at, value, fault) for fault in rule(value)]


def unique(values: Iterable[tuple[str, Any]]) -> list[Cause]:
    """Values that may come once only, each with its path; blank ones do not count."""
    seen: set[Any] = set()
    found = []
    for at, value in values:
        if value and value in seen:
            found.append(causes.duplicate(at, value))
        seen.add(value)
    return found


def number_or_percent(value: Any, at: str, *, most: bool = False) -> list[Cause]:
    """A count or a share of the whole, `3` or `25%`; `most` keeps a share at 100% or below."""
    if isinstance(value, str):
        if not re.fullmatch("[0-9]+%", value):
            return [causes.invalid(at, value, _PERCENT)]
        too_much = most and int(value[:-1]) > 100
        return [causes.invalid(at, value, "must not be greater than 100%")] if too_much else []
    return not_negative(value, at)


def share(value: Any) -> int:
    """Return the number in a count or a share; 0 when it has none."""
    if isinstance(value, str):
        return int(value[:-1]) if re.fullmatch("[0-9]+%", value) else 0
    return value or 0


def starred(rule: Obj, at: str) -> list[Cause]:
    """A rule about requests: who says everything says nothing besides."""
    words = {"operations": "operations", "apiGroups": "API groups", "apiVersions": "API versions"}
    return [
        causes.invalid(f"{at}.{name}", rule[name], f"if '*' is present, must not specify other {word}")
        for name, word in words.items()
        if "*" in (rule.get(name) or ()) and len(rule[name]) > 1
    ]


def address(value: str, at: str) -> list[Cause]:
    """An IP address."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return [causes.invalid(at, value, _ADDRESS)]
    return []


def ordinary(value: str, at: str) -> list[Cause]:
    """An IP address that can be reached from elsewhere."""
    ip = ipaddress.ip_address(value)
    for bad, detail in (
        (ip.is_unspecified, f"may not be unspecified ({value})"),
        (ip.is_loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (ip.is_link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        (
            ip.is_multicast and str(ip).startswith(("224.0.0.", "ff02")),
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
        ),
    ):
        if bad:
            return [causes.invalid(at, value, detail)]
    return []


def network(value: str, at: str) -> list[Cause]:
    """An IP network such as `10.0.0.0/8`."""
    try:
        ipaddress.ip_interface(value)
    except ValueError:
        return [causes.invalid(at, value, _NETWORK)]
    return [] if "/" in value else [causes.invalid(at, value, _NETWORK)]


def whole(quantity: str, at: str) -> list[Cause]:
    """A quantity without a fraction."""
    return [causes.invalid(at, quantity, "must be an integer")] if nanos(quantity) % _NANO else []


def unqualified(names: Iterable[str], path: str, *, indexed: bool = True) -> list[Cause]:
    """Return what is wrong with the names of finalizers at a path: all but the server's own need a domain."""
    return [
        causes.invalid(f"{path}[{index}]" if indexed else path, name, _UNQUALIFIED)
        for index, name in enumerate(names)
        if "/" not in name and name not in _FINALIZERS
    ]
