"""The ClusterRole aggregation controller: a role with an `aggregationRule` has the rules of those that it selects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from informers.api.objects import GroupVersionKind
from informers.api.selectors import LabelSelector
from informers.testing.controllers.actor import Actor

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.cluster import Cluster
    from informers.testing.model.storage import Change

__all__ = ["ClusterRoleAggregation"]

_ROLE: Final = GroupVersionKind("rbac.authorization.k8s.io", "v1", "ClusterRole")
_STORE: Final = ("rbac.authorization.k8s.io", "clusterroles")


class ClusterRoleAggregation:
    """Keeps the rules of aggregated ClusterRoles.

    Threads: the task that runs the controllers; `notice` inside writes.
    """

    name = "clusterrole-aggregation"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._actor = Actor(cluster, "clusterrole-aggregation-controller")

    def notice(self, change: Change) -> list[tuple[str, ...]]:
        """Look at all aggregated roles when any role changes."""
        if change.store != _STORE:
            return []
        roles = self._cluster.storage.store(_STORE).scan("")
        return [(role.key.name,) for role in roles if b'"aggregationRule"' in role.raw]

    def sync(self, key: tuple[str, ...]) -> None:
        """Collect the rules, each once, in the order of the roles' names."""
        role = self._actor.get(_ROLE, "", key[0])
        if role is None or "deletionTimestamp" in role["metadata"] or not role.get("aggregationRule"):
            return
        selectors = [LabelSelector.from_dict(one) for one in role["aggregationRule"].get("clusterRoleSelectors") or ()]
        rules: list[Obj] = []
        for other in (msgspec.json.decode(raw) for raw in self._actor.find(_ROLE)):
            labels = other["metadata"].get("labels")
            if other["metadata"]["name"] != key[0] and any(selector.matches(labels) for selector in selectors):
                rules += [rule for rule in other.get("rules") or () if rule not in rules]
        if rules != (role.get("rules") or []):
            self._actor.update({**role, "rules": rules})
