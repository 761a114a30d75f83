"""What is wrong with the kinds that connect pods: Endpoints, EndpointSlice, NetworkPolicy.

Pure functions of decoded and defaulted objects; each returns causes worded as the server's.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from informers.testing.schema.names import dns_label, dns_subdomain
from informers.testing.validation.checks import address, choice, items, named_port, network, ordinary, port, ruled
from informers.testing.validation.objectmeta import check_selector
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = [
    "check_endpoint_slice",
    "check_endpoints",
    "check_network_policy",
]

_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")


def check_endpoints(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with Endpoints."""
    found: list[Cause] = []
    for at, subset in items(obj, "subsets", ""):
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            found.append(causes.required(at, "must specify `addresses` or `notReadyAddresses`"))
        for name in ("addresses", "notReadyAddresses"):
            for here, entry in items(subset, name, at):
                found += _endpoint_address(entry.get("ip", ""), f"{here}.ip")
        many = len(subset.get("ports") or ()) > 1
        for here, entry in items(subset, "ports", at):
            name = entry.get("name", "")
            if name:
                found += ruled(dns_label, name, f"{here}.name")
            elif many:
                found.append(causes.required(f"{here}.name"))
            found += port(entry.get("port", 0), f"{here}.port")
            found += choice(entry.get("protocol"), f"{here}.protocol", _PROTOCOLS)
    return found


def _endpoint_address(text: str, at: str) -> list[Cause]:
    faults = address(text, at)
    if faults:
        return [*faults, causes.invalid(at, text, "must be a valid IP address")]
    return ordinary(text, at)


def check_endpoint_slice(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with an EndpointSlice, or with changing it."""
    kind = obj.get("addressType", "")
    allowed = ("FQDN", "IPv4", "IPv6")
    found = choice(kind, "addressType", allowed) if kind else [causes.required("addressType")]
    for at, endpoint in items(obj, "endpoints", ""):
        if not endpoint.get("addresses"):
            found.append(causes.required(f"{at}.addresses", "must contain at least 1 address"))
        for here, text in items(endpoint, "addresses", at):
            if kind in ("IPv4", "IPv6"):
                found += address(text, here) or ordinary(text, here)
            elif kind == "FQDN":
                found += ruled(dns_subdomain, text, here)
        for name, rule in (("nodeName", dns_subdomain), ("hostname", dns_label)):
            if endpoint.get(name) is not None:
                found += ruled(rule, endpoint[name], f"{at}.{name}")
    names: set[str] = set()
    for at, entry in items(obj, "ports", ""):
        name = entry.get("name") or ""
        if name:
            found += ruled(dns_label, name, f"{at}.name")
        if name in names:
            found.append(causes.duplicate(f"{at}.name", name))
        names.add(name)
        found += choice(entry.get("protocol"), f"{at}.protocol", _PROTOCOLS)
    if old is not None and kind != old.get("addressType"):
        found.append(causes.immutable("addressType", kind))
    return found


def check_network_policy(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a NetworkPolicy."""
    spec = obj["spec"]
    found = check_selector(spec.get("podSelector") or {}, "spec.podSelector")
    for name, peers in (("ingress", "from"), ("egress", "to")):
        for at, rule in items(spec, name, "spec"):
            for here, entry in items(rule, "ports", at):
                found += choice(entry.get("protocol"), f"{here}.protocol", ("TCP", "UDP", "SCTP"))
                found += _policy_port(entry, here)
            for here, peer in items(rule, peers, at):
                found += _peer(peer, here)
    kinds = spec.get("policyTypes") or []
    if len(kinds) > 2:
        return [*found, causes.invalid("spec.policyTypes", kinds, "may not specify more than two policyTypes")]
    for at, kind in items(spec, "policyTypes", "spec"):
        found += choice(kind, at, ("Ingress", "Egress"))
    return found


def _policy_port(entry: Obj, at: str) -> list[Cause]:
    number, end = entry.get("port"), entry.get("endPort")
    if number is None:
        detail = "may not be specified when `port` is not specified"
        return [causes.invalid(f"{at}.endPort", end, detail)] if end is not None else []
    found = named_port(number, f"{at}.port")
    if end is not None and isinstance(number, str):
        found.append(causes.invalid(f"{at}.endPort", end, "may not be specified when `port` is non-numeric"))
    elif end is not None and end < number:
        found.append(causes.invalid(f"{at}.endPort", number, "must be greater than or equal to `port`"))
    return found


def _peer(peer: Obj, at: str) -> list[Cause]:
    if not any(peer.get(name) is not None for name in ("podSelector", "namespaceSelector", "ipBlock")):
        return [causes.required(at, "must specify a peer")]
    found: list[Cause] = []
    for name in ("podSelector", "namespaceSelector"):
        found += check_selector(peer.get(name) or {}, f"{at}.{name}")
    block = peer.get("ipBlock")
    if block is not None:
        found += _block(block, f"{at}.ipBlock")
        if any(peer.get(name) is not None for name in ("podSelector", "namespaceSelector")):
            found.append(causes.forbidden(at, "may not specify both ipBlock and another peer"))
    return found


def _block(block: Obj, at: str) -> list[Cause]:
    text = block.get("cidr", "")
    found = network(text, f"{at}.cidr") if text else [causes.required(f"{at}.cidr")]
    if found:
        return found
    whole = ipaddress.ip_interface(text).network
    for here, part in items(block, "except", at):
        faults = network(part, here)
        if not faults:
            inner = ipaddress.ip_interface(part).network
            if inner.version != whole.version or inner == whole or not inner.subnet_of(whole):  # type: ignore[arg-type]  # of one version by now
                faults = [causes.invalid(here, part, "must be a strict subset of `cidr`")]
        found += faults
    return found
