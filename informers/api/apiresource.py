"""How one kind is served: its name in URLs, its scope, its subresources, and the paths that follow from them.

No name can reach another object: every segment of a path is percent-encoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from informers.api.objects import GroupVersionKind

__all__ = ["ApiResource", "segment"]

_VERBS = frozenset(("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"))


@dataclass(frozen=True, slots=True)
class ApiResource:
    """How one kind is served.

    Threads: immutable.
    """

    gvk: GroupVersionKind
    plural: str
    """The name in the URL: `deployments`."""
    namespaced: bool
    """Whether its objects live in namespaces."""
    subresources: frozenset[str] = frozenset()
    """`status`, `scale` and so on, as far as they are served."""
    verbs: frozenset[str] = _VERBS
    """What may be done with it, in the server's words: get, list, watch, create, ..."""
    singular: str = ""
    """The name of one of them; empty when the server tells none."""
    short_names: tuple[str, ...] = ()
    """What people type instead: `deploy`."""
    categories: tuple[str, ...] = ()
    """Groups of resources that people list together: `all`."""

    @property
    def resource(self) -> str:
        """The resource as permissions and people name it: `deployments.apps`, or `pods` in the core group."""
        return f"{self.plural}.{self.gvk.group}" if self.gvk.group else self.plural

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """Return the absolute URL path of a collection (no name), an object or a subresource.

        Every segment is percent-encoded, so that no name can reach another object. No namespace means the collection
        across all namespaces.

        Raises:
            ValueError: A namespaced object without its namespace, a namespace for a cluster-scoped kind, or a segment
                that is `.` or `..`, which no encoding protects.
        """
        if namespace and not self.namespaced:
            raise ValueError(f"{self.gvk} is cluster-scoped; {name or 'its list'} is in no namespace, not {namespace}")
        if name and self.namespaced and not namespace:
            raise ValueError(f"{self.gvk} {name} names no namespace; use 'namespace/{name}', or set metadata.namespace")
        root = f"/apis/{segment(self.gvk.group)}" if self.gvk.group else "/api"
        segments = [segment(self.gvk.version)]
        segments += ["namespaces", segment(namespace)] if namespace else []
        segments += [segment(part) for part in (self.plural, name, subresource) if part]
        return "/".join((root, *segments))


def segment(text: str) -> str:
    """Return one segment of a URL path; raises ValueError for `.` and `..`, which no encoding protects."""
    if text in (".", ".."):
        raise ValueError(f"{text!r} cannot be part of a URL path, so nothing is called that")
    return quote(text, safe="")
