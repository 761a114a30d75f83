"""What the workload controllers agree on: readiness of Pods, controller references, conditions, shares.

Functions of plain objects; nothing here reads or writes the cluster.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zlib import crc32

import msgspec

from informers.api.selectors import LabelSelector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from informers.api.objects import Obj
    from informers.runtime import Seconds

__all__ = [
    "active",
    "available_in",
    "condition",
    "controlled_by",
    "controller_reference",
    "moment",
    "pod_of",
    "pod_runs",
    "ready",
    "replicas_of",
    "selector_of",
    "set_condition",
    "share",
    "template_hash",
]

_SAFE_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def controller_reference(owner: Obj) -> Obj:
    """Return the owner reference of an object that `owner` controls."""
    meta = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controlled_by(obj: Obj) -> str:
    """Return the uid of the object's controller; empty when it has none."""
    refs = obj["metadata"].get("ownerReferences") or ()
    return next((ref["uid"] for ref in refs if ref.get("controller")), "")


def pod_of(owner: Obj, template: Obj) -> Obj:
    """Return a new Pod of a template that `owner` controls, with a generated name."""
    meta, named = template.get("metadata") or {}, owner["metadata"]
    wanted: Obj = {name: dict(meta[name]) for name in ("labels", "annotations") if meta.get(name)}
    if meta.get("finalizers"):
        wanted["finalizers"] = list(meta["finalizers"])
    whose = {"generateName": f"{named['name']}-", "namespace": named["namespace"]}
    return {
        "metadata": {**whose, **wanted, "ownerReferences": [controller_reference(owner)]},
        "spec": msgspec.json.decode(msgspec.json.encode(template["spec"])),
    }


def selector_of(workload: Obj) -> LabelSelector:
    """Return what a workload selects its Pods by."""
    selector = workload["spec"].get("selector") or {}
    if workload.get("kind") == "ReplicationController":
        return LabelSelector.from_labels(selector)
    return LabelSelector.from_dict(selector)


def replicas_of(workload: Obj) -> int:
    """Return how many replicas a workload asks for."""
    return int(workload["spec"].get("replicas", 1))


def active(pod: Obj) -> bool:
    """Whether a Pod counts as a replica: it has not finished and is not being deleted."""
    return pod_runs(pod) and "deletionTimestamp" not in pod["metadata"]


def pod_runs(pod: Obj) -> bool:
    """Whether a Pod may still have running containers, even while it is being deleted."""
    return (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def condition(obj: Obj, kind: str) -> Obj | None:
    """Return a condition of an object's status."""
    conditions: Sequence[Obj] = (obj.get("status") or {}).get("conditions") or ()
    return next((c for c in conditions if c.get("type") == kind), None)


def ready(pod: Obj) -> bool:
    """Whether a Pod is ready."""
    found = condition(pod, "Ready")
    return found is not None and found.get("status") == "True"


def available_in(pod: Obj, least: Seconds, now: datetime) -> Seconds | None:
    """Return in how many seconds a Pod will have been ready for `least`, and so available; None if it is not ready."""
    found = condition(pod, "Ready")
    if found is None or found.get("status") != "True":
        return None
    since = found.get("lastTransitionTime")
    return max(0.0, least - (now - moment(since)).total_seconds()) if least and since else 0.0


def moment(text: str) -> datetime:
    """Return the time that a timestamp of the API means."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def set_condition(status: Obj, new: Obj, *, last: bool = False) -> None:
    """Put a condition into a status, `last` or where it was; its transition time stays while its value does.

    One with the same value and reason as before stays as it is.
    """
    conditions: list[Obj] = status.get("conditions") or []
    old = next((c for c in conditions if c["type"] == new["type"]), None)
    if old is not None:
        if (old["status"], old.get("reason")) == (new["status"], new.get("reason")):
            return
        if old["status"] == new["status"]:
            new = {**new, "lastTransitionTime": old["lastTransitionTime"]}
    if last or old is None:
        status["conditions"] = [c for c in conditions if c is not old] + [new]
    else:
        status["conditions"] = [new if c is old else c for c in conditions]


def share(value: Any, whole: int, *, up: bool) -> int:
    """Return a number that may be given as a percentage of the whole, rounded up or down."""
    if isinstance(value, str):
        part = int(value.removesuffix("%")) * whole / 100
        return math.ceil(part) if up else math.floor(part)
    return int(value or 0)


def template_hash(template: Obj, collisions: int = 0) -> str:
    """Return the `pod-template-hash` of a Pod template: equal templates hash alike."""
    text = msgspec.json.encode(template, order="sorted") + str(collisions or "").encode()
    return "".join(_SAFE_LETTERS[ord(digit) % len(_SAFE_LETTERS)] for digit in str(crc32(text)))
