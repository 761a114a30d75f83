"""Where the objects of the in-memory cluster live: bytes, one revision counter, and what happened since when.

A store holds one resource. Every write takes the next revision of the whole cluster and leaves a `Change` in its
store's history, from which watches read and past states are rebuilt; so a page of a list costs no copy of the others.
It MUST NOT know of kinds, of verbs, or of what a valid object is.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec

from informers.api import errors
from informers.api.objects import NamespacedName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from informers.api.objects import Obj

__all__ = ["Change", "Record", "Storage", "Store", "StoreId", "restamped"]

StoreId: TypeAlias = tuple[str, str]
"""Group and plural."""

_MOST_BYTES = 3 * 2**19
"""What etcd takes in one request; ours are counted as JSON, also where a real server keeps protobuf."""
_encode = msgspec.json.Encoder().encode
_decode: Callable[[bytes], Obj] = msgspec.json.Decoder().decode
_revision = attrgetter("revision")


class Record(msgspec.Struct, frozen=True, gc=False):
    """One object in one version of its life.

    Threads: immutable.
    """

    path: str
    """`namespace/name`, or `/name`; the key in its store and the order of lists."""
    revision: int
    raw: bytes
    """The whole object as JSON, `metadata.resourceVersion` included."""
    uid: str
    labels: Mapping[str, str] | None
    fields: Mapping[str, str] | None
    """What field selectors may ask, beyond name and namespace."""
    owners: tuple[str, ...]
    """The uids of its owner references."""
    finalizers: tuple[str, ...]
    deleting: bool
    """Whether it has a deletionTimestamp."""

    @property
    def key(self) -> NamespacedName:
        """Namespace and name."""
        namespace, _, name = self.path.partition("/")
        return NamespacedName(namespace, name)

    def decode(self) -> Obj:
        """Return a private copy of the object."""
        return _decode(self.raw)


class Change(NamedTuple):
    """One write: `new` is the state after it, or for DELETED the last state at the revision of the deletion."""

    revision: int
    type: str
    store: StoreId
    new: Record
    old: Record | None


class Store:
    """The objects of one resource and their history.

    Invariants: `order` holds the keys of `records`, sorted. `history` holds every change after revision `floor`, in
    order of revision; `first` counts the changes that were there before and are forgotten.

    Threads: call with the cluster's lock held.
    """

    def __init__(self, floor: int, limit: int) -> None:
        self.records: dict[str, Record] = {}
        self.order: list[str] = []
        self.history: list[Change] = []
        self.floor = floor
        self.first = 0
        self._limit = limit

    def append(self, change: Change) -> None:
        """Add a change, and forget the oldest half of the history when it has grown to twice its limit."""
        self.history.append(change)
        if len(self.history) >= 2 * self._limit:
            self._forget(len(self.history) - self._limit)

    def compact(self, revision: int) -> None:
        """Forget what happened up to and including a revision."""
        self._forget(bisect_right(self.history, revision, key=_revision))
        self.floor = max(self.floor, revision)

    def position(self, revision: int) -> int:
        """Return the number of the first change after a revision, counted from the store's beginning."""
        return self.first + bisect_right(self.history, revision, key=_revision)

    def paths(self, namespace: str, start: str = "") -> tuple[int, int]:
        """Return the range of `order` that lies in a namespace (all of them when empty) and not before `start`."""
        if not namespace:
            return bisect_left(self.order, start), len(self.order)
        low, high = f"{namespace}/", f"{namespace}0"  # "0" follows "/"
        return bisect_left(self.order, max(low, start)), bisect_left(self.order, high)

    def scan(self, namespace: str, start: str = "") -> Iterator[Record]:
        """Yield the objects of a namespace in order, from `start` on. The store MUST NOT change meanwhile."""
        begin, end = self.paths(namespace, start)
        records = self.records
        for index in range(begin, end):
            yield records[self.order[index]]

    def scan_at(self, revision: int, namespace: str, start: str = "") -> Iterator[Record]:
        """Yield like `scan` what was there at a past revision, which MUST NOT be below `floor`."""
        before = self._before(revision, namespace, start)
        begin, end = self.paths(namespace, start)
        gone = sorted(path for path in before if path not in self.records)
        here = (self.order[index] for index in range(begin, end))
        for path in merge(here, gone) if gone else here:
            record = before[path] if path in before else self.records[path]
            if record is not None:
                yield record

    def count_at(self, revision: int, namespace: str, start: str = "") -> int:
        """Return how many objects `scan_at` would yield; it costs as much as there were changes since."""
        begin, end = self.paths(namespace, start)
        before = self._before(revision, namespace, start)
        return end - begin + sum((old is not None) - (path in self.records) for path, old in before.items())

    def _before(self, revision: int, namespace: str, start: str) -> dict[str, Record | None]:
        """Return what the objects that changed since a revision were then; None for those that were not there."""
        prefix = f"{namespace}/" if namespace else ""
        before: dict[str, Record | None] = {}
        for change in self.history[bisect_right(self.history, revision, key=_revision) :]:
            path = change.new.path
            if path.startswith(prefix) and path >= start:
                before.setdefault(path, change.old)
        return before

    def _forget(self, count: int) -> None:
        if count:
            self.floor = self.history[count - 1].revision
            self.first += count
            del self.history[:count]


class Storage:
    """All stores under one revision counter, with indexes from uids to objects and from owners to what they own.

    Threads: call with the cluster's lock held.
    """

    def __init__(self, *, history: int, furniture: Callable[[StoreId], list[Obj]] | None = None) -> None:
        self.revision = 1
        self._furniture = furniture or (lambda _: [])
        self._limit = history
        self._stores: dict[StoreId, Store] = {}
        self._uids: dict[str, tuple[StoreId, str]] = {}
        self._owned: dict[str, dict[tuple[StoreId, str], None]] = {}
        self._listeners: list[Callable[[Change], None]] = []

    def listen(self, listener: Callable[[Change], None]) -> None:
        """Have every change told, inside the write; the listener MUST be quick and MUST NOT write."""
        self._listeners.append(listener)

    def store(self, store: StoreId) -> Store:
        """Return a store, which is made on first use, with what has been in it from the beginning."""
        found = self._stores.get(store)
        if found is None:
            found = self._stores[store] = Store(0, self._limit)
            for obj in self._furniture(store):
                record = _record(obj, 1, None)
                found.records[record.path] = record
                insort(found.order, record.path)
                self._uids[record.uid] = store, record.path
        return found

    def found(self, store: StoreId) -> None:
        """Begin a store anew at the current revision: nothing before it can be watched."""
        self._stores[store] = Store(self.revision, self._limit)

    def drop(self, store: StoreId) -> None:
        """Forget a store, which MUST be empty, with its history."""
        self._stores.pop(store, None)

    def get(self, store: StoreId, path: str) -> Record | None:
        """Return the latest state of an object."""
        found = self._stores.get(store) or self.store(store)
        return found.records.get(path)

    def put(self, store: StoreId, obj: Obj, fields: Mapping[str, str] | None = None) -> Record:
        """Write an object at the next revision, which is stamped into its metadata."""
        self.revision += 1
        meta = obj["metadata"]
        meta["resourceVersion"] = str(self.revision)
        new = _record(obj, self.revision, fields)
        if len(new.raw) > _MOST_BYTES:
            self.revision -= 1
            raise errors.ServerError("etcdserver: request is too large")
        path, place = new.path, self.store(store)
        old = place.records.get(path)
        if old is None:
            insort(place.order, path)
            self._uids[new.uid] = store, path
        place.records[path] = new
        self._own(store, new, old)
        self._tell(place, Change(new.revision, "MODIFIED" if old else "ADDED", store, new, old))
        return new

    def remove(self, store: StoreId, path: str) -> Record:
        """Delete an object; return its last state, at the revision of the deletion."""
        self.revision += 1
        place = self.store(store)
        old = place.records.pop(path)
        del place.order[bisect_left(place.order, path)]
        self._uids.pop(old.uid, None)
        last = restamped(old, self.revision)
        self._own(store, None, old)
        self._tell(place, Change(last.revision, "DELETED", store, last, old))
        return last

    def by_uid(self, uid: str) -> tuple[StoreId, Record] | None:
        """Return the object with a uid, and its store."""
        where = self._uids.get(uid)
        return None if where is None else (where[0], self._stores[where[0]].records[where[1]])

    def owned(self, uid: str) -> list[tuple[StoreId, Record]]:
        """Return the objects with an owner reference to `uid`, in the order in which they got it."""
        return [(store, self._stores[store].records[path]) for store, path in self._owned.get(uid, ())]

    def compact(self, revision: int | None = None) -> None:
        """Forget the history up to a revision, by default all of it."""
        for place in self._stores.values():
            place.compact(self.revision if revision is None else min(revision, self.revision))

    def stores(self) -> Iterable[tuple[StoreId, Store]]:
        """Return every store that was ever used."""
        return self._stores.items()

    def _own(self, store: StoreId, new: Record | None, old: Record | None) -> None:
        here, before = new.owners if new else (), old.owners if old else ()
        if here == before:
            return
        record: Any = new or old
        for uid in set(before).difference(here):
            owned = self._owned[uid]
            owned.pop((store, record.path), None)
            if not owned:
                del self._owned[uid]
        for uid in here:
            self._owned.setdefault(uid, {}).setdefault((store, record.path))

    def _tell(self, place: Store, change: Change) -> None:
        place.append(change)
        for listener in self._listeners:
            listener(change)


def _record(obj: Obj, revision: int, fields: Mapping[str, str] | None) -> Record:
    meta = obj["metadata"]
    return Record(
        path=f"{meta.get('namespace', '')}/{meta['name']}",
        revision=revision,
        raw=_encode(obj),
        uid=meta.get("uid", ""),
        labels=dict(meta["labels"]) if meta.get("labels") else None,
        fields=fields,
        owners=tuple(owner.get("uid", "") for owner in meta.get("ownerReferences") or ()),
        finalizers=tuple(meta.get("finalizers") or ()),
        deleting="deletionTimestamp" in meta,
    )


def restamped(record: Record, revision: int) -> Record:
    """Return the record with another resourceVersion, as synthetic events carry it."""
    obj = record.decode()
    obj["metadata"]["resourceVersion"] = str(revision)
    return msgspec.structs.replace(record, revision=revision, raw=_encode(obj))
