"""The taint eviction controller: Pods leave a node whose `NoExecute` taints they do not tolerate, or not for longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.api.objects import GroupVersionKind
from informers.testing.controllers.actor import POD, Actor
from informers.testing.controllers.placement import endurance
from informers.testing.controllers.podstatus import progressed

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.runtime import Seconds
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["TaintEviction"]

_NODE: Final = GroupVersionKind("", "v1", "Node")
_NODES: Final = ("", "nodes")
_PODS: Final = ("", "pods")
_WHY: Final = "Taint manager: deleting due to NoExecute taint"


class TaintEviction:
    """Deletes Pods that may not stay on their node.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "taint-eviction"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-controller-manager", "taint-eviction-controller")
        self._since: dict[str, Seconds] = {}  # uids of Pods that endure a taint, and since when

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at the Pods of a node whose taints may have changed, and at Pods that come to a tainted one."""
        storage = self._cluster.storage
        if change.store == _NODES:
            if not any(record is not None and _tainted(record.raw) for record in (change.new, change.old)):
                return []
            pods, node = storage.store(_PODS).scan(""), change.new.key.name
            return [pod.key for pod in pods if (pod.fields or {}).get("spec.nodeName") == node]
        if change.store != _PODS or change.new.deleting:
            return []
        if change.type == "DELETED":
            self._since.pop(change.new.uid, None)
            return []
        name = (change.new.fields or {}).get("spec.nodeName")
        found = storage.get(_NODES, f"/{name}") if name else None
        return [change.new.key] if found is not None and _tainted(found.raw) else []

    def sync(self, key: tuple[str, ...]) -> Seconds | None:
        """Delete a Pod, or return when its time is up."""
        pod = self._actor.get(POD, *key)
        if pod is None or "deletionTimestamp" in pod["metadata"] or not pod["spec"].get("nodeName"):
            return None
        node, uid = self._actor.get(_NODE, "", pod["spec"]["nodeName"]), pod["metadata"]["uid"]
        limit = endurance(pod, node) if node is not None else None
        if limit is None:
            if self._since.pop(uid, None) is not None:
                said = f"Cancelling deletion of Pod {key[0]}/{key[1]}"
                self._actor.event(pod, "Normal", "TaintManagerEviction", said)
            return None
        now = self._cluster.runtime.monotonic()
        left = self._since.setdefault(uid, now) + limit - now if limit > 0 else 0.0
        if left > 0:
            return left
        self._evict(pod)
        return None

    def _evict(self, pod: Obj) -> None:
        meta = pod["metadata"]
        said = {"DisruptionTarget": ("True", "DeletionByTaintManager", _WHY)}
        status = progressed(pod, said, self._cluster.runtime.wall())
        self._actor.update({**pod, "status": status}, "status")
        told = f"Marking for deletion Pod {meta['namespace']}/{meta['name']}"
        self._actor.event(pod, "Normal", "TaintManagerEviction", told)
        self._actor.delete(pod)


def _tainted(node: bytes) -> bool:
    return b'"NoExecute"' in node
