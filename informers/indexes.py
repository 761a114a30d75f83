"""One index of a store: under which values an object is found, and which keys each value has.

It MUST be moved along with every change of the store, inside the store's lock, and never holds an object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from informers.api.objects import CachedObject, NamespacedName

__all__ = ["Bucket", "Index", "IndexFunction", "by_namespace", "by_owner"]

IndexFunction: TypeAlias = Callable[[CachedObject], Iterable[str]]
"""Names the values under which an object is found. MUST depend on the object alone; runs inside the store's lock."""

Bucket: TypeAlias = tuple[NamespacedName, ...] | dict[NamespacedName, None]
"""The keys of one value, for `len`, `in` and iteration; a dict as ordered set, for it has no hash order."""

_FEW = 8
"""Up to so many keys of one value stand in a tuple, a quarter of a dict's size."""


class Index:
    """An index by one function.

    Invariants: a key is in exactly the buckets of its values; no bucket is empty.

    Args:
        function: Names the values of an object.
        ours: The function never fails and says the same of an object each time: what it said is not remembered.
        failed: Called when the function raised; the object is then in no bucket.

    Threads: whoever holds the store's lock.
    """

    def __init__(
        self, function: IndexFunction, *, ours: bool = False, failed: Callable[[Exception], None] | None = None
    ) -> None:
        self.function = function
        self._failed = failed or (lambda _error: None)
        self._said: dict[NamespacedName, tuple[str, ...]] | None = None if ours else {}
        self._buckets: dict[str, Bucket] = {}

    def __len__(self) -> int:
        """How many values have keys."""
        return len(self._buckets)

    def bucket(self, value: str) -> Bucket:
        """Return the keys that have a value, in no particular order."""
        return self._buckets.get(value, ())

    def values_of(self, obj: CachedObject) -> tuple[str, ...]:
        """Return what the function says of an object, each value once."""
        try:
            said = self.function(obj)
            if isinstance(said, str):
                raise TypeError("it returned a text, which would be taken for letters; return a list of texts")
            found = tuple(said)
            hash(found)
        except Exception as error:  # noqa: BLE001 - a user's function; the object stays readable by key
            self._failed(error)
            return ()
        return found if len(found) < 2 else tuple(dict.fromkeys(found))

    def move(self, old: CachedObject | None, new: CachedObject | None) -> None:
        """Take a key from the buckets of its old state to those of the new; either may be missing, with one name."""
        after = () if new is None else self.values_of(new)
        if self._said is None:
            before = () if old is None else self.values_of(old)
        else:
            before = () if old is None else self._said.get(old.key, ())
        if before == after:
            return
        obj = old if new is None else new
        assert obj is not None  # noqa: S101 - one of them has values
        key = obj.key
        if self._said is not None:
            self._said[key] = after
        for value in before:
            self._leave(value, key)
        for value in after:
            self._enter(value, key)
        if self._said is not None and not after:
            del self._said[key]

    def _enter(self, value: str, key: NamespacedName) -> None:
        bucket = self._buckets.get(value, ())
        if isinstance(bucket, dict):
            bucket[key] = None
        elif len(bucket) < _FEW:
            self._buckets[value] = (*bucket, key)
        else:
            self._buckets[value] = dict.fromkeys((*bucket, key))

    def _leave(self, value: str, key: NamespacedName) -> None:
        bucket = self._buckets[value]
        if isinstance(bucket, dict):
            bucket.pop(key, None)
        else:
            bucket = self._buckets[value] = tuple(other for other in bucket if other != key)
        if not bucket:
            del self._buckets[value]


def by_namespace(obj: CachedObject) -> tuple[str, ...]:
    """Name an object's namespace."""
    return (obj.meta.namespace,)


def by_owner(obj: CachedObject) -> tuple[str, ...]:
    """Name the uid of each owner, controlling or not."""
    owners = obj.meta.owner_references
    return tuple([owner.uid for owner in owners]) if owners else ()
