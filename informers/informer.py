"""One kind, mirrored: reflectors fill the store, handlers hear of it, the overlay makes it what its writer must see.

Order is everything here: the store first, then the overlay, then the handlers, so that whoever hears of a change and
looks finds at least that change. The informer never hands out anything that can be changed, and never lets a handler,
an index function or a server end it, or hold it up, but for handlers that promised not to.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from informers import audit
from informers.api.discovery import not_served
from informers.api.errors import LevelsetError
from informers.api.resource import KindLike, kind_of
from informers.audience import Audience
from informers.condition import InformerSnapshot, summary
from informers.observe import NULL, Observer
from informers.overlay import Overlay
from informers.reflector import Reflector
from informers.registration import Handler, Registration
from informers.scope import Collection, InformerOptions, Part, Scope, gate_of
from informers.store import IndexFunction, Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from informers.api.discovery import Discovery
    from informers.api.objects import CachedObject
    from informers.api.transport import Transport
    from informers.lists import ListLimit
    from informers.outage import Outage
    from informers.runtime import Runtime, Seconds, Task
    from informers.shards import Shard
    from informers.states import Replacement

__all__ = ["Handler", "Informer", "InformerOptions", "InformerSnapshot", "Registration"]

log = logging.getLogger("levelset.informers")


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
        lists: Gives turns at listing, shared by the informers of one server.
        outage: Knows whether the server's absence was told, shared likewise.

    Guarantees: a handler hears of every object in the store, of no state older than one it heard of, and of every
    disappearance, though not of every state in between. A slow handler delays nobody but itself, unless it is prompt.

    Threads: any thread. Each handler runs on a task of its own, unless it is added as prompt.
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
        lists: ListLimit | None = None,
        outage: Outage | None = None,
    ) -> None:
        self.gvk = kind_of(kind)
        self.options = options = options or InformerOptions()
        self._kind, self._runtime, self._discovery, self._observe = kind, runtime, discovery, observe
        self.store = Store(runtime=runtime, failed=self._index_failed)
        namespaces = tuple(dict.fromkeys(options.namespaces or ("",)))
        self.overlay = Overlay(
            self.store, runtime=runtime, namespaces=namespaces, admit=self._admit_written, stalled=self.reconnect
        )
        self._lock = runtime.lock("informer")
        self._listed = runtime.event(f"{self.gvk.kind} listed")
        self._audience = Audience(
            self.gvk, runtime=runtime, lock=self._lock, listed=self._listed.is_set, store=self.store, observe=observe
        )
        self._tasks: tuple[Task, ...] = ()
        self._started = self._stopped = False
        self._reflect = partial(
            Reflector,
            self.gvk,
            missing=self._missing,
            transport=transport,
            runtime=runtime,
            keep_managers=keep_managers,
            observe=observe,
            lists=lists,
            outage=outage,
        )
        whole = Part(mirror=options.mirror, transform=options.transform)
        self._scopes = tuple(
            self._scope(name, options.parts.get(name, whole), options.shard, listed=False) for name in namespaces
        )

    # --- Use ---

    def add_handler(
        self, handler: Handler, *, name: str, resync: Seconds | None = None, prompt: bool = False
    ) -> Registration:
        """Deliver changes to `handler`, on a task of its own; objects that are there already are told as initial.

        Args:
            handler: Whom to tell.
            name: What log lines and metrics call it.
            resync: Seconds in which it is told every object anew, spread out; None as the options say.
            prompt: It returns at once and waits for nothing, so that it needs no task: it is told by whoever brings the
                news, that is by this call what is there already. With a resync it has a task all the same.

        Raises:
            RuntimeError: The informer has stopped.
            ValueError: A resync more often than every second.
        """
        return self._audience.add(handler, name, self.options.resync if resync is None else resync, prompt=prompt)

    def add_index(self, name: str, function: IndexFunction) -> None:
        """Make objects findable by what `function` says of them; raises ValueError when the name is taken."""
        self.store.add_index(name, function)

    def start(self) -> None:
        """Begin to mirror, and return at once; raises RuntimeError when it was started before."""
        with self._lock:
            if self._started:
                raise RuntimeError(f"the informer of {self.gvk} was started before; make a new one")
            self._started = True
            if not self._stopped:
                self._launch(self._scopes)

    def stop(self) -> None:
        """Hang up and tell nothing more. Never blocks, may be called by a handler; idempotent."""
        with self._lock:
            self._stopped = True
            scopes = self._scopes
        for scope in scopes:
            scope.reflector.stop()
        self._audience.stop()

    def join(self, timeout: Seconds | None = None) -> bool:
        """Wait until the tasks have ended after `stop`; False when one still runs. Not for handlers."""
        deadline = None if timeout is None else self._runtime.monotonic() + timeout
        ended = True
        for task in (*self._tasks, *self._audience.members()):
            ended &= task.join(None if deadline is None else max(0.0, deadline - self._runtime.monotonic()))
            if task.error is not None:
                log.error("%s: a task of the informer died: %r", self.gvk, task.error)
        return ended

    def reconnect(self) -> None:
        """Hang up and watch on from the last version, for whoever suspects that the streams are dead."""
        log.info("%s: reconnecting, for the watch does not follow our own writes", self.gvk)
        for scope in self._scopes:
            scope.reflector.reconnect()

    def reshard(self, shard: Shard) -> None:
        """Mirror another part from now on: list anew, and tell what comes as added, what goes as deleted.

        Until that list is there, reads show the old part. Never blocks.
        """
        with self._lock:
            old = self._scopes
            self._scopes = tuple(
                self._scope(one.namespace, one.part.sharded(shard), shard, listed=one.listed) for one in old
            )
            for scope in old:
                scope.retired = True
            self._tasks = tuple(task for task in self._tasks if task.alive())
            if self._started and not self._stopped:
                self._launch(self._scopes)
        for scope in old:
            scope.reflector.stop()

    def synced(self) -> bool:
        """Whether the store has held a complete list; true from then on."""
        return self._listed.is_set()

    def wait_for_sync(self, timeout: Seconds | None = None) -> bool:
        """Wait up to `timeout` seconds for the first complete list; whether it is there."""
        return self._listed.wait(timeout)

    def collections(self) -> Sequence[Collection]:
        """Return what is mirrored, as somebody needs it who wants to list the same."""
        return [scope.collection for scope in self._scopes]

    def snapshot(self) -> InformerSnapshot:
        """Return how it fares."""
        with self._lock:
            scopes, tasks = self._scopes, (*self._tasks, *self._audience.members())
        return summary(
            self.gvk,
            [(scope.namespace, scope.reflector.snapshot()) for scope in scopes],
            state="" if self._started else "new",
            died=next((task.error for task in tasks if task.error is not None), None),
            synced=self.synced(),
            objects=len(self.store),
            overlay=len(self.overlay),
            overlay_age=self.overlay.age(),
            handlers=self._audience.snapshot(),
        )

    # --- For the scopes ---

    def replace(self, scope: Scope, replacement: Replacement) -> None:
        """See `Feed.replace`."""
        version, namespace, objects = replacement.resource_version, scope.namespace, replacement.objects
        with self._lock:
            if scope.retired:
                return
            if not namespace and len(self._scopes) > 1:  # the others' objects are not this list's to judge
                others = {one.namespace for one in self._scopes}
                objects = [*objects, *(obj for obj in self.store.list() if obj.meta.namespace in others)]
            epoch = replacement.reason == "epoch"
            diff = self.store.replace(objects, namespace=namespace, epoch=epoch)
            if replacement.reason == "audit":
                audit.report(self.gvk, replacement, diff, observe=self._observe)
            ghosts = self.overlay.replaced(version, namespace=namespace, epoch=epoch)
            told = {obj.key for obj in diff.deleted}
            diff.deleted.extend(ghost for ghost in ghosts if ghost.key not in told)
            initial, scope.listed = not scope.listed, True
            self._note_listed()
            self._audience.owe(diff, initial=initial)
        self._audience.tell()

    def apply(self, scope: Scope, obj: CachedObject, *, deleted: bool) -> None:
        """See `Feed.apply`."""
        with self._lock:
            if scope.retired:
                return
            diff = self.store.apply(obj, deleted=deleted)
            gone = obj.meta.uid if deleted else ""
            self.overlay.progress(obj.meta.resource_version, namespace=scope.namespace, gone=gone)
            self._audience.owe(diff)
        self._audience.tell()

    def progress(self, scope: Scope, resource_version: str) -> None:
        """See `Feed.progress`."""
        if not scope.retired:
            self.overlay.progress(resource_version, namespace=scope.namespace)

    # --- Inside ---

    def _scope(self, namespace: str, part: Part, shard: Shard | None, *, listed: bool) -> Scope:
        scope = Scope(self, namespace, part, gate_of(self.gvk, part, shard, self._observe), listed)
        admit = None if scope.gate.open else scope.gate.admit
        scope.reflector = self._reflect(path=partial(self._path, scope), sink=scope, options=part.mirror, admit=admit)
        return scope

    def _launch(self, scopes: Sequence[Scope]) -> None:
        for scope in scopes:
            name = f"informer {self.gvk.kind} {scope.namespace}".rstrip()
            self._tasks += (self._runtime.spawn(name, scope.reflector.run),)

    def _path(self, scope: Scope) -> str:
        resource = self._discovery.resource(self._kind, cancel=scope.reflector.stopped)
        if scope.namespace and not resource.namespaced:
            self._rescope(scope)
        return resource.path(scope.namespace)

    def _rescope(self, scope: Scope) -> None:
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

    def _admit_written(self, obj: CachedObject) -> CachedObject | None:
        """Pass an own write through the gate of its namespace."""
        scopes = {scope.namespace: scope for scope in self._scopes}
        scope = scopes.get(obj.meta.namespace) or scopes.get("")
        return obj if scope is None else scope.gate.admit_written(obj)

    def _note_listed(self) -> None:
        if all(scope.listed for scope in self._scopes):
            self._listed.set()  # before the handlers are told, for one may read the cache

    def _index_failed(self, name: str, error: Exception) -> None:
        self._observe.handler_failed(self.gvk, handler=f"index {name}", error=error)
