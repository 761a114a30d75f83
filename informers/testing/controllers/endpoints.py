"""Where a Service's traffic goes: its Pods as endpoints, grouped by the ports they have, as slices and as Endpoints.

Pure; Pods and Services are dicts. Nothing is said of Services without a selector: those are their users' to fill.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from informers.testing.controllers.workloads import pod_runs, ready

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from informers.api.objects import Obj

__all__ = ["MANAGED_BY", "SERVICE_NAME", "endpoint_slices", "endpoint_subsets", "ports_for"]

SERVICE_NAME: Final = "kubernetes.io/service-name"
MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"
_HEADLESS: Final = "service.kubernetes.io/headless"
_MOST: Final = 100
"""Endpoints in a slice."""
Group: TypeAlias = "tuple[list[Obj], list[Obj]]"


def endpoint_slices(service: Obj, pods: Iterable[Obj]) -> list[Obj]:
    """Return the slices that a Service should have: labels, address type, ports and endpoints, without names."""
    labels = {**(service["metadata"].get("labels") or {}), SERVICE_NAME: service["metadata"]["name"]}
    labels[MANAGED_BY] = "endpointslice-controller.k8s.io"
    if service["spec"].get("clusterIP") == "None":
        labels[_HEADLESS] = ""
    groups = _grouped(service, _reachable(pods)) or [(ports_for(service, None), [])]
    return [
        {
            "metadata": {"labels": labels},
            "addressType": "IPv4",
            "ports": ports,
            "endpoints": [_endpoint(service, pod) for pod in mine[start : start + _MOST]],
        }
        for ports, mine in groups
        for start in range(0, max(1, len(mine)), _MOST)
    ]


def endpoint_subsets(service: Obj, pods: Iterable[Obj]) -> list[Obj]:
    """Return the subsets of a Service's Endpoints; Pods that are being deleted are left out."""
    subsets = []
    staying = [pod for pod in _reachable(pods) if "deletionTimestamp" not in pod["metadata"]]
    for ports, mine in _grouped(service, staying):
        subset: Obj = {}
        serving = [pod for pod in mine if ready(pod) or _unready_too(service)]
        for name, some in (("addresses", serving), ("notReadyAddresses", [p for p in mine if p not in serving])):
            if some:
                subset[name] = [_address(service, pod) for pod in some]
        if ports:
            subset["ports"] = ports
        subsets.append(subset)
    return subsets


def ports_for(service: Obj, pod: Obj | None) -> list[Obj]:
    """Return the ports of a Service on a Pod; a named target that the Pod does not have is left out."""
    found = []
    for port in service["spec"].get("ports") or ():
        number = _target(port, pod)
        if number is not None or pod is None:
            known = {"port": number} if number is not None else {}
            extra = {"appProtocol": port["appProtocol"]} if port.get("appProtocol") else {}
            found.append({"name": port.get("name", ""), **known, "protocol": port.get("protocol", "TCP"), **extra})
    return found if pod is not None else []


def _target(port: Obj, pod: Obj | None) -> int | None:
    target: Any = port.get("targetPort") or port["port"]
    if isinstance(target, int):
        return target
    containers = pod["spec"].get("containers") or () if pod is not None else ()
    named = [each for container in containers for each in container.get("ports") or () if each.get("name") == target]
    fits = [each for each in named if each.get("protocol", "TCP") == port.get("protocol", "TCP")]
    return int(fits[0]["containerPort"]) if fits else None


def _reachable(pods: Iterable[Obj]) -> list[Obj]:
    return [pod for pod in pods if (pod.get("status") or {}).get("podIP") and pod_runs(pod)]


def _grouped(service: Obj, pods: Sequence[Obj]) -> list[Group]:
    """Return the Pods that have equal ports together."""
    groups: dict[bytes, Group] = {}
    for pod in pods:
        ports = ports_for(service, pod)
        groups.setdefault(msgspec.json.encode(ports), (ports, []))[1].append(pod)
    return list(groups.values())


def _endpoint(service: Obj, pod: Obj) -> Obj:
    serving, leaving = ready(pod), "deletionTimestamp" in pod["metadata"]
    conditions = {
        "ready": (serving and not leaving) or _unready_too(service),
        "serving": serving,
        "terminating": leaving,
    }
    found: Obj = {"addresses": [pod["status"]["podIP"]], "conditions": conditions, "targetRef": _reference(pod)}
    if _host(service, pod):
        found["hostname"] = _host(service, pod)
    if pod["spec"].get("nodeName"):
        found["nodeName"] = pod["spec"]["nodeName"]
    return found


def _address(service: Obj, pod: Obj) -> Obj:
    found: Obj = {"ip": pod["status"]["podIP"], "targetRef": _reference(pod)}
    if _host(service, pod):
        found["hostname"] = _host(service, pod)
    if pod["spec"].get("nodeName"):
        found["nodeName"] = pod["spec"]["nodeName"]
    return found


def _reference(pod: Obj) -> Obj:
    meta = pod["metadata"]
    return {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}


def _host(service: Obj, pod: Obj) -> str:
    spec = pod["spec"]
    return str(spec.get("hostname") or "") if spec.get("subdomain") == service["metadata"]["name"] else ""


def _unready_too(service: Obj) -> bool:
    return bool(service["spec"].get("publishNotReadyAddresses"))
