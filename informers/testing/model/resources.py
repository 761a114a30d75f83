"""What the in-memory cluster serves: one `ResourceInfo` for each resource and version, found through a `Registry`.

Facts only: names, verbs, subresources and the few rules in which kinds differ. Nothing here touches an object.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from informers.api.objects import GroupVersionKind, NamespacedName, Obj

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ALL_VERBS", "CONNECTING", "Registry", "ResourceInfo", "SubresourceInfo"]

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
"""The verbs of an ordinary resource, as discovery lists them."""

_OWN_KIND = ("get", "patch", "update")
_SUBRESOURCES: dict[str, tuple[GroupVersionKind | None, tuple[str, ...]]] = {
    "status": (None, _OWN_KIND),
    "approval": (None, _OWN_KIND),
    "resize": (None, _OWN_KIND),
    "ephemeralcontainers": (None, _OWN_KIND),
    "log": (None, ("get",)),
    "finalize": (None, ("update",)),
    "scale": (GroupVersionKind("autoscaling", "v1", "Scale"), _OWN_KIND),
    "binding": (GroupVersionKind("", "v1", "Binding"), ("create",)),
    "eviction": (GroupVersionKind("policy", "v1", "Eviction"), ("create",)),
    "token": (GroupVersionKind("authentication.k8s.io", "v1", "TokenRequest"), ("create",)),
}


_CONNECTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "attach": ("AttachOptions", ("create", "get")),
    "exec": ("ExecOptions", ("create", "get")),
    "portforward": ("PortForwardOptions", ("create", "get")),
    "proxy": ("ProxyOptions", ("create", "delete", "get", "patch", "update")),
}
CONNECTING = frozenset({"log", *_CONNECTIONS})
"""Subresources that reach through the server to what runs behind it."""


_VERSION = re.compile("v([0-9]+)(?:(alpha|beta)([0-9]+))?")


class SubresourceInfo(NamedTuple):
    """One subresource as discovery shows it.

    Threads: immutable.
    """

    name: str
    gvk: GroupVersionKind
    """The kind that is read and written through it; the resource's own for `status`."""
    verbs: tuple[str, ...]


class ResourceInfo(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One resource in one version; compared by identity, so a re-created CRD is another resource.

    Threads: immutable.
    """

    gvk: GroupVersionKind
    plural: str
    singular: str
    namespaced: bool
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    subresources: frozenset[str] = frozenset()
    crd: Obj | None = None
    """The CustomResourceDefinition it comes from; None for a built-in kind. MUST NOT be changed."""
    columns: tuple[Obj, ...] = ()
    """Printer columns of a custom resource, as its CRD lists them; empty means name and age alone."""
    list_kind: str = ""
    """The kind of a list of them; kind and `List` when empty."""
    schema: Obj | None = None
    """The version's `openAPIV3Schema`; None for a built-in kind."""
    storage: tuple[str, str]
    """Group and plural under which the objects are kept; two resources may share one store, as events do."""
    storage_gvk: GroupVersionKind
    """Group, version and kind in which they are kept."""
    scale: Obj | None = None
    """The CRD version's `subresources.scale`: the paths of replicas, status and selector."""
    selectable: tuple[str, ...] = ()
    """Field labels that a field selector may name, beyond `metadata.name` and `metadata.namespace`."""
    indexed: tuple[str, ...] = ()
    """The fields that are kept beside each object for selectors: those of all versions, in the store's spelling."""
    create_on_update: bool = False
    """Whether a PUT of a missing object creates it."""
    unconditional_update: bool = True
    """Whether a PUT without resourceVersion overwrites."""
    deleted_object: bool = False
    """Whether DELETE answers with the object even when it is gone at once, instead of a Status."""
    warning: str = ""
    """What every use of a deprecated version is answered with, as a `Warning` header; empty for none."""
    extra: dict[str, Any] = msgspec.field(default_factory=dict)
    """Room for what others derive from this resource and keep with it, such as its compiled schema."""

    @property
    def group_resource(self) -> str:
        """`deployments.apps`, or `pods` in the core group: how messages name the resource."""
        return f"{self.plural}.{self.gvk.group}" if self.gvk.group else self.plural

    @property
    def group_kind(self) -> str:
        """`Deployment.apps`, or `Pod` in the core group: how messages of invalid objects name the kind."""
        return f"{self.gvk.kind}.{self.gvk.group}" if self.gvk.group else self.gvk.kind

    @property
    def custom(self) -> bool:
        """Whether a CRD defines it."""
        return self.crd is not None

    @property
    def stored(self) -> bool:
        """Whether it has objects; reviews and bindings have none."""
        return "get" in self.verbs

    def path(self, key: NamespacedName) -> str:
        """Return how the store's own messages name an object, `/registry/configmaps/default/a`."""
        group = f"{self.gvk.group}/" if self.custom else ""
        return f"/registry/{group}{self.storage[1]}/{key}"

    def describe(self, subresource: str) -> SubresourceInfo:
        """Return what discovery shows of one of `subresources`."""
        if subresource in _CONNECTIONS:
            options, methods = _CONNECTIONS[subresource]
            return SubresourceInfo(subresource, self.gvk._replace(kind=f"{self.gvk.kind}{options}"), methods)
        gvk, verbs = _SUBRESOURCES[subresource]
        return SubresourceInfo(subresource, gvk or self.gvk, verbs)


class Registry:
    """The resources that are served now.

    Invariant: one resource for each (group, version, plural) and for each kind of a group version; the order is the
    one in which discovery lists them: built-in ones first, then CRDs as they came.

    Threads: any thread reads; the cluster writes with its lock held, replacing the tables instead of changing them.
    """

    def __init__(self, resources: Iterable[ResourceInfo] = ()) -> None:
        self._all: tuple[ResourceInfo, ...] = ()
        self._by_plural: dict[tuple[str, str, str], ResourceInfo] = {}
        self._by_kind: dict[GroupVersionKind, ResourceInfo] = {}
        self._by_store: dict[tuple[str, str], ResourceInfo] = {}
        self.generation = 0
        """Goes up with every change; what is derived from the registry is stale when it has."""
        self._set(tuple(resources))

    def find(self, group: str, version: str, plural: str) -> ResourceInfo | None:
        """Return the resource that a path names; None when it is not served."""
        return self._by_plural.get((group, version, plural))

    def by_kind(self, gvk: GroupVersionKind) -> ResourceInfo | None:
        """Return the resource of a kind; None when it is not served."""
        return self._by_kind.get(gvk)

    def all(self) -> tuple[ResourceInfo, ...]:
        """Return every resource in every version."""
        return self._all

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Return the versions of each group, the preferred one first; the core group is the empty name."""
        found: dict[str, dict[str, None]] = {}
        for info in self._all:
            found.setdefault(info.gvk.group, {})[info.gvk.version] = None
        custom = {info.gvk.group for info in self._all if info.custom}
        return {
            group: tuple(sorted(versions, key=_priority) if group in custom else versions)
            for group, versions in found.items()
        }

    def for_store(self, store: tuple[str, str]) -> ResourceInfo | None:
        """Return the resource of a store, in the version that is kept if that is served."""
        return self._by_store.get(store)

    def stores(self) -> tuple[ResourceInfo, ...]:
        """Return one resource for each store, as `for_store` does."""
        return tuple(self._by_store.values())

    def replace(self, gone: Iterable[ResourceInfo], come: Iterable[ResourceInfo]) -> None:
        """Take resources out and put others in, at once; the new ones go where the first old one stood, or last."""
        gone, come = tuple(gone), tuple(come)
        left = [info for info in self._all if info not in gone]
        at = self._all.index(gone[0]) if gone else len(left)
        self._set((*left[:at], *come, *left[at:]))

    def _set(self, resources: tuple[ResourceInfo, ...]) -> None:
        self._by_plural = {(info.gvk.group, info.gvk.version, info.plural): info for info in resources}
        self._by_kind = {info.gvk: info for info in resources}
        self._by_store = {}
        for info in resources:
            if info.stored and (info.storage not in self._by_store or info.gvk == info.storage_gvk):
                self._by_store[info.storage] = info
        self._all = resources
        self.generation += 1


def _priority(version: str) -> tuple[int, int, int, str]:
    """How the versions of a custom group are sorted: stable before beta before alpha, the greater number first."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return (3, 0, 0, version)
    major, stage, minor = match.groups()
    return ({None: 0, "beta": 1, "alpha": 2}[stage], -int(major), -int(minor or 0), version)
