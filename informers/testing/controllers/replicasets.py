"""The controllers of ReplicaSets and ReplicationControllers: as many Pods of a template as asked for.

Pods are adopted, created and deleted; the two kinds differ in their names and in how they select.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from informers.api import errors
from informers.api.objects import GroupVersionKind
from informers.testing.controllers.actor import POD, Actor, key_of_object
from informers.testing.controllers.claims import claimed
from informers.testing.controllers.noticing import concerned
from informers.testing.controllers.workloads import (
    active,
    available_in,
    condition,
    pod_of,
    pod_runs,
    ready,
    replicas_of,
)
from informers.testing.model.metadata import timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from informers.api.objects import Obj
    from informers.runtime import Seconds
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change, StoreId

__all__ = ["REPLICA_SET", "ReplicaSets", "ReplicationControllers"]

REPLICA_SET = GroupVersionKind("apps", "v1", "ReplicaSet")
_BURST = 500
"""Pods created or deleted in one go; the rest follows in the next sync."""


class ReplicaSets:
    """The ReplicaSet controller.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "replicaset"
    component = "replicaset-controller"
    """Who reports its events."""
    _kind: ClassVar[GroupVersionKind] = REPLICA_SET
    _store: ClassVar[StoreId] = ("apps", "replicasets")

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-controller-manager", self.component)

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at a ReplicaSet that changed or whose Pods did, and at all of a namespace for a Pod nobody controls."""
        return concerned(self._cluster.storage, change, self._store, ("", "pods"))

    def sync(self, key: tuple[str, ...]) -> Seconds | None:
        """Bring the number of Pods to what is asked for, and tell the status."""
        rs = self._actor.get(self._kind, *key)
        if rs is None:
            return None
        pods = claimed(self._actor, rs, POD)
        failure: Obj | None = condition(rs, "ReplicaFailure")
        again: Seconds | None = None
        if "deletionTimestamp" not in rs["metadata"]:
            failure = self._manage(rs, [pod for pod in pods if active(pod)])
            again = 5.0 if failure is not None else None
        later = self._tell_status(rs, failure)
        return min((delay for delay in (again, later) if delay is not None), default=None)

    # --- Pods ---

    def _manage(self, rs: Obj, pods: list[Obj]) -> Obj | None:
        """Create or delete what is missing or too much; return the ReplicaFailure condition, if it failed."""
        wanted = replicas_of(rs)
        for pod in sorted(pods, key=_last_to_keep)[: min(max(0, len(pods) - wanted), _BURST)]:
            self._actor.delete(pod)
            said = f"Deleted pod: {pod['metadata']['name']}"
            self._actor.event(rs, "Normal", "SuccessfulDelete", said)
        for _ in range(min(wanted - len(pods), _BURST)):
            try:
                created = self._actor.create(POD, pod_of(rs, rs["spec"]["template"]))
            except errors.NamespaceTerminating:
                return None
            except errors.ApiError as error:
                self._actor.event(rs, "Warning", "FailedCreate", f"Error creating: {error.message}")
                return _failure(error.message, timestamp(self._cluster.runtime.wall()))
            self._actor.event(rs, "Normal", "SuccessfulCreate", f"Created pod: {created['metadata']['name']}")
        return None

    # --- Status ---

    def _tell_status(self, rs: Obj, failure: Obj | None) -> Seconds | None:
        current = self._actor.get(self._kind, *key_of_object(rs))
        if current is None or current["metadata"]["uid"] != rs["metadata"]["uid"]:
            return None
        pods = self._actor.owned(rs, POD)
        least, now = float(rs["spec"].get("minReadySeconds", 0)), self._cluster.runtime.wall()
        waits = [delay for pod in pods if active(pod) and (delay := available_in(pod, least, now)) is not None]
        status = _status(rs, pods, waits.count(0.0))
        conditions = [c for c in (current.get("status") or {}).get("conditions") or () if c["type"] != "ReplicaFailure"]
        before = condition(current, "ReplicaFailure")
        if failure is not None:
            conditions.append(before if before and before.get("message") == failure["message"] else failure)
        if conditions:
            status["conditions"] = conditions
        if status != current.get("status"):
            self._actor.update({**current, "status": status}, "status")
        return min((delay for delay in waits if delay), default=None)


class ReplicationControllers(ReplicaSets):
    """The ReplicationController controller.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "replicationcontroller"
    component = "replication-controller"
    _kind = GroupVersionKind("", "v1", "ReplicationController")
    _store = ("", "replicationcontrollers")


def _failure(message: str, now: str) -> Obj:
    said = {"reason": "FailedCreate", "message": message}
    return {"type": "ReplicaFailure", "status": "True", "lastTransitionTime": now, **said}


def _status(rs: Obj, pods: Sequence[Obj], available: int) -> Obj:
    mine = [pod for pod in pods if active(pod)]
    labels = ((rs["spec"]["template"].get("metadata") or {}).get("labels") or {}).items()
    labelled = sum(1 for pod in mine if labels <= (pod["metadata"].get("labels") or {}).items())
    status: Obj = {"replicas": len(mine)}
    counts = {
        "fullyLabeledReplicas": labelled,
        "readyReplicas": sum(map(ready, mine)),
        "availableReplicas": available,
    }
    status.update({name: count for name, count in counts.items() if count})
    if rs["kind"] == REPLICA_SET.kind:
        leaving = sum(1 for pod in pods if pod_runs(pod) and "deletionTimestamp" in pod["metadata"])
        status["terminatingReplicas"] = leaving
    status["observedGeneration"] = rs["metadata"].get("generation", 0)
    return status


def _last_to_keep(pod: Obj) -> tuple[bool, bool, bool, str, str]:
    """Return a key that sorts first what is missed least: not scheduled, not running, not ready, then the youngest."""
    phase = (pod.get("status") or {}).get("phase")
    born = "".join(chr(0x10FFFF - ord(letter)) for letter in pod["metadata"]["creationTimestamp"])
    scheduled = bool(pod["spec"].get("nodeName"))
    return scheduled, phase == "Running", ready(pod), born, pod["metadata"]["name"]
