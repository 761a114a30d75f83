"""The part of the node lifecycle controller that needs no kubelet: a node that is cordoned has a taint that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.api.objects import GroupVersionKind
from informers.testing.controllers.actor import Actor
from informers.testing.controllers.placement import UNSCHEDULABLE
from informers.testing.model.metadata import timestamp

if TYPE_CHECKING:
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["Cordons"]

_NODE: Final = GroupVersionKind("", "v1", "Node")


class Cordons:
    """Keeps the taint of nodes in step with whether Pods may be scheduled on them.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "node-lifecycle"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-controller-manager")

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at a node that changed."""
        return [(change.new.key.name,)] if change.store == ("", "nodes") and change.type != "DELETED" else []

    def sync(self, key: tuple[str, ...]) -> None:
        """Add the taint, or take it away."""
        node = self._actor.get(_NODE, "", key[0])
        if node is None:
            return
        spec = {name: value for name, value in node["spec"].items() if name != "taints"}
        taints = node["spec"].get("taints") or []
        kept = [taint for taint in taints if taint["key"] != UNSCHEDULABLE["key"]]
        cordoned = bool(spec.get("unschedulable"))
        if cordoned == (len(kept) < len(taints)):
            return
        if cordoned:
            kept.append({**UNSCHEDULABLE, "timeAdded": timestamp(self._cluster.runtime.wall())})
        self._actor.update({**node, "spec": spec | ({"taints": kept} if kept else {})})
