"""What admission looks things up in: policies and webhooks as they are stored, and the namespaces they speak of.

It knows whether there is any policy, so that what evaluates them is imported by a cluster that has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.access.roles import Roles
    from informers.testing.admitting.requests import Request
    from informers.testing.cel.values import Opaque
    from informers.testing.model.resources import Registry
    from informers.testing.model.storage import Storage

__all__ = ["MUTATIONS", "POLICIES", "World"]

MUTATIONS: Final = "mutatingadmissionpolicies"
"""The plural of the policies that change objects."""
POLICIES: Final = "validatingadmissionpolicies"
"""The plural of the policies that refuse requests."""
_GROUP = "admissionregistration.k8s.io"


class World:
    """What policies and webhooks look things up in.

    Threads: call with the cluster's lock held.
    """

    def __init__(self, storage: Storage, registry: Registry, roles: Roles) -> None:
        self.storage = storage
        self.registry = registry
        self.roles = roles

    def authorizer(self, request: Request) -> Opaque:
        """Return the variable `authorizer` for a request."""
        from informers.testing.admitting.authority import asking  # noqa: PLC0415 - CEL, which only expressions need

        return asking(self.roles, request)

    def objects(self, plural: str) -> list[Obj]:
        """Return the objects of a kind of admission configuration, by name."""
        return [record.decode() for record in list(self.storage.store((_GROUP, plural)).scan(""))]

    def has(self, plural: str) -> bool:
        """Whether there are any."""
        return bool(self.storage.store((_GROUP, plural)).records)

    def namespace(self, name: str) -> Obj | None:
        """Return a namespace; None when there is none."""
        record = self.storage.get(("", "namespaces"), f"/{name}") if name else None
        return record.decode() if record is not None else None

    def labels_of(self, name: str) -> dict[str, str]:
        """Return the labels of a namespace."""
        found: Any = ((self.namespace(name) or {}).get("metadata") or {}).get("labels") or {}
        return dict(found)
