"""The disruption controller: how many Pods of a budget may be evicted now, and which were.

`model.budgets` spends what is told here. A percentage is of the Pods that the controllers of those selected ask for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from informers.api.objects import GroupVersionKind
from informers.api.selectors import LabelSelector
from informers.testing.controllers.actor import POD, Actor, key_of_object
from informers.testing.controllers.workloads import active, moment, ready, replicas_of, share
from informers.testing.model.metadata import timestamp
from informers.testing.model.queries import ListQuery

if TYPE_CHECKING:
    from datetime import datetime

    from informers.api.objects import Obj
    from informers.runtime import Seconds
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["Disruptions"]

_BUDGET = GroupVersionKind("policy", "v1", "PodDisruptionBudget")
_STORE = ("policy", "poddisruptionbudgets")
_SCALED = {("apps", "ReplicaSet"), ("apps", "StatefulSet"), ("", "ReplicationController")}
_WATCHED = {("", "pods"), ("", "replicationcontrollers"), ("apps", "replicasets"), ("apps", "statefulsets")}
_PATIENCE: Seconds = 120.0
"""Seconds after which an evicted Pod that was not deleted counts as healthy again."""


class Disruptions:
    """Keeps the statuses of PodDisruptionBudgets.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "disruption"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-controller-manager", "controllermanager")

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at a budget that changed, and at those of a namespace whose Pods or workloads did."""
        if change.store == _STORE:
            return [] if change.type == "DELETED" else [change.new.key]
        if change.store not in _WATCHED:
            return []
        return [record.key for record in self._cluster.storage.store(_STORE).scan(change.new.key.namespace)]

    def sync(self, key: tuple[str, ...]) -> Seconds | None:
        """Count, and tell; return when an eviction that came to nothing is forgotten."""
        budget = self._actor.get(_BUDGET, *key)
        if budget is None or "deletionTimestamp" in budget["metadata"]:
            return None
        pods, now = self._pods(budget), self._cluster.runtime.wall()
        expected, wanted = self._expected(budget, [pod for pod in pods if active(pod)])
        disrupted = _disrupted(budget, pods, now)
        here = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
        healthy = sum(1 for pod in here if ready(pod) and pod["metadata"]["name"] not in disrupted)
        status = _status(budget, (expected, wanted, healthy), disrupted, now)
        if status != budget.get("status"):
            self._actor.update({**budget, "status": status}, "status")
        waits = [_PATIENCE - (now - moment(since)).total_seconds() for since in disrupted.values()]
        return min(waits, default=None)

    def _pods(self, budget: Obj) -> list[Obj]:
        selector = budget["spec"].get("selector")
        if selector is None:
            return []
        query = ListQuery(labels=LabelSelector.from_dict(selector))
        return [msgspec.json.decode(raw) for raw in self._actor.find(POD, key_of_object(budget).namespace, query)]

    def _expected(self, budget: Obj, pods: list[Obj]) -> tuple[int, int]:
        """Return how many Pods there should be, and how many of them healthy."""
        spec = budget["spec"]
        most, least = spec.get("maxUnavailable"), spec.get("minAvailable")
        if most is not None:
            expected = self._asked_for(pods)
            return expected, max(0, expected - share(most, expected, up=True))
        if isinstance(least, str):
            expected = self._asked_for(pods)
            return expected, share(least, expected, up=True)
        return len(pods), int(least or 0)

    def _asked_for(self, pods: list[Obj]) -> int:
        """Return how many replicas the controllers of Pods ask for together; a Pod without one counts itself."""
        asked: dict[str, int] = {}
        for pod in pods:
            refs = [ref for ref in pod["metadata"].get("ownerReferences") or () if ref.get("controller")]
            owner = self._scaled(pod, refs[0]) if refs else None
            asked[owner["metadata"]["uid"] if owner else pod["metadata"]["uid"]] = replicas_of(owner) if owner else 1
        return sum(asked.values())

    def _scaled(self, pod: Obj, ref: Obj) -> Obj | None:
        group, _, version = ref["apiVersion"].rpartition("/")
        if (group, ref["kind"]) not in _SCALED:
            return None
        return self._actor.get(GroupVersionKind(group, version, ref["kind"]), pod["metadata"]["namespace"], ref["name"])


def _disrupted(budget: Obj, pods: list[Obj], now: datetime) -> dict[str, str]:
    """Return the evicted Pods that still are there untouched, each with when it was evicted."""
    here = {pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"]}
    noted = (budget.get("status") or {}).get("disruptedPods") or {}
    fresh = {name for name, since in noted.items() if (now - moment(since)).total_seconds() < _PATIENCE}
    return {name: since for name, since in noted.items() if name in here & fresh}


def _status(budget: Obj, numbers: tuple[int, int, int], disrupted: dict[str, str], now: datetime) -> Obj:
    expected, wanted, healthy = numbers
    allowed = max(0, healthy - wanted) if expected > 0 else 0
    status: Obj = {**(budget.get("status") or {})}
    status.pop("disruptedPods", None)
    if disrupted:
        status["disruptedPods"] = disrupted
    status.update({
        "observedGeneration": budget["metadata"].get("generation", 1),
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": wanted,
        "expectedPods": expected,
    })  # fmt: skip
    conditions = list(status.get("conditions") or ())
    old = next((c for c in conditions if c["type"] == "DisruptionAllowed"), None)
    value, reason = ("True", "SufficientPods") if allowed else ("False", "InsufficientPods")
    since = old["lastTransitionTime"] if old and old["status"] == value else timestamp(now)
    new = {"type": "DisruptionAllowed", "status": value, "observedGeneration": status["observedGeneration"]}
    new.update({"lastTransitionTime": since, "reason": reason, "message": ""})
    status["conditions"] = [c for c in conditions if c is not old] + [new]
    return status
