"""Whether the store of an in-memory cluster is whole: every object readable, indexes and history in step with it."""

import json

from informers.testing.cluster import ListQuery, WatchQuery


def faults(cluster):
    """Return what is wrong with a cluster, in words; nothing when it is whole."""
    found = []
    for store_id, store in cluster.storage.stores():
        found += [f"{store_id}: {what}" for what in _of_store(cluster.storage, store_id, store)]
    for info in cluster.registry.stores():
        found += [f"{info.group_resource}: {what}" for what in _of_resource(cluster, info)]
    return found


def _of_store(storage, store_id, store):
    if sorted(store.records) != store.order:
        yield "the order is not that of the names"
    revisions = [change.revision for change in store.history]
    if revisions != sorted(revisions):
        yield "the history goes back in time"
    for path, record in store.records.items():
        obj = json.loads(record.raw)
        meta = obj["metadata"]
        if path != f"{meta.get('namespace', '')}/{meta['name']}" or path != record.path:
            yield f"{path} holds {record.path}, which calls itself {meta}"
        if meta.get("resourceVersion") != str(record.revision) or record.revision > storage.revision:
            yield f"{path} is kept at {record.revision} and says {meta.get('resourceVersion')}"
        if storage.by_uid(record.uid) != (store_id, record):
            yield f"{path} is not found by its uid"
        if dict(record.labels or {}) != (meta.get("labels") or {}):
            yield f"{path} is selected by {record.labels}, and labelled {meta.get('labels')}"
        owners = tuple(owner["uid"] for owner in meta.get("ownerReferences") or ())
        if owners != record.owners or not all((store_id, record) in storage.owned(uid) for uid in owners):
            yield f"{path} is not found by its owners"
        if ("deletionTimestamp" in meta) != record.deleting:
            yield f"{path} does not know whether it is being deleted"


def _of_resource(cluster, info):
    """Yield where lists, gets, pages and watches do not agree."""
    whole = cluster.list(info, "", ListQuery()).items
    paged, token = [], ""
    while True:
        page = cluster.list(info, "", ListQuery(limit=7, continue_=token))
        paged += page.items
        token = page.continue_
        if not token:
            break
    if paged != whole:
        yield "pages differ from the whole list"
    watch = cluster.watch(info, "", WatchQuery())
    shown = [item.raw for item in watch.drain()]
    watch.close()
    if shown != whole:
        yield "a new watch shows something else than a list"
    store = cluster.storage.store(info.storage)
    for raw, record in zip(whole, store.scan(""), strict=True):
        if cluster.get_raw(info, record.key) != raw:
            yield f"{record.path} is read otherwise than it is listed"
    yield from _replayed(cluster, info, store, whole)


def _replayed(cluster, info, store, whole):
    """Yield whether what is there now does not follow from what was there first and all that happened since."""
    kept = {record.path: record.raw for record in store.scan_at(max(store.floor, 1), "")}
    watch = cluster.watch(info, "", WatchQuery(resource_version=str(max(store.floor, 1))))
    for item in watch.drain():
        meta = json.loads(item.raw)["metadata"]
        path = f"{meta.get('namespace', '')}/{meta['name']}"
        if item.type == "DELETED":
            kept.pop(path, None)
        else:
            kept[path] = item.raw
    watch.close()
    if [kept[path] for path in sorted(kept)] != whole:
        yield "the past and its events do not lead to the present"
