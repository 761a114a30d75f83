"""What is wrong with a Service.

Pure functions of a decoded and defaulted object; each returns causes worded as the server's.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final

from informers.testing.schema.names import dns_label, dns_subdomain, qualified_name
from informers.testing.validation.checks import address, choice, items, named_port, network, ordinary, port, ruled
from informers.testing.validation.objectmeta import check_labels
from informers.testing.words import causes

if TYPE_CHECKING:
    from informers.api.errors import Cause
    from informers.api.objects import Obj

__all__ = ["check_service"]

_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_TYPES: Final = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_POLICIES: Final = ("Cluster", "Local")
_DISTRIBUTIONS: Final = ("PreferClose", "PreferSameZone", "PreferSameNode")
_ONLY_BALANCED: Final = "may only be used when `type` is 'LoadBalancer'"


def check_service(obj: Obj, old: Obj | None) -> list[Cause]:
    """Return what is wrong with a Service, or with changing it."""
    spec = obj["spec"]
    kind, headless = spec.get("type", ""), spec.get("clusterIP") == "None"
    found = _stacks(spec, headless=headless)
    if found:
        return found
    if not spec.get("ports") and not headless and kind != "ExternalName":
        found.append(causes.required("spec.ports"))
    if kind in ("LoadBalancer", "NodePort") and headless:
        detail = f"may not be set to 'None' for {kind} services"
        found.append(causes.invalid("spec.clusterIPs[0]", "None", detail))
    if kind == "ExternalName":
        if spec.get("clusterIP") and (old is None or old["spec"].get("clusterIP") != spec["clusterIP"]):
            found.append(causes.forbidden("spec.clusterIPs", "may not be set for ExternalName services"))
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
        found += address(external, here) or ordinary(external, here)
    found += choice(kind, "spec.type", _TYPES)
    found += _node_ports(spec, kind)
    found += _repeated_ports(spec)
    found += _traffic(spec, kind)
    return found + (_service_update(spec, old["spec"]) if old is not None else [])


def _stacks(spec: Obj, *, headless: bool) -> list[Cause]:
    """A cluster of one family serves no Service of two, unless nothing is to be selected for it."""
    if spec.get("ipFamilyPolicy") != "RequireDualStack" or (headless and not spec.get("selector")):
        return []
    detail = "this cluster is not configured for dual-stack services"
    found = [causes.invalid("spec.ipFamilyPolicy", "RequireDualStack", detail)]
    return found + [
        causes.invalid(here, family, "not configured on this cluster")
        for here, family in items(spec, "ipFamilies", "spec")
        if family == "IPv6"
    ]


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
    if spec.get("trafficDistribution"):
        found += choice(spec["trafficDistribution"], "spec.trafficDistribution", _DISTRIBUTIONS)
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
