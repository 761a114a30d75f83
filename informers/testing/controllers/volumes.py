"""The PersistentVolume controller: claims are bound to volumes that are there, and volumes say whose they are.

Nothing is provisioned: a claim that no volume fits stays Pending. Which volume fits is decided in `fitting`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from informers.api.objects import GroupVersionKind
from informers.api.selectors import LabelSelector
from informers.testing.controllers.actor import Actor
from informers.testing.model.metadata import timestamp
from informers.testing.schema.quantities import nanos

if TYPE_CHECKING:
    from collections.abc import Iterable

    from informers.api.objects import Obj
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["PersistentVolumes", "fitting"]

_VOLUME: Final = GroupVersionKind("", "v1", "PersistentVolume")
_CLAIM: Final = GroupVersionKind("", "v1", "PersistentVolumeClaim")
_CLAIMS: Final = ("", "persistentvolumeclaims")
_VOLUMES: Final = ("", "persistentvolumes")
_BOUND: Final = "pv.kubernetes.io/bound-by-controller"
_COMPLETED: Final = "pv.kubernetes.io/bind-completed"


class PersistentVolumes:
    """Binds claims and volumes, and keeps their phases.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "persistentvolume-binder"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-controller-manager", "persistentvolume-controller")

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at what changed and at its other half; at all claims when a volume is free."""
        if change.store not in (_CLAIMS, _VOLUMES):
            return []
        keys: list[tuple[str, ...]] = [] if change.type == "DELETED" else [change.new.key]
        spec = change.new.decode()["spec"]
        if change.store == _VOLUMES and (whose := spec.get("claimRef")):
            return [*keys, (whose.get("namespace", ""), whose["name"])]
        if change.store == _CLAIMS and (named := spec.get("volumeName")):
            return [*keys, ("", named)]
        if change.store == _CLAIMS and change.type != "DELETED":
            return keys
        other = _VOLUMES if change.store == _CLAIMS else _CLAIMS
        return [*keys, *(record.key for record in self._cluster.storage.store(other).scan(""))]

    def sync(self, key: tuple[str, ...]) -> None:
        """Bring a claim (which has a namespace) or a volume one step on."""
        obj = self._actor.get(_CLAIM if key[0] else _VOLUME, *key)
        if obj is not None and "deletionTimestamp" not in obj["metadata"]:
            if key[0]:
                self._settle_claim(obj)
            else:
                self._settle_volume(obj)

    def _settle_volume(self, volume: Obj) -> None:
        """Say whether a volume can be had, is somebody's, or was."""
        whose, phase = volume["spec"].get("claimRef"), "Available"
        if whose and whose.get("uid"):
            claim = self._actor.get(_CLAIM, whose.get("namespace", ""), whose["name"])
            phase = "Bound" if claim is not None and claim["metadata"]["uid"] == whose["uid"] else "Released"
        before = volume.get("status") or {}
        if before.get("phase") != phase:
            since = timestamp(self._cluster.runtime.wall())
            self._actor.update({**volume, "status": {"phase": phase, "lastPhaseTransitionTime": since}}, "status")

    def _settle_claim(self, claim: Obj) -> None:
        """Bind a claim to the volume that it names, or to the best that fits; or say why it waits."""
        if (claim.get("status") or {}).get("phase") == "Bound":
            return
        volumes = [msgspec.json.decode(raw) for raw in self._actor.find(_VOLUME)]
        volume = fitting(claim, volumes)
        if volume is not None:
            self._bind(claim, volume)
        elif not claim["spec"].get("storageClassName") and not claim["spec"].get("volumeName"):
            said = "no persistent volumes available for this claim and no storage class is set"
            self._actor.event(claim, "Normal", "FailedBinding", said)

    def _bind(self, claim: Obj, volume: Obj) -> None:
        meta, spec = claim["metadata"], volume["spec"]
        ref = {name: meta[name] for name in ("namespace", "name", "uid", "resourceVersion")}
        if (spec.get("claimRef") or {}).get("uid") != meta["uid"]:
            _annotate(volume, _BOUND)
            ref = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **ref}
            volume = self._actor.update({**volume, "spec": {**spec, "claimRef": ref}})
        if not claim["spec"].get("volumeName"):
            _annotate(claim, _BOUND)
        _annotate(claim, _COMPLETED)
        claim["spec"]["volumeName"] = volume["metadata"]["name"]
        claim = self._actor.update(claim)
        has = {"accessModes": spec["accessModes"], "capacity": spec["capacity"]}
        self._actor.update({**claim, "status": {"phase": "Bound", **has}}, "status")


def fitting(claim: Obj, volumes: Iterable[Obj]) -> Obj | None:
    """Return the volume for a claim: the one that is the claim's already, else the smallest that is large enough."""
    meta, spec = claim["metadata"], claim["spec"]
    found = [volume for volume in volumes if "deletionTimestamp" not in volume["metadata"]]
    for volume in found:
        ref = volume["spec"].get("claimRef") or {}
        ours = (ref.get("namespace"), ref.get("name")) == (meta["namespace"], meta["name"])
        if ours and ref.get("uid") in (None, "", meta["uid"]):
            return volume
    free = [volume for volume in found if not volume["spec"].get("claimRef")]
    if spec.get("volumeName"):
        return next((volume for volume in free if volume["metadata"]["name"] == spec["volumeName"]), None)
    return min((volume for volume in free if _fits(claim, volume)), key=_size, default=None)


def _fits(claim: Obj, volume: Obj) -> bool:
    wanted, has = claim["spec"], volume["spec"]
    selector = LabelSelector.from_dict(wanted["selector"]) if wanted.get("selector") else None
    return (
        (wanted.get("storageClassName") or "") == (has.get("storageClassName") or "")
        and wanted.get("volumeMode", "Filesystem") == has.get("volumeMode", "Filesystem")
        and set(wanted.get("accessModes") or ()) <= set(has.get("accessModes") or ())
        and nanos(((wanted.get("resources") or {}).get("requests") or {}).get("storage", "0")) <= _size(volume)
        and (selector is None or selector.matches(volume["metadata"].get("labels")))
    )


def _size(volume: Obj) -> int:
    return nanos((volume["spec"].get("capacity") or {}).get("storage", "0"))


def _annotate(obj: Obj, name: str) -> None:
    obj["metadata"]["annotations"] = {**(obj["metadata"].get("annotations") or {}), name: "yes"}
