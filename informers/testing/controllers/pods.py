"""Pods on make-believe nodes: a scheduler that places them and a kubelet that makes them ready, fail or finish.

Nothing runs. What becomes of a Pod is its `Fate`, decided by `PodOptions.fate`, by an annotation, or by its image; how
long it takes is `PodOptions`' to say, on the runtime's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatch
from typing import TYPE_CHECKING

import msgspec

from informers.api.objects import GroupVersionKind, NamespacedName
from informers.testing.controllers.actor import POD, Actor
from informers.testing.controllers.placement import why_not
from informers.testing.controllers.podstatus import failing, progressed, running, starting
from informers.testing.model.queries import WriteOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import Obj
    from informers.runtime import Seconds
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["FATE_ANNOTATION", "Fate", "Kubelet", "PodOptions", "Scheduler"]

FATE_ANNOTATION = "testing.levelset.dev/fate"
"""On a Pod or a Pod template: one of the `Fate` values."""


class Fate(StrEnum):
    """What becomes of a Pod once it has a node."""

    READY = "ready"
    NEVER_READY = "never-ready"
    """It runs, but does not pass its readiness check."""
    CRASH = "crash"
    """Its containers end with an error as soon as they start, again and again."""
    BAD_IMAGE = "bad-image"
    """Its image cannot be pulled."""
    SUCCEED = "succeed"
    """It ends well as soon as it has started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodOptions:
    """How Pods fare.

    Threads: immutable.
    """

    start_after: Seconds = 0.5
    """Seconds from being placed to being ready."""
    stop_after: Seconds | None = 0.25
    """Seconds from the deletion to the end, but never more than the grace period; None takes all of that."""
    retry_after: Seconds = 10.0
    """Seconds between two crashes of a container, or two attempts to pull an image."""
    bad_images: tuple[str, ...] = ("*no-such*", "*does-not-exist*", "*nonexistent*", "*:bad", "*invalid*")
    """Images (shell patterns) that cannot be pulled."""
    fate: Callable[[Obj], Fate | None] | None = None
    """Asked first about every Pod; None, or the answer None, leaves it to the annotation and the image."""

    def decide(self, pod: Obj) -> Fate:
        """Return what becomes of a Pod."""
        chosen = self.fate(pod) if self.fate is not None else None
        if chosen is not None:
            return chosen
        marked = (pod["metadata"].get("annotations") or {}).get(FATE_ANNOTATION)
        if marked in list(Fate):
            return Fate(marked)
        images = [container.get("image", "") for container in pod["spec"].get("containers") or ()]
        bad = any(fnmatch(image, pattern) for image in images for pattern in self.bad_images)
        return Fate.BAD_IMAGE if bad else Fate.READY


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
        if age < self._options.start_after:
            self._tell(pod, starting(pod, self._cluster.runtime.wall()))
            return self._options.start_after - age
        return self._live(pod, age - self._options.start_after)

    def _live(self, pod: Obj, age: Seconds) -> Seconds | None:
        fate, now = self._options.decide(pod), self._cluster.runtime.wall()
        round_ = int(age / self._options.retry_after)
        if fate in (Fate.BAD_IMAGE, Fate.CRASH):
            status = failing(pod, now, attempts=round_, crash=fate is Fate.CRASH, address=self._address(pod))
            if self._tell(pod, status):
                self._complain(pod, crash=fate is Fate.CRASH)
            return self._options.retry_after * (round_ + 1) - age
        ended = fate is Fate.SUCCEED
        self._tell(pod, running(pod, now, ready=fate is Fate.READY, ended=ended, address=self._address(pod)))
        return None

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
