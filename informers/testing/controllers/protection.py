"""The controllers that keep what stores data while it is used: claims of Pods, bound volumes, classes that are named.

The server gives each a finalizer; here it goes when nobody uses the object that is being deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from informers.api.objects import GroupVersionKind
from informers.testing.controllers.actor import POD, Actor
from informers.testing.controllers.workloads import pod_runs
from informers.testing.model.podadmission import PROTECTION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.api.objects import Obj
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["StorageProtection"]

_CLAIMS: Final = ("", "persistentvolumeclaims")
_VOLUMES: Final = ("", "persistentvolumes")
_CLAIM: Final = GroupVersionKind("", "v1", "PersistentVolumeClaim")
_VOLUME: Final = GroupVersionKind("", "v1", "PersistentVolume")
_NAMED: Final = "volumeAttributesClassName"
_CURRENT: Final = "currentVolumeAttributesClassName"
_CLASSES: Final = ("storage.k8s.io", "volumeattributesclasses")
_USED_BY: Final = {("", "pods"): (_CLAIMS,), _CLAIMS: (_CLASSES,), _VOLUMES: (_CLASSES,)}
"""Whose changes may set free what."""


class StorageProtection:
    """Lets claims, volumes and classes go that nobody uses.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "storage-protection"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-controller-manager")

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at what is being deleted, and again when a Pod ends, or a claim or a volume that may use it changes."""
        keys: list[tuple[str, ...]] = []
        if change.store in PROTECTION and change.new.deleting and change.type != "DELETED":
            keys.append((*change.store, change.new.path))
        phase = (change.new.fields or {}).get("status.phase")
        if change.store == ("", "pods") and change.type != "DELETED" and phase not in ("Succeeded", "Failed"):
            return keys
        for store in _USED_BY.get(change.store, ()):
            namespace = change.new.key.namespace if store == _CLAIMS else ""
            waiting = (record for record in self._cluster.storage.store(store).scan(namespace) if record.deleting)
            keys += [(*store, record.path) for record in waiting]
        return keys

    def sync(self, key: tuple[str, ...]) -> None:
        """Drop the finalizer unless the object is in use."""
        store, (namespace, _, name) = (key[0], key[1]), key[2].partition("/")
        info = self._cluster.registry.for_store(store)
        obj = self._actor.get(info.gvk, namespace, name) if info is not None else None
        if info is None or obj is None or "deletionTimestamp" not in obj["metadata"]:
            return
        finalizers = obj["metadata"].get("finalizers") or []
        if PROTECTION[store] in finalizers and not self._used(obj):
            left = [finalizer for finalizer in finalizers if finalizer != PROTECTION[store]]
            version = obj["metadata"]["resourceVersion"]
            self._actor.merge(info, obj, {"metadata": {"finalizers": left or None, "resourceVersion": version}})

    def _used(self, obj: Obj) -> bool:
        name = obj["metadata"]["name"]
        if obj["kind"] == "PersistentVolume":
            return (obj.get("status") or {}).get("phase") == "Bound"
        if obj["kind"] == "PersistentVolumeClaim":
            pods = self._all(POD, obj["metadata"]["namespace"])
            return any(pod["spec"].get("nodeName") and pod_runs(pod) and name in _claims(pod) for pod in pods)
        users = (*self._all(_CLAIM), *self._all(_VOLUME))
        return any(name in (user["spec"].get(_NAMED), (user.get("status") or {}).get(_CURRENT)) for user in users)

    def _all(self, gvk: GroupVersionKind, namespace: str = "") -> Iterator[Obj]:
        return (msgspec.json.decode(raw) for raw in self._actor.find(gvk, namespace))


def _claims(pod: Obj) -> set[str]:
    """Return the names of the claims that a Pod mounts, those made for it among them."""
    named: set[str] = set()
    for volume in pod["spec"].get("volumes") or ():
        if volume.get("persistentVolumeClaim"):
            named.add(volume["persistentVolumeClaim"]["claimName"])
        if "ephemeral" in volume:
            named.add(f"{pod['metadata']['name']}-{volume['name']}")
    return named
