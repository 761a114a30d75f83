"""The REST face of the cluster: one request in, one answer out, whatever carries them.

Routes a path to a document or to a verb on a resource, with the API server's refusals for what cannot be there. Both
the in-process transport and the HTTP server call `RestFace.handle`, so they cannot differ. It MUST NOT block, touch a
socket, or know a token.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from informers.api import errors
from informers.testing.model.resources import CONNECTING
from informers.testing.rest.accept import Media, Offer, error_media, is_human, negotiate
from informers.testing.rest.connecting import connect
from informers.testing.rest.discovery import DiscoveryFace
from informers.testing.rest.exchange import Answer, RestRequest
from informers.testing.rest.openapi import OpenApiFace
from informers.testing.rest.permission import permitted
from informers.testing.rest.requests import flag
from informers.testing.rest.routes import Route, parse_route, path_segments
from informers.testing.rest.verbs import Target, Verbs
from informers.testing.words.refusals import unwatchable
from informers.testing.words.status import PAGE_NOT_FOUND, method_not_allowed, no_such_resource, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.testing.cluster import Cluster
    from informers.testing.model.resources import ResourceInfo

__all__ = ["RestFace"]

_SUBRESOURCE_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_OBJECT_VERBS = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_COLLECTION_VERBS = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}
_GO_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class RestFace:
    """Answers requests from one cluster.

    Guarantees: every refusal is an answer; what escapes is a fault of ours.
    Threads: any thread.
    Blocks: never, but for the cluster's lock.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._discovery = DiscoveryFace(cluster.registry)
        self._openapi = OpenApiFace(cluster.registry)
        verbs = Verbs(cluster)
        self._verbs: dict[str, Callable[[Target], Answer]] = {
            "get": verbs.get,
            "list": verbs.list,
            "create": verbs.create,
            "update": verbs.update,
            "patch": verbs.patch,
            "delete": verbs.delete,
            "deletecollection": verbs.delete_collection,
            "connect": partial(connect, cluster),
        }

    def handle(self, request: RestRequest) -> Answer:
        """Answer a request: a document, an object, a list, a Status, or the stream of a watch."""
        segments = path_segments(request.path)
        try:
            request.check_size()
            request = permitted(self.cluster.guard, request, segments)
            if segments[0] == "openapi":
                return self._openapi.handle(segments[1:], request)
            if segments[0] not in ("api", "apis") or len(segments) < (2 if segments[0] == "api" else 3):
                return self._discovery.handle(segments, request)
            route = parse_route(segments)
            if route is not None and not route.plural:
                return self._discovery.group_version(route, request)
        except errors.ApiError as error:
            media = error_media(request.headers.get("accept", ""))
            return refuse(error, media._replace(pretty=is_human(request.headers.get("user-agent", ""))))
        return self._resource(route, segments, request)

    def _resource(self, route: Route | None, segments: list[str], request: RestRequest) -> Answer:
        media, warnings = error_media(request.headers.get("accept", "")), list[str]()
        try:
            info = self._find(route, segments)
            if info is None or route is None:
                return PAGE_NOT_FOUND
            if info.custom and info.namespaced and not route.scoped and request.method != "GET":
                return PAGE_NOT_FOUND
            verb = _verb(info, route, request)
            watch = verb == "list" and (route.watch or bool(flag(request.parameters, "watch")))
            media = _media(request, _offer(info, verb, watch=watch))
            target = Target(info, route, request, media, warnings)
            if route.namespace in (".", "..") and verb != "create":
                raise errors.ServerError(f'invalid key: "{_key(route)}"')
            if info.warning:
                warnings.append(info.warning)
            if watch and "watch" not in info.verbs:
                raise unwatchable(info)
            return self._verbs[verb](target)
        except errors.ApiError as error:
            return refuse(error, media, warnings)

    def _find(self, route: Route | None, segments: list[str]) -> ResourceInfo | None:
        """Return the resource of a path; None for what gets a plain 404, as everything wrong with a custom one does."""
        group = "" if segments[0] == "api" else segments[1]
        registry = self.cluster.registry
        custom = _custom(registry.all(), group)
        if custom is None:
            return None
        info = registry.find(route.group, route.version, route.plural) if route is not None else None
        if info is None or route is None:
            if custom:
                return None
            raise no_such_resource()
        misplaced = not route.scoped and route.name if info.namespaced else route.scoped
        if misplaced:
            if custom:
                return None
            raise no_such_resource()
        if route.subresource and route.subresource not in info.subresources:
            if not custom:
                raise no_such_resource()
            details = {"name": route.name, "group": info.gvk.group, "kind": info.plural}
            text = f'{info.group_resource} "{route.name}" not found'
            raise errors.NotFound(text, reason="NotFound", details=details)
        return info


def _key(route: Route) -> str:
    return "/".join(("", route.plural, route.namespace, *([route.name] if route.name else ())))


def _custom(resources: tuple[ResourceInfo, ...], group: str) -> bool | None:
    """Whether a group is made of custom resources; None when there is no such group."""
    return next((info.custom for info in resources if info.gvk.group == group), None)


def _verb(info: ResourceInfo, route: Route, request: RestRequest) -> str:
    """Return what the method means on this path, refusing what the resource does not have."""
    method = "GET" if info.custom and request.method == "HEAD" else request.method
    if route.watch:
        verb = "list" if method == "GET" else ""
    elif route.subresource:
        verb = _SUBRESOURCE_VERBS.get(method, "")
        verb = verb if verb in info.describe(route.subresource).verbs else ""
        verb = "connect" if verb and route.subresource in CONNECTING else verb
    else:
        verb = (_OBJECT_VERBS if route.name else _COLLECTION_VERBS).get(method, "")
        if info.custom and method == "POST":
            verb = "create"  # of the name in the body, whatever is on the path
        across = info.namespaced and not route.scoped and verb != "list"
        verb = verb if verb in info.verbs and (not across or not info.stored) else ""
    if verb and (not route.watch or "watch" in info.verbs):
        return verb
    if info.custom and not route.name and method == "PUT":
        raise errors.BadRequest("name must be provided", reason="BadRequest")
    if info.custom and not route.watch:
        text = f'{_GO_VERBS.get(method, "")} is not supported on resources of kind "{info.group_resource}"'
        details = {"group": info.gvk.group, "kind": info.plural}
        raise errors.MethodNotAllowed(text, reason="MethodNotAllowed", details=details)
    if route.name and not info.stored:
        raise no_such_resource()
    raise method_not_allowed()


_OFFERS = {
    (stored, protobuf, listing, watch): Offer(tables=stored, protobuf=protobuf, streams=listing, watch=watch)
    for stored in (True, False)
    for protobuf in (True, False)
    for listing in (True, False)
    for watch in (True, False)
}


def _offer(info: ResourceInfo, verb: str, *, watch: bool) -> Offer:
    return _OFFERS[info.stored, not info.custom, verb == "list", watch]


def _media(request: RestRequest, offer: Offer) -> Media:
    media = negotiate(request.headers.get("accept", ""), offer)
    if media.protobuf or offer.watch:
        return media
    asked = request.parameters.get("pretty", [""])[0]
    pretty = (
        asked in ("1", "t", "T", "true", "True", "TRUE") if asked else is_human(request.headers.get("user-agent", ""))
    )
    return media._replace(pretty=True) if pretty else media
