"""How the in-memory cluster reads: one object, a page of many at a version, a watch from a version.

The rules of `resourceVersion`, `resourceVersionMatch`, `limit` and `continue` are here and nowhere else.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from informers.testing.kinds.conversion import converter
from informers.testing.kinds.crdconversion import NeedsConversion
from informers.testing.model.paging import INCONSISTENT, Position, read_token, write_token
from informers.testing.model.queries import ListResult
from informers.testing.model.selection import Selection, selection
from informers.testing.words import refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from informers.api.objects import NamespacedName
    from informers.testing.model.queries import ListQuery, WatchQuery
    from informers.testing.model.resources import ResourceInfo
    from informers.testing.model.storage import Record, Storage, Store
    from informers.testing.model.watching import Feed, Watch

__all__ = ["Reads"]


class Reads:
    """The reading verbs over a storage.

    Threads: call with the cluster's lock held.
    """

    def __init__(self, storage: Storage, feed: Feed) -> None:
        self._storage, self._feed = storage, feed

    def record(self, info: ResourceInfo, key: NamespacedName) -> Record:
        """Return an object as it is kept.

        Raises:
            NotFound: There is none.
        """
        found = self._storage.get(info.storage, f"{key.namespace}/{key.name}")
        if found is None:
            raise refusals.not_found(info, key.name)
        return found

    def raw(self, info: ResourceInfo, key: NamespacedName, resource_version: str = "") -> bytes:
        """Return an object in the resource's version; raises like `record`, and for a version from the future."""
        self._not_from_the_future(_number(resource_version))
        convert = converter(info)
        raw = self.record(info, key).raw
        return raw if convert is None else convert(raw)

    def page(self, info: ResourceInfo, namespace: str, query: ListQuery) -> ListResult:
        """Return a page of what the query selects."""
        wanted = selection(info, namespace, query.labels, query.fields)
        store, start, version, limit = self._storage.store(info.storage), "", 0, query.limit
        if query.continue_:
            version, start = self._continued(store, query, namespace)
            if query.resource_version == "0":
                limit = 0
        elif query.resource_version == "0":
            limit = 0
        elif query.resource_version:
            version = _number(query.resource_version)
            self._not_from_the_future(version)
            if query.match == "NotOlderThan" or (not query.match and not limit):
                version = 0
            elif version < store.floor:
                raise refusals.too_old_list()
        records = self._scan(store, wanted, version, start)
        version = version or self._storage.revision
        if not limit:
            return _result(info, list(records), version)
        page = list(islice(records, limit))
        if next(records, None) is None:
            return _result(info, page, version)
        token = write_token(Position(version, f"{page[-1].path}\0"), wanted.namespace)
        remaining = None
        if not wanted.partial:
            remaining = store.count_at(version, wanted.namespace, f"{page[-1].path}\0")
        return _result(info, page, version, token, remaining)

    def watch(self, info: ResourceInfo, namespace: str, query: WatchQuery) -> Watch:
        """Open a watch; see `Cluster.watch`."""
        wanted = selection(info, namespace, query.labels, query.fields)
        store, version = self._storage.store(info.storage), _number(query.resource_version)
        convert, now = converter(info), self._storage.revision
        from_now = not version or bool(query.send_initial_events)
        if query.send_initial_events:
            self._not_from_the_future(version)
        elif version and version < store.floor:
            raise refusals.expired_watch(version, store.floor)
        if from_now and query.send_initial_events is not False:
            _converted(convert, [record.raw for record in self._scan(store, wanted, 0, "")])
        watch = self._feed.open(info.storage, wanted, info.gvk)
        since = now if from_now else version
        watch.begin(store.position(since), since, convert)
        if from_now and query.send_initial_events is not False:
            shown = [(record.raw, record.revision) for record in self._scan(store, wanted, 0, "")]
            mark = now if query.send_initial_events and query.bookmarks else None
            watch.show_first(shown, mark=mark)
        return watch

    def selected(self, info: ResourceInfo, namespace: str, query: ListQuery) -> list[Record]:
        """Return every record that a query's selectors take now."""
        wanted = selection(info, namespace, query.labels, query.fields)
        return list(self._scan(self._storage.store(info.storage), wanted, 0, ""))

    def _scan(self, store: Store, wanted: Selection, version: int, start: str) -> Iterator[Record]:
        if version and version < self._storage.revision:
            records: Iterator[Record] = store.scan_at(version, wanted.namespace, start)
        elif wanted.path:
            found = store.records.get(wanted.path)
            records = iter((found,) if found is not None and found.path >= start else ())
        else:
            records = store.scan(wanted.namespace, start)
        return filter(wanted.matches, records) if wanted.partial else records

    def _continued(self, store: Store, query: ListQuery, namespace: str) -> tuple[int, str]:
        position = read_token(query.continue_, namespace)
        if query.resource_version not in ("", "0"):
            raise refusals.bad_request("specifying resource version is not allowed when using continue")
        if position.version == INCONSISTENT:
            return 0, position.start
        if not store.floor <= position.version <= self._storage.revision:
            raise refusals.expired_page(write_token(Position(INCONSISTENT, position.start), namespace))
        return position.version, position.start

    def _not_from_the_future(self, version: int) -> None:
        if version > self._storage.revision:
            raise refusals.too_large_version(version, self._storage.revision)


def _result(
    info: ResourceInfo, page: list[Record], version: int, token: str = "", remaining: int | None = None
) -> ListResult:
    items = _converted(converter(info), [record.raw for record in page])
    return ListResult(items, str(version), token, remaining)


def _converted(convert: Callable[[bytes], bytes] | None, raws: list[bytes]) -> list[bytes]:
    """Return objects in a resource's version; what a webhook must convert is asked for at once."""
    if convert is None:
        return raws
    found: list[bytes] = []
    missing: NeedsConversion | None = None
    for raw in raws:
        try:
            found.append(convert(raw))
        except NeedsConversion as need:
            missing = NeedsConversion(need.info, [*(missing.objects if missing else ()), *need.objects], need.target)
    if missing is not None:
        raise missing
    return found


def _number(version: str) -> int:
    return int(version) if version.isascii() and version.isdigit() else 0
