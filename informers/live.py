"""The one read that asks the server: of a key whose own write may or may not have happened.

A live read is consistent, so it settles the matter for everything that happened before it. It MUST NOT be used for
anything else: reads belong to the mirror.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from informers.api.carve import UNREADABLE, cached, complaint
from informers.api.errors import LevelsetError, Undecodable
from informers.api.status import api_error
from informers.api.transport import Call
from informers.api.wire import decode_list

if TYPE_CHECKING:
    from informers.api.discovery import Discovery
    from informers.api.objects import CachedObject, GroupVersionKind, NamespacedName
    from informers.api.resource import KindLike
    from informers.api.transport import Transport
    from informers.informer import Informer
    from informers.runtime import Event, Runtime

__all__ = ["LiveReader"]


@dataclass(eq=False, slots=True)
class _Question:
    """One live read under way."""

    answered: Event
    error: LevelsetError | None = None


class LiveReader:
    """Settles doubts of overlays by asking the server.

    Args:
        transport: The way to the server.
        discovery: Knows the URLs of kinds.
        keep_managers: Field managers whose `managedFields` entries objects keep.
        runtime: Gives the lock, and what the others wait for.

    Blocks: one request for each doubt, however many meet it.

    Threads: any thread; one asks, and the others wait for what it learns.
    """

    def __init__(
        self, transport: Transport, *, runtime: Runtime, discovery: Discovery, keep_managers: frozenset[str]
    ) -> None:
        self._transport, self._discovery, self._keep = transport, discovery, keep_managers
        self._runtime, self._lock = runtime, runtime.lock("live reads")
        self._asking: dict[tuple[GroupVersionKind, NamespacedName], _Question] = {}

    def settle(self, informer: Informer, kind: KindLike, key: NamespacedName, token: int) -> None:
        """Read `key` live and tell the informer's overlay; a key without a name stands for its whole namespace.

        Raises:
            ApiError, TransportError: The server could not be asked; the doubt remains.
            Undecodable: The answer is no object.
        """
        about, mine = (informer.gvk, key), _Question(self._runtime.event("live read"))
        while (asked := self._first(about, mine)) is not mine:
            asked.answered.wait()
            if asked.error is not None:
                raise asked.error
            if informer.overlay.doubts(key.namespace or None).get(key) != token:
                return  # else it was doubted anew, after that question was asked
        try:
            self._ask(informer, kind, key, token)
        except LevelsetError as error:
            mine.error = error
            raise
        finally:
            with self._lock:
                del self._asking[about]
            mine.answered.set()

    def _first(self, about: tuple[GroupVersionKind, NamespacedName], mine: _Question) -> _Question:
        """Return the question about this that is being asked: `mine`, if nobody else's is."""
        with self._lock:
            return self._asking.setdefault(about, mine)

    # --- Asking ---

    def _ask(self, informer: Informer, kind: KindLike, key: NamespacedName, token: int) -> None:
        overlay = informer.overlay
        known = overlay.known_uids(key)  # before asking: what comes later may be newer than the answer
        if key.name:
            obj = self._get(informer, kind, key)
            found = [] if obj is None else [obj]
        else:
            found = self._list(informer, kind, key.namespace)
        overlay.resolve(key, token, found, known=known)

    def _get(self, informer: Informer, kind: KindLike, key: NamespacedName) -> CachedObject | None:
        path = self._discovery.resource(kind).path(key.namespace, key.name)
        response = self._transport.request(Call("GET", path))
        if response.status != 200:
            error = api_error(response.status, response.body, retry_after=response.retry_after)
            if response.status == 404 and error.details.get("name") == key.name:
                return None
            raise error  # a 404 that does not name the object speaks of the kind
        try:
            return cached(response.body, self._keep, gvk=informer.gvk)
        except UNREADABLE as error:
            raise Undecodable(complaint(response.body, error)) from error

    def _list(self, informer: Informer, kind: KindLike, namespace: str) -> list[CachedObject]:
        path = self._discovery.resource(kind).path(namespace)
        response = self._transport.request(Call("GET", path))
        if response.status != 200:
            raise api_error(response.status, response.body, retry_after=response.retry_after)
        return decode_list(response.body, gvk=informer.gvk, keep_managers=self._keep).items
