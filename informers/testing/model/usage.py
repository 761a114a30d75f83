"""How much of everything that a quota may limit an object uses, in billionths of the unit.

Pure functions of an object; which quotas there are, and what they allow, is for others to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.testing.schema.quantities import nanos

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from informers.api.objects import Obj
    from informers.testing.model.resources import ResourceInfo

__all__ = ["CHANGING", "asked", "of", "unsaid", "users"]

CHANGING: Final = frozenset({("", "services"), ("", "persistentvolumeclaims"), ("", "pods")})
"""Stores of the objects whose use may change while they live."""
_NAMED: Final = frozenset(
    {"configmaps", "persistentvolumeclaims", "pods", "replicationcontrollers", "resourcequotas", "secrets", "services"}
)
"""Core kinds that a quota may count by their plural alone."""
_ONE: Final = 10**9
_COMPUTE: Final = ("cpu", "memory", "ephemeral-storage")
_OF_CLASS: Final = ".storageclass.storage.k8s.io/"


def of(info: ResourceInfo, obj: Obj) -> dict[str, int]:
    """Return what an object uses by the names that quotas give it."""
    counted = f"count/{info.group_resource}"
    used = {counted: _ONE}
    if info.gvk.group or info.plural not in _NAMED:
        return used
    if info.plural == "pods" and (obj.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return used
    used[info.plural] = _ONE
    match info.plural:
        case "pods":
            used |= _pod(obj.get("spec") or {})
        case "services":
            used |= _service(obj.get("spec") or {})
        case "persistentvolumeclaims":
            used |= _claim(obj.get("spec") or {})
    return used


def users(name: str) -> str:
    """Return which resource's objects use what a quota limits under a name: `pods`, `replicasets.apps`."""
    if name.startswith("count/"):
        return name.removeprefix("count/")
    if name in _NAMED:
        return name
    if name.startswith("services."):
        return "services"
    return "persistentvolumeclaims" if name == "requests.storage" or _OF_CLASS in name else "pods"


def unsaid(container: Obj, limited: Iterable[str]) -> Iterator[str]:
    """Yield what is limited of compute resources and a container does not say."""
    resources = container.get("resources") or {}
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for name in limited:
        kind, _, resource = name.rpartition(".") if name in _DOTTED else ("requests", "", name)
        if resource in _COMPUTE and resource not in (limits if kind == "limits" else requests):
            yield name


_DOTTED: Final = frozenset(f"{kind}.{name}" for kind in ("requests", "limits") for name in _COMPUTE)


def _pod(spec: Obj) -> dict[str, int]:
    used: dict[str, int] = {}
    for name, amount in asked(spec, "requests").items():
        if name in _COMPUTE or name.startswith("hugepages-"):
            used[name] = amount
        used[f"requests.{name}"] = amount
    for name, amount in asked(spec, "limits").items():
        if name in _COMPUTE:
            used[f"limits.{name}"] = amount
    return used


def asked(spec: Obj, kind: str) -> dict[str, int]:
    """Return what a Pod asks for: its containers together, or one init container if that is more, and the overhead."""
    total: dict[str, int] = {}
    for container in spec.get("containers") or ():
        for name, amount in _amounts(container, kind):
            total[name] = total.get(name, 0) + amount
    beside: dict[str, int] = {}
    first: dict[str, int] = {}
    for container in spec.get("initContainers") or ():
        stays = container.get("restartPolicy") == "Always"
        for name, amount in _amounts(container, kind):
            if stays:
                beside[name] = beside.get(name, 0) + amount
            else:
                first[name] = max(first.get(name, 0), beside.get(name, 0) + amount)
    for name, amount in beside.items():
        total[name] = total.get(name, 0) + amount
    for name, amount in first.items():
        total[name] = max(total.get(name, 0), amount)
    for name, text in (spec.get("overhead") or {}).items():
        if name in total or kind == "requests":
            total[name] = total.get(name, 0) + nanos(text)
    return total


def _amounts(container: Obj, kind: str) -> Iterator[tuple[str, int]]:
    for name, text in ((container.get("resources") or {}).get(kind) or {}).items():
        yield name, nanos(text)


def _service(spec: Obj) -> dict[str, int]:
    kind, ports = spec.get("type"), len(spec.get("ports") or ())
    balanced = kind == "LoadBalancer"
    if balanced and spec.get("allocateLoadBalancerNodePorts") is False:
        ports = sum(bool(port.get("nodePort")) for port in spec.get("ports") or ())
    reachable = balanced or kind == "NodePort"
    return {"services.nodeports": ports * _ONE if reachable else 0, "services.loadbalancers": _ONE if balanced else 0}


def _claim(spec: Obj) -> dict[str, int]:
    text = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    amount = nanos(text) if text is not None else 0
    used = {"requests.storage": amount}
    if spec.get("storageClassName"):
        of_class = f"{spec['storageClassName']}{_OF_CLASS}"
        used |= {f"{of_class}requests.storage": amount, f"{of_class}persistentvolumeclaims": _ONE}
    return used
