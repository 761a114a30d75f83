"""Read your own writes: what we wrote and the watch has not told us yet, laid over the store.

A cached read must never show a state older than one's own last write, or a reconciler creates twice what it created a
moment ago. Every answered write is put here and leaves again when the watch has passed its resourceVersion; from then
on the store is the truth. The overlay never guesses: where versions cannot be compared it stands aside, and where the
outcome of a write is unknown it says that the key must be read live.
"""

from __future__ import annotations

import heapq
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from informers.api.objects import CachedObject, NamespacedName, resource_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from informers.runtime import Runtime, Seconds
    from informers.store import Store

__all__ = ["LIMIT", "Overlay"]

log = logging.getLogger("levelset.informers")

LIMIT = 10_000
"""Objects kept ahead of the watch at most, some 40 MB; past that, keys are marked for a live read instead."""
STALLED_AFTER: Seconds = 90.0
"""An own write that the watch has not passed after so long means a dead stream; a quiet server sends a bookmark a
minute."""
BURIED_AT_LEAST: Seconds = 60.0
"""How long a deleted uid is remembered after the store has let go of it, against a word of it that is still on its
way. Remembering longer is harmless, for a uid never comes back."""


@dataclass(slots=True)
class _Ahead:
    version: int
    uid: str
    obj: CachedObject | None
    """None hides the key: our write took the object out of what the selector mirrors."""


@dataclass(slots=True)
class _Front:
    """How far one watch has come, and whom its next steps evict: a heap of (version, key, when it was written)."""

    version: int = 0
    due: list[tuple[int, NamespacedName, Seconds]] = field(default_factory=list)


class Overlay:
    """The store of one kind as its writer must see it.

    Invariants: what `get` returns for a key never goes back behind an own write or an earlier `get`. An entry is ahead
    of its watch: its version is greater than any that the watch has passed.

    Args:
        store: What the watch has told.
        runtime: Clock and lock.
        namespaces: The namespaces mirrored; empty for all. Writes elsewhere are none of our business.
        accepts: Whether the mirror's selector matches an object; None when there is no selector.
        stalled: Called, with no lock held, when the watch does not follow our writes.

    Threads: any thread. Its lock may be held while the store's is taken, never the other way round.
    """

    def __init__(
        self,
        store: Store,
        *,
        runtime: Runtime,
        namespaces: Iterable[str] = (),
        accepts: Callable[[CachedObject], bool] | None = None,
        stalled: Callable[[], None] | None = None,
    ) -> None:
        self._store, self._runtime = store, runtime
        self._lock = runtime.lock("overlay")
        self._fronts = {namespace: _Front() for namespace in namespaces} or {"": _Front()}
        self._accepts = accepts or (lambda _obj: True)
        self._stalled = stalled or (lambda: None)
        self._ahead: dict[NamespacedName, _Ahead] = {}
        self._buried: dict[str, tuple[NamespacedName, Seconds]] = {}  # by uid, the longest ago first
        self._doubtful: dict[NamespacedName, int] = {}
        self._doubts = 0
        self._comparable = True
        self._nudged: Seconds = 0.0

    def __len__(self) -> int:
        return len(self._ahead) + len(self._buried) + len(self._doubtful)

    # --- What we did ---

    def written(self, obj: CachedObject, *, read: bool = False) -> None:
        """Take in the answer to a create, update, patch or apply; or, with `read`, to a live read."""
        version, key = resource_version(obj.meta.resource_version), obj.key
        front = self._front(key)
        if front is None or not self._can_compare(version) or version is None:
            return
        with self._lock:
            known = self._ahead.get(key)
            if version <= front.version or (known is not None and version <= known.version):
                return
            if len(self._ahead) >= LIMIT and known is None and not read:
                self._doubt(key)
                return
            shown = obj if self._accepts(obj) else None
            self._ahead[key] = _Ahead(version, obj.meta.uid, shown)
            heapq.heappush(front.due, (version, key, self._runtime.monotonic()))
        self._watch_over(front)

    def deleted(self, key: NamespacedName, *, uid: str, remaining: CachedObject | None = None) -> None:
        """Take in the answer to a delete.

        Args:
            key: What was deleted.
            uid: The uid that is gone; without one nothing can be hidden safely, and the key is read live.
            remaining: The object when it lingers, waiting for its finalizers or its grace period.
        """
        if remaining is not None and remaining.meta.deletion_timestamp:
            self.written(remaining)
        elif uid and self._front(key) is not None:
            with self._lock:
                if not self._store.saw_deletion(uid):
                    self._bury(key, uid)
        else:
            self.unknown(key)

    def unknown(self, key: NamespacedName) -> None:
        """A write was sent and no answer came: only a live read can tell."""
        if self._front(key) is not None:
            with self._lock:
                self._doubt(key)

    # --- What the watch did ---

    def progress(self, version: str, *, namespace: str = "", gone: str = "") -> None:
        """The watch has passed `version`, and the store has what it told: let go of what is not ahead any more.

        Args:
            version: The version of the event or bookmark.
            namespace: The namespace that is watched; empty for all.
            gone: The uid whose deletion the watch told; the store guards against late words of it from now on.
        """
        front, number = self._fronts.get(namespace), resource_version(version)
        if front is None or not self._can_compare(number) or number is None:
            return
        with self._lock:
            self._pass(front, number)
            self._buried.pop(gone, None)
            if self._buried:
                self._exhume()

    def replaced(self, version: str, *, namespace: str = "", epoch: bool = False) -> Sequence[CachedObject]:
        """A complete list is in the store; return the ghosts: own objects it should hold and does not.

        A ghost was created by us, and deleted by somebody else while no watch was looking. With a new epoch, versions
        mean nothing any more, and whatever was ahead is read live.
        """
        front, number = self._fronts.get(namespace), resource_version(version)
        if front is None or not self._can_compare(number) or number is None:
            return ()
        with self._lock:
            if epoch:
                for key in [key for key in self._ahead if self._front(key) is front]:
                    del self._ahead[key]
                    self._doubt(key)
                front.version, front.due = number, []
            evicted = self._pass(front, number)
            return [obj for obj in evicted if self._store.get(obj.key) is None]

    def rescope(self) -> None:
        """The kind turned out to be cluster-scoped: there is one watch, whatever the namespaces were."""
        with self._lock:
            self._fronts = {"": _Front()}

    # --- What is seen ---

    def get(self, key: NamespacedName) -> CachedObject | None:
        """Return the newest state known of an object."""
        if not (self._ahead or self._buried):
            return self._store.get(key)  # after the look at the overlay: what has left it is in the store
        with self._lock:
            obj = self._merged(key, self._ahead.get(key))
        front = self._front(key)
        if front is not None:
            self._watch_over(front)
        return obj

    def select(self, values: Mapping[str, str]) -> Sequence[CachedObject]:
        """Return what has all these index values (see `Store.select`), by the newest states known, sorted by key."""
        if not (self._ahead or self._buried):
            return self._store.select(values)
        with self._lock:
            found = {obj.key: obj for obj in self._store.select(values) if obj.meta.uid not in self._buried}
            for key, entry in self._ahead.items():
                obj = self._merged(key, entry)
                if obj is not None and all(v in self._store.index_values(name, obj) for name, v in values.items()):
                    found[key] = obj
                else:
                    found.pop(key, None)
            return [found[key] for key in sorted(found)]

    def doubts(self, namespace: str | None = None) -> dict[NamespacedName, int]:
        """Return the keys that must be read live (in one namespace), each with a token for `resolve`."""
        if not self._doubtful:
            return {}
        with self._lock:
            return {key: token for key, token in self._doubtful.items() if namespace in (None, key.namespace)}

    def known_uids(self, key: NamespacedName) -> tuple[str, ...]:
        """Return every uid known under a name; to be asked before a live read, for `resolve`."""
        entry, obj = self._ahead.get(key), self._store.get(key)
        return tuple(known for known in (entry.uid if entry else "", obj.meta.uid if obj else "") if known)

    def resolve(self, key: NamespacedName, token: int, obj: CachedObject | None, *, known: Iterable[str]) -> None:
        """Take in a live read of a doubtful key: the object, or None and the uids `known` before, which are gone."""
        if obj is not None:
            self.written(obj, read=True)
        with self._lock:
            for uid in known if obj is None else ():
                self._bury(key, uid)
            if self._doubtful.get(key) == token:  # else another write went astray meanwhile
                del self._doubtful[key]

    # --- Inside the lock ---

    def _merged(self, key: NamespacedName, entry: _Ahead | None) -> CachedObject | None:
        obj = self._store.get(key)
        if entry is not None:
            version = resource_version(obj.meta.resource_version) if obj is not None else None
            obj = entry.obj if version is None or version < entry.version else obj
        return None if obj is None or obj.meta.uid in self._buried else obj

    def _pass(self, front: _Front, version: int) -> list[CachedObject]:
        front.version = max(front.version, version)
        evicted: list[CachedObject] = []
        while front.due and front.due[0][0] <= version:
            _, key, _ = heapq.heappop(front.due)
            entry = self._ahead.get(key)
            if entry is not None and entry.version <= version:
                del self._ahead[key]
                evicted += [entry.obj] if entry.obj is not None else []
        return evicted

    def _bury(self, key: NamespacedName, uid: str) -> None:
        self._buried.pop(uid, None)
        self._buried[uid] = (key, self._runtime.monotonic())
        entry = self._ahead.get(key)
        if entry is not None and entry.uid == uid:
            del self._ahead[key]

    def _exhume(self) -> None:
        """Forget uids that the store let go of long ago."""
        now = self._runtime.monotonic()
        while self._buried:
            uid, (key, since) = next(iter(self._buried.items()))
            if now - since < BURIED_AT_LEAST:
                break
            obj = self._store.get(key)
            del self._buried[uid]
            if obj is not None and obj.meta.uid == uid:
                self._buried[uid] = (key, now)

    def _doubt(self, key: NamespacedName) -> None:
        self._doubts += 1
        self._doubtful[key] = self._doubts

    # --- Outside it ---

    def _front(self, key: NamespacedName) -> _Front | None:
        return self._fronts.get("") or self._fronts.get(key.namespace)

    def _can_compare(self, version: int | None) -> bool:
        if version is None and self._comparable:
            self._comparable = False
            log.warning("resourceVersions of this kind are not numbers; own writes show up when the watch tells them")
            with self._lock:
                self._ahead.clear()
        return self._comparable

    def _watch_over(self, front: _Front) -> None:
        """Say so when the oldest own write waits for the watch too long; once in a while."""
        now = self._runtime.monotonic()
        with self._lock:
            oldest = front.due[0][2] if front.due else now
            stalled = now - max(oldest, self._nudged) > STALLED_AFTER
            self._nudged = now if stalled else self._nudged
        if stalled:
            self._stalled()
