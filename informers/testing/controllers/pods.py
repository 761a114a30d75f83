"""Pods on make-believe nodes: a scheduler that places them and a kubelet that makes them ready, fail or finish.

Nothing runs. What becomes of a Pod, and how long it takes on the runtime's clock, is for `fates` to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from informers.api.objects import GroupVersionKind, NamespacedName
from informers.testing.controllers.actor import POD, Actor
from informers.testing.controllers.fates import FATE_ANNOTATION, READY_AFTER_ANNOTATION, Fate, PodOptions, exit_code
from informers.testing.controllers.placement import why_not
from informers.testing.controllers.podstatus import ended_badly, failing, progressed, running, starting
from informers.testing.model.queries import WriteOptions

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.runtime import Seconds
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["FATE_ANNOTATION", "READY_AFTER_ANNOTATION", "Fate", "Kubelet", "PodOptions", "Scheduler"]


class Scheduler:
    """Gives Pods a node.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "scheduler"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-scheduler", "default-scheduler")

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at Pods without a node, and at all of them when a node changes."""
        if change.store == ("", "nodes"):
            pods = self._cluster.storage.store(("", "pods")).scan("")
            return [record.key for record in pods if not (record.fields or {}).get("spec.nodeName")]
        waits = change.store == ("", "pods") and change.type != "DELETED" and not change.new.deleting
        return [change.new.key] if waits and not (change.new.fields or {}).get("spec.nodeName") else []

    def sync(self, key: tuple[str, ...]) -> None:
        """Bind a Pod to the first node that takes it, or say why none does."""
        pod = self._actor.get(POD, *key)
        if pod is None or pod["spec"].get("nodeName") or "deletionTimestamp" in pod["metadata"]:
            return
        if pod["spec"].get("schedulerName", "default-scheduler") != "default-scheduler":
            return
        nodes = [msgspec.json.decode(raw) for raw in self._actor.find(GroupVersionKind("", "v1", "Node"))]
        reasons: dict[str, int] = {}
        for node in nodes:
            why = why_not(pod, node)
            if not why:
                self._bind(pod, node["metadata"]["name"])
                return
            reasons[why] = reasons.get(why, 0) + 1
        listed = ", ".join(f"{count} {why}" for why, count in sorted(reasons.items()))
        none = f"0/{len(nodes)} nodes are available"
        hopeless = f"{len(nodes)} Preemption is not helpful for scheduling."
        self._refuse(pod, f"{none}: {listed}. no new claims to deallocate, preemption: {none}: {hopeless}")

    def _bind(self, pod: Obj, node: str) -> None:
        key = NamespacedName(pod["metadata"]["namespace"], pod["metadata"]["name"])
        binding = {"metadata": {"name": key.name}, "target": {"kind": "Node", "name": node}}
        options = WriteOptions(field_manager="kube-scheduler", subresource="binding")
        self._cluster.create(self._actor.info(POD), key.namespace, binding, options, name=key.name)
        self._actor.event(pod, "Normal", "Scheduled", f"Successfully assigned {key} to {node}")

    def _refuse(self, pod: Obj, message: str) -> None:
        now = self._cluster.runtime.wall()
        status = progressed(pod, {"PodScheduled": ("False", "Unschedulable", message)}, now)
        if status != pod.get("status"):
            self._actor.update({**pod, "status": status}, "status")
            self._actor.event(pod, "Warning", "FailedScheduling", message)


class Kubelet:
    """Lets Pods that have a node start, run, fail, finish and end.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "kubelet"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._options = cluster, cluster.options.pods
        self._actor = Actor(cluster, "kubelet")
        self._since: dict[str, Seconds] = {}
        self._addresses = 0

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at Pods that have a node."""
        if change.store != ("", "pods"):
            return []
        if change.type == "DELETED":
            self._since.pop(change.new.uid, None)
            self._since.pop(f"{change.new.uid} ends", None)
            return []
        return [change.new.key] if (change.new.fields or {}).get("spec.nodeName") else []

    def sync(self, key: tuple[str, ...]) -> Seconds | None:
        """Take a Pod one step further along its fate; return when the next step is due."""
        pod = self._actor.get(POD, *key)
        if pod is None or not pod["spec"].get("nodeName"):
            return None
        now = self._cluster.runtime.monotonic()
        if "deletionTimestamp" in pod["metadata"]:
            return self._end(pod, now)
        if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
            return None
        began = self._since.setdefault(pod["metadata"]["uid"], now)
        age = now - began
        fate, starts = self._options.decide(pod), self._options.readiness(pod)
        if age < starts or fate is Fate.PENDING:
            self._tell(pod, starting(pod, self._cluster.runtime.wall()))
            return starts - age if fate is not Fate.PENDING else None
        return self._live(pod, fate, age - starts)

    def _live(self, pod: Obj, fate: Fate, age: Seconds) -> Seconds | None:
        now, address = self._cluster.runtime.wall(), self._address(pod)
        if fate is Fate.CRASH and pod["spec"].get("restartPolicy") == "Never":
            self._tell(pod, ended_badly(pod, now, code=exit_code(pod), address=address))
            return None
        if fate in (Fate.BAD_IMAGE, Fate.CRASH):
            round_ = int(age / self._options.retry_after)
            status = failing(pod, now, attempts=round_, crash=fate is Fate.CRASH, address=address)
            if self._tell(pod, status):
                self._complain(pod, crash=fate is Fate.CRASH)
            return self._options.retry_after * (round_ + 1) - age
        left = self._options.lasts(pod) - age if fate is Fate.SUCCEED else None
        ended = left is not None and left <= 0
        ready = fate in (Fate.READY, Fate.SUCCEED)
        self._tell(pod, running(pod, now, ready=ready, ended=ended, address=address))
        return None if ended else left

    def _end(self, pod: Obj, now: Seconds) -> Seconds | None:
        """Delete a Pod for good when its time is up; one that finalizers keep waits for them alone."""
        meta = pod["metadata"]
        grace = float(meta.get("deletionGracePeriodSeconds", 0))
        if grace == 0.0 and meta.get("finalizers"):
            return None
        limit = self._options.stop_after
        mark = f"{meta['uid']} ends"
        left = self._since.setdefault(mark, now) + (grace if limit is None else min(grace, limit)) - now
        if left > 0:
            return left
        self._actor.delete(pod, grace=0)
        return None

    def _tell(self, pod: Obj, status: Obj) -> bool:
        if status == pod.get("status"):
            return False
        self._actor.update({**pod, "status": status}, "status")
        return True

    def _address(self, pod: Obj) -> int:
        if (pod.get("status") or {}).get("podIP"):
            return 0  # it keeps its own
        self._addresses += 1
        return self._addresses

    def _complain(self, pod: Obj, *, crash: bool) -> None:
        for container in pod["spec"].get("containers") or ():
            name, image = container["name"], container.get("image", "")
            if crash:
                said = f"Back-off restarting failed container {name} in pod {pod['metadata']['name']}"
                self._actor.event(pod, "Warning", "BackOff", said)
            else:
                self._actor.event(pod, "Warning", "Failed", f'Failed to pull image "{image}": not found')
