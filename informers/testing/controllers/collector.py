"""Owner garbage collection: what becomes of dependents when an owner goes, and of owners that wait for dependents.

Background: dependents go after their last owner. Foreground: the owner stays until those that block it are gone.
Orphan: dependents lose their owner and stay. An owner reference means an object of the dependent's own namespace, or a
cluster-scoped one; nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from informers.api import errors
from informers.api.objects import GroupVersionKind, NamespacedName
from informers.testing.controllers.actor import Actor
from informers.testing.kinds.conversion import from_storage
from informers.testing.model.deleting import FOREGROUND, ORPHAN

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.cluster import Cluster
    from informers.testing.model.resources import ResourceInfo
    from informers.testing.model.storage import Change, Record, StoreId

__all__ = ["Collector"]

_MEMORY = 1000
"""Owners that went and are remembered; dependents are looked at soon after, so a few would do."""


class _Owners(NamedTuple):
    """The owner references of a dependent, sorted by what their owners are up to."""

    solid: list[Obj]
    """The owner lives, or cannot be judged."""
    waiting: list[Obj]
    """The owner is being deleted in the foreground and waits for its dependents."""
    dangling: list[Obj]
    """There is no such owner."""


class Collector:
    """The garbage collector.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "garbage-collector"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-controller-manager", self.name)
        self._gone: dict[str, None] = {}  # uids of owners that were seen to go, the oldest first

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at dependents whose owner went, at new owner references, and at owners that wait."""
        storage, new = self._cluster.storage, change.new
        found: list[tuple[str, ...]] = []
        if change.type == "DELETED":
            found += [_key(store, record.path) for store, record in storage.owned(new.uid)]
            self._remember(new.uid, owned=bool(found))
        elif new.owners and (change.old is None or change.old.owners != new.owners):
            found.append(_key(change.store, new.path))
        if new.deleting and change.type != "DELETED" and {FOREGROUND, ORPHAN}.intersection(new.finalizers):
            found.append(_key(change.store, new.path))
        for uid in change.old.owners if change.old else ():  # an owner may wait for this one
            owner = storage.by_uid(uid)
            if owner is not None and owner[1].deleting and FOREGROUND in owner[1].finalizers:
                found.append(_key(owner[0], owner[1].path))
        return found

    def _remember(self, uid: str, *, owned: bool) -> None:
        if owned:
            self._gone[uid] = None
            if len(self._gone) > _MEMORY:
                del self._gone[next(iter(self._gone))]

    def sync(self, key: tuple[str, ...]) -> None:
        """Do for one object whatever its deletion or its owners ask for."""
        store, path = (key[0], key[1]), key[2]
        with self._cluster.locked():
            record = self._cluster.storage.get(store, path)
            info = self._cluster.registry.for_store(store)
        if record is None or info is None:
            return
        if record.deleting and FOREGROUND in record.finalizers:
            self._wait_for_dependents(info, record)
        elif record.deleting and ORPHAN in record.finalizers:
            self._orphan_dependents(info, record)
        if record.owners and (not record.deleting or FOREGROUND in record.finalizers):
            self._judge(info, record)

    def _wait_for_dependents(self, info: ResourceInfo, owner: Record) -> None:
        blocked = False
        for dependent_info, dependent in self._cluster.owned(owner.uid):
            refs = dependent["metadata"].get("ownerReferences") or ()
            blocked |= any(ref["uid"] == owner.uid and ref.get("blockOwnerDeletion") for ref in refs)
            if "deletionTimestamp" not in dependent["metadata"]:
                self.sync(_key(dependent_info.storage, _path(dependent)))
        if not blocked:
            self._drop_finalizer(info, owner.key, FOREGROUND)

    def _orphan_dependents(self, info: ResourceInfo, owner: Record) -> None:
        for dependent_info, dependent in self._cluster.owned(owner.uid):
            self._drop_owners(dependent_info, dependent, {owner.uid})
        self._drop_finalizer(info, owner.key, ORPHAN)

    def _judge(self, info: ResourceInfo, record: Record) -> None:
        obj = from_storage(info, record.decode())
        owners = self._sorted_owners(info, obj)
        if owners.solid:
            gone = {ref["uid"] for ref in (*owners.dangling, *owners.waiting)}
            if gone:
                self._drop_owners(info, obj, gone)
            return
        if record.deleting:
            return
        policy = "Background"
        dependents = self._cluster.owned(record.uid) if owners.waiting else []
        if FOREGROUND in record.finalizers or dependents:
            policy = "Foreground"
            if any(FOREGROUND in (dependent["metadata"].get("finalizers") or ()) for _, dependent in dependents):
                self._unblock(info, obj)  # they may wait for one another in a circle
        elif ORPHAN in record.finalizers:
            policy = "Orphan"
        self._actor.delete(obj, policy=policy)

    def _sorted_owners(self, info: ResourceInfo, obj: Obj) -> _Owners:
        found = _Owners([], [], [])
        for ref in obj["metadata"].get("ownerReferences") or ():
            kind = self._cluster.registry.by_kind(GroupVersionKind.parse(ref["apiVersion"], ref["kind"]))
            if kind is None:  # nobody can say whether it exists, unless it was seen to go with its CRD
                (found.dangling if ref["uid"] in self._gone else found.solid).append(ref)
            elif kind.namespaced and not info.namespaced:
                self._complain(obj, ref, "")
                found.solid.append(ref)
            else:
                self._place(found, kind, obj, ref)
        return found

    def _place(self, found: _Owners, kind: ResourceInfo, obj: Obj, ref: Obj) -> None:
        namespace = obj["metadata"].get("namespace", "") if kind.namespaced else ""
        with self._cluster.locked():
            owner = self._cluster.storage.get(kind.storage, f"{namespace}/{ref['name']}")
            elsewhere = self._cluster.storage.by_uid(ref["uid"]) is not None
        if owner is None or owner.uid != ref["uid"]:
            found.dangling.append(ref)
            if elsewhere:
                self._complain(obj, ref, namespace)
        elif owner.deleting and FOREGROUND in owner.finalizers:
            found.waiting.append(ref)
        else:
            found.solid.append(ref)

    def _complain(self, obj: Obj, ref: Obj, namespace: str) -> None:
        named = f"{ref['apiVersion']}/{ref['kind']}, namespace: {namespace}, name: {ref['name']}, uid: {ref['uid']}"
        self._actor.event(
            obj, "Warning", "OwnerRefInvalidNamespace", f'ownerRef [{named}] does not exist in namespace "{namespace}"'
        )

    def _unblock(self, info: ResourceInfo, obj: Obj) -> None:
        """Let the owners of an object go without it."""
        for ref in obj["metadata"].get("ownerReferences") or ():
            ref["blockOwnerDeletion"] = False
        self._update(info, obj)

    def _drop_owners(self, info: ResourceInfo, obj: Obj, uids: set[str]) -> None:
        refs = obj["metadata"].get("ownerReferences") or ()
        obj["metadata"]["ownerReferences"] = [ref for ref in refs if ref["uid"] not in uids]
        self._update(info, obj)

    def _drop_finalizer(self, info: ResourceInfo, key: NamespacedName, finalizer: str) -> None:
        try:
            obj = self._cluster.get(info, key)
        except errors.NotFound:
            return
        finalizers = obj["metadata"].get("finalizers") or ()
        if finalizer in finalizers:
            obj["metadata"]["finalizers"] = [name for name in finalizers if name != finalizer]
            self._update(info, obj)

    def _update(self, info: ResourceInfo, obj: Obj) -> None:
        patch = {
            "metadata": {
                "resourceVersion": obj["metadata"]["resourceVersion"],
                "ownerReferences": obj["metadata"].get("ownerReferences") or None,
                "finalizers": obj["metadata"].get("finalizers") or None,
            }
        }
        self._actor.merge(info, obj, patch)


def _key(store: StoreId, path: str) -> tuple[str, str, str]:
    return store[0], store[1], path


def _path(obj: Obj) -> str:
    return f"{obj['metadata'].get('namespace', '')}/{obj['metadata']['name']}"
