"""One in-memory cluster: the verbs of an API server over a store, with the controllers that make workloads run.

Dicts in, dicts out; refusals are `informers.api.errors`, worded, reasoned and detailed as the real server's. The faces
(in process, HTTP) translate requests into these calls and decide nothing themselves. It MUST NOT know of sockets, of
HTTP, or of tables.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import msgspec

from informers.api.objects import NamespacedName
from informers.testing.access.guard import Guard
from informers.testing.access.roles import Roles
from informers.testing.access.tokens import Tokens
from informers.testing.admitting.chain import Admission
from informers.testing.admitting.hooks import Hooks
from informers.testing.admitting.requests import Moved
from informers.testing.admitting.world import World
from informers.testing.clusteroptions import ClusterOptions
from informers.testing.controllers.addresses import ServiceAddresses
from informers.testing.controllers.crds import CrdLife
from informers.testing.controllers.pump import ALL_CONTROLLERS, Controllers
from informers.testing.kinds.builtin import builtin_resources
from informers.testing.kinds.conversion import from_storage
from informers.testing.kinds.crdconversion import NeedsConversion
from informers.testing.kinds.furniture import furniture
from informers.testing.model import admitted, scaling
from informers.testing.model.conversions import Conversions
from informers.testing.model.deleting import Deletes
from informers.testing.model.queries import ListQuery, ListResult, WatchQuery, WriteOptions
from informers.testing.model.reading import Reads
from informers.testing.model.resources import Registry, ResourceInfo
from informers.testing.model.storage import Storage
from informers.testing.model.watching import Feed, Watch, WatchItem
from informers.testing.model.writing import Writes
from informers.testing.patching.merging import copied
from informers.testing.words import refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from informers.api.objects import Obj
    from informers.runtime import Lock, Runtime

    Objects: TypeAlias = list[Obj]
    Owned: TypeAlias = list[tuple[ResourceInfo, Obj]]

__all__ = [
    "ALL_CONTROLLERS",
    "Cluster",
    "ClusterOptions",
    "ListQuery",
    "ListResult",
    "Watch",
    "WatchItem",
    "WatchQuery",
    "WriteOptions",
]


_T = TypeVar("_T")
_BY: Final = WriteOptions()
"""Whoever deletes without saying who it is."""


class Cluster:
    """A cluster in memory.

    `get`, `list` and `watch` read; `create`, `update`, `patch`, `delete` and `delete_collection` write. Every verb
    raises `informers.api.errors.ApiError` when the server would refuse. Objects passed in are not kept and MAY be
    changed by the verb; objects handed out are the caller's own.

    Guarantees: every verb is atomic and sees every verb before it. Equal calls under equal `SimRuntime` seeds give
        equal answers, names and uids included.
    Blocks: never, but for the lock that the verbs share.
    Threads: any thread.
    """

    def __init__(self, *, runtime: Runtime, options: ClusterOptions | None = None) -> None:
        self.runtime = runtime
        self.options = options or ClusterOptions()
        self.registry = Registry(builtin_resources())
        born = runtime.wall()
        self.storage = Storage(
            history=self.options.history, furniture=lambda store: furniture(store, self.registry, born)
        )
        self._lock = runtime.lock("cluster")
        self._feed = Feed(self.storage, self._lock)
        self._reads = Reads(self.storage, self._feed)
        roles = Roles(self.storage, enforced=self.options.rbac)
        self.guard = Guard(Tokens(self.storage, runtime), roles, self._lock)
        world = World(self.storage, self.registry, roles)
        self._admission = Admission(world, roles, Hooks(self.options.webhooks, runtime), self._unlocked)
        self._writes = Writes(self.storage, runtime, ServiceAddresses(self.storage), self._admission)
        self._deletes = Deletes(self._reads, self._writes)
        self._crds = CrdLife(self._writes, self.registry, self._feed)
        self._conversions = Conversions(self.options.webhooks, runtime, self.registry, self._has_service)
        self._controllers = Controllers(self, self._lock)
        self._controllers.furnish()

    # --- Reading ---

    def get(self, info: ResourceInfo, key: NamespacedName, *, subresource: str = "", resource_version: str = "") -> Obj:
        """Return an object, or its `scale` in that form; a version from the future is refused."""
        raw = self._read(lambda: self._reads.raw(info, key, resource_version))
        obj: Obj = msgspec.json.decode(raw)
        return scaling.scale_of(info, obj) if subresource == "scale" else obj

    def get_raw(self, info: ResourceInfo, key: NamespacedName) -> bytes:
        """Return an object's JSON as it is kept, without decoding it."""
        return self._read(lambda: self._reads.raw(info, key))

    def list(self, info: ResourceInfo, namespace: str, query: ListQuery) -> ListResult:
        """Return a page of objects; an empty namespace lists all of them."""
        return self._read(lambda: self._reads.page(info, namespace, query))

    def watch(self, info: ResourceInfo, namespace: str, query: WatchQuery) -> Watch:
        """Open a watch; the caller MUST close it.

        Raises:
            Expired: The version to start from is too old; a face shows it as one ERROR event.
        """
        watch = self._read(lambda: self._reads.watch(info, namespace, query))
        watch.resolve = self._conversions.resolve
        return watch

    # --- Writing ---

    def create(self, info: ResourceInfo, namespace: str, obj: Obj, options: WriteOptions, *, name: str = "") -> Obj:
        """Create an object; with `options.subresource` (binding, eviction, token) act on the object called `name`.

        Kinds without objects, such as SubjectAccessReview, are answered as with every access allowed.
        """

        def verb(obj: Obj) -> Obj:
            if options.subresource:
                return self._act(info, NamespacedName(namespace, name), obj, options)
            if info.stored:
                return self._writes.create(info, namespace, obj, options)
            from informers.testing.model import reviews  # noqa: PLC0415 - a cluster starts sooner without

            return reviews.answer(self.guard, info, namespace, obj, options)

        return self._through(verb, obj)

    def update(self, info: ResourceInfo, key: NamespacedName, obj: Obj, options: WriteOptions) -> tuple[Obj, bool]:
        """Replace an object (or, by `options.subresource`, its status or scale); also whether that created it."""

        def verb(obj: Obj) -> tuple[Obj, bool]:
            if options.subresource == "scale":
                return scaling.update_scale(self._writes, info, key, obj, options), False
            return self._writes.update(info, key, obj, options)

        return self._through(verb, obj)

    def patch(
        self, info: ResourceInfo, key: NamespacedName, content_type: str, body: Any, options: WriteOptions
    ) -> tuple[Obj, bool]:
        """Patch an object, `body` being the decoded document; also whether that created it (apply only)."""

        def verb(body: Any) -> tuple[Obj, bool]:
            if options.subresource == "scale":
                return scaling.patch_scale(self._writes, info, key, (content_type, body), options), False
            return self._writes.patch(info, key, content_type, body, options)

        return self._through(verb, body)

    def delete(
        self, info: ResourceInfo, key: NamespacedName, options: Obj, *, dry_run: bool = False, by: WriteOptions = _BY
    ) -> tuple[Obj, bool]:
        """Delete an object by its DeleteOptions; return it, and whether it is gone (and not only marked)."""
        return self._through(lambda asked: self._deletes.delete(info, key, asked, dry_run=dry_run, by=by), options)

    def delete_collection(
        self,
        info: ResourceInfo,
        namespace: str,
        query: ListQuery,
        options: Obj,
        *,
        dry_run: bool = False,
        by: WriteOptions = _BY,
    ) -> Objects:
        """Delete all that the query selects; return them as they were before."""

        def verb(asked: Obj) -> Objects:
            records = self._reads.selected(info, namespace, query)
            return self._deletes.delete_collection(info, records, asked, dry_run=dry_run, by=by)

        return self._through(verb, options)

    # --- Controllers ---

    def step(self) -> bool:
        """Do one unit of the controllers' work that is due; False when there is none."""
        return self._controllers.step()

    def start(self) -> None:
        """Start a task that keeps calling `step` whenever something is due. Idempotent."""
        self._controllers.start()

    def stop(self) -> None:
        """End that task and wait for it. Idempotent."""
        self._controllers.stop()

    def trust(self, authority: bytes) -> None:
        """Publish the PEM certificate by which clients trust a server of this cluster, as `kube-root-ca.crt`."""
        self._controllers.trust(authority)

    def owned(self, uid: str) -> Owned:
        """Return the objects that have an owner reference to `uid`, in the order in which they got it."""
        with self._lock:
            found = [(self.registry.for_store(store), record) for store, record in self.storage.owned(uid)]
        return [(info, from_storage(info, record.decode())) for info, record in found if info is not None]

    def locked(self) -> Lock:
        """Return the cluster's lock, for the controllers, which read records directly; not reentrant."""
        return self._lock

    @property
    def waits(self) -> bool:
        """Whether a request may have to wait for a webhook now."""
        return self._admission.remote or self._conversions.any

    def _has_service(self, namespace: str, name: str) -> bool:
        with self._lock:
            return self.storage.get(("", "services"), f"{namespace}/{name}") is not None

    def _read(self, call: Callable[[], _T]) -> _T:
        """Read with the lock held; again, when something had to be converted by a webhook first."""
        while True:
            try:
                with self._lock:
                    return call()
            except NeedsConversion as need:
                self._conversions.resolve(need)

    def _through(self, verb: Callable[[Any], _T], given: Any) -> _T:
        """Carry out a verb; again, on a fresh copy, when a webhook was asked and the world moved meanwhile."""
        if not self.waits:
            with self.writing():
                return verb(given)
        while True:
            try:
                with self.writing():
                    return verb(copied(given))
            except NeedsConversion as need:
                self._conversions.resolve(need)
            except Moved:
                continue

    @contextmanager
    def _unlocked(self) -> Iterator[None]:
        """Give the lock away for a while."""
        self._lock.__exit__(None, None, None)
        try:
            yield
        finally:
            self._lock.__enter__()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock, for writes past the verbs; then draw their consequences and tell whoever they concern."""
        ready: list[Callable[[], None]] = []
        pending = False
        try:
            with self._lock:
                try:
                    yield
                finally:
                    self._crds.settle()
                    ready, pending = self._feed.take_ready(), self._controllers.pending()
        finally:
            for call in ready:
                call()
            if pending:
                self._controllers.nudge()

    def _act(self, info: ResourceInfo, key: NamespacedName, obj: Obj, options: WriteOptions) -> Obj:
        from informers.testing.model import podactions, reviews  # noqa: PLC0415 - a cluster starts sooner without

        if options.subresource in ("binding", "eviction", "token"):
            admitted.admit_action(self._admission, info, key, obj, options)
        match options.subresource:
            case "binding":
                return podactions.bind(self._writes, info, key, obj, options)
            case "eviction":
                return podactions.evict(self._deletes, info, key, obj, options)
            case "token":
                record = self._reads.record(info, key)
                return reviews.token_request(self.guard, key, record, obj, self.storage, manager=options.field_manager)
            case _:
                raise refusals.no_such_path()
