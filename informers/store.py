"""The mirror of one kind: every object as the informer last saw it, with indexes.

The store decides what a new version means (added, updated, deleted, nothing) and answers by key or index without
decoding a body. It never calls anyone while its lock is held but index functions, and never notifies: whoever feeds it
gets a `Diff` back and tells others afterwards, so that a listener always finds at least what it was told of.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from informers.api.objects import CachedObject, NamespacedName, resource_version
from informers.indexes import Index, IndexFunction, by_namespace, by_owner

if TYPE_CHECKING:
    from informers.indexes import Bucket
    from informers.runtime import Runtime

__all__ = ["NAMESPACE", "OWNER", "Diff", "IndexFunction", "Store", "newer"]

NAMESPACE = "namespace"
"""The built-in index by namespace."""
OWNER = "owner"
"""The built-in index by the uid of each owner, controlling or not."""

_BURIED_LIMIT = 4096
"""Deletions remembered against late duplicates; a guess, at about 100 bytes each."""


class Diff(msgspec.Struct):
    """What one event or list changed, in the order to tell it: deletions first.

    Threads: one owner thread, whoever fed the store.
    """

    deleted: list[CachedObject] = msgspec.field(default_factory=list)
    """The last known states of objects that are gone."""
    added: list[CachedObject] = msgspec.field(default_factory=list)
    updated: list[tuple[CachedObject, CachedObject]] = msgspec.field(default_factory=list)
    """Pairs of the state before and after; both are the same object, with one uid."""
    final_state_unknown: bool = False
    """Whether the deletions were inferred, so that the objects may have changed between what is told and their end."""

    def __bool__(self) -> bool:
        return bool(self.deleted or self.added or self.updated)


class Store:
    """All objects of one kind, by key and by index.

    Invariants: an object is in exactly the index buckets of its values; no bucket is empty, nor is a namespace. Objects
    are shared and immutable; a list is the caller's own and sorted by key. Objects stand by namespace, then by name,
    which is the index by namespace and spares a key for each.

    Args:
        runtime: Gives the lock.
        failed: Called when an index function raised, with the index' name; the object is then in none of its buckets.

    Threads: any thread reads; writers take turns by themselves.
    """

    def __init__(self, *, runtime: Runtime, failed: Callable[[str, Exception], None] | None = None) -> None:
        self._lock = runtime.lock("store")
        self._failed = failed or (lambda _name, _error: None)
        self._spaces: dict[str, dict[str, CachedObject]] = {}
        self._size = 0
        self._buried: OrderedDict[str, int] = OrderedDict()
        self._indexes = {NAMESPACE: Index(by_namespace, ours=True), OWNER: Index(by_owner, ours=True)}
        self._kept = {OWNER: self._indexes[OWNER]}

    # --- Reading ---

    def __len__(self) -> int:
        return self._size

    def get(self, key: NamespacedName) -> CachedObject | None:
        """Return the object of that name, or None."""
        namespace, name = key
        space = self._spaces.get(namespace)
        return None if space is None else space.get(name)

    def list(self) -> list[CachedObject]:
        """Return all objects."""
        with self._lock:
            return [space[name] for _, space in sorted(self._spaces.items()) for name in sorted(space)]

    def by_index(self, name: str, value: str) -> Sequence[CachedObject]:
        """Return the objects that have `value` in index `name`; raises ValueError when there is no such index."""
        return self.select({name: value})

    def select(self, values: Mapping[str, str]) -> Sequence[CachedObject]:
        """Return the objects that have every one of these index values; all objects when none is given.

        Raises:
            ValueError: There is no index of that name; the message lists those there are.
        """
        if not values:
            return self.list()
        with self._lock:
            buckets = [self._index(name).bucket(value) for name, value in values.items() if name != NAMESPACE]
            if not all(buckets):
                return []
            if NAMESPACE not in values:
                return self._in_all(buckets)
            namespace = values[NAMESPACE]
            space = self._spaces.get(namespace, {})
            if buckets and min(map(len, buckets)) < len(space):
                return [obj for obj in self._in_all(buckets) if obj.meta.namespace == namespace]
            found = (name for name in space if all(NamespacedName(namespace, name) in bucket for bucket in buckets))
            return [space[name] for name in sorted(found)]

    def index_keys(self, name: str, value: str) -> Sequence[NamespacedName]:
        """Return the keys of the objects that have `value` in index `name`; raises like `by_index`."""
        with self._lock:
            if name == NAMESPACE:
                return [NamespacedName(value, key) for key in sorted(self._spaces.get(value, ()))]
            return sorted(self._index(name).bucket(value))

    def index_values(self, name: str, obj: CachedObject) -> tuple[str, ...]:
        """Return what index `name` says of an object, in the store or not; raises like `by_index`."""
        return self._index(name).values_of(obj)

    def saw_deletion(self, uid: str) -> bool:
        """Whether an event told of this uid's deletion, not too long ago; late words of it are then refused."""
        return uid in self._buried

    # --- Writing ---

    def add_index(self, name: str, function: IndexFunction) -> None:
        """Add an index and fill it from the objects that are there.

        Raises:
            ValueError: There is another index of that name.
        """
        with self._lock:
            if name in self._indexes:
                if self._indexes[name].function == function:
                    return
                raise ValueError(f"there is an index {name!r} already; choose another name")
            index = self._indexes[name] = self._kept[name] = Index(function, failed=partial(self._failed, name))
            for space in self._spaces.values():
                for obj in space.values():
                    index.move(None, obj)

    def apply(self, obj: CachedObject, *, deleted: bool = False) -> Diff:
        """Take the state that a watch event carries, and return what that changes.

        Duplicates and older versions of the same uid change nothing, nor does a late word of an object whose deletion
        was seen; versions that are not numbers are trusted as they come. Another uid under the same name means that
        the old object's deletion was missed: it is told first.
        """
        with self._lock:
            old = self._stored(obj)
            if self._is_late(old, obj, deleted):
                return Diff()
            if deleted:
                return self._bury(old, obj)
            self._put(old, obj)
        if old is None:
            return Diff(added=[obj])
        if old.meta.uid != obj.meta.uid:
            return Diff(deleted=[old], added=[obj], final_state_unknown=True)
        return Diff([], [], [(old, obj)])  # by position, which spares the most frequent one a third of its time

    def replace(self, objects: Iterable[CachedObject], *, namespace: str = "", epoch: bool = False) -> Diff:
        """Make a complete list the truth, and return what that changes; an equal resourceVersion changes nothing.

        Args:
            objects: The whole list.
            namespace: The namespace that was listed; objects in others stay. Empty for all namespaces.
            epoch: Whether versions mean something else than before, so that equal ones say nothing.
        """
        diff = Diff(final_state_unknown=True)
        with self._lock:
            listed = _by_namespace(objects)
            for space in [namespace] if namespace else list(self._spaces):
                kept = listed.get(space, {})
                missing = [old for name, old in self._spaces.get(space, {}).items() if name not in kept]
                diff.deleted += map(self._drop, missing)
            if self._spaces:
                for objs in listed.values():
                    for obj in objs.values():
                        self._list_one(obj, diff, epoch)
            else:
                self._fill(listed, diff)
            self._buried.clear()
        return diff

    # --- Inside the lock ---

    def _stored(self, obj: CachedObject) -> CachedObject | None:
        space = self._spaces.get(obj.meta.namespace)
        return None if space is None else space.get(obj.meta.name)

    def _in_all(self, buckets: Sequence[Bucket]) -> Sequence[CachedObject]:
        smallest, *others = sorted(buckets, key=len) if len(buckets) > 1 else buckets
        found = [key for key in smallest if all(key in bucket for bucket in others)] if others else smallest
        return [self._spaces[namespace][name] for namespace, name in sorted(found)]

    def _fill(self, listed: dict[str, dict[str, CachedObject]], diff: Diff) -> None:
        """Take a complete list as it is, for there is nothing to compare it with."""
        self._spaces = listed
        for objs in listed.values():
            self._size += len(objs)
            diff.added += objs.values()
        for index in self._kept.values():
            for obj in diff.added:
                index.move(None, obj)

    def _list_one(self, obj: CachedObject, diff: Diff, epoch: bool) -> None:  # noqa: FBT001 - for each object of a list
        """Take one object of a complete list."""
        old = self._stored(obj)
        if old is None:
            diff.added.append(obj)
        elif not epoch and _same_version(old, obj):
            return
        elif old.meta.uid == obj.meta.uid:
            diff.updated.append((old, obj))
        else:
            diff.deleted.append(old)
            diff.added.append(obj)
        self._put(old, obj)

    def _is_late(self, old: CachedObject | None, obj: CachedObject, deleted: bool) -> bool:  # noqa: FBT001 - see `apply`
        version = resource_version(obj.meta.resource_version)
        if version is None:
            return old is not None and not deleted and _same_version(old, obj)
        if version <= self._buried.get(obj.meta.uid, 0):
            return True
        seen = None if old is None else resource_version(old.meta.resource_version)
        if old is None or seen is None:
            return False
        if old.meta.uid != obj.meta.uid or deleted:
            return version < seen  # old servers delete at the version of the last change
        return version <= seen

    def _bury(self, old: CachedObject | None, obj: CachedObject) -> Diff:
        version = resource_version(obj.meta.resource_version)
        if version is not None and obj.meta.uid:
            self._buried[obj.meta.uid] = version
            while len(self._buried) > _BURIED_LIMIT:
                self._buried.popitem(last=False)
        if old is None:
            return Diff()
        self._drop(old)
        if old.meta.uid == obj.meta.uid:
            return Diff(deleted=[obj])
        return Diff(deleted=[old], final_state_unknown=True)

    def _put(self, old: CachedObject | None, obj: CachedObject) -> None:
        space = self._spaces.get(obj.meta.namespace)
        if space is None:
            space = self._spaces[obj.meta.namespace] = {}
        space[obj.meta.name] = obj
        self._size += old is None
        for index in self._kept.values():
            index.move(old, obj)

    def _drop(self, old: CachedObject) -> CachedObject:
        for index in self._kept.values():
            index.move(old, None)
        space = self._spaces[old.meta.namespace]
        del space[old.meta.name]
        self._size -= 1
        if not space:
            del self._spaces[old.meta.namespace]
        return old

    def _index(self, name: str) -> Index:
        try:
            return self._indexes[name]
        except KeyError:
            raise ValueError(f"no index {name!r}, only {', '.join(sorted(self._indexes))}; use add_index") from None


def _by_namespace(objects: Iterable[CachedObject]) -> dict[str, dict[str, CachedObject]]:
    found: dict[str, dict[str, CachedObject]] = {}
    for obj in objects:
        found.setdefault(obj.meta.namespace, {})[obj.meta.name] = obj
    return found


def newer(one: CachedObject | None, other: CachedObject | None) -> CachedObject | None:
    """Return the newer of two states of one name; `one` when they cannot be compared."""
    if one is None or other is None:
        return one or other
    first, second = resource_version(one.meta.resource_version), resource_version(other.meta.resource_version)
    return other if first is not None and second is not None and second > first else one


def _same_version(old: CachedObject, new: CachedObject) -> bool:
    version = new.meta.resource_version
    return old.meta.uid == new.meta.uid and bool(version) and old.meta.resource_version == version
