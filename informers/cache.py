"""What reconcilers read: every kind mirrored on first use, every object a private copy, every own write already in it.

A read never asks the server, but in one case: when the outcome of an own write is unknown, the key is read live, once,
before anything is decided on it. Selection (namespace, labels, owner, index) works on metadata; bodies are decoded only
for what is returned.
"""

from __future__ import annotations

import builtins
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from informers.api.carve import plain, read_meta, typed
from informers.api.errors import Undecodable
from informers.api.objects import CachedObject, GroupVersionKind, KeyLike, NamespacedName, Obj, ObjectMeta, key_of
from informers.api.resource import KindLike, Resource, kind_of
from informers.api.selectors import LabelsLike, labels_of
from informers.informer import Informer, InformerOptions
from informers.informerset import InformerSet
from informers.listwatch import ListWatchOptions
from informers.live import LiveReader
from informers.observe import NULL, Observer
from informers.store import NAMESPACE, OWNER, IndexFunction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from informers.api.discovery import Discovery
    from informers.api.transport import Transport
    from informers.condition import InformerSnapshot
    from informers.runtime import Runtime, Seconds

__all__ = ["Cache", "CacheOptions"]

log = logging.getLogger("levelset.informers")

R = TypeVar("R", bound=Resource[Any, Any])
Untyped = GroupVersionKind | tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheOptions:
    """What a cache mirrors, and how long reads wait for it."""

    namespaces: tuple[str, ...] | None = None
    """The namespaces to mirror; None for all, by one watch of each kind. Each namespace costs a watch of each kind."""
    page_size: int = 500
    """Objects per page of a list; 0 asks for all at once, at the cost of the whole list in one piece of memory."""
    sync_timeout: Seconds = 120.0
    """Seconds a read waits for the first complete list of its kind before it raises `SyncTimeout`."""
    kinds: Mapping[GroupVersionKind, ListWatchOptions] = field(default_factory=dict)
    """Kinds of which only a part is mirrored, or otherwise than the rest: selectors, page size, audits."""


class Cache:
    """All mirrored kinds, and the reader's view of them. It is the `WriteListener` of its client.

    Args:
        transport: The way to the server.
        runtime: Clock and threads.
        discovery: Knows the URLs of kinds.
        observe: Hears of lists, watches, failures.
        options: What is mirrored.
        keep_managers: Field managers whose `managedFields` entries objects keep.

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
        self._transport, self._runtime, self._discovery, self._observe = transport, runtime, discovery, observe
        self._options, self._keep = options or CacheOptions(), keep_managers
        self._informers = InformerSet(self._make, runtime=runtime)
        self._live = LiveReader(transport, discovery=discovery, keep_managers=keep_managers)

    # --- Reading ---

    @overload
    def get(self, kind: KindLike, key: KeyLike, *, metadata_only: Literal[True]) -> ObjectMeta | None: ...
    @overload
    def get(self, kind: type[R], key: KeyLike, *, metadata_only: Literal[False] = False) -> R | None: ...
    @overload
    def get(self, kind: Untyped, key: KeyLike, *, metadata_only: Literal[False] = False) -> Obj | None: ...

    def get(self, kind: KindLike, key: KeyLike, *, metadata_only: bool = False) -> Any:
        """Return a private copy of an object, or None when there is none.

        Args:
            kind: A `Resource` subclass for a typed object, `("apps/v1", "Deployment")` for a dict.
            key: Its name, as `Request`, pair or `"namespace/name"`.
            metadata_only: Return an `ObjectMeta` and leave the body undecoded.

        Raises:
            RuntimeError: The cache was not started.
            ValueError: The key's namespace is not mirrored.
            SyncTimeout: There was no complete list of the kind in time.
            Undecodable: The object breaks its type.
            ApiError, TransportError: Only when the outcome of an own write is unknown: the live read failed.
        """
        name = key_of(key)
        informer = self._ready(kind, name.namespace)
        if name in (doubts := informer.overlay.doubts(name.namespace)):
            self._live.settle(informer, kind, name, doubts[name])
        obj = informer.overlay.get(name)
        return None if obj is None else _view(kind, obj, metadata_only=metadata_only)

    @overload
    def list(
        self,
        kind: KindLike,
        *,
        metadata_only: Literal[True],
        namespace: str | None = None,
        labels: LabelsLike = None,
        index: tuple[str, str] | None = None,
        owner: str | Resource[Any, Any] | Obj | None = None,
    ) -> builtins.list[ObjectMeta]: ...
    @overload
    def list(
        self,
        kind: type[R],
        *,
        namespace: str | None = None,
        labels: LabelsLike = None,
        index: tuple[str, str] | None = None,
        owner: str | Resource[Any, Any] | Obj | None = None,
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
        owner: str | Resource[Any, Any] | Obj | None = None,
        metadata_only: Literal[False] = False,
    ) -> builtins.list[Obj]: ...

    def list(
        self,
        kind: KindLike,
        *,
        namespace: str | None = None,
        labels: LabelsLike = None,
        index: tuple[str, str] | None = None,
        owner: str | Resource[Any, Any] | Obj | None = None,
        metadata_only: bool = False,
    ) -> Any:
        """Return private copies of the objects that meet every condition given, sorted by namespace and name.

        Args:
            kind: As for `get`.
            namespace: Only this namespace.
            labels: Only what this label selector matches.
            index: Only what has this (name of the index, value).
            owner: Only what this object, or the object of this uid, owns.
            metadata_only: As for `get`.

        Raises:
            RuntimeError, SyncTimeout, ApiError, TransportError: As for `get`. An object that breaks its type is left
                out, logged and counted, for it must not stop those who want the others.
            ValueError: The namespace is not mirrored, the owner has no uid yet, or there is no such index.
        """
        informer = self._ready(kind, namespace or "")
        for name, token in informer.overlay.doubts(namespace or None).items():
            self._live.settle(informer, kind, name, token)
        values = {NAMESPACE: namespace} if namespace else {}
        values |= {} if owner is None else {OWNER: _uid_of(owner)}
        values |= {} if index is None else {index[0]: index[1]}
        selector = labels_of(labels)
        found = []
        for obj in informer.overlay.select(values):
            if selector.matches(obj.meta.labels):
                try:
                    found.append(_view(kind, obj, metadata_only=metadata_only))
                except Undecodable as error:
                    log.warning("%s", error)
                    self._observe.skipped(informer.gvk, error=str(error))
        return found

    # --- Life ---

    def informer(self, kind: KindLike) -> Informer:
        """Return the informer of a kind; made on first use, started when the cache is."""
        return self._informers.informer(kind)

    def add_index(self, kind: KindLike, name: str, function: IndexFunction) -> None:
        """Make a kind's objects findable by `list(index=(name, value))`; raises ValueError when the name is taken."""
        self.informer(kind).add_index(name, function)

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

    # --- WriteListener ---

    def written(self, gvk: GroupVersionKind, obj: CachedObject) -> None:
        """See `WriteListener.written`."""
        if informer := self._informers.find(gvk):
            informer.overlay.written(obj)

    def deleted(self, gvk: GroupVersionKind, key: NamespacedName, *, uid: str, remaining: CachedObject | None) -> None:
        """See `WriteListener.deleted`."""
        if informer := self._informers.find(gvk):
            informer.overlay.deleted(key, uid=uid, remaining=remaining)

    def unknown(self, gvk: GroupVersionKind, key: NamespacedName) -> None:
        """See `WriteListener.unknown`."""
        if informer := self._informers.find(gvk):
            informer.overlay.unknown(key)

    # --- Inside ---

    def _make(self, kind: KindLike) -> Informer:
        gvk = kind_of(kind)
        mirror = self._options.kinds.get(gvk) or ListWatchOptions(page_size=self._options.page_size)
        return Informer(
            kind,
            self._transport,
            runtime=self._runtime,
            discovery=self._discovery,
            observe=self._observe,
            options=InformerOptions(namespaces=self._options.namespaces, mirror=mirror),
            keep_managers=self._keep,
        )

    def _ready(self, kind: KindLike, namespace: str) -> Informer:
        """Return the kind's informer once it holds a complete list."""
        mirrored = self._options.namespaces
        if namespace and mirrored is not None and namespace not in mirrored:
            raise ValueError(f"namespace {namespace!r} is not mirrored, only {', '.join(mirrored)}; see CacheOptions")
        if not self._informers.started:
            raise RuntimeError("the cache is not started; call start(), or manager.start(), before reading")
        informer = self.informer(kind)
        if not informer.synced() and not informer.wait_for_sync(self._options.sync_timeout):
            raise self._informers.overdue(self._options.sync_timeout)
        return informer


def _view(kind: KindLike, obj: CachedObject, *, metadata_only: bool) -> Any:
    """Return a private copy in the form that `kind` asks for."""
    if metadata_only:
        return read_meta(obj)
    return typed(kind, obj) if isinstance(kind, type) else plain(kind_of(kind), obj)


def _uid_of(owner: str | Resource[Any, Any] | Obj) -> str:
    if isinstance(owner, Resource):
        owner = owner.uid
    uid = owner if isinstance(owner, str) else str(owner.get("metadata", {}).get("uid") or "")
    if not uid:
        raise ValueError("the owner has no uid yet; pass an object that was read from the server")
    return uid
