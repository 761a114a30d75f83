"""What contains other objects: namespaces and CRDs take theirs along when they go, and namespaces start with some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.api import errors
from informers.api.objects import GroupVersionKind, NamespacedName
from informers.testing.controllers.actor import Actor
from informers.testing.model.deleting import CRD_CLEANUP
from informers.testing.model.metadata import timestamp
from informers.testing.model.queries import ListQuery
from informers.testing.model.writing import CRD_STORE

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.cluster import Cluster
    from informers.testing.model.resources import ResourceInfo
    from informers.testing.model.storage import Change

__all__ = ["CrdCleanup", "Namespaces", "ServiceAccounts"]

NAMESPACE_STORE = ("", "namespaces")
_NAMESPACE = GroupVersionKind("", "v1", "Namespace")
_ACCOUNT = GroupVersionKind("", "v1", "ServiceAccount")
_CRD = GroupVersionKind(CRD_STORE[0], "v1", "CustomResourceDefinition")


class Namespaces:
    """Empties namespaces that are being deleted, then lets them go.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "namespace"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-controller-manager")

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at a namespace when its deletion begins, and whenever something in it is gone."""
        if change.store == NAMESPACE_STORE:
            return [(change.new.key.name,)] if change.new.deleting and change.type != "DELETED" else []
        if change.type != "DELETED":
            return []
        namespace = change.new.key.namespace
        found = self._cluster.storage.get(NAMESPACE_STORE, f"/{namespace}") if namespace else None
        return [(namespace,)] if found is not None and found.deleting else []

    def sync(self, key: tuple[str, ...]) -> None:
        """Delete the content; when nothing is left, the namespace too."""
        (name,) = key
        namespace = self._actor.get(_NAMESPACE, "", name)
        if namespace is None or "deletionTimestamp" not in namespace["metadata"]:
            return
        left: list[Obj] = []
        for info in self._cluster.registry.stores():
            if info.namespaced:
                left += _emptied(self._cluster, info, name)
        if not left:
            namespace["spec"]["finalizers"] = [
                f for f in namespace["spec"].get("finalizers") or () if f != "kubernetes"
            ]
            self._actor.update(namespace, "finalize")
            return
        self._tell(namespace, left)

    def _tell(self, namespace: Obj, left: list[Obj]) -> None:
        finalizers: dict[str, int] = {}
        for obj in left:
            for finalizer in obj["metadata"].get("finalizers") or ():
                finalizers[finalizer] = finalizers.get(finalizer, 0) + 1
        kinds: dict[str, int] = {}
        for obj in left:
            kinds[obj["kind"]] = kinds.get(obj["kind"], 0) + 1
        held = ", ".join(f"{name} in {count} resource instances" for name, count in sorted(finalizers.items()))
        rest = ", ".join(f"{kind.lower()}s has {count} resource instances" for kind, count in sorted(kinds.items()))
        now = timestamp(self._cluster.runtime.wall())
        conditions = [
            _condition(
                "NamespaceContentRemaining", "SomeResourcesRemain", f"Some resources are remaining: {rest}", now
            ),
        ]
        if finalizers:
            said = f"Some content in the namespace has finalizers remaining: {held}"
            conditions.append(_condition("NamespaceFinalizersRemaining", "SomeFinalizersRemain", said, now))
        before = namespace["status"].get("conditions") or []
        if [c["message"] for c in before] != [c["message"] for c in conditions]:
            namespace["status"]["conditions"] = conditions
            self._actor.update(namespace, "status")


class ServiceAccounts:
    """Gives every namespace its `default` service account.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "serviceaccount"

    def __init__(self, cluster: Cluster) -> None:
        self._actor = Actor(cluster, "kube-controller-manager")

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at new namespaces, and at those whose account was deleted."""
        if change.store == NAMESPACE_STORE and change.type == "ADDED":
            return [(change.new.key.name,)]
        if change.store == ("", "serviceaccounts") and change.type == "DELETED":
            return [(change.new.key.namespace,)]
        return []

    def sync(self, key: tuple[str, ...]) -> None:
        """Create the account unless it is there or the namespace goes away."""
        (name,) = key
        namespace = self._actor.get(_NAMESPACE, "", name)
        if namespace is None or "deletionTimestamp" in namespace["metadata"]:
            return
        if self._actor.get(_ACCOUNT, name, "default") is None:
            self._actor.create(_ACCOUNT, {"metadata": {"name": "default", "namespace": name}})


class CrdCleanup:
    """Deletes the objects of a CRD that is being deleted, then lets it go.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "crd-cleanup"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-apiserver")

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at a CRD when its deletion begins, and whenever one of its objects is gone."""
        if change.store == CRD_STORE:
            return [(change.new.key.name,)] if change.new.deleting and change.type != "DELETED" else []
        if change.type != "DELETED" or not change.store[0]:
            return []
        crd = self._cluster.storage.get(CRD_STORE, f"/{change.store[1]}.{change.store[0]}")
        return [(crd.key.name,)] if crd is not None and crd.deleting else []

    def sync(self, key: tuple[str, ...]) -> None:
        """Delete the objects; when none is left, drop the finalizer that kept the CRD."""
        crd = self._actor.get(_CRD, "", key[0])
        if crd is None or CRD_CLEANUP not in (crd["metadata"].get("finalizers") or ()):
            return
        store = (crd["spec"]["group"], crd["spec"]["names"]["plural"])
        info = self._cluster.registry.for_store(store)
        if info is not None and info.crd is not None and info.crd["metadata"]["uid"] == crd["metadata"]["uid"]:
            crd = self._progress(crd)
            if _emptied(self._cluster, info, ""):
                return
        crd["metadata"]["finalizers"] = [name for name in crd["metadata"]["finalizers"] if name != CRD_CLEANUP]
        self._actor.update(crd)

    def _progress(self, crd: Obj) -> Obj:
        for condition in crd["status"].get("conditions") or ():
            if condition["type"] == "Terminating" and condition["reason"] == "InstanceDeletionPending":
                condition["reason"] = "InstanceDeletionInProgress"
                condition["message"] = "CustomResource deletion is in progress"
                return self._actor.update(crd, "status")
        return crd


def _emptied(cluster: Cluster, info: ResourceInfo, namespace: str) -> list[Obj]:
    """Delete all objects of a resource in a namespace (everywhere when empty); return those that linger."""
    found = cluster.delete_collection(info, namespace, ListQuery(), {"propagationPolicy": "Background"})
    left = []
    for obj in found:
        key = NamespacedName(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        try:
            left.append(cluster.get(info, key))
        except errors.NotFound:
            continue
    return left


def _condition(kind: str, reason: str, message: str, now: str) -> Obj:
    return {"type": kind, "status": "True", "lastTransitionTime": now, "reason": reason, "message": message}
