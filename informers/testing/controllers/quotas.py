"""The ResourceQuota controller: how much of what a quota limits its namespace uses.

Admission (`model.quotas`) adds what it lets in at once; here it is counted anew when something goes or shrinks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from informers.api.objects import GroupVersionKind
from informers.testing.controllers.actor import Actor
from informers.testing.model import usage
from informers.testing.model.quotas import in_scope, shown

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.runtime import Seconds
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change, Record

__all__ = ["ResourceQuotas"]

_QUOTA: Final = GroupVersionKind("", "v1", "ResourceQuota")
_STORE: Final = ("", "resourcequotas")
_AGAIN: Final[Seconds] = 300.0
"""Seconds after which a quota is counted anew without any news: whatever others wrote into its status goes then."""


class ResourceQuotas:
    """Keeps the statuses of ResourceQuotas.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "resourcequota"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "kube-controller-manager", "resourcequota-controller")

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at a quota whose spec is new, and at those of a namespace where something went or shrank."""
        if change.store == _STORE and change.type != "DELETED":
            return [change.new.key] if change.old is None or _spec(change.new) != _spec(change.old) else []
        namespace = change.new.key.namespace
        lessened = change.type == "DELETED" or (change.type == "MODIFIED" and change.store in usage.CHANGING)
        if not namespace or not lessened:
            return []
        return [record.key for record in self._cluster.storage.store(_STORE).scan(namespace)]

    def sync(self, key: tuple[str, ...]) -> Seconds | None:
        """Count, and tell."""
        quota = self._actor.get(_QUOTA, *key)
        if quota is None or "deletionTimestamp" in quota["metadata"]:
            return None
        hard: dict[str, str] = (quota.get("spec") or {}).get("hard") or {}
        amounts = self._used(quota, hard)
        status = {"hard": hard, "used": {name: shown(amounts[name], like=hard[name]) for name in sorted(amounts)}}
        if hard and status != quota.get("status"):
            self._actor.update({**quota, "status": status}, "status")
        return _AGAIN

    def _used(self, quota: Obj, hard: dict[str, str]) -> dict[str, int]:
        """Return billionths of what is used of everything limited that anything served can use."""
        used: dict[str, int] = {}
        namespace = quota["metadata"]["namespace"]
        for info in self._cluster.registry.stores():
            limited = [name for name in hard if usage.users(name) == info.group_resource]
            used |= dict.fromkeys(limited, 0)
            for raw in self._actor.find(info.gvk, namespace) if limited and info.namespaced else ():
                obj = msgspec.json.decode(raw)
                asked = usage.of(info, obj) if in_scope(quota, info, obj) else {}
                for name in limited:
                    used[name] += asked.get(name, 0)
        return used


def _spec(record: Record) -> Obj:
    spec: Obj = record.decode().get("spec") or {}
    return spec
