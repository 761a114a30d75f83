"""How one client looks at the cluster: its namespace, its name, its strictness, whether it only tries.

A view never widens what another one allows: a namespaced view refuses what lies outside its namespace, and a dry run
stays one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from informers.api.objects import NamespacedName

if TYPE_CHECKING:
    from informers.api.discovery import ApiResource
    from informers.api.objects import Obj
    from informers.api.transport import Call

__all__ = ["View"]

_VALIDATIONS = ("Strict", "Warn", "Ignore")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a client adds to every call.

    Raises:
        ValueError: A field validation that the server does not know.

    Threads: immutable.
    """

    namespace: str = ""
    """The one namespace of a namespaced view; empty for all."""
    field_manager: str = "levelset"
    """The name under which fields are owned."""
    field_validation: str = "Strict"
    """What becomes of unknown and duplicate fields in a write: Strict refuses it, Warn warns, Ignore drops them."""
    dry_run: bool = False
    """Writes are only tried."""
    impersonate: tuple[tuple[str, str], ...] = ()
    """The headers by which calls act as somebody else; empty acts as the configuration says."""

    def __post_init__(self) -> None:
        if self.field_validation not in _VALIDATIONS:
            raise ValueError(f"field validation {self.field_validation!r} is none of {', '.join(_VALIDATIONS)}")

    def key(self, resource: ApiResource, key: NamespacedName) -> NamespacedName:
        """Return the key that a caller means: in a namespaced view, the namespace may be left out.

        Raises:
            ValueError: The object lies in another namespace.
        """
        if not self.namespace or not resource.namespaced or key.namespace == self.namespace:
            return key
        if key.namespace:
            raise ValueError(
                f"namespace {key.namespace} of the {resource.gvk} {key.name} does not match the namespace "
                f"{self.namespace} of this client; use the client that `in_namespace` was called on"
            )
        return NamespacedName(self.namespace, key.name)

    def scope(self, resource: ApiResource, namespace: str) -> str:
        """Return the namespace of a collection: a namespaced view's own, whatever the caller says."""
        return self.namespace if self.namespace and resource.namespaced else namespace

    def body(self, resource: ApiResource, body: Obj, key: NamespacedName) -> Obj:
        """Return the object with the namespace of its key; the caller's object is not changed."""
        meta = body.get("metadata") or {}
        if not resource.namespaced or (meta.get("namespace") or "") == key.namespace:
            return body
        return {**body, "metadata": {**meta, "namespace": key.namespace}}

    def sealed(self, call: Call) -> Call:
        """Return the call as it is sent: as whoever this view acts as."""
        return replace(call, impersonate=self.impersonate) if self.impersonate else call
