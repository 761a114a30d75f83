"""The DaemonSet controller: one Pod on every node that fits.

Decisions are in `daemons`; this finds the objects, writes them, and tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from informers.api import errors
from informers.api.objects import GroupVersionKind
from informers.testing.controllers.actor import POD, Actor, key_of_object
from informers.testing.controllers.claims import claimed
from informers.testing.controllers.daemons import Spread, daemon_pod, daemon_status, node_of, spread
from informers.testing.controllers.history import REVISION_HASH, forget, settled
from informers.testing.controllers.noticing import concerned
from informers.testing.controllers.workloads import available_in

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.runtime import Seconds
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["DAEMON_SET", "DaemonSets"]

DAEMON_SET = GroupVersionKind("apps", "v1", "DaemonSet")
_STORE = ("apps", "daemonsets")


class DaemonSets:
    """The DaemonSet controller.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "daemonset"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-controller-manager", "daemonset-controller")

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at a DaemonSet that changed or whose Pods did, and at all of them when a node changes."""
        if change.store == ("", "nodes"):
            return [record.key for record in self._cluster.storage.store(_STORE).scan("")]
        return concerned(self._cluster.storage, change, _STORE, ("", "pods"))

    def sync(self, key: tuple[str, ...]) -> Seconds | None:
        """Bring the Pods of all nodes one step further, and tell the status."""
        ds = self._actor.get(DAEMON_SET, *key)
        if ds is None or "deletionTimestamp" in ds["metadata"]:
            return None
        revisions, update = settled(self._actor, ds, label=REVISION_HASH)
        hashed, now = update["metadata"]["labels"][REVISION_HASH], self._cluster.runtime.wall()
        nodes = [msgspec.json.decode(raw) for raw in self._actor.find(GroupVersionKind("", "v1", "Node"))]
        found = spread(ds, nodes, claimed(self._actor, ds, POD), hashed, now)
        try:
            self._act(ds, found, hashed)
        finally:
            pods = self._actor.owned(ds, POD)
            self._tell_status(ds, found, pods, hashed)
        used = {(pod["metadata"].get("labels") or {}).get(REVISION_HASH, "") for pod in pods} | {hashed}
        live = {r["metadata"]["name"] for r in revisions if r["metadata"]["labels"].get(REVISION_HASH) in used}
        forget(self._actor, ds, revisions, live)
        least = float(ds["spec"].get("minReadySeconds", 0))
        return min((wait for pod in pods if (wait := available_in(pod, least, now))), default=None)

    def _act(self, ds: Obj, found: Spread, hashed: str) -> None:
        for pod in found.failed:
            named = f"{key_of_object(pod)} on node {node_of(pod)}"
            said = f"Found failed daemon pod {named}, will try to kill it"
            self._actor.event(ds, "Warning", "FailedDaemonPod", said)
        for pod in (*found.failed, *found.delete):
            self._actor.delete(pod)
            self._actor.event(ds, "Normal", "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
        for node in found.create:
            try:
                created = self._actor.create(POD, daemon_pod(ds, hashed, node))
            except errors.NamespaceTerminating:
                return
            except errors.ApiError as error:
                self._actor.event(ds, "Warning", "FailedCreate", f"Error creating: {error.message}")
                raise
            self._actor.event(ds, "Normal", "SuccessfulCreate", f"Created pod: {created['metadata']['name']}")

    def _tell_status(self, ds: Obj, found: Spread, pods: list[Obj], hashed: str) -> None:
        current = self._actor.get(DAEMON_SET, *key_of_object(ds))
        if current is None or current["metadata"]["uid"] != ds["metadata"]["uid"]:
            return
        before = current.get("status") or {}
        status = daemon_status(ds, found.desired, pods, hashed, self._cluster.runtime.wall())
        status.update({name: before[name] for name in ("collisionCount", "conditions") if before.get(name)})
        if status != before:
            self._actor.update({**current, "status": status}, "status")
