"""What reconcilers read: every kind mirrored on first use, every object a private copy, every own write already in it.

A read never asks the server, but in one case: when the outcome of an own write is unknown, the key is read live, once,
before anything is decided on it. Selection works on metadata; bodies are decoded only for what is returned.
"""

from __future__ import annotations

import builtins
import logging
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from informers.api.decoding import timed
from informers.api.errors import Undecodable
from informers.api.objects import CachedObject, GroupVersionKind, KeyLike, NamespacedName, Obj, ObjectMeta, key_of
from informers.api.resource import KindLike, Resource, kind_of
from informers.api.selectors import LabelsLike, labels_of
from informers.api.warnings import Heeding, ServerWarnings
from informers.informer import Informer
from informers.informerset import InformerSet
from informers.kindoptions import CacheOptions, KindOptions, resolve
from informers.lists import ListLimit
from informers.live import LiveReader
from informers.observe import NULL, Observer
from informers.outage import Outage
from informers.ownwrites import OwnWrites
from informers.store import NAMESPACE, OWNER
from informers.views import Decoded, uid_of, view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from informers.api.discovery import Discovery
    from informers.api.transport import Transport
    from informers.condition import InformerSnapshot
    from informers.runtime import Runtime, Seconds

__all__ = ["Cache", "CacheOptions", "KindOptions"]

log = logging.getLogger("levelset.informers")

R = TypeVar("R", bound=Resource[Any, Any])
T = TypeVar("T")
Untyped = GroupVersionKind | tuple[str, str]
Owner = str | Resource[Any, Any] | Obj


class Cache(OwnWrites):
    """All mirrored kinds, and the reader's view of them. It is the `WriteListener` of its client.

    Args:
        transport: The way to the server.
        runtime: Clock and threads.
        discovery: Knows the URLs of kinds.
        observe: Hears of lists, watches, failures.
        options: What is mirrored.
        keep_managers: Field managers whose `managedFields` entries objects keep; of what they created, only that.

    Guarantees: a read shows no state older than the last write through the client, or than the last read.
    Blocks: reads of a kind wait for its first list, up to `CacheOptions.sync_timeout`.
    Threads: any thread.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        runtime: Runtime,
        discovery: Discovery,
        observe: Observer = NULL,
        options: CacheOptions | None = None,
        keep_managers: frozenset[str] = frozenset(),
    ) -> None:
        self._transport = transport = Heeding(transport, ServerWarnings(observe, runtime=runtime))
        self._runtime, self._discovery, self._observe = runtime, discovery, observe
        self._options, self._keep = options or CacheOptions(), keep_managers
        self._lists = ListLimit(runtime=runtime, most=self._options.lists_at_once)
        self._outage, self._view = Outage(runtime=runtime), timed(view, observe, runtime)
        super().__init__(InformerSet(self._make, runtime=runtime))
        self._live = LiveReader(transport, runtime=runtime, discovery=discovery, keep_managers=self._keep)

    # --- Reading ---

    @overload
    def get(self, kind: KindLike, key: KeyLike, *, as_: type[T]) -> T | None: ...
    @overload
    def get(self, kind: KindLike, key: KeyLike, *, metadata_only: Literal[True]) -> ObjectMeta | None: ...
    @overload
    def get(self, kind: type[R], key: KeyLike, *, metadata_only: Literal[False] = False) -> R | None: ...
    @overload
    def get(self, kind: Untyped, key: KeyLike, *, metadata_only: Literal[False] = False) -> Obj | None: ...

    def get(self, kind: KindLike, key: KeyLike, *, metadata_only: bool = False, as_: type[Any] | None = None) -> Any:
        """Return a private copy of an object, or None when there is none.

        Args:
            kind: A `Resource` subclass for a typed object, `("apps/v1", "Deployment")` for a dict.
            key: Its name, as `Request`, pair or `"namespace/name"`.
            metadata_only: Return an `ObjectMeta` and leave the body undecoded.
            as_: Return this instead of what `kind` says: a `Resource` subclass, or a model of the `kubernetes`
                package such as `V1Deployment`.

        Raises:
            RuntimeError: The cache was not started, or does not mirror what is not declared.
            ValueError: The key's namespace is not mirrored, or nothing but metadata is.
            SyncTimeout: There was no complete list of the kind in time.
            Undecodable: The object breaks its type.
            ApiError, TransportError: Only when the outcome of an own write is unknown: the live read failed.
        """
        name = key_of(key)
        informer = self._ready(kind, name.namespace, whole=not metadata_only)
        if doubts := informer.overlay.doubts(name.namespace):
            for doubted in (name, NamespacedName(name.namespace, ""), NamespacedName("", "")):
                if doubted in doubts:
                    self._live.settle(informer, kind, doubted, doubts[doubted])
        obj = informer.overlay.get(name)
        return None if obj is None else self._view(kind, obj, metadata_only=metadata_only, as_=as_)

    @overload
    def list(
        self,
        kind: KindLike,
        *,
        as_: type[T],
        namespace: str | None = None,
        labels: LabelsLike = None,
        index: tuple[str, str] | None = None,
        owner: Owner | None = None,
        limit: int | None = None,
    ) -> builtins.list[T]: ...
    @overload
    def list(
        self,
        kind: KindLike,
        *,
        metadata_only: Literal[True],
        namespace: str | None = None,
        labels: LabelsLike = None,
        index: tuple[str, str] | None = None,
        owner: Owner | None = None,
        limit: int | None = None,
    ) -> builtins.list[ObjectMeta]: ...
    @overload
    def list(
        self,
        kind: type[R],
        *,
        namespace: str | None = None,
        labels: LabelsLike = None,
        index: tuple[str, str] | None = None,
        owner: Owner | None = None,
        limit: int | None = None,
        metadata_only: Literal[False] = False,
    ) -> builtins.list[R]: ...
    @overload
    def list(
        self,
        kind: Untyped,
        *,
        namespace: str | None = None,
        labels: LabelsLike = None,
        index: tuple[str, str] | None = None,
        owner: Owner | None = None,
        limit: int | None = None,
        metadata_only: Literal[False] = False,
    ) -> builtins.list[Obj]: ...

    def list(
        self,
        kind: KindLike,
        *,
        namespace: str | None = None,
        labels: LabelsLike = None,
        index: tuple[str, str] | None = None,
        owner: Owner | None = None,
        limit: int | None = None,
        metadata_only: bool = False,
        as_: type[Any] | None = None,
    ) -> Any:
        """Return private copies of the objects that meet every condition given, sorted by namespace and name.

        Args:
            kind: As for `get`.
            namespace: Only this namespace.
            labels: Only what this label selector matches.
            index: Only what has this (name of the index, value).
            owner: Only what this object, or the object of this uid, owns.
            limit: No more than this many, the first; what is left out is not decoded.
            metadata_only: As for `get`.
            as_: As for `get`.

        Raises:
            RuntimeError, SyncTimeout, ApiError, TransportError: As for `get`. An object that breaks its type is left
                out, logged and counted, for it must not stop those who want the others.
            ValueError: As for `get`; or the owner has no uid yet, or there is no such index.
        """
        informer = self._ready(kind, namespace or "", whole=not metadata_only)
        for name, token in informer.overlay.doubts(namespace or None).items():
            self._live.settle(informer, kind, name, token)
        values = {NAMESPACE: namespace} if namespace else {}
        values |= {} if owner is None else {OWNER: uid_of(owner)}
        values |= {} if index is None else {index[0]: index[1]}
        selector = labels_of(labels)
        selected = (obj for obj in informer.overlay.select(values) if selector.matches(obj.meta.labels))
        return builtins.list(islice(self._views(informer, kind, selected, metadata_only, as_), limit))

    def _views(self, informer: Informer, kind: KindLike, selected: Iterable[CachedObject], *form: Any) -> Iterator[Any]:
        for obj in selected:
            try:
                yield self._view(kind, obj, *form)
            except Undecodable as error:
                log.warning("%s", error)
                self._observe.skipped(informer.gvk, error=str(error))

    # --- Life ---

    def informer(self, kind: KindLike) -> Informer:
        """Return the informer of a kind; made on first use, started when the cache is."""
        return self._informers.informer(kind)

    def remove(self, kind: KindLike, timeout: Seconds = 5.0) -> bool:
        """Mirror a kind no longer, and free it; waits up to `timeout` seconds for its tasks, whether they ended.

        Its handlers hear nothing more, not even of deletions. Reading the kind again begins anew, with its indexes.
        """
        return self._informers.remove(kind, timeout)

    def add_index(
        self, kind: KindLike, name: str, function: Callable[[Any], Iterable[str]], *, decoded: bool = False
    ) -> None:
        """Make a kind's objects findable by `list(index=(name, value))`.

        Args:
            kind: What to index.
            name: What readers call the index.
            function: Returns the values under which a `CachedObject` is found. One that raises is reported, and the
                object left out.
            decoded: Give it the object in the form that `kind` asks for instead; costs decoding each object once.

        Raises:
            ValueError: The name is taken.
        """
        self._informers.add_index(kind, name, Decoded(kind, function) if decoded else function)

    def start(self) -> None:
        """Begin to mirror every kind asked for so far, and from now on at once; raises RuntimeError the second time."""
        self._informers.start()

    def stop(self, timeout: Seconds = 5.0) -> bool:
        """Hang up and wait up to `timeout` seconds for the tasks; whether all ended. Reads still work."""
        return self._informers.stop(timeout)

    def synced(self) -> bool:
        """Whether every kind asked for so far is mirrored."""
        return self._informers.synced()

    def wait_for_sync(self, timeout: Seconds | None = None) -> None:
        """Wait until every kind asked for so far is mirrored, by default up to `CacheOptions.sync_timeout` seconds.

        Raises:
            RuntimeError: The cache was not started.
            SyncTimeout: It took longer; the message names the kinds and their last errors.
        """
        self._informers.wait_for_sync(self._options.sync_timeout if timeout is None else timeout)

    def snapshot(self) -> Sequence[InformerSnapshot]:
        """Return how the informer of each kind fares, by kind."""
        return self._informers.snapshot()

    # --- Inside ---

    def _make(self, kind: KindLike) -> Informer:
        return Informer(
            kind,
            self._transport,
            runtime=self._runtime,
            discovery=self._discovery,
            observe=self._observe,
            options=resolve(self._options, kind_of(kind)),
            keep_managers=self._keep,
            lists=self._lists,
            outage=self._outage,
        )

    def _ready(self, kind: KindLike, namespace: str, *, whole: bool) -> Informer:
        """Return the kind's informer once it holds a complete list."""
        if not self._informers.started:
            raise RuntimeError("the cache is not started; call start(), or manager.start(), before reading")
        gvk = kind_of(kind)
        informer = self._informers.find(gvk)
        if informer is None:
            if not self._options.start_on_read:
                raise RuntimeError(f"{gvk} is not mirrored; declare it with informer(kind), or set start_on_read")
            informer = self._informers.informer(kind)
        informer.options.check(gvk, namespace, whole=whole)
        if not informer.synced() and not informer.wait_for_sync(self._options.sync_timeout):
            raise self._informers.overdue(self._options.sync_timeout)
        return informer
