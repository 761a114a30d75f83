"""The controllers of the in-memory cluster and the pump that runs them, one unit of work at a time.

A controller hears of every change inside the write and only remembers keys; `step` then syncs one key through the
verbs, as any client would. With one task and one order everything is deterministic under virtual time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from informers.api import errors
from informers.testing.controllers.aggregation import ClusterRoleAggregation
from informers.testing.controllers.budgets import Disruptions
from informers.testing.controllers.collector import Collector
from informers.testing.controllers.compaction import Compaction
from informers.testing.controllers.cordons import Cordons
from informers.testing.controllers.cronjobs import CronJobs
from informers.testing.controllers.daemonsets import DaemonSets
from informers.testing.controllers.deployments import Deployments
from informers.testing.controllers.eviction import TaintEviction
from informers.testing.controllers.jobs import Jobs
from informers.testing.controllers.mirroring import EndpointSliceMirroring
from informers.testing.controllers.namespaces import CrdCleanup, Namespaces, ServiceAccounts
from informers.testing.controllers.pods import Kubelet
from informers.testing.controllers.protection import StorageProtection
from informers.testing.controllers.quotas import ResourceQuotas
from informers.testing.controllers.replicasets import ReplicaSets, ReplicationControllers
from informers.testing.controllers.rootca import RootAuthority
from informers.testing.controllers.scheduling import Scheduler
from informers.testing.controllers.services import EndpointSlices, LegacyEndpoints
from informers.testing.controllers.statefulsets import StatefulSets
from informers.testing.controllers.volumes import PersistentVolumes
from informers.testing.controllers.worklist import Work, WorkList
from informers.testing.kinds.furnishing import furnish

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.runtime import Lock, Seconds, Task
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["ALL_CONTROLLERS", "Controller", "Controllers"]

_MADE: dict[str, Callable[[Cluster], Controller]] = {
    CrdCleanup.name: CrdCleanup,
    Namespaces.name: Namespaces,
    ServiceAccounts.name: ServiceAccounts,
    RootAuthority.name: RootAuthority,
    Collector.name: Collector,
    Deployments.name: Deployments,
    ReplicaSets.name: ReplicaSets,
    ReplicationControllers.name: ReplicationControllers,
    StatefulSets.name: StatefulSets,
    DaemonSets.name: DaemonSets,
    Jobs.name: Jobs,
    CronJobs.name: CronJobs,
    EndpointSlices.name: EndpointSlices,
    LegacyEndpoints.name: LegacyEndpoints,
    EndpointSliceMirroring.name: EndpointSliceMirroring,
    ResourceQuotas.name: ResourceQuotas,
    StorageProtection.name: StorageProtection,
    PersistentVolumes.name: PersistentVolumes,
    ClusterRoleAggregation.name: ClusterRoleAggregation,
    Disruptions.name: Disruptions,
    Cordons.name: Cordons,
    TaintEviction.name: TaintEviction,
    Scheduler.name: Scheduler,
    Kubelet.name: Kubelet,
}
ALL_CONTROLLERS = frozenset(_MADE)
"""The names that `ClusterOptions.controllers` may hold."""

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
        names = [name for name in _MADE if chosen is None or name in chosen or name == CrdCleanup.name]
        self._controllers = {name: _MADE[name](cluster) for name in names}
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
        furnish(self._cluster, node=Kubelet.name in self._controllers)

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
        with self._lock:
            publisher = self._controllers.get(RootAuthority.name)
            for key in publisher.trust(authority.decode()) if isinstance(publisher, RootAuthority) else ():
                self._work.add(Work(RootAuthority.name, key))
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
