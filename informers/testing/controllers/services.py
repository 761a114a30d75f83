"""The EndpointSlice and Endpoints controllers: every Service with a selector lists the Pods behind it.

What is listed is decided in `endpoints`; Endpoints that users write are mirrored by `mirroring`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from informers.api.objects import GroupVersionKind
from informers.api.selectors import LabelSelector
from informers.testing.controllers.actor import POD, Actor, key_of_object
from informers.testing.controllers.endpoints import MANAGED_BY, SERVICE_NAME, endpoint_slices, endpoint_subsets
from informers.testing.controllers.workloads import controller_reference
from informers.testing.model.metadata import timestamp
from informers.testing.model.queries import ListQuery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from informers.api.objects import Obj
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change, Storage

__all__ = ["MANAGED", "SLICE_PARTS", "EndpointSlices", "LegacyEndpoints", "taken"]

_SERVICE = GroupVersionKind("", "v1", "Service")
_SLICE = GroupVersionKind("discovery.k8s.io", "v1", "EndpointSlice")
_ENDPOINTS = GroupVersionKind("", "v1", "Endpoints")
MANAGED = "endpoints.kubernetes.io/managed-by"
"""The label of Endpoints that belong to the controller."""
SLICE_PARTS = ("ports", "endpoints")
"""What of a slice its controller keeps up to date, beside the labels."""
_TRIGGERED = "endpoints.kubernetes.io/last-change-trigger-time"


class EndpointSlices:
    """Keeps the EndpointSlices of Services.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "endpointslice"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-controller-manager", "endpoint-slice-controller")

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at a Service that changed, at those that select a Pod that did, and at one whose slice did."""
        if change.store == ("discovery.k8s.io", "endpointslices"):
            name = (change.new.labels or {}).get(SERVICE_NAME)
            return [(change.new.key.namespace, name)] if name else []
        return _served(self._cluster.storage, change)

    def sync(self, key: tuple[str, ...]) -> None:
        """Make, change and delete slices until they say what they should."""
        service = _with_selector(self._actor, key)
        if service is None:
            return
        wanted = endpoint_slices(service, _pods(self._actor, service))
        mine = [obj for obj in self._actor.owned(service, _SLICE) if "deletionTimestamp" not in obj["metadata"]]
        mine = [obj for obj in mine if MANAGED_BY in (obj["metadata"].get("labels") or {})]
        rest = [new for new in wanted if not taken(mine, new)]
        for new in rest:
            if mine:
                self._change(mine.pop(0), new)
            else:
                self._create(service, new)
        for old in mine:
            self._actor.delete(old)

    def _create(self, service: Obj, new: Obj) -> None:
        meta = {
            "generateName": f"{service['metadata']['name']}-",
            "namespace": service["metadata"]["namespace"],
            "labels": new["metadata"]["labels"],
            "annotations": {_TRIGGERED: timestamp(self._cluster.runtime.wall())},
            "ownerReferences": [controller_reference(service)],
        }
        self._actor.create(_SLICE, {**new, "metadata": meta})

    def _change(self, old: Obj, new: Obj) -> None:
        annotations = old["metadata"].setdefault("annotations", {})
        annotations[_TRIGGERED] = timestamp(self._cluster.runtime.wall())
        old["metadata"]["labels"] = new["metadata"]["labels"]
        self._actor.update({**old, **{name: new[name] for name in SLICE_PARTS}})


class LegacyEndpoints:
    """Keeps the Endpoints of Services.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "endpoints"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-controller-manager", "endpoint-controller")

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at a Service that changed or is gone, and at those that select a Pod that changed."""
        if change.store == ("", "services") and change.type == "DELETED":
            return [change.new.key]
        if change.store == ("", "endpoints"):
            return [change.new.key]
        return _served(self._cluster.storage, change)

    def sync(self, key: tuple[str, ...]) -> None:
        """Write the Endpoints of a Service; delete them when it is gone."""
        found = self._actor.get(_ENDPOINTS, *key)
        service = _with_selector(self._actor, key)
        if service is None:
            ours = found is not None and MANAGED in (found["metadata"].get("labels") or {})
            if found is not None and ours and self._actor.get(_SERVICE, *key) is None:
                self._actor.delete(found)
            return
        labels = {**(service["metadata"].get("labels") or {}), MANAGED: "endpoint-controller"}
        if service["spec"].get("clusterIP") == "None":
            labels["service.kubernetes.io/headless"] = ""
        subsets = endpoint_subsets(service, _pods(self._actor, service))
        if found is None:
            meta = {"name": key[1], "namespace": key[0], "labels": labels}
            meta["annotations"] = {_TRIGGERED: timestamp(self._cluster.runtime.wall())}
            self._actor.create(_ENDPOINTS, {"metadata": meta, "subsets": subsets})
        elif (found.get("subsets") or []) != subsets or found["metadata"].get("labels") != labels:
            found["metadata"]["labels"] = labels
            annotations = found["metadata"].setdefault("annotations", {})
            annotations[_TRIGGERED] = timestamp(self._cluster.runtime.wall())
            self._actor.update({**found, "subsets": subsets})


def _served(storage: Storage, change: Change) -> list[tuple[str, ...]]:
    """Return the keys of a Service that changed, or of those that select a Pod that did, before or now."""
    if change.store == ("", "services"):
        return [] if change.type == "DELETED" else [change.new.key]
    if change.store != ("", "pods"):
        return []
    labels = [record.labels or {} for record in (change.new, change.old) if record is not None]
    keys: list[tuple[str, ...]] = []
    for record in storage.store(("", "services")).scan(change.new.key.namespace):
        selector = _selector(record.raw)
        if selector and any(_covers(selector, each) for each in labels):
            keys.append(record.key)
    return keys


@lru_cache(maxsize=4096)
def _selector(service: bytes) -> Mapping[str, str]:
    """Return what a Service selects; asked of every Service at every change of a Pod."""
    found: Mapping[str, str] = msgspec.json.decode(service)["spec"].get("selector") or {}
    return found


def _covers(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    return all(labels.get(name) == value for name, value in selector.items())


def _with_selector(actor: Actor, key: tuple[str, ...]) -> Obj | None:
    service = actor.get(_SERVICE, *key)
    if service is None or "deletionTimestamp" in service["metadata"]:
        return None
    return service if service["spec"].get("selector") and service["spec"].get("type") != "ExternalName" else None


def _pods(actor: Actor, service: Obj) -> list[Obj]:
    selector = LabelSelector.from_labels(service["spec"]["selector"])
    found = actor.find(POD, key_of_object(service).namespace, ListQuery(labels=selector))
    return [msgspec.json.decode(raw) for raw in found]


def taken(mine: list[Obj], new: Obj) -> bool:
    """Take a slice that is as it should be out of `mine`; whether there was one."""
    for old in mine:
        same = old["metadata"].get("labels") == new["metadata"]["labels"]
        if same and all((old.get(name) or []) == new[name] for name in SLICE_PARTS):
            mine.remove(old)
            return True
    return False
