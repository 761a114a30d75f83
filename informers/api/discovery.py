"""Which URL serves a kind: asked once, remembered, asked again when it may have changed.

A `Resource` subclass knows its own URL, so typed code starts without a single discovery request and before its CRD is
there. Other kinds are looked up in their group and version. A kind that is missing is remembered only briefly, so that
a CRD installed a moment ago is found; it MUST NOT take a restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from cachetools import TTLCache

from informers.api.errors import ApiError, KindNotServed
from informers.api.objects import GroupVersionKind
from informers.api.resource import KindLike, Resource, kind_of
from informers.api.status import api_error
from informers.api.transport import Call

if TYPE_CHECKING:
    from informers.api.transport import Response, Transport
    from informers.runtime import Runtime, Seconds

__all__ = ["ApiResource", "Discovery", "not_served", "resource_of"]

_VERBS = frozenset(("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"))
_MAX_GROUP_VERSIONS = 1024
"""Group versions remembered at most; a large cluster serves about a hundred."""


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
        root = f"/apis/{_segment(self.gvk.group)}" if self.gvk.group else "/api"
        segments = [_segment(self.gvk.version)]
        segments += ["namespaces", _segment(namespace)] if namespace else []
        segments += [_segment(part) for part in (self.plural, name, subresource) if part]
        return "/".join((root, *segments))


class Discovery:
    """Finds out how kinds are served, and remembers it.

    Args:
        transport: Where to ask.
        runtime: The clock by which answers age.
        ttl: Seconds for which a found kind is remembered.
        absent_ttl: Seconds for which a missing kind is remembered: the longest that a new CRD goes unnoticed.

    Blocks: `resource` may send one request.

    Threads: any thread. Two that miss at once may both ask; no lock is held while asking.
    """

    def __init__(
        self, transport: Transport, *, runtime: Runtime, ttl: Seconds = 600.0, absent_ttl: Seconds = 5.0
    ) -> None:
        self._transport = transport
        self._lock = runtime.lock("discovery")
        self._served: TTLCache[str, dict[str, ApiResource]] = TTLCache(_MAX_GROUP_VERSIONS, ttl, runtime.monotonic)
        self._absent: TTLCache[GroupVersionKind, bool] = TTLCache(_MAX_GROUP_VERSIONS, absent_ttl, runtime.monotonic)

    def resource(self, kind: KindLike) -> ApiResource:
        """Return how `kind` is served.

        Raises:
            KindNotServed: The server does not know it, at least not yet.
            ApiError: The server refused to tell.
            TransportError: No answer.
        """
        if isinstance(kind, type) and issubclass(kind, Resource):
            return resource_of(kind)
        gvk = kind_of(kind)
        with self._lock:
            found = self._served.get(gvk.api_version, {}).get(gvk.kind)
            absent = gvk in self._absent
        if found is None and not absent:
            found = self._ask(gvk)
        if found is None:
            raise not_served(kind)
        return found

    def invalidate(self, kind: KindLike) -> None:
        """Forget what is known of the kind's group and version; the next question is asked anew."""
        gvk = kind_of(kind)
        with self._lock:
            self._served.pop(gvk.api_version, None)
            self._absent.pop(gvk, None)

    def _ask(self, gvk: GroupVersionKind) -> ApiResource | None:
        root = f"/apis/{_segment(gvk.group)}" if gvk.group else "/api"
        response = self._transport.request(Call("GET", f"{root}/{_segment(gvk.version)}"))
        if response.status not in (200, 404):
            raise api_error(response.status, response.body, retry_after=response.retry_after)
        served = _read(response, gvk) if response.status == 200 else {}
        with self._lock:
            self._served[gvk.api_version] = served
            if gvk.kind not in served:
                self._absent[gvk] = True
        return served.get(gvk.kind)


def resource_of(kind: type[Resource[Any, Any]]) -> ApiResource:
    """Return how a typed kind is served, from its class alone."""
    subresources = {"status"} | ({"scale"} if kind.scale else set())
    return ApiResource(kind.gvk, kind.plural, kind.namespaced, frozenset(subresources))


def not_served(kind: KindLike) -> KindNotServed:
    """Return the error that says how to install a kind which the server does not know."""
    gvk = kind_of(kind)
    if isinstance(kind, type):
        command = f"levelset manifests crd {kind.__module__} | kubectl apply -f -"
        return KindNotServed(f"the API server does not serve {gvk}; install its definition with: {command}")
    return KindNotServed(
        f"the API server does not serve {gvk}; install its CustomResourceDefinition with kubectl apply -f, "
        f"or look for the right group and version with kubectl api-resources"
    )


def _read(response: Response, gvk: GroupVersionKind) -> dict[str, ApiResource]:
    try:
        listed = msgspec.json.decode(response.body, type=_ResourceList).resources
    except msgspec.DecodeError as error:
        raise ApiError(f"the discovery document of {gvk.api_version} is malformed: {error}", code=200) from error
    subresources: dict[str, set[str]] = {}
    for one in listed:
        plural, _, subresource = one.name.partition("/")
        subresources.setdefault(plural, set()).update({subresource} - {""})
    found: dict[str, ApiResource] = {}
    for one in listed:
        if "/" not in one.name:
            served = GroupVersionKind(gvk.group, gvk.version, one.kind)
            below = frozenset(subresources[one.name])
            found.setdefault(one.kind, ApiResource(served, one.name, one.namespaced, below, frozenset(one.verbs or ())))
    return found


class _Served(msgspec.Struct):
    """One entry of an APIResourceList."""

    name: str
    kind: str
    namespaced: bool = False
    verbs: tuple[str, ...] | None = None


class _ResourceList(msgspec.Struct):
    resources: tuple[_Served, ...] = ()


def _segment(text: str) -> str:
    if text in (".", ".."):
        raise ValueError(f"{text!r} cannot be part of a URL path, so nothing is called that")
    return quote(text, safe="")
