"""Which URL serves a kind: asked once, remembered, asked again when it may have changed.

A `Resource` subclass knows its own URL, so typed code starts without a single discovery request and before its CRD is
there. Other kinds are looked up in their group and version. A kind that is missing is remembered only briefly, so that
a CRD installed a moment ago is found; it MUST NOT take a restart.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from cachetools import TTLCache

from informers.api.apiresource import ApiResource, segment
from informers.api.catalog import AGGREGATED, Catalog, aggregated, group_versions, listed
from informers.api.errors import ApiError, KindNotServed, NotFound
from informers.api.objects import GroupVersionKind
from informers.api.resource import KindLike, Resource, kind_of
from informers.api.status import api_error
from informers.api.transport import JSON, Call

if TYPE_CHECKING:
    from informers.api.cancellation import Cancellation
    from informers.api.transport import Transport
    from informers.runtime import Runtime, Seconds

__all__ = ["ApiResource", "Discovery", "not_served", "resource_of"]

_LOG = logging.getLogger(__name__)
_MAX_GROUP_VERSIONS = 1024
"""Group versions remembered at most; a large cluster serves about a hundred."""


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
        self._runtime, self._ttl, self._absent_ttl = runtime, ttl, absent_ttl
        self._catalog: Catalog | None = None
        self._looked: Seconds = 0.0

    def resource(self, kind: KindLike, *, cancel: Cancellation | None = None) -> ApiResource:
        """Return how `kind` is served; `cancel` calls the question off, if one has to be asked.

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
            found = self._ask(gvk, cancel)
        if found is None:
            raise not_served(kind)
        return found

    def invalidate(self, kind: KindLike) -> None:
        """Forget what is known of the kind's group and version; the next question is asked anew."""
        gvk = kind_of(kind)
        with self._lock:
            self._served.pop(gvk.api_version, None)
            self._absent.pop(gvk, None)
            self._catalog = None

    # --- Everything that is served ---

    def find(self, name: str) -> ApiResource:
        """Return the resource that people call `name`: `deploy`, `Deployment`, `deployments.apps`, `pods.v1`.

        Looks again when nothing is called that, so that a CRD installed a moment ago is found.

        Raises:
            KindNotServed: Nothing is called that; the message names the groups that could not be asked.
            ApiError, TransportError: The server refused to tell, or did not answer.
        """
        found = self._look(self._ttl).find(name) or self._look(self._absent_ttl).find(name)
        if found is None:
            failed = ", ".join(self._look(self._ttl).failed)
            silent = f"; these groups could not be asked: {failed}" if failed else ""
            raise KindNotServed(f"the API server serves no {name!r}; kubectl api-resources lists what it does{silent}")
        return found

    def resources(self) -> tuple[ApiResource, ...]:
        """Return everything that is served, in every version; the preferred version of each group comes first."""
        return self._look(self._ttl).resources

    def _look(self, at_most: Seconds) -> Catalog:
        """Return what is served, as of so many seconds ago at most."""
        with self._lock:
            catalog, age = self._catalog, self._runtime.monotonic() - self._looked
        if catalog is None or age >= at_most:
            catalog = self._read_all()
            with self._lock:
                self._catalog, self._looked = catalog, self._runtime.monotonic()
        return catalog

    def _read_all(self) -> Catalog:
        found: list[ApiResource] = []
        failed: list[str] = []
        for root in ("/api", "/apis"):
            body = self._document(root, AGGREGATED)
            if (part := aggregated(body)) is None:
                part = self._one_by_one(group_versions(body))
            found += part.resources
            failed += part.failed
        if failed:
            _LOG.warning("Some API groups cannot be discovered", extra={"fields": {"groups": failed}})
        return Catalog(tuple(found), tuple(failed))

    def _one_by_one(self, api_versions: list[str]) -> Catalog:
        found: list[ApiResource] = []
        failed: list[str] = []
        for api_version in api_versions:
            try:
                found += listed(self._document(_root(api_version)), api_version)
            except ApiError:
                failed.append(api_version)
        return Catalog(tuple(found), tuple(failed))

    def _document(self, path: str, accept: str = JSON, *, cancel: Cancellation | None = None) -> bytes:
        response = self._transport.request(Call("GET", path, accept=accept, cancel=cancel))
        if response.status != 200:
            raise api_error(response.status, response.body, retry_after=response.retry_after)
        return response.body

    def _ask(self, gvk: GroupVersionKind, cancel: Cancellation | None) -> ApiResource | None:
        served: dict[str, ApiResource] = {}
        try:
            for one in listed(self._document(_root(gvk.api_version), cancel=cancel), gvk.api_version):
                served.setdefault(one.gvk.kind, one)
        except NotFound:
            pass
        except ApiError as error:
            message = f"cannot find out what {gvk.api_version} serves: {error.message}"
            details, after = error.details, error.retry_after
            raise type(error)(
                message, code=error.code, reason=error.reason, details=details, retry_after=after
            ) from error
        with self._lock:
            self._served[gvk.api_version] = served
            if gvk.kind not in served:
                self._absent[gvk] = True
                self._catalog = None  # it may still hold what was dropped
        return served.get(gvk.kind)


def resource_of(kind: type[Resource[Any, Any]]) -> ApiResource:
    """Return how a typed kind is served, from its class alone."""
    subresources = {"status"} | ({"scale"} if kind.scale else set())
    return ApiResource(kind.gvk, kind.plural, kind.namespaced, frozenset(subresources), short_names=kind.short_names)


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


def _root(api_version: str) -> str:
    group, _, version = api_version.rpartition("/")
    return f"/apis/{segment(group)}/{segment(version)}" if group else f"/api/{segment(version)}"
