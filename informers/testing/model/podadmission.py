"""What the server's built-in admission does to Pods and claims that are created: limits, priority, runtime class.

Two steps, as the server has them: `complete` fills in and refuses what cannot be filled in, before the kind's own
validation; `restrain` holds the result against the namespace's limits, after it. Nothing here writes to the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from informers.testing.schema.quantities import canonical, nanos
from informers.testing.words import refusals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.api.objects import Obj
    from informers.testing.model.resources import ResourceInfo
    from informers.testing.model.storage import Storage

__all__ = ["PROTECTION", "complete", "restrain"]

_LIMITED: Final = frozenset({("", "pods"), ("", "persistentvolumeclaims")})
_LIMITS: Final = ("", "limitranges")
_PRIORITIES: Final = ("scheduling.k8s.io", "priorityclasses")
_RUNTIMES: Final = ("node.k8s.io", "runtimeclasses")
PROTECTION: Final = {
    ("", "persistentvolumeclaims"): "kubernetes.io/pvc-protection",
    ("", "persistentvolumes"): "kubernetes.io/pv-protection",
    ("storage.k8s.io", "volumeattributesclasses"): "kubernetes.io/vac-protection",
}
"""The finalizers by which things that are used are kept; a controller takes them away."""
_ANNOTATION: Final = "kubernetes.io/limit-ranger"
_ORDER: Final = {"limits": 0, "requests": 1}
_KINDS: Final = (("containers", "container"), ("initContainers", "init container"))


def complete(storage: Storage, info: ResourceInfo, obj: Obj) -> None:
    """Fill in what a new Pod gets from the objects around it, and what keeps volumes in use, in place.

    Raises:
        Forbidden: It names a class that is not there, or a priority that is not its class's.
    """
    if info.storage in PROTECTION and PROTECTION[info.storage] not in (obj["metadata"].get("finalizers") or ()):
        obj["metadata"].setdefault("finalizers", []).append(PROTECTION[info.storage])
    if info.storage != ("", "pods"):
        return
    _default_limits(storage, obj)
    _priority(storage, info, obj)
    _runtime(storage, info, obj)


def restrain(storage: Storage, info: ResourceInfo, obj: Obj) -> None:
    """Refuse a new Pod or claim that asks for more, or less, than its namespace's limits allow.

    Raises:
        Forbidden: It does; names each limit.
    """
    if info.storage not in _LIMITED:
        return
    faults = [
        fault
        for item in _limit_items(storage, obj)
        for request, limit in _asked(item.get("type", ""), obj)
        for fault in _faults(item, request, limit)
    ]
    if faults:
        text = faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]"
        raise refusals.forbidden(info, obj["metadata"].get("name", ""), text)


# --- Limits ---


def _limit_items(storage: Storage, obj: Obj) -> Iterator[Obj]:
    place = storage.store(_LIMITS)
    if place.records:
        for record in place.scan(obj["metadata"].get("namespace", "")):
            yield from (record.decode().get("spec") or {}).get("limits") or ()


def _default_limits(storage: Storage, pod: Obj) -> None:
    requests: Obj = {}
    limits: Obj = {}
    for item in _limit_items(storage, pod):
        if item.get("type") == "Container":
            requests |= item.get("defaultRequest") or {}
            limits |= item.get("default") or {}
    if not requests and not limits:
        return
    told = [
        text
        for name, called in _KINDS
        for container in pod["spec"].get(name) or ()
        for text in _fill(container, requests, limits, called)
    ]
    if told:
        annotations = pod["metadata"].setdefault("annotations", {})
        annotations[_ANNOTATION] = f"LimitRanger plugin set: {'; '.join(told)}"


def _fill(container: Obj, requests: Obj, limits: Obj, called: str) -> Iterator[str]:
    resources = container.setdefault("resources", {})
    for word, name, amounts in (("request", "requests", requests), ("limit", "limits", limits)):
        before = resources.get(name) or {}
        new = sorted(set(amounts) - set(before))
        if new:
            resources[name] = {**before, **{resource: amounts[resource] for resource in new}}
            yield f"{', '.join(new)} {word} for {called} {container.get('name', '')}"
    container["resources"] = dict(sorted(resources.items(), key=lambda part: _ORDER.get(part[0], 2)))


def _asked(kind: str, obj: Obj) -> list[tuple[Obj, Obj]]:
    """Return requests and limits of each thing in the object to which limits of a kind apply."""
    spec = obj.get("spec") or {}
    if obj["kind"] == "PersistentVolumeClaim":
        requests = (spec.get("resources") or {}).get("requests") or {}
        return [(requests, {})] if kind == "PersistentVolumeClaim" else []
    if kind == "Container":
        return [_resources(container) for name, _ in _KINDS for container in spec.get(name) or ()]
    if kind != "Pod":
        return []
    each = [_resources(container) for container in spec.get("containers") or ()]
    return [(_total([request for request, _ in each]), _total([limit for _, limit in each]))]


def _resources(container: Obj) -> tuple[Obj, Obj]:
    resources = container.get("resources") or {}
    return resources.get("requests") or {}, resources.get("limits") or {}


def _total(amounts: list[Obj]) -> Obj:
    """Return sums; what only one container asks for is kept as it is written."""
    found: Obj = {}
    for name in {name for amount in amounts for name in amount}:
        given = [amount[name] for amount in amounts if name in amount]
        found[name] = given[0] if len(given) == 1 else f"{sum(map(nanos, given))}n"
    return found


def _faults(item: Obj, request: Obj, limit: Obj) -> Iterator[str]:
    kind = item.get("type", "")
    for name, least in (item.get("min") or {}).items():
        yield from _bounded(f"minimum {name} usage per {kind} is {least}", least, (request, limit), name, low=True)
    for name, most in (item.get("max") or {}).items():
        yield from _bounded(f"maximum {name} usage per {kind} is {most}", most, (request, limit), name, low=False)
    for name, most in (item.get("maxLimitRequestRatio") or {}).items():
        said = f"{name} max limit to request ratio per {kind} is {most}, but"
        asked, limited = (nanos(amounts.get(name, "0")) for amounts in (request, limit))
        if not asked or not limited:
            word = "limit" if asked else "request"
            yield f"{said} no {word} is specified or {word} is 0"
        elif limited * 10**9 > nanos(most) * asked:
            yield f"{said} provided ratio is {limited / asked:f}"


def _bounded(said: str, bound: str, asked: tuple[Obj, Obj], name: str, *, low: bool) -> Iterator[str]:
    (first, word), (second, other) = ((asked[0], "request"), (asked[1], "limit"))
    if not low and "PersistentVolumeClaim" not in said:
        (first, word), (second, other) = (second, other), (first, word)
    if name not in first:
        yield f"{said}.  No {word} is specified"
        return
    for amounts, what in ((first, word), (second, other)):
        if name not in amounts:
            continue
        value, edge = nanos(amounts[name]), nanos(bound)
        if value < edge if low else value > edge:
            yield f"{said}, but {what} is {canonical(amounts[name])}"
            return


# --- Classes ---


def _priority(storage: Storage, info: ResourceInfo, pod: Obj) -> None:
    spec = pod["spec"]
    name, given = spec.get("priorityClassName", ""), spec.get("priority")
    chosen = _class(storage, name) if name else _default_class(storage)
    if name and chosen is None:
        why = f"no PriorityClass with name {name} was found"
        raise refusals.forbidden(info, pod["metadata"].get("name", ""), why)
    value = (chosen or {}).get("value", 0)
    if given is not None and given != value:
        why = f"the integer value of priority ({given}) must not be provided in pod spec; "
        why += f"priority admission controller computed {value} from the given PriorityClass name"
        raise refusals.forbidden(info, pod["metadata"].get("name", ""), why)
    if chosen is not None and not name:
        spec["priorityClassName"] = chosen["metadata"]["name"]
    spec["priority"] = value
    policy = (chosen or {}).get("preemptionPolicy") or "PreemptLowerPriority"
    if spec.setdefault("preemptionPolicy", policy) != policy:
        why = f"the string value of PreemptionPolicy ({spec['preemptionPolicy']}) must not be provided in pod spec; "
        why += f"priority admission controller computed {policy} from the given PriorityClass name"
        raise refusals.forbidden(info, pod["metadata"].get("name", ""), why)


def _class(storage: Storage, name: str) -> Obj | None:
    record = storage.get(_PRIORITIES, f"/{name}")
    return record.decode() if record is not None else None


def _default_class(storage: Storage) -> Obj | None:
    for record in storage.store(_PRIORITIES).scan(""):
        if b'"globalDefault":true' in record.raw:
            return record.decode()
    return None


def _runtime(storage: Storage, info: ResourceInfo, pod: Obj) -> None:
    spec: dict[str, Any] = pod["spec"]
    name = spec.get("runtimeClassName")
    if not name:
        if spec.get("overhead"):
            why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
            raise refusals.forbidden(info, pod["metadata"].get("name", ""), why)
        return
    record = storage.get(_RUNTIMES, f"/{name}")
    if record is None:
        why = f'pod rejected: RuntimeClass "{name}" not found'
        raise refusals.forbidden(info, pod["metadata"].get("name", ""), why)
    runtime = record.decode()
    overhead = (runtime.get("overhead") or {}).get("podFixed")
    if overhead:
        spec["overhead"] = overhead
    scheduling = runtime.get("scheduling") or {}
    if scheduling.get("nodeSelector"):
        spec["nodeSelector"] = {**(spec.get("nodeSelector") or {}), **scheduling["nodeSelector"]}
    if scheduling.get("tolerations"):
        before = spec.get("tolerations") or []
        spec["tolerations"] = [*before, *(each for each in scheduling["tolerations"] if each not in before)]
