"""The EndpointSliceMirroring controller: Endpoints that users write for a Service without a selector, as slices.

One slice for each subset and address family; addresses that are listed twice are mirrored once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.api.objects import GroupVersionKind
from informers.testing.controllers.actor import Actor
from informers.testing.controllers.endpoints import MANAGED_BY, SERVICE_NAME
from informers.testing.controllers.services import MANAGED, SLICE_PARTS, taken
from informers.testing.controllers.workloads import controller_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.api.objects import Obj
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["EndpointSliceMirroring"]

_ENDPOINTS: Final = GroupVersionKind("", "v1", "Endpoints")
_SERVICE: Final = GroupVersionKind("", "v1", "Service")
_SLICE: Final = GroupVersionKind("discovery.k8s.io", "v1", "EndpointSlice")
_OURS: Final = "endpointslicemirroring-controller.k8s.io"
_SKIP: Final = "endpointslice.kubernetes.io/skip-mirror"
_ELECTION: Final = "control-plane.alpha.kubernetes.io/leader"
_NOT_COPIED: Final = frozenset({
    "kubectl.kubernetes.io/last-applied-configuration",
    "endpoints.kubernetes.io/last-change-trigger-time",
})  # fmt: skip


class EndpointSliceMirroring:
    """Mirrors Endpoints as EndpointSlices.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "endpointslice-mirroring"

    def __init__(self, cluster: Cluster) -> None:
        self._actor = Actor(cluster, "kube-controller-manager", "endpoint-slice-mirroring-controller")

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at Endpoints that changed, or whose Service did, or a slice of which did."""
        labels = change.new.labels or {}
        if change.store in (("", "endpoints"), ("", "services")):
            return [] if MANAGED in labels else [change.new.key]
        mirrored = change.store == ("discovery.k8s.io", "endpointslices") and labels.get(MANAGED_BY) == _OURS
        return [(change.new.key.namespace, labels.get(SERVICE_NAME, ""))] if mirrored else []

    def sync(self, key: tuple[str, ...]) -> None:
        """Make, change and delete slices until they say what the Endpoints say."""
        endpoints = self._actor.get(_ENDPOINTS, *key)
        if endpoints is None or "deletionTimestamp" in endpoints["metadata"]:
            return  # its slices go with it, being owned
        mine = [
            found
            for found in self._actor.owned(endpoints, _SLICE)
            if (found["metadata"].get("labels") or {}).get(MANAGED_BY) == _OURS
        ]
        wanted = _slices(endpoints) if self._mirrored(endpoints) else []
        for new in [new for new in wanted if not taken(mine, new)]:
            reusable = next((old for old in mine if old["addressType"] == new["addressType"]), None)
            if reusable is None:
                self._actor.create(_SLICE, new)
            else:
                mine.remove(reusable)
                reusable["metadata"]["labels"] = new["metadata"]["labels"]
                self._actor.update({**reusable, **{name: new[name] for name in SLICE_PARTS}})
        for old in mine:
            self._actor.delete(old)

    def _mirrored(self, endpoints: Obj) -> bool:
        meta = endpoints["metadata"]
        if (meta.get("labels") or {}).get(_SKIP) == "true" or _ELECTION in (meta.get("annotations") or {}):
            return False
        service = self._actor.get(_SERVICE, meta["namespace"], meta["name"])
        return service is not None and not service["spec"].get("selector")


def _slices(endpoints: Obj) -> list[Obj]:
    """Return the slices that Endpoints should have."""
    meta = endpoints["metadata"]
    copied = {name: text for name, text in (meta.get("annotations") or {}).items() if name not in _NOT_COPIED}
    made: Obj = {
        "generateName": f"{meta['name']}-",
        "namespace": meta["namespace"],
        "labels": {**(meta.get("labels") or {}), SERVICE_NAME: meta["name"], MANAGED_BY: _OURS},
        **({"annotations": copied} if copied else {}),
        "ownerReferences": [controller_reference(endpoints)],
    }
    return [
        {"metadata": made, "addressType": family, "ports": subset.get("ports") or [], "endpoints": found}
        for subset in endpoints.get("subsets") or ()
        for family in ("IPv4", "IPv6")
        if (found := list(_endpoints(subset, family)))
    ]


def _endpoints(subset: Obj, family: str) -> Iterator[Obj]:
    seen: set[str] = set()
    for part, ready in (("addresses", True), ("notReadyAddresses", False)):
        for address in subset.get(part) or ():
            if address["ip"] in seen or (":" in address["ip"]) is not (family == "IPv6"):
                continue
            seen.add(address["ip"])
            extra = {name: address[name] for name in ("hostname", "nodeName", "targetRef") if address.get(name)}
            yield {"addresses": [address["ip"]], "conditions": {"ready": ready}, **extra}
