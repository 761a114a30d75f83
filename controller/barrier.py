"""The leadership barrier: a new leader works only on caches that hold everything its predecessor wrote.

A standby's caches may lag behind. So after winning, each kind is listed once more, which the server answers from its
newest state, and the workers wait until the mirror has seen that state. Nothing else closes the gap: the lease says who
may write, not what has been written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.api.errors import Forbidden, KindNotServed, LevelsetError, NotFound, SyncTimeout
from informers.api.objects import GroupVersionKind, resource_version
from informers.api.status import api_error
from informers.api.transport import Call
from informers.api.wire import ListPage, decode_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from informers.api.discovery import Discovery
    from informers.api.objects import NamespacedName
    from informers.api.transport import Transport
    from informers.cache import Cache
    from informers.condition import InformerSnapshot
    from informers.runtime import Event, Runtime, Seconds
    from informers.scope import Collection

__all__ = ["Barrier", "seen"]

PAGE = 500
GLANCES: tuple[Seconds, Seconds] = (0.01, 0.5)
"""While a mirror lags it is looked at this often: from the first interval, doubling, to the second."""
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
PARTIAL = GroupVersionKind("meta.k8s.io", "v1", "PartialObjectMetadata")


def seen(listed: Mapping[NamespacedName, str], version: str, held: Mapping[NamespacedName, str], mirrored: str) -> bool:
    """Whether a mirror has seen the state that a list showed.

    Args:
        listed: resourceVersions of the objects listed.
        version: resourceVersion of the list.
        held: resourceVersions of the objects that the mirror holds.
        mirrored: Up to which version the mirror has seen everything. On a quiet kind it moves only once a minute, so
            equal objects will do as well.
    """
    if _reached(mirrored, version):
        return True
    if any(not _reached(held.get(key, ""), wanted) for key, wanted in listed.items()):
        return False
    return all(key in listed or _after(have, version) for key, have in held.items())


def _page(body: bytes, gvk: GroupVersionKind) -> ListPage:
    page = decode_list(body, gvk=PARTIAL, keep_managers=frozenset())
    # A server that does not know the short form sends whole objects, which then name another kind.
    return page if page.items or not page.skipped else decode_list(body, gvk=gvk, keep_managers=frozenset())


def _reached(have: str, wanted: str) -> bool:
    mine, theirs = resource_version(have), resource_version(wanted)
    return have == wanted if mine is None or theirs is None else mine >= theirs


def _after(have: str, version: str) -> bool:
    mine, theirs = resource_version(have), resource_version(version)
    return mine is not None and theirs is not None and mine > theirs


class Barrier:
    """Waits for the mirrors of one cache.

    Args:
        cache: Has the mirrors; its first synchronization is over, but for kinds that are absent or may not be read.
        transport: Lists; reads pass its fence.
        discovery: Knows the paths.
        runtime: Clock and waiting.

    Threads: one owner thread.
    Blocks: `wait`, for a list of each kind and as long as the mirrors lag.
    """

    def __init__(
        self,
        cache: Cache,
        transport: Transport,
        discovery: Discovery,
        *,
        runtime: Runtime,
    ) -> None:
        self._cache, self._transport, self._discovery = cache, transport, discovery
        self._runtime = runtime

    def wait(self, *, timeout: Seconds, halted: Event) -> bool:
        """Wait until every mirror has seen what there was when this was called; False when called off.

        Raises:
            SyncTimeout: A mirror lags, or its kind cannot be listed, for longer than `timeout`; names the kind.
        """
        deadline = self._runtime.monotonic() + timeout
        for informer in self._cache.snapshot():
            for collection in self._collections(informer.gvk):
                if not self._wait(informer, collection, deadline, halted):
                    return False
        return not halted.is_set()

    def _wait(self, informer: InformerSnapshot, collection: Collection, deadline: Seconds, halted: Event) -> bool:
        listing: tuple[dict[NamespacedName, str], str] | None = None
        gvk = informer.gvk
        pause, reason = GLANCES[0], "its mirror lags"
        while True:
            try:
                listing = listing or self._list(gvk, collection)
                if self._seen(gvk, collection.namespace, *listing):
                    return True
            except LevelsetError as error:
                if isinstance(error, KindNotServed | NotFound) or (
                    isinstance(error, Forbidden) and not informer.synced
                ):
                    return True  # its first list is yet to come, and will be newer than the win
                reason = str(error)
            if halted.wait(pause):
                return False
            if self._runtime.monotonic() >= deadline:
                raise SyncTimeout(f"the cache of {gvk} did not catch up with the last leader's writes: {reason}")
            pause = min(2 * pause, GLANCES[1])

    def _collections(self, gvk: GroupVersionKind) -> Sequence[Collection]:
        try:
            self._discovery.resource(gvk)
        except KindNotServed:
            return ()
        return self._cache.informer(gvk).collections()

    def _list(self, gvk: GroupVersionKind, collection: Collection) -> tuple[dict[NamespacedName, str], str]:
        path, token = self._discovery.resource(gvk).path(collection.namespace), ""
        listed: dict[NamespacedName, str] = {}
        while True:
            query = (*collection.query, ("limit", str(PAGE)), ("continue", token))
            call = Call("GET", path, tuple(pair for pair in query if pair[1]), accept=METADATA)
            response = self._transport.request(call)
            if response.status != 200:
                raise api_error(response.status, response.body, retry_after=response.retry_after)
            page = _page(response.body, gvk)
            mirrored = [item for item in page.items if collection.gate.holds(item.meta)]
            listed |= {item.key: item.meta.resource_version for item in mirrored}
            token = page.continue_
            if not token:
                return listed, page.resource_version

    def _seen(self, gvk: GroupVersionKind, namespace: str, listed: Mapping[NamespacedName, str], version: str) -> bool:
        mirror = self._cache.informer(gvk)
        mirrored = mirror.snapshot().resource_version
        if namespace:
            mirrored = dict(part.partition("=")[::2] for part in mirrored.split(",")).get(namespace, "")
        objects = [obj for obj in mirror.store.list() if not namespace or obj.meta.namespace == namespace]
        return seen(listed, version, {obj.key: obj.meta.resource_version for obj in objects}, mirrored)
