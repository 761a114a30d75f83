"""The mirror of one kind: every object as the informer last saw it, with indexes.

The store decides what a new version means (added, updated, deleted, nothing) and answers by key or index without
decoding a body. It never calls anyone while its lock is held but index functions, and never notifies: whoever feeds it
gets a `Diff` back and tells others afterwards, so that a listener always finds at least what it was told of.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from informers.api.objects import CachedObject, NamespacedName, resource_version

if TYPE_CHECKING:
    from informers.runtime import Runtime

__all__ = ["NAMESPACE", "OWNER", "Diff", "IndexFunction", "Store", "newer"]

IndexFunction: TypeAlias = Callable[[CachedObject], Iterable[str]]
"""Names the values under which an object is found. MUST depend on the object alone; runs inside the store's lock."""

NAMESPACE = "namespace"
"""The built-in index by namespace."""
OWNER = "owner"
"""The built-in index by the uid of each owner, controlling or not."""

_BURIED_LIMIT = 4096
"""Deletions remembered against late duplicates; a guess, at about 100 bytes each."""


@dataclass(slots=True)
class Diff:
    """What one event or list changed, in the order to tell it: deletions first.

    Threads: one owner thread, whoever fed the store.
    """

    deleted: list[CachedObject] = field(default_factory=list)
    """The last known states of objects that are gone."""
    added: list[CachedObject] = field(default_factory=list)
    updated: list[tuple[CachedObject, CachedObject]] = field(default_factory=list)
    """Pairs of the state before and after; both are the same object, with one uid."""
    final_state_unknown: bool = False
    """Whether the deletions were inferred, so that the objects may have changed between what is told and their end."""

    def __bool__(self) -> bool:
        return bool(self.deleted or self.added or self.updated)


@dataclass(slots=True)
class _Index:
    function: IndexFunction
    values: dict[NamespacedName, tuple[str, ...]] = field(default_factory=dict)
    keys: dict[str, dict[NamespacedName, None]] = field(default_factory=dict)  # dicts as ordered sets: no hash order


class Store:
    """All objects of one kind, by key and by index.

    Invariants: an object is in exactly the index buckets of its values; no bucket is empty. Objects are shared and
    immutable; a list is the caller's own and sorted by key.

    Args:
        runtime: Gives the lock.
        failed: Called when an index function raised, with the index' name; the object is then in none of its buckets.

    Threads: any thread reads; writers take turns by themselves.
    """

    def __init__(self, *, runtime: Runtime, failed: Callable[[str, Exception], None] | None = None) -> None:
        self._lock = runtime.lock("store")
        self._failed = failed or (lambda _name, _error: None)
        self._objects: dict[NamespacedName, CachedObject] = {}
        self._buried: OrderedDict[str, int] = OrderedDict()
        self._indexes = {NAMESPACE: _Index(_namespace_of), OWNER: _Index(_owners_of)}

    # --- Reading ---

    def __len__(self) -> int:
        return len(self._objects)

    def get(self, key: NamespacedName) -> CachedObject | None:
        """Return the object of that name, or None."""
        return self._objects.get(key)

    def list(self) -> list[CachedObject]:
        """Return all objects."""
        with self._lock:
            return [self._objects[key] for key in sorted(self._objects)]

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
            buckets = [self._index(name).keys.get(value, {}) for name, value in values.items()]
            smallest = min(buckets, key=len)
            return [self._objects[key] for key in sorted(smallest) if all(key in bucket for bucket in buckets)]

    def index_keys(self, name: str, value: str) -> Sequence[NamespacedName]:
        """Return the keys of the objects that have `value` in index `name`; raises like `by_index`."""
        with self._lock:
            return sorted(self._index(name).keys.get(value, ()))

    def index_values(self, name: str, obj: CachedObject) -> tuple[str, ...]:
        """Return what index `name` says of an object, in the store or not; raises like `by_index`."""
        return self._values(name, self._index(name), obj)

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
                if self._indexes[name].function is function:
                    return
                raise ValueError(f"there is an index {name!r} already; choose another name")
            index = self._indexes[name] = _Index(function)
            for key, obj in self._objects.items():
                self._reindex(name, index, key, obj)

    def apply(self, obj: CachedObject, *, deleted: bool = False) -> Diff:
        """Take the state that a watch event carries, and return what that changes.

        Duplicates and older versions of the same uid change nothing, nor does a late word of an object whose deletion
        was seen; versions that are not numbers are trusted as they come. Another uid under the same name means that
        the old object's deletion was missed: it is told first.
        """
        with self._lock:
            old = self._objects.get(obj.key)
            if self._is_late(old, obj, deleted=deleted):
                return Diff()
            if deleted:
                return self._bury(old, obj)
            self._put(obj)
        if old is None:
            return Diff(added=[obj])
        if old.meta.uid != obj.meta.uid:
            return Diff(deleted=[old], added=[obj], final_state_unknown=True)
        return Diff(updated=[(old, obj)])

    def replace(self, objects: Iterable[CachedObject], *, namespace: str = "") -> Diff:
        """Make a complete list the truth, and return what that changes; an equal resourceVersion changes nothing.

        Args:
            objects: The whole list.
            namespace: The namespace that was listed; objects in others stay. Empty for all namespaces.
        """
        diff = Diff(final_state_unknown=True)
        with self._lock:
            listed = {obj.key: obj for obj in objects}
            mirrored = self._index(NAMESPACE).keys.get(namespace, {}) if namespace else self._objects
            for key in [key for key in mirrored if key not in listed]:
                diff.deleted.append(self._drop(key))
            for key, obj in listed.items():
                old = self._objects.get(key)
                if old is not None and _same_version(old, obj):
                    continue
                if old is None:
                    diff.added.append(obj)
                elif old.meta.uid == obj.meta.uid:
                    diff.updated.append((old, obj))
                else:
                    diff.deleted.append(old)
                    diff.added.append(obj)
                self._put(obj)
            self._buried.clear()
        return diff

    # --- Inside the lock ---

    def _is_late(self, old: CachedObject | None, obj: CachedObject, *, deleted: bool) -> bool:
        version = resource_version(obj.meta.resource_version)
        if version is None:
            return old is not None and not deleted and _same_version(old, obj)
        if version <= self._buried.get(obj.meta.uid, 0):
            return True
        seen = resource_version(old.meta.resource_version) if old is not None else None
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
        self._drop(obj.key)
        if old.meta.uid == obj.meta.uid:
            return Diff(deleted=[obj])
        return Diff(deleted=[old], final_state_unknown=True)

    def _put(self, obj: CachedObject) -> None:
        key = obj.key
        self._objects[key] = obj
        for name, index in self._indexes.items():
            self._reindex(name, index, key, obj)

    def _drop(self, key: NamespacedName) -> CachedObject:
        for index in self._indexes.values():
            self._unindex(index, key)
        return self._objects.pop(key)

    def _reindex(self, name: str, index: _Index, key: NamespacedName, obj: CachedObject) -> None:
        values = self._values(name, index, obj)
        if values == index.values.get(key, ()):
            return
        self._unindex(index, key)
        index.values[key] = values
        for value in values:
            index.keys.setdefault(value, {})[key] = None

    def _unindex(self, index: _Index, key: NamespacedName) -> None:
        for value in index.values.pop(key, ()):
            bucket = index.keys[value]
            bucket.pop(key, None)
            if not bucket:
                del index.keys[value]

    def _index(self, name: str) -> _Index:
        try:
            return self._indexes[name]
        except KeyError:
            raise ValueError(f"no index {name!r}, only {', '.join(sorted(self._indexes))}; use add_index") from None

    def _values(self, name: str, index: _Index, obj: CachedObject) -> tuple[str, ...]:
        try:
            return tuple(dict.fromkeys(index.function(obj)))
        except Exception as error:  # noqa: BLE001 - a user's function; the object stays readable by key
            self._failed(name, error)
            return ()


def newer(one: CachedObject | None, other: CachedObject | None) -> CachedObject | None:
    """Return the newer of two states of one name; `one` when they cannot be compared."""
    if one is None or other is None:
        return one or other
    first, second = resource_version(one.meta.resource_version), resource_version(other.meta.resource_version)
    return other if first is not None and second is not None and second > first else one


def _same_version(old: CachedObject, new: CachedObject) -> bool:
    version = new.meta.resource_version
    return old.meta.uid == new.meta.uid and bool(version) and old.meta.resource_version == version


def _namespace_of(obj: CachedObject) -> tuple[str, ...]:
    return (obj.meta.namespace,)


def _owners_of(obj: CachedObject) -> tuple[str, ...]:
    return tuple(owner.uid for owner in obj.meta.owner_references or ())
