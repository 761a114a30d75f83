"""The Memcached controller: look at one Memcached and its children, make them so, say what was seen.

Everything it decides is in `children` and `status`; here are the order of things and what an answer of the server
means. It MUST NOT write in a steady state, nor to anything that another controller owns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from controller import Builder, Deleted, Request, Result, Updated, enqueue_mapped, prompt
from informers import BadRequest, Forbidden, Invalid, NamespaceTerminating, NotFound
from reconcilers.apply import Applier, StillDeleting
from reconcilers.memcached.children import (
    DEPLOYMENT,
    INSTANCE,
    MANAGED_BY,
    MANAGER,
    NAME,
    POD,
    change,
    deployment_for,
)
from reconcilers.memcached.status import Problem, news, status_of
from reconcilers.memcached.types import Memcached
from reconcilers.owners import OwnedByAnother, controller_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller import Controller, Event, Manager
    from informers import CachedObject, NamespacedName, Obj, Seconds

__all__ = ["PERMISSIONS", "MemcachedReconciler", "instance_of", "namesake_of_freed", "setup"]

SAFETY_NET = 300.0
"""Seconds between reconciles when nothing happens: against whatever nobody thought of."""
REFUSED_RETRY = 60.0
"""Seconds until something refused is tried again: quotas and policies change without an event for us."""
BY_MEMCACHED = "memcached"
"""The index of Pods by the Memcached that their labels name."""
PREDECESSOR_RETRY = 5.0
"""Seconds until a name is looked at again that an earlier object still takes; its deletion comes as an event, too."""

PERMISSIONS: tuple[Obj, ...] = (
    {"apiGroups": ["cache.example.com"], "resources": ["memcacheds"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": ["cache.example.com"], "resources": ["memcacheds/status"], "verbs": ["update"]},
    # Setting blockOwnerDeletion asks for it where OwnerReferencesPermissionEnforcement is on.
    {"apiGroups": ["cache.example.com"], "resources": ["memcacheds/finalizers"], "verbs": ["update"]},
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "watch", "create", "patch"]},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]},
)
"""Exactly what the code below asks of the API server; `levelset manifests rbac` grants it."""


class Made(NamedTuple):
    """How far the Deployment could be made."""

    deployment: Obj | None
    """As it is now, if it is our own."""
    problem: Problem | None
    """Why it is not as wanted."""
    after: Seconds | None
    """Seconds until the next look; None waits for an event."""


class MemcachedReconciler:
    """Makes a Memcached's Deployment as wanted and its status as seen.

    Threads: any thread; it keeps nothing between reconciles but what the applier learned.
    """

    def __init__(self, manager: Manager) -> None:
        self._cache, self._recorder, self._runtime = manager.cache, manager.recorder, manager.runtime
        self._client, self._applier = manager.client, Applier(manager.client, manager.cache)
        self._cache.add_index(POD, BY_MEMCACHED, _memcacheds_of)

    def reconcile(self, request: Request) -> Result:
        """See `Reconciler.reconcile`."""
        memcached = self._cache.get(Memcached, request)
        if memcached is None:
            return Result()
        try:
            made = self._make(memcached)
        except OwnedByAnother as error:
            made = Made(None, Problem("ControllerConflict", str(error)), SAFETY_NET)
        except StillDeleting as error:
            made = Made(None, Problem("WaitingForDeletion", str(error), passing=True), PREDECESSOR_RETRY)
        except NamespaceTerminating:
            raise  # nobody's fault, and the worker knows what to do
        except (BadRequest, Forbidden, Invalid) as error:
            made = Made(self._own(memcached), Problem(type(error).__name__, error.message), REFUSED_RETRY)
        return self._report(memcached, made)

    def _make(self, memcached: Memcached) -> Made:
        """Make the Deployment as wanted and tell what changed; leave that of a Memcached on its way out alone."""
        if memcached.deleting:
            waits_for = ", ".join(memcached.metadata.finalizers or ())
            going = Problem("Deleting", f"The deletion waits for finalizers: {waits_for}", passing=True)
            return Made(self._own(memcached), going, None)
        before = self._cache.get(DEPLOYMENT, memcached.key)
        if before is not None and not _made_here(before):
            said = f"Deployment {memcached.key} exists and was not made by this controller; delete or rename it"
            return Made(None, Problem("ControllerConflict", said), SAFETY_NET)
        deployment = self._applier.apply(deployment_for(memcached), owner=memcached, live=before)
        if done := change(before, deployment):
            self._recorder.event(memcached, "Normal", *done)
        return Made(deployment, None, SAFETY_NET)

    def _report(self, memcached: Memcached, made: Made) -> Result:
        """Write the status if it changed, and tell the news.

        Nobody else writes it, so it needs no record of who owns what, and a PUT is what costs the server least; it is
        for the object as it was read alone.
        """
        deployment, problem, after = made
        pods = self._pods(memcached) if deployment else []
        status = status_of(memcached, deployment, pods, problem=problem, now=self._runtime.wall())
        if status != memcached.status:
            after_that = Memcached(metadata=memcached.metadata, spec=memcached.spec, status=status)
            try:
                self._client.update_status(after_that)
            except NotFound:
                return Result()
        for item in news(memcached.status, status):
            self._recorder.event(memcached, *item)
        return Result(requeue_after=after)

    def _own(self, memcached: Memcached) -> Obj | None:
        """Return its Deployment, if there is one and it is its own."""
        deployment: Obj | None = self._cache.get(DEPLOYMENT, memcached.key)
        controller = controller_of(deployment) if deployment else None
        return deployment if controller is not None and controller.uid == memcached.uid else None

    def _pods(self, memcached: Memcached) -> list[Obj]:
        by_name = (BY_MEMCACHED, memcached.name)
        pods: list[Obj] = self._cache.list(POD, namespace=memcached.namespace, index=by_name)
        return pods


def _made_here(deployment: Obj) -> bool:
    """Whether a Deployment has a controller, or is one of ours that was left without: nobody else's is adopted."""
    labels = deployment["metadata"].get("labels") or {}
    return controller_of(deployment) is not None or labels.get(MANAGED_BY) == MANAGER


def setup(manager: Manager) -> Controller:
    """Add the Memcached controller to `manager`."""
    return (
        Builder(manager)
        .for_(Memcached)
        .owns(DEPLOYMENT)
        .watches(DEPLOYMENT, namesake_of_freed)
        .watches(POD, enqueue_mapped(instance_of))
        .with_options(skip_own_writes=True)
        .complete(MemcachedReconciler(manager))
    )


@prompt
def instance_of(pod: CachedObject) -> Iterable[NamespacedName]:
    """Yield the Memcached that a Pod's labels name."""
    labels = pod.meta.labels or {}
    if labels.get(NAME) == "memcached" and INSTANCE in labels:
        yield pod.key._replace(name=labels[INSTANCE])


def _memcacheds_of(pod: CachedObject) -> Iterable[str]:
    return [key.name for key in instance_of(pod)]


@prompt
def namesake_of_freed(event: Event) -> Iterable[Request]:
    """Return the namesake of a Deployment that is gone or changed hands: it may have waited for the name."""
    freed = isinstance(event, Updated) and event.old.meta.controller != event.new.meta.controller
    return [Request(*event.obj.key)] if freed or isinstance(event, Deleted) else ()
