"""RBAC from what a controller says it does: the least that lets it run, and roles for the people who use its kinds.

A module that sets a controller up names its rules in `PERMISSIONS`; what every manager does beside that (events, the
lease of the election) is added here. No wildcard and no right to grant rights MUST ever come out of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from informers.api.objects import Obj
    from informers.api.resource import Resource

__all__ = ["Identity", "controller_roles", "user_roles"]

RBAC = "rbac.authorization.k8s.io"
READ = ["get", "list", "watch"]
WRITE = ["create", "delete", "patch", "update"]
EVENTS: Obj = {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a deployed controller is.

    Threads: immutable.
    """

    name: str
    """Of its Deployment, its service account and its roles, such as `memcached-operator`."""
    namespace: str
    """Where it runs, such as `memcached-operator-system`."""
    lease: str
    """The Lease of its leader election; only this one may be touched."""
    shares: bool = False
    """Whether its replicas share the work: then each has a Lease of its own, and may touch all in the namespace."""

    @property
    def labels(self) -> dict[str, str]:
        """What marks everything that belongs to it."""
        return {"app.kubernetes.io/name": self.name, "app.kubernetes.io/component": "controller"}

    def meta(self, suffix: str = "", *, inside: bool = False) -> Obj:
        """Return the metadata of one of its objects, in its namespace or outside of all."""
        where = {"namespace": self.namespace} if inside else {}
        return {"name": self.name + suffix, **where, "labels": dict(self.labels)}


def controller_roles(who: Identity, permissions: Iterable[Obj]) -> list[Obj]:
    """Return the service account of a controller, and the roles and bindings that let it do just its work.

    Args:
        who: The controller.
        permissions: Policy rules, `{"apiGroups": [...], "resources": [...], "verbs": [...]}` each.

    Raises:
        ValueError: A rule has a wildcard, or hands out rights.
    """
    rules = [_checked(rule) for rule in permissions]
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": who.meta(inside=True)}
    suffix = "-leader-election"
    return [
        account | {"automountServiceAccountToken": False},
        _role("ClusterRole", who.meta(), [*rules, dict(EVENTS)]),
        _binding("ClusterRole", who.meta(), who),
        _role("Role", who.meta(suffix, inside=True), _election(who)),
        _binding("Role", who.meta(suffix, inside=True), who),
    ]


def user_roles(cls: type[Resource[Any, Any]]) -> list[Obj]:
    """Return admin, editor and viewer roles for a kind; the cluster's own roles of these names take them in."""
    noun = cls.gvk.kind.lower()

    def role(who: str, target: str, verbs: list[str], scale: list[str]) -> Obj:
        group = {"apiGroups": [cls.gvk.group]}
        rules = [
            {**group, "resources": [cls.plural], "verbs": sorted(verbs)},
            {**group, "resources": [f"{cls.plural}/status"], "verbs": ["get"]},
        ]
        if cls.scale:
            rules.append({**group, "resources": [f"{cls.plural}/scale"], "verbs": scale})
        labels = {f"{RBAC}/aggregate-to-{target}": "true"}
        return _role("ClusterRole", {"name": f"{noun}-{who}", "labels": labels}, rules)

    return [
        role("admin", "admin", [*READ, *WRITE, "deletecollection"], ["get", "patch", "update"]),
        role("editor", "edit", [*READ, *WRITE], ["get", "patch", "update"]),
        role("viewer", "view", READ, ["get"]),
    ]


def _election(who: Identity) -> list[Obj]:
    """Return what a replica needs of leases: of one by its name, though creating cannot be restricted to a name."""
    leases: Obj = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}
    if who.shares:
        return [{**leases, "verbs": ["create", "delete", "get", "list", "update", "watch"]}]
    named = {**leases, "resourceNames": [who.lease], "verbs": ["get", "update", "watch"]}
    return [{**leases, "verbs": ["create"]}, named]


def _checked(rule: Obj) -> Obj:
    words = [*rule.get("apiGroups", ()), *rule.get("resources", ()), *rule.get("verbs", ())]
    for word in words:
        if "*" in word or word in ("escalate", "bind", "impersonate"):
            raise ValueError(f"a controller needs no {word!r}: name what it does in {rule}")
    return dict(rule)


def _role(kind: str, metadata: Obj, rules: list[Obj]) -> Obj:
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, "rules": rules}


def _binding(kind: str, metadata: Obj, who: Identity) -> Obj:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": f"{kind}Binding",
        "metadata": metadata,
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": metadata["name"]},
        "subjects": [{"kind": "ServiceAccount", "name": who.name, "namespace": who.namespace}],
    }
