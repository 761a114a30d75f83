"""A watch as a cursor on the history of one store: pulled, never pushed, so that nobody can hold up a write."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from informers.testing.kinds.crdconversion import NeedsConversion
from informers.testing.model.storage import restamped

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import GroupVersionKind
    from informers.runtime import Lock
    from informers.testing.model.selection import Selection
    from informers.testing.model.storage import Change, Storage, Store, StoreId

__all__ = ["Feed", "Watch", "WatchItem"]


class WatchItem(NamedTuple):
    """One event."""

    type: str
    """ADDED, MODIFIED, DELETED or BOOKMARK."""
    raw: bytes
    """The whole object as JSON, `apiVersion` and `kind` included."""
    resource_version: str


class Watch:
    """An open watch; made by `Feed.open`.

    Guarantees: every change of the selection after the starting version is drained once, in order; an object that a
        change moves out of the selection is DELETED in its previous state at the new version.
    Threads: one owner thread drains; any thread may close; `on_ready` is called from writers, with no lock held.
    """

    def __init__(self, feed: Feed, store: StoreId, selection: Selection, gvk: GroupVersionKind) -> None:
        self.on_ready: Callable[[], None] | None = None
        """Called when there may be something to drain; it MUST be quick and MUST NOT raise."""
        self.resolve: Callable[[NeedsConversion], None] | None = None
        """Asks a conversion webhook; called by `drain`, with no lock held."""
        self.expired = False
        """Whether the history went past the cursor, or the resource is gone: what was missed cannot be told any more,
        and `drain` gives nothing."""
        self._feed, self._store_id, self._selection, self._gvk = feed, store, selection, gvk
        self._initial: list[WatchItem] = []
        self._next, self._since = 0, 0
        self._convert: Callable[[bytes], bytes] | None = None
        self._initial_end = False

    def drain(self) -> list[WatchItem]:
        """Return what happened since the last call; never blocks."""
        with self._feed.lock:
            first, self._initial = self._initial, []
            changes = self._advance()
        events = [item for change in changes if (item := self._event(change)) is not None]
        return first + events if first else events

    def bookmark(self) -> WatchItem:
        """Return a BOOKMARK up to which everything has been drained."""
        with self._feed.lock:
            pending = self._feed.behind(self)
            version = self._since if pending else max(self._since, self._feed.revision)
        return self._mark(version, initial_end=False)

    def close(self) -> None:
        """Forget the watch. Idempotent."""
        with self._feed.lock:
            self._feed.forget(self)
        self._initial = []

    # --- For the feed, with the lock held ---

    def begin(self, position: int, since: int, convert: Callable[[bytes], bytes] | None) -> None:
        """Set the cursor: the number of the next change, and the version up to which changes are known."""
        self._next, self._since, self._convert = position, since, convert

    def show_first(self, items: list[tuple[bytes, int]], *, mark: int | None) -> None:
        """Put objects that exist already in front, and the mark of their end at version `mark`."""
        self._initial = [WatchItem("ADDED", self._converted(raw), str(version)) for raw, version in items]
        if mark is not None:
            self._initial.append(self._mark(mark, initial_end=True))

    def concerns(self, change: Change) -> bool:
        """Whether a change may lead to an event."""
        return self._selection.within(change.new)

    @property
    def store_id(self) -> StoreId:
        """The store it watches."""
        return self._store_id

    @property
    def position(self) -> int:
        """The number of the next change to read."""
        return self._next

    def _advance(self) -> list[Change]:
        store = self._feed.store(self._store_id)
        if self._next < store.first:
            self.expired = True
        if self.expired:
            return []
        changes = store.history[self._next - store.first :]
        self._next += len(changes)
        if changes and changes[0].revision <= self._since:
            changes = [change for change in changes if change.revision > self._since]
        if changes:
            self._since = changes[-1].revision
        return changes

    def _event(self, change: Change) -> WatchItem | None:
        selection = self._selection
        if not selection.within(change.new):
            return None
        new, old, kind = change.new, change.old, change.type
        if selection.partial:
            was = old is not None and selection.matches(old)
            now = kind != "DELETED" and selection.matches(new)
            if not was and not now:
                return None
            if was and not now and kind != "DELETED" and old is not None:
                new = restamped(old, change.revision)
            kind = "MODIFIED" if was and now else "ADDED" if now else "DELETED"
        return WatchItem(kind, self._converted(new.raw), str(change.revision))

    def _converted(self, raw: bytes) -> bytes:
        while self._convert is not None:
            try:
                return self._convert(raw)
            except NeedsConversion as need:
                if self.resolve is None:
                    raise
                self.resolve(need)
        return raw

    def _mark(self, version: int, *, initial_end: bool) -> WatchItem:
        meta: dict[str, object] = {"resourceVersion": str(version)}
        if initial_end:
            meta["annotations"] = {"k8s.io/initial-events-end": "true"}
        obj = {"kind": self._gvk.kind, "apiVersion": self._gvk.api_version, "metadata": meta}
        return WatchItem("BOOKMARK", msgspec.json.encode(obj), str(version))


class Feed:
    """The open watches of a cluster, and which of them the last writes concern.

    Threads: call with the cluster's lock held, but for `lock` itself.
    """

    def __init__(self, storage: Storage, lock: Lock) -> None:
        self.lock = lock
        self._storage = storage
        self._open: dict[StoreId, dict[Watch, None]] = {}
        self._ready: dict[Watch, None] = {}
        storage.listen(self._changed)

    @property
    def revision(self) -> int:
        """The revision of the last write anywhere."""
        return self._storage.revision

    @property
    def open_watches(self) -> int:
        """How many watches are open."""
        return sum(map(len, self._open.values()))

    def store(self, store: StoreId) -> Store:
        """Return a store."""
        return self._storage.store(store)

    def behind(self, watch: Watch) -> bool:
        """Whether a watch has changes to read."""
        store = self.store(watch.store_id)
        return watch.position < store.first + len(store.history)

    def open(self, store: StoreId, selection: Selection, gvk: GroupVersionKind) -> Watch:
        """Return a new watch, its cursor not yet set."""
        watch = Watch(self, store, selection, gvk)
        self._open.setdefault(store, {})[watch] = None
        return watch

    def forget(self, watch: Watch) -> None:
        """Close a watch."""
        self._open.get(watch.store_id, {}).pop(watch, None)
        self._ready.pop(watch, None)

    def end(self, store: StoreId) -> None:
        """Expire every watch of a store that goes away."""
        for watch in self._open.pop(store, {}):
            watch.expired = True
            self._ready[watch] = None

    def take_ready(self) -> list[Callable[[], None]]:
        """Return whom to call, once the lock is free, because of the writes since the last call."""
        if not self._ready:
            return []
        calls = [watch.on_ready for watch in self._ready if watch.on_ready is not None]
        self._ready = {}
        return calls

    def _changed(self, change: Change) -> None:
        for watch in self._open.get(change.store, ()):
            if watch.on_ready is not None and watch.concerns(change):
                self._ready[watch] = None
