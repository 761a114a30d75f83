"""Pods on make-believe nodes: a kubelet that makes them ready, lets them fail or finish.

Nothing runs. What becomes of a Pod, and how long it takes on the runtime's clock, is for `fates` to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.testing.controllers.actor import POD, Actor
from informers.testing.controllers.fates import FATE_ANNOTATION, READY_AFTER_ANNOTATION, Fate, PodOptions, exit_code
from informers.testing.controllers.podstatus import ended_badly, failing, running, starting

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.runtime import Seconds
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["FATE_ANNOTATION", "READY_AFTER_ANNOTATION", "Fate", "Kubelet", "PodOptions"]


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
