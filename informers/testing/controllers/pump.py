"""The controllers of the in-memory cluster and the pump that runs them, one unit of work at a time.

A controller hears of every change inside the write and only remembers keys; `step` then syncs one key through the
verbs, as any client would. With one task and one order everything is deterministic under virtual time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from informers.api import errors
from informers.testing.controllers.compaction import Compaction
from informers.testing.controllers.worklist import Work, WorkList
from informers.testing.kinds.furnishing import furnish

if TYPE_CHECKING:
    from informers.runtime import Lock, Seconds, Task
    from informers.testing.cluster import Cluster
    from informers.testing.controllers.rootca import RootAuthority
    from informers.testing.model.storage import Change

__all__ = ["ALL_CONTROLLERS", "Controller", "Controllers"]

_CLASSES = {
    "crd-cleanup": "namespaces:CrdCleanup",
    "namespace": "namespaces:Namespaces",
    "serviceaccount": "namespaces:ServiceAccounts",
    "root-ca-certificate-publisher": "rootca:RootAuthority",
    "garbage-collector": "collector:Collector",
    "deployment": "deployments:Deployments",
    "replicaset": "replicasets:ReplicaSets",
    "replicationcontroller": "replicasets:ReplicationControllers",
    "statefulset": "statefulsets:StatefulSets",
    "daemonset": "daemonsets:DaemonSets",
    "job": "jobs:Jobs",
    "cronjob": "cronjobs:CronJobs",
    "endpointslice": "services:EndpointSlices",
    "endpoints": "services:LegacyEndpoints",
    "endpointslice-mirroring": "mirroring:EndpointSliceMirroring",
    "resourcequota": "quotas:ResourceQuotas",
    "storage-protection": "protection:StorageProtection",
    "persistentvolume-binder": "volumes:PersistentVolumes",
    "clusterrole-aggregation": "aggregation:ClusterRoleAggregation",
    "disruption": "budgets:Disruptions",
    "node-lifecycle": "cordons:Cordons",
    "taint-eviction": "eviction:TaintEviction",
    "scheduler": "scheduling:Scheduler",
    "kubelet": "pods:Kubelet",
}
"""Name to module:class of this package, in the order in which they hear of changes; imported when one is chosen."""
ALL_CONTROLLERS = frozenset(_CLASSES)
"""The names that `ClusterOptions.controllers` may hold."""

_PUBLISHER = "root-ca-certificate-publisher"

_RETRY: Seconds = 0.1
_LONGEST_RETRY: Seconds = 30.0
_MOMENT: Seconds = 0.001
"""The least that a controller waits before it looks again: less may be less than rounding can tell."""


class Controller(Protocol):
    """One kind of upkeep."""

    name: str

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Return the keys that a change makes work for.

        Called inside the write: it MUST be quick and MUST NOT use the cluster's verbs.
        """
        ...

    def sync(self, key: tuple[str, ...]) -> Seconds | None:
        """Do what is to be done for a key; return after how many seconds to look again, None for never.

        Raises:
            ApiError: Something got in between; it is tried again, later and later.
        """
        ...


class Controllers:
    """The controllers of one cluster.

    Threads: any thread; one task at a time syncs.
    """

    def __init__(self, cluster: Cluster, lock: Lock) -> None:
        self._cluster, self._runtime, self._lock = cluster, cluster.runtime, lock
        chosen = cluster.options.controllers
        names = [name for name in _CLASSES if chosen is None or name in chosen or name == "crd-cleanup"]
        self._controllers = {name: _made(name, cluster) for name in names}
        self._work = WorkList()
        if (every := cluster.options.compaction_interval) is not None:
            self._controllers[Compaction.name] = Compaction(cluster, every)
            self._work.add(Work(Compaction.name, ()))
        self._failures: dict[Work, int] = {}
        self._wake = self._runtime.event("cluster controllers")
        self._task: Task | None = None
        self._stopping = False
        cluster.storage.listen(self._notice)

    def furnish(self) -> None:
        """Create what every cluster has."""
        furnish(self._cluster, node="kubelet" in self._controllers)

    def step(self) -> bool:
        """See `Cluster.step`."""
        with self._lock:
            work = self._work.pop(self._runtime.monotonic())
        if work is None:
            return False
        try:
            again = self._controllers[work.controller].sync(work.key)
            self._failures.pop(work, None)
        except errors.ApiError:
            failures = self._failures[work] = self._failures.get(work, -1) + 1
            again = min(_LONGEST_RETRY, _RETRY * 2**failures)
        if again is not None:
            with self._lock:
                self._work.add_at(work, self._runtime.monotonic() + max(_MOMENT, again))
        return True

    def pending(self) -> bool:
        """Whether something is due now. Call with the lock held."""
        return self._work.next_due() == 0.0

    def nudge(self) -> None:
        """Wake the task, because something became due."""
        self._wake.set()

    def trust(self, authority: bytes) -> None:
        """See `Cluster.trust`."""
        if (publisher := self._controllers.get(_PUBLISHER)) is None:
            return
        with self._lock:
            for key in cast("RootAuthority", publisher).trust(authority.decode()):
                self._work.add(Work(_PUBLISHER, key))
        self.nudge()

    def start(self) -> None:
        """See `Cluster.start`."""
        if self._task is None:
            self._stopping = False
            self._task = self._runtime.spawn("cluster controllers", self._run)

    def stop(self) -> None:
        """See `Cluster.stop`."""
        task, self._task = self._task, None
        if task is not None:
            self._stopping = True
            self._wake.set()
            task.join()
            if task.error is not None:
                raise task.error

    def _run(self) -> None:
        while True:
            self._wake.clear()
            if self._stopping:  # looked at after clearing, so that no wake-up is lost
                return
            while self._work_on():
                self._runtime.checkpoint("cluster controllers")
            with self._lock:
                due = self._work.next_due()
            self._wake.wait(None if due is None else max(0.0, due - self._runtime.monotonic()))

    def _work_on(self) -> bool:
        return not self._stopping and self.step()

    def _notice(self, change: Change) -> None:
        for name, controller in self._controllers.items():
            for key in controller.notice(change):
                self._work.add(Work(name, key))


def _made(name: str, cluster: Cluster) -> Controller:
    module, _, kind = _CLASSES[name].partition(":")
    made: Controller = getattr(import_module(f"{__package__}.{module}"), kind)(cluster)
    return made
