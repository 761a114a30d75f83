"""One kind, mirrored: reflectors fill the store, handlers hear of it, the overlay makes it what its writer must see.

Order is everything here: the store first, then the overlay, then the handlers, so that whoever hears of a change and
looks finds at least that change. The informer never hands out anything that can be changed, and never lets a handler,
an index function or a server end it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from informers.api.discovery import not_served
from informers.api.errors import LevelsetError
from informers.api.resource import KindLike, kind_of
from informers.api.selectors import FieldSelector, LabelSelector
from informers.condition import InformerSnapshot, summary
from informers.listwatch import ListWatchOptions, Replacement
from informers.observe import NULL, Observer
from informers.overlay import Overlay
from informers.reflector import Reflector
from informers.registration import Handler, Notice, Registration
from informers.store import Diff, IndexFunction, Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.discovery import Discovery
    from informers.api.objects import CachedObject
    from informers.api.transport import Transport
    from informers.runtime import Runtime, Seconds, Task

__all__ = ["Handler", "Informer", "InformerOptions", "InformerSnapshot", "Registration"]

log = logging.getLogger("levelset.informers")


@dataclass(frozen=True, kw_only=True, slots=True)
class InformerOptions:
    """What an informer mirrors."""

    namespaces: tuple[str, ...] | None = None
    """The namespaces to mirror, each by a list and a watch of its own; None mirrors all by one. A cluster-scoped kind
    is always mirrored whole."""
    mirror: ListWatchOptions = field(default_factory=ListWatchOptions)
    """Selectors, page size, audits."""


@dataclass(eq=False)
class _Scope:
    """One collection that is mirrored: a namespace, or everything; the sink of its reflector."""

    informer: Informer
    namespace: str
    listed: bool = False
    reflector: Reflector = field(init=False)

    def replace(self, replacement: Replacement) -> None:
        self.informer._replace(self, replacement)

    def apply(self, obj: CachedObject, *, deleted: bool) -> None:
        self.informer._apply(self, obj, deleted=deleted)

    def progress(self, resource_version: str) -> None:
        self.informer.overlay.progress(resource_version, namespace=self.namespace)


class Informer:
    """Mirrors one kind and tells handlers what changes.

    Args:
        kind: What to mirror.
        transport: The way to the server.
        runtime: Clock and threads.
        discovery: Knows the kind's URL.
        observe: Hears of lists, watches, failures.
        options: Which part of the kind.
        keep_managers: Field managers whose `managedFields` entries the objects keep.

    Guarantees: a handler hears of every object in the store, of no state older than one it heard of, and of every
    disappearance, though not of every state in between.

    Threads: any thread. Handlers run on the informer's task.
    """

    def __init__(
        self,
        kind: KindLike,
        transport: Transport,
        *,
        runtime: Runtime,
        discovery: Discovery,
        observe: Observer = NULL,
        options: InformerOptions | None = None,
        keep_managers: frozenset[str] = frozenset(),
    ) -> None:
        self.gvk = kind_of(kind)
        options = options or InformerOptions()
        self._kind, self._runtime, self._discovery, self._observe = kind, runtime, discovery, observe
        self.store = Store(runtime=runtime, failed=self._index_failed)
        namespaces = options.namespaces or ("",)
        self.overlay = Overlay(
            self.store,
            runtime=runtime,
            namespaces=namespaces,
            accepts=_acceptance(options.mirror),
            stalled=self.reconnect,
        )
        self._lock = runtime.lock("informer")
        self._listed = runtime.event(f"{self.gvk.kind} listed")
        self._registrations: tuple[Registration, ...] = ()
        self._tasks: tuple[Task, ...] = ()
        self._started = self._stopped = False
        self._scopes = tuple(_Scope(self, namespace) for namespace in dict.fromkeys(namespaces))
        for scope in self._scopes:
            scope.reflector = Reflector(
                self.gvk,
                partial(self._path, scope),
                self._missing,
                scope,
                transport,
                runtime=runtime,
                keep_managers=keep_managers,
                observe=observe,
                options=options.mirror,
            )

    # --- Use ---

    def add_handler(self, handler: Handler, *, name: str) -> Registration:
        """Deliver changes to `handler`; objects that are there already are told first, on this thread, as initial.

        Raises:
            RuntimeError: The informer has stopped.
        """
        registration = Registration(
            handler,
            name=name,
            gvk=self.gvk,
            runtime=self._runtime,
            lock=self._lock,
            listed=self._listed.is_set,
            observe=self._observe,
        )
        with self._lock:
            if self._stopped:
                raise RuntimeError(f"the informer of {self.gvk} has stopped; add handlers before")
            registration.owe(Notice(Diff(added=self.store.list()), initial=True))
            self._registrations = (*(r for r in self._registrations if not r.removed), registration)
        registration.deliver()
        return registration

    def add_index(self, name: str, function: IndexFunction) -> None:
        """Make objects findable by what `function` says of them; raises ValueError when the name is taken."""
        self.store.add_index(name, function)

    def start(self) -> None:
        """Begin to mirror; returns at once.

        Raises:
            RuntimeError: It was started before.
        """
        with self._lock:
            if self._started:
                raise RuntimeError(f"the informer of {self.gvk} was started before; make a new one")
            self._started = True
            for scope in () if self._stopped else self._scopes:
                name = f"informer {self.gvk.kind} {scope.namespace}".rstrip()
                self._tasks += (self._runtime.spawn(name, scope.reflector.run),)

    def stop(self) -> None:
        """Hang up and tell nothing more. Never blocks, may be called by a handler; idempotent."""
        with self._lock:
            self._stopped = True
        for scope in self._scopes:
            scope.reflector.stop()

    def join(self, timeout: Seconds | None = None) -> bool:
        """Wait until the tasks have ended after `stop`; False when one still runs. Not for handlers."""
        deadline = None if timeout is None else self._runtime.monotonic() + timeout
        ended = True
        for task in self._tasks:
            ended &= task.join(None if deadline is None else max(0.0, deadline - self._runtime.monotonic()))
            if task.error is not None:
                log.error("%s: the informer's task died: %r", self.gvk, task.error)
        return ended

    def reconnect(self) -> None:
        """Hang up and watch on from the last version, for whoever suspects that the streams are dead."""
        log.info("%s: reconnecting, for the watch does not follow our own writes", self.gvk)
        for scope in self._scopes:
            scope.reflector.reconnect()

    def synced(self) -> bool:
        """Whether the store has held a complete list; true from then on."""
        return self._listed.is_set()

    def wait_for_sync(self, timeout: Seconds | None = None) -> bool:
        """Wait up to `timeout` seconds for the first complete list; whether it is there."""
        return self._listed.wait(timeout)

    def snapshot(self) -> InformerSnapshot:
        """Return how it fares."""
        with self._lock:
            scopes, tasks = self._scopes, self._tasks
        return summary(
            self.gvk,
            [(scope.namespace, scope.reflector.snapshot()) for scope in scopes],
            state="" if self._started else "new",
            died=next((task.error for task in tasks if task.error is not None), None),
            synced=self.synced(),
            objects=len(self.store),
            overlay=len(self.overlay),
        )

    # --- For the reflectors ---

    def _path(self, scope: _Scope) -> str:
        resource = self._discovery.resource(self._kind)
        if scope.namespace and not resource.namespaced:
            self._rescope(scope)
        return resource.path(scope.namespace)

    def _rescope(self, scope: _Scope) -> None:
        """The kind is cluster-scoped: the first scope mirrors all of it, the others retire."""
        with self._lock:
            first = self._scopes[0]
            if first.namespace:
                first.namespace = ""
                self.overlay.rescope()
            if scope is first:
                return
            self._scopes = tuple(one for one in self._scopes if one is not scope)
            self._note_listed()
        scope.reflector.stop()
        raise LevelsetError(f"{self.gvk} is cluster-scoped: one watch serves it")

    def _missing(self) -> LevelsetError:
        self._discovery.invalidate(self._kind)
        return not_served(self._kind)

    def _replace(self, scope: _Scope, replacement: Replacement) -> None:
        version, namespace = replacement.resource_version, scope.namespace
        with self._lock:
            diff = self.store.replace(replacement.objects, namespace=namespace)
            ghosts = self.overlay.replaced(version, namespace=namespace, epoch=replacement.reason == "epoch")
            told = {obj.key for obj in diff.deleted}
            diff.deleted += [ghost for ghost in ghosts if ghost.key not in told]
            self._owe(Notice(diff, initial=not scope.listed))
            scope.listed = True
            self._note_listed()
        self._deliver()

    def _apply(self, scope: _Scope, obj: CachedObject, *, deleted: bool) -> None:
        with self._lock:
            diff = self.store.apply(obj, deleted=deleted)
            gone = obj.meta.uid if deleted else ""
            self.overlay.progress(obj.meta.resource_version, namespace=scope.namespace, gone=gone)
            if diff:
                self._owe(Notice(diff))
        if diff:
            self._deliver()

    def _note_listed(self) -> None:
        if all(scope.listed for scope in self._scopes):
            self._listed.set()  # before the handlers are told, for one may read the cache

    def _owe(self, notice: Notice) -> None:
        for registration in self._registrations:
            registration.owe(notice)

    def _deliver(self) -> None:
        for registration in self._registrations:
            registration.deliver()

    def _index_failed(self, name: str, error: Exception) -> None:
        self._observe.handler_failed(self.gvk, handler=f"index {name}", error=error)


def _acceptance(mirror: ListWatchOptions) -> Callable[[CachedObject], bool] | None:
    """Return whether an object is in the mirror, as far as its metadata can tell; None when all are."""
    if not mirror.labels and not mirror.fields:
        return None
    labels = LabelSelector.parse(mirror.labels)
    names = {"metadata.name": "name", "metadata.namespace": "namespace"}
    fields = FieldSelector(tuple(one for one in FieldSelector.parse(mirror.fields).requirements if one[0] in names))

    def accepts(obj: CachedObject) -> bool:
        return labels.matches(obj.meta.labels) and fields.matches(lambda path: getattr(obj.meta, names[path]))

    return accepts
