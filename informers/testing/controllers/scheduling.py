"""The scheduler: every Pod gets the first node that takes it, if need be in place of less important ones.

A node takes a Pod that may be there (`placement`) and for which it has room (`occupancy`). Pods are not spread, and
what they say of one another's company is not looked at.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from informers.api.objects import GroupVersionKind, NamespacedName
from informers.testing.controllers.actor import POD, Actor
from informers.testing.controllers.occupancy import Occupancy, Tenant, lacking, tenant_of
from informers.testing.controllers.placement import why_not
from informers.testing.controllers.podstatus import progressed
from informers.testing.controllers.preemption import cheapest
from informers.testing.model.queries import WriteOptions

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["Scheduler"]

_NODE: Final = GroupVersionKind("", "v1", "Node")
_PREEMPTED: Final = "default-scheduler: preempting to accommodate a higher priority pod"


class Scheduler:
    """Gives Pods a node.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "scheduler"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-scheduler", "default-scheduler")
        self._occupancy = Occupancy()
        self._waiting: dict[tuple[str, ...], int] = {}  # Pods that nobody took, and their priority

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at Pods without a node, and at those that nobody took when a node changes or has room again."""
        if change.store == ("", "nodes"):
            return self._again()
        if change.store != ("", "pods"):
            return []
        gave_up = self._occupancy.note(change)
        if change.type == "DELETED" or (change.new.fields or {}).get("spec.nodeName"):
            self._waiting.pop(change.new.key, None)
            return self._again() if gave_up else []
        return [] if change.new.deleting else [change.new.key]

    def sync(self, key: tuple[str, ...]) -> None:
        """Bind a Pod to the first node that takes it, or say why none does."""
        pod = self._actor.get(POD, *key)
        if pod is None or pod["spec"].get("nodeName") or "deletionTimestamp" in pod["metadata"]:
            return
        gated = pod["spec"].get("schedulingGates")
        if gated or pod["spec"].get("schedulerName", "default-scheduler") != "default-scheduler":
            return
        with self._cluster.locked():
            self._occupancy.settle()
        nodes = [msgspec.json.decode(raw) for raw in self._actor.find(_NODE)]
        unfit: Counter[str] = Counter()
        tight: list[Obj] = []
        for node in nodes:
            new = tenant_of(pod, node["metadata"]["name"])
            why = why_not(pod, node)
            missing = [why] if why else self._missing(new, node)
            if not missing:
                self._bind(pod, new.node)
                return
            unfit.update(missing)
            tight += [] if why else [node]
        with self._cluster.locked():
            self._waiting[key] = pod["spec"].get("priority") or 0
        self._refuse(pod, _said(unfit, tight, len(nodes)), self._preempted(pod, tight))

    def _again(self) -> list[tuple[str, ...]]:
        return sorted(self._waiting, key=lambda key: -self._waiting[key])

    def _missing(self, new: Tenant, node: Obj) -> list[str]:
        name = node["metadata"]["name"]
        return lacking(new, node, self._occupancy.used(name, new), self._occupancy.with_ports(name, new))

    def _bind(self, pod: Obj, node: str) -> None:
        key = NamespacedName(pod["metadata"]["namespace"], pod["metadata"]["name"])
        binding = {"metadata": {"name": key.name}, "target": {"kind": "Node", "name": node}}
        options = WriteOptions(field_manager="kube-scheduler", subresource="binding")
        self._cluster.create(self._actor.info(POD), key.namespace, binding, options, name=key.name)
        self._actor.event(pod, "Normal", "Scheduled", f"Successfully assigned {key} to {node}", action="Binding")

    def _refuse(self, pod: Obj, message: str, nominated: str) -> None:
        now = self._cluster.runtime.wall()
        status = progressed(pod, {"PodScheduled": ("False", "Unschedulable", message)}, now)
        if nominated:
            status["nominatedNodeName"] = nominated
        if status != pod.get("status"):
            self._actor.update({**pod, "status": status}, "status")
            self._actor.event(pod, "Warning", "FailedScheduling", message, action="Scheduling")

    def _preempted(self, pod: Obj, nodes: list[Obj]) -> str:
        """Let less important Pods go if that helps; return the node that is to be the Pod's, empty for none."""
        new = tenant_of(pod, "")
        held = self._occupancy.held(new.path)
        if held in [node["metadata"]["name"] for node in nodes]:
            return held
        if pod["spec"].get("preemptionPolicy") == "Never":
            return ""
        found = cheapest(new, nodes, self._occupancy)
        if found is None:
            return ""
        node, victims = found
        self._occupancy.hold(new._replace(node=node))
        for victim in victims:
            self._evict(victim, pod, node)
        return node

    def _evict(self, victim: Tenant, pod: Obj, node: str) -> None:
        namespace, _, name = victim.path.partition("/")
        found = self._actor.get(POD, namespace, name)
        if found is None:
            return
        said = {"DisruptionTarget": ("True", "PreemptionByScheduler", _PREEMPTED)}
        status = progressed(found, said, self._cluster.runtime.wall())
        self._actor.update({**found, "status": status}, "status")
        self._actor.delete(found)
        told = f"Preempted by pod {pod['metadata']['uid']} on node {node}"
        self._actor.event(found, "Normal", "Preempted", told, action="Preempting")


def _said(unfit: Counter[str], tight: list[Obj], count: int) -> str:
    """Return why no node takes a Pod, as the scheduler puts it."""
    none = f"0/{count} nodes are available"
    listed = ", ".join(f"{number} {why}" for why, number in sorted(unfit.items()))
    helpless = [
        (len(tight), "No preemption victims found for incoming pod"),
        (count - len(tight), "Preemption is not helpful for scheduling"),
    ]
    hopes = ", ".join(f"{number} {why}" for number, why in helpless if number)
    if not count:
        return "no nodes available to schedule pods"
    return f"{none}: {listed}. no new claims to deallocate, preemption: {none}: {hopes}."
