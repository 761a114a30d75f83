"""What is wrong with the kinds that share out the server and its addresses: flow control, IP addresses, service ranges.

Pure functions of decoded and defaulted objects; each returns causes worded as the server's.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final

from informers.testing.schema.names import dns_subdomain
from informers.testing.validation.checks import choice, items, network, ruled
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = [
    "address_name",
    "check_address",
    "check_flow_schema",
    "check_priority",
    "check_ranges",
]

_ADDRESS: Final = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_METHODS: Final = ("ByNamespace", "ByUser")
_PADDED: Final = re.compile(r"(^|[.])0[0-9]")


def address_name(name: str) -> list[str]:
    """Return what is wrong with the name of an IPAddress, which is an address in canonical form."""
    if ":" not in name and _PADDED.search(name):
        return ["must not have leading 0s"]
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return [_ADDRESS]
    return [] if str(address) == name else [f'must be in canonical form ("{address}")']


def check_address(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with an IPAddress."""
    parent = (obj.get("spec") or {}).get("parentRef")
    if parent is None:
        found = [causes.required("spec.parentRef")]
    else:
        found = [causes.required(f"spec.parentRef.{name}") for name in ("resource", "name") if not parent.get(name)]
    if old is not None and (old.get("spec") or {}).get("parentRef") != parent:
        found.append(causes.immutable("spec.parentRef", parent))
    return found


def check_ranges(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a ServiceCIDR."""
    ranges = (obj.get("spec") or {}).get("cidrs") or []
    if not ranges:
        return [causes.required("spec.cidrs", "at least one CIDR required")]
    families = [":" in text for text in ranges]
    if len(ranges) == 2 and families[0] == families[1]:
        detail = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
        return [causes.invalid("spec.cidrs", ranges, detail)]
    if len(ranges) > 2:
        return [causes.invalid("spec", obj["spec"], "may only hold up to 2 values")]
    found: list[Cause] = []
    for at, text in items(obj["spec"], "cidrs", "spec"):
        wrong = network(text, at)
        if not wrong and str(ipaddress.ip_interface(text).network) != text:
            wrong = [causes.invalid(at, text, "must not have bits set beyond the prefix length")]
        found += wrong
    if old is not None and (old.get("spec") or {}).get("cidrs") != ranges:
        found.append(causes.immutable("spec.cidrs", ranges))
    return found


def check_flow_schema(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a FlowSchema."""
    spec = obj.get("spec") or {}
    found: list[Cause] = []
    precedence = spec.get("matchingPrecedence", 1)
    if not 1 <= precedence <= 10_000:
        why = "must be a positive value" if precedence < 1 else "must not be greater than 10000"
        found.append(causes.invalid("spec.matchingPrecedence", spec["matchingPrecedence"], why))
    method = spec.get("distinguisherMethod")
    if method is not None and method.get("type") not in _METHODS:
        shown = causes.Shown({"Type": method.get("type", "")})
        found.append(causes.unsupported("spec.distinguisherMethod.type", shown, _METHODS))
    level, where = (spec.get("priorityLevelConfiguration") or {}).get("name"), "spec.priorityLevelConfiguration.name"
    found += (
        ruled(dns_subdomain, level, where) if level else [causes.required(where, "must reference a priority level")]
    )
    for at, rule in items(spec, "rules", "spec"):
        if not rule.get("subjects"):
            found.append(causes.required(f"{at}.subjects", "subjects must contain at least one value"))
        for here, subject in items(rule, "subjects", at):
            found += choice(subject.get("kind"), f"{here}.kind", ("Group", "ServiceAccount", "User"))
        if not rule.get("resourceRules") and not rule.get("nonResourceRules"):
            why = "at least one of resourceRules and nonResourceRules has to be non-empty"
            found.append(causes.required(at, why))
    return found


def check_priority(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a PriorityLevelConfiguration."""
    spec = obj.get("spec") or {}
    kind, limited = spec.get("type"), spec.get("limited")
    if not kind:
        return [causes.required("spec.type")]
    if kind not in ("Exempt", "Limited"):
        return [causes.unsupported("spec.type", kind, ("Exempt", "Limited"))]
    found: list[Cause] = []
    if (kind == "Exempt") != (obj["metadata"].get("name") == "exempt"):
        found.append(causes.invalid("spec.type", kind, "must be 'Exempt' if and only if `name` is 'exempt'"))
    if kind == "Exempt":
        excess = [causes.forbidden("spec.limited", "must be nil if the type is not Limited")]
        return found + (excess if limited is not None else [])
    if limited is None:
        return [*found, causes.required("spec.limited", "must not be empty when type is Limited")]
    shares, where = limited.get("nominalConcurrencyShares", 0), "spec.limited.nominalConcurrencyShares"
    if shares < 0:
        found.append(causes.invalid(where, shares, "must be a non-negative integer"))
    return found + _response(limited.get("limitResponse") or {}, "spec.limited.limitResponse")


def _response(response: Obj, at: str) -> list[Cause]:
    if not response.get("type"):
        return [causes.required(f"{at}.type")]
    if response["type"] not in ("Queue", "Reject"):
        return [causes.unsupported(f"{at}.type", response["type"], ("Queue", "Reject"))]
    if response["type"] == "Queue" and response.get("queuing") is None:
        why = "must not be empty if limited.limitResponse.type is Limited"
        return [causes.required(f"{at}.queuing", why)]
    if response["type"] == "Reject" and response.get("queuing") is not None:
        return [causes.forbidden(f"{at}.queuing", "must be nil if limited.limitResponse.type is not Limited")]
    return []
