"""Read your own writes: what we wrote and the watch has not told us yet, laid over the store.

A cached read must never show a state older than one's own last write, or a reconciler creates twice what it created a
moment ago. Every answered write is put here and leaves again when the watch has passed its resourceVersion; from then
on the store is the truth. The overlay never guesses: where versions cannot be compared it stands aside, and where the
outcome of a write is unknown it says that the key must be read live.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from informers.ahead import Ahead, Entry, Front
from informers.api.objects import CachedObject, NamespacedName, resource_version
from informers.doubts import Doubts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from informers.runtime import Runtime, Seconds
    from informers.store import Store

__all__ = ["LIMIT", "Overlay"]

log = logging.getLogger("levelset.informers")

LIMIT = 10_000
"""Objects kept ahead of the watch at most, some 40 MB, and deletions remembered; past that, keys are marked for a live
read instead."""
STALLED_AFTER: Seconds = 90.0
"""An own write that the watch has not passed after so long means a dead stream; a quiet server sends a bookmark a
minute."""
BURIED_AT_LEAST: Seconds = 60.0
"""How long a deleted uid is remembered after the store has let go of it, against a word of it that is still on its
way. Remembering longer is harmless, for a uid never comes back."""


class Overlay:
    """The store of one kind as its writer must see it.

    Invariants: what `get` returns for a key never goes back behind an own write or an earlier `get`. An entry is ahead
    of its watch: its version is greater than any that the watch has passed.

    Args:
        store: What the watch has told.
        runtime: Clock and lock.
        namespaces: The namespaces mirrored; empty for all. Writes elsewhere are none of our business.
        admit: Makes an object what the mirror keeps of it, or None of one that it does not hold; None keeps all whole.
        stalled: Called, with no lock held, when the watch does not follow our writes.

    Threads: any thread. Its lock may be held while the store's is taken, never the other way round.
    """

    def __init__(
        self,
        store: Store,
        *,
        runtime: Runtime,
        namespaces: Iterable[str] = (),
        admit: Callable[[CachedObject], CachedObject | None] | None = None,
        stalled: Callable[[], None] | None = None,
    ) -> None:
        self._store, self._runtime = store, runtime
        self._lock = runtime.lock("overlay")
        self._admit = admit or (lambda obj: obj)
        self._stalled = stalled or (lambda: None)
        self._ahead = Ahead(namespaces)
        self._buried: dict[str, tuple[NamespacedName, Seconds]] = {}  # by uid, the longest ago first
        self._doubtful = Doubts()
        self._comparable = True
        self._nudged: Seconds = 0.0

    def __len__(self) -> int:
        return len(self._ahead) + len(self._buried) + len(self._doubtful)

    def age(self) -> Seconds:
        """Return for how long the oldest own write has been waiting for the watch; 0 when none waits."""
        with self._lock:
            oldest = self._ahead.oldest() if self._ahead else None
        return 0.0 if oldest is None else self._runtime.monotonic() - oldest

    # --- What we did ---

    def written(self, obj: CachedObject, *, read: bool = False) -> None:
        """Take in the answer to a create, update, patch or apply; or, with `read`, to a live read."""
        version, key = resource_version(obj.meta.resource_version), obj.key
        front = self._ahead.front(key.namespace)
        if front is None or not self._can_compare(version) or version is None:
            return
        shown = self._admit(obj)
        with self._lock:
            known = self._ahead.get(key)
            if version <= front.version or (known is not None and version <= known.version):
                return
            if len(self._ahead) >= LIMIT and known is None and not read:
                self._doubtful.add(key)
                return
            self._ahead.put(front, key, Entry(version, obj.meta.uid, shown), self._runtime.monotonic())
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
        elif uid and self._ahead.front(key.namespace) is not None:
            with self._lock:
                if not self._store.saw_deletion(uid):
                    self._bury(key, uid)
        else:
            self.unknown(key)

    def unknown(self, key: NamespacedName) -> None:
        """A write was sent and no answer came: only a live read can tell.

        An empty name puts everything in its namespace in doubt, an empty namespace with it everything.
        """
        if not any(key) or self._ahead.front(key.namespace) is not None:
            with self._lock:
                self._doubtful.add(key)

    # --- What the watch did ---

    def progress(self, version: str, *, namespace: str = "", gone: str = "") -> None:
        """The watch has passed `version`, and the store has what it told: let go of what is not ahead any more.

        Args:
            version: The version of the event or bookmark.
            namespace: The namespace that is watched; empty for all.
            gone: The uid whose deletion the watch told; the store guards against late words of it from now on.
        """
        front, number = self._ahead.front(namespace), resource_version(version)
        if number is None:
            self._can_compare(number)
            return
        if front is None or not self._comparable:
            return
        with self._lock:
            if front.due:
                self._ahead.advance(front, number)
            elif number > front.version:
                front.version = number
            if self._buried:
                self._buried.pop(gone, None)
                self._exhume()

    def replaced(self, version: str, *, namespace: str = "", epoch: bool = False) -> Sequence[CachedObject]:
        """A complete list is in the store; return the ghosts: own objects it should hold and does not.

        A ghost was created by us, and deleted by somebody else while no watch was looking. With a new epoch, versions
        mean nothing any more, and whatever was ahead is read live.
        """
        front, number = self._ahead.front(namespace), resource_version(version)
        if front is None or not self._can_compare(number) or number is None:
            return ()
        with self._lock:
            if epoch:
                for key in self._ahead.reset(front, number):
                    self._doubtful.add(key)
            evicted = self._ahead.advance(front, number)
            return [obj for obj in evicted if self._store.get(obj.key) is None]

    def rescope(self) -> None:
        """The kind turned out to be cluster-scoped: there is one watch, whatever the namespaces were."""
        with self._lock:
            self._ahead.whole()

    # --- What is seen ---

    def get(self, key: NamespacedName) -> CachedObject | None:
        """Return the newest state known of an object."""
        if not (self._ahead or self._buried):
            return self._store.get(key)  # after the look at the overlay: what has left it is in the store
        with self._lock:
            obj = self._merged(key, self._ahead.get(key))
        front = self._ahead.front(key.namespace)
        if front is not None:
            self._watch_over(front)
        return obj

    def select(self, values: Mapping[str, str]) -> Sequence[CachedObject]:
        """Return what has all these index values (see `Store.select`), by the newest states known, sorted by key."""
        if not (self._ahead or self._buried):
            return self._store.select(values)
        with self._lock:
            selected = self._store.select(values)
            found = {obj.key: obj for obj in selected if obj.meta.uid not in self._buried}
            changed = len(found) != len(selected)
            for key, entry in self._ahead.items():
                has = entry.obj is not None and self._has(entry, entry.obj, values)
                if not (has or key in found) or self._merged(key, entry) is not entry.obj:
                    continue  # no matter here, or the store has a newer state, and has just answered by it
                changed |= has != (key in found)
                if has and entry.obj is not None:
                    found[key] = entry.obj
                else:
                    found.pop(key, None)
            return [found[key] for key in sorted(found)] if changed else list(found.values())

    # --- Doubts ---

    def doubts(self, namespace: str | None = None) -> dict[NamespacedName, int]:
        """Return the keys that must be read live (in one namespace), each with a token for `resolve`."""
        if not self._doubtful:
            return {}
        with self._lock:
            return dict(self._doubtful.of(namespace))

    def known_uids(self, key: NamespacedName) -> Mapping[str, NamespacedName]:
        """Return every uid known under a name, or of everything it stands for; to be asked before a live read."""
        with self._lock:
            if key.name:
                entry, obj = self._ahead.get(key), self._store.get(key)
                return {uid: key for uid in (entry.uid if entry else "", obj.meta.uid if obj else "") if uid}
            known = {obj.meta.uid: obj.key for obj in self._store.list()}
            known |= {entry.uid: name for name, entry in self._ahead.items()}
        return {uid: name for uid, name in known.items() if key.namespace in ("", name.namespace)}

    def resolve(
        self,
        key: NamespacedName,
        token: int,
        found: Collection[CachedObject],
        *,
        known: Mapping[str, NamespacedName],
    ) -> None:
        """Take in a live read of a doubtful key: what it found; of what was `known` before, the rest is gone."""
        for obj in found:
            self.written(obj, read=True)
        there = {obj.meta.uid for obj in found}
        with self._lock:
            for uid, name in known.items():
                if uid not in there and not self._store.saw_deletion(uid):
                    self._bury(name, uid)
            self._doubtful.settle(key, token)

    # --- Inside the lock ---

    def _merged(self, key: NamespacedName, entry: Entry | None) -> CachedObject | None:
        obj = self._store.get(key)
        if entry is not None:
            version = resource_version(obj.meta.resource_version) if obj is not None else None
            obj = entry.obj if version is None or version < entry.version else obj
        return None if obj is None or obj.meta.uid in self._buried else obj

    def _has(self, entry: Entry, obj: CachedObject, values: Mapping[str, str]) -> bool:
        for name, value in values.items():
            known = entry.values.get(name)
            if known is None:
                known = entry.values[name] = self._store.index_values(name, obj)
            if value not in known:
                return False
        return True

    def _bury(self, key: NamespacedName, uid: str) -> None:
        if len(self._buried) >= LIMIT and uid not in self._buried:
            self._doubtful.add(key)
            return
        self._buried.pop(uid, None)
        self._buried[uid] = (key, self._runtime.monotonic())
        self._ahead.hide(key, uid)

    def _exhume(self) -> None:
        """Forget uids that the store let go of long ago."""
        now = self._runtime.monotonic()
        while self._buried:
            uid, (key, since) = next(iter(self._buried.items()))
            if now - since < BURIED_AT_LEAST:
                break
            obj = self._store.get(key)
            del self._buried[uid]
            if (obj is not None and obj.meta.uid == uid) or self._ahead.waits(key, uid):
                self._buried[uid] = (key, now)

    # --- Outside it ---

    def _can_compare(self, version: int | None) -> bool:
        if version is None and self._comparable:
            self._comparable = False
            log.warning("resourceVersions of this kind are not numbers; own writes show up when the watch tells them")
            with self._lock:
                self._ahead.clear()
        return self._comparable

    def _watch_over(self, front: Front) -> None:
        """Say so when the oldest own write waits for the watch too long; once in a while."""
        now = self._runtime.monotonic()
        with self._lock:
            oldest = front.due[0][2] if front.due else now
            stalled = now - max(oldest, self._nudged) > STALLED_AFTER
            self._nudged = now if stalled else self._nudged
        if stalled:
            self._stalled()
