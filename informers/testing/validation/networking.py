"""What is wrong with the kinds that connect pods: Service, Endpoints, EndpointSlice, Ingress, NetworkPolicy.

Pure functions of decoded and defaulted objects; each returns causes worded as the server's.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final

from informers.testing.schema.names import dns_label, dns_subdomain, qualified_name
from informers.testing.validation.checks import address, choice, items, named_port, network, port, ruled
from informers.testing.validation.objectmeta import check_labels, check_selector
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = [
    "check_endpoint_slice",
    "check_endpoints",
    "check_network_policy",
    "check_service",
]

_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_TYPES: Final = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_POLICIES: Final = ("Cluster", "Local")
_ONLY_BALANCED: Final = "may only be used when `type` is 'LoadBalancer'"


def check_service(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a Service, or with changing it."""
    spec = obj["spec"]
    kind, headless = spec.get("type", ""), spec.get("clusterIP") == "None"
    found: list[Cause] = []
    if not spec.get("ports") and not headless and kind != "ExternalName":
        found.append(causes.required("spec.ports"))
    if kind == "ExternalName":
        name = spec.get("externalName", "").removesuffix(".")
        found += ruled(dns_subdomain, name, "spec.externalName") if name else [causes.required("spec.externalName")]
    many = len(spec.get("ports") or ()) > 1
    names: set[str] = set()
    for here, entry in items(spec, "ports", ""):
        found += _service_port(entry, f"spec.{here}", names, needs_name=many)
    found += check_labels(spec.get("selector") or {}, "spec.selector")
    found += choice(spec.get("sessionAffinity"), "spec.sessionAffinity", ("ClientIP", "None"))
    found += _affinity(spec)
    found += _addresses(spec)
    for here, external in items(spec, "externalIPs", "spec"):
        found += address(external, here)
    found += choice(kind, "spec.type", _TYPES)
    found += _node_ports(spec, kind)
    found += _repeated_ports(spec)
    found += _traffic(spec, kind)
    return found + (_service_update(spec, old["spec"]) if old is not None else [])


def _service_port(entry: Obj, at: str, names: set[str], *, needs_name: bool) -> list[Cause]:
    name, target = entry.get("name", ""), entry.get("targetPort", 0)
    found: list[Cause] = []
    if name:
        faults = ruled(dns_label, name, f"{at}.name")
        found += faults
        if not faults and name in names:
            found.append(causes.duplicate(f"{at}.name", name))
        names.add(name)
    elif needs_name:
        found.append(causes.required(f"{at}.name"))
    found += port(entry.get("port", 0), f"{at}.port")
    found += choice(entry.get("protocol"), f"{at}.protocol", _PROTOCOLS)
    found += named_port(target, f"{at}.targetPort")
    if entry.get("appProtocol") is not None:
        found += ruled(qualified_name, entry["appProtocol"], f"{at}.appProtocol")
    return found


def _affinity(spec: Obj) -> list[Cause]:
    if spec.get("sessionAffinity") != "ClientIP":
        return []
    seconds = ((spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}).get("timeoutSeconds")
    if seconds is not None and 0 < seconds <= 86400:
        return []
    where = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
    return [causes.invalid(where, seconds, "must be greater than 0 and less than 86400")]


def _addresses(spec: Obj) -> list[Cause]:
    found: list[Cause] = []
    families = spec.get("ipFamilies") or []
    for here, family in items(spec, "ipFamilies", "spec"):
        found += choice(family, here, ("IPv4", "IPv6"))
    if spec.get("ipFamilyPolicy"):
        allowed = ("PreferDualStack", "RequireDualStack", "SingleStack")
        found += choice(spec["ipFamilyPolicy"], "spec.ipFamilyPolicy", allowed)
    given = spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else [])
    for index, text in enumerate(given):
        at = f"spec.clusterIPs[{index}]"
        faults = [] if text == "None" else address(text, at)
        found += faults
        if not faults and text != "None" and index < len(families):
            version = f"IPv{ipaddress.ip_address(text).version}"
            if version != families[index] and families[index] in ("IPv4", "IPv6"):
                detail = f"expected an {families[index]} value as indicated by `ipFamilies[{index}]`"
                found.append(causes.invalid(at, text, detail))
    return found


def _node_ports(spec: Obj, kind: str) -> list[Cause]:
    if kind != "ClusterIP":
        return []
    detail = "may not be used when `type` is 'ClusterIP'"
    return [
        causes.forbidden(f"{here}.nodePort", detail)
        for here, entry in items(spec, "ports", "spec")
        if entry.get("nodePort")
    ]


def _repeated_ports(spec: Obj) -> list[Cause]:
    seen: set[tuple[Any, Any]] = set()
    found = []
    for here, entry in items(spec, "ports", "spec"):
        key = entry.get("protocol"), entry.get("port")
        if key in seen:
            shown = {
                "Name": "",
                "Protocol": key[0],
                "AppProtocol": None,
                "Port": key[1],
                "TargetPort": 0,
                "NodePort": 0,
            }
            found.append(causes.duplicate(here, causes.Shown(shown)))
        seen.add(key)
    return found


def _traffic(spec: Obj, kind: str) -> list[Cause]:
    found: list[Cause] = []
    if kind != "LoadBalancer":
        if spec.get("loadBalancerSourceRanges"):
            found.append(causes.forbidden("spec.LoadBalancerSourceRanges", _ONLY_BALANCED))
        if spec.get("allocateLoadBalancerNodePorts") is not None:
            found.append(causes.forbidden("spec.allocateLoadBalancerNodePorts", _ONLY_BALANCED))
        if spec.get("loadBalancerClass") is not None:
            found.append(causes.forbidden("spec.loadBalancerClass", _ONLY_BALANCED))
    for index, text in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        found += network(text, f"spec.LoadBalancerSourceRanges[{index}]")
    external, internal = spec.get("externalTrafficPolicy"), spec.get("internalTrafficPolicy")
    reachable = kind in ("LoadBalancer", "NodePort") or (kind == "ClusterIP" and bool(spec.get("externalIPs")))
    if external and not reachable:
        detail = "may only be set for externally-accessible services"
        found.append(causes.invalid("spec.externalTrafficPolicy", external, detail))
    elif reachable:
        found += choice(external, "spec.externalTrafficPolicy", _POLICIES)
    if internal:
        found += choice(internal, "spec.internalTrafficPolicy", _POLICIES)
    health = spec.get("healthCheckNodePort")
    if health and (kind != "LoadBalancer" or external != "Local"):
        detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        found.append(causes.invalid("spec.healthCheckNodePort", health, detail))
    return found


def _service_update(spec: Obj, old: Obj) -> list[Cause]:
    """An address may not change while the Service has one; becoming or ceasing to be an alias frees it."""
    before, after = old.get("clusterIPs") or [], spec.get("clusterIPs") or []
    if not before or "ExternalName" in (spec.get("type"), old.get("type")) or before[:1] == after[:1]:
        return []
    return [causes.invalid("spec.clusterIPs[0]", after, "may not change once set")]


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
    ip = ipaddress.ip_address(text)
    for bad, detail in (
        (ip.is_unspecified, f"may not be unspecified ({text})"),
        (ip.is_loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (ip.is_link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
    ):
        if bad:
            return [causes.invalid(at, text, detail)]
    return []


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
                found += address(text, here)
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
                if entry.get("port") is not None:
                    found += named_port(entry["port"], f"{here}.port")
            for here, peer in items(rule, peers, at):
                found += _peer(peer, here)
    for at, kind in items(spec, "policyTypes", "spec"):
        found += choice(kind, at, ("Ingress", "Egress"))
    return found


def _peer(peer: Obj, at: str) -> list[Cause]:
    if not any(peer.get(name) is not None for name in ("podSelector", "namespaceSelector", "ipBlock")):
        return [causes.required(at, "must specify a peer")]
    found: list[Cause] = []
    for name in ("podSelector", "namespaceSelector"):
        found += check_selector(peer.get(name) or {}, f"{at}.{name}")
    block = peer.get("ipBlock")
    if block is not None:
        text = block.get("cidr", "")
        found += network(text, f"{at}.ipBlock.cidr") if text else [causes.required(f"{at}.ipBlock.cidr")]
    return found
