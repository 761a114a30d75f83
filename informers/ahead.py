"""What we wrote and the watch has not passed yet, and how far each watch has come. Pure bookkeeping, no lock, no clock.

Its size is bounded by `LIMIT` objects, however often each of them is written.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import msgspec

from informers.api.objects import CachedObject, NamespacedName

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterable

    from informers.runtime import Seconds

__all__ = ["Ahead", "Entry", "Front"]


class Entry(msgspec.Struct):
    """One own write."""

    version: int
    uid: str
    obj: CachedObject | None
    """None hides the key: our write took the object out of what is mirrored, or we have deleted it since."""
    values: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """What indexes say of it, as far as they were asked."""


class Front(msgspec.Struct):
    """How far one watch has come, and whom its next steps evict: a heap of (version, key, when it was written)."""

    version: int = 0
    due: list[tuple[int, NamespacedName, Seconds]] = msgspec.field(default_factory=list)


class Ahead:
    """Own writes by key, each waiting for its front to pass its version.

    Args:
        namespaces: Those that have watches of their own; the empty one watches what no other does.

    Threads: call with the overlay's lock held; `front` and truth may be asked without.
    """

    def __init__(self, namespaces: Iterable[str] = ()) -> None:
        self._fronts = {namespace: Front() for namespace in namespaces} or {"": Front()}
        self._entries: dict[NamespacedName, Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def items(self) -> ItemsView[NamespacedName, Entry]:
        """Return all, by key."""
        return self._entries.items()

    def get(self, key: NamespacedName) -> Entry | None:
        """Return the own write of a key."""
        return self._entries.get(key)

    def front(self, namespace: str) -> Front | None:
        """Return the watch that tells of a namespace; None when it is not mirrored."""
        return self._fronts.get(namespace) or self._fronts.get("")

    def whole(self) -> None:
        """Make one watch of all: the kind turned out to be cluster-scoped."""
        self._fronts = {"": Front()}

    def put(self, front: Front, key: NamespacedName, entry: Entry, now: Seconds) -> None:
        """Keep an own write until `front` has passed it."""
        self._entries[key] = entry
        heapq.heappush(front.due, (entry.version, key, now))
        if len(front.due) > 2 * len(self._entries) + 64:  # one object written over and over
            newest = {key: entry.version for key, entry in self._entries.items()}
            front.due = [each for each in front.due if newest.get(each[1]) == each[0]]
            heapq.heapify(front.due)

    def hide(self, key: NamespacedName, uid: str) -> None:
        """Show nothing under a key if its own write is of this uid: whatever the store still has there is older."""
        entry = self._entries.get(key)
        if entry is not None and entry.uid == uid:
            entry.obj = None

    def waits(self, key: NamespacedName, uid: str) -> bool:
        """Whether the watch has yet to pass our own write of this uid."""
        entry = self._entries.get(key)
        return entry is not None and entry.uid == uid

    def advance(self, front: Front, version: int) -> list[CachedObject]:
        """Note that a watch has passed `version`; return the own objects that this lets go of."""
        front.version = max(front.version, version)
        evicted: list[CachedObject] = []
        while front.due and front.due[0][0] <= version:
            _, key, _ = heapq.heappop(front.due)
            entry = self._entries.get(key)
            if entry is not None and entry.version <= version:
                del self._entries[key]
                evicted += [entry.obj] if entry.obj is not None else []
        return evicted

    def reset(self, front: Front, version: int) -> list[NamespacedName]:
        """Begin a watch anew, for versions mean something else now; return the keys whose own writes are void."""
        void = [key for key in self._entries if self.front(key.namespace) is front]
        for key in void:
            del self._entries[key]
        front.version, front.due = version, []
        return void

    def clear(self) -> None:
        """Forget all own writes."""
        self._entries.clear()
        for front in self._fronts.values():
            front.due = []

    def oldest(self) -> Seconds | None:
        """Return when the own write was made that waits for its watch the longest; None when none waits."""
        return min((front.due[0][2] for front in self._fronts.values() if front.due), default=None)
