"""What a request asks for, as roles see it: a verb on a resource, read off method, path and query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from informers.api import errors
from informers.testing.access.questions import Access
from informers.testing.rest.requests import first, flag
from informers.testing.rest.routes import parse_route

if TYPE_CHECKING:
    from informers.testing.access.guard import Guard
    from informers.testing.rest.exchange import RestRequest

__all__ = ["access_of", "permitted"]

_VERBS: Final = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_SOMEBODY: Final = ("impersonate-user", "impersonate-group", "impersonate-uid")
_OF_MANY: Final = {"get": "list", "delete": "deletecollection"}


def permitted(guard: Guard, request: RestRequest, segments: list[str]) -> RestRequest:
    """Return a request as the one whom it shall count for.

    Raises:
        Forbidden: The caller may not ask that, or not for somebody else.
    """
    if not guard.roles.enforced and not any(name in request.headers for name in _SOMEBODY):
        return request
    identity = guard.acting(request.identity, request.headers, lambda: _groups(request))
    guard.authorize(identity, access_of(request, segments))
    return replace(request, identity=identity, user=identity.name)


def _groups(request: RestRequest) -> list[str]:
    every = getattr(request.headers, "getall", None)  # a header may be there more than once
    if every is not None:
        return list(every("impersonate-group", []))
    given = request.headers.get("impersonate-group", "")
    return [name.strip() for name in given.split(",") if name.strip()]


def access_of(request: RestRequest, segments: list[str]) -> Access:
    """Return what a request asks for."""
    verb = _VERBS.get(request.method, request.method.lower())
    plain = Access(verb, path=request.path)
    if segments[0] not in ("api", "apis") or len(segments) <= (2 if segments[0] == "api" else 3):
        return plain
    try:
        route = parse_route(segments)
    except errors.BadRequest:
        route = None
    if route is None or not route.plural:
        return plain
    name = route.name
    if not name:
        verb = _OF_MANY.get(verb, verb)
        if verb == "list" and (route.watch or flag(request.parameters, "watch")):
            verb = "watch"
        selected = first(request.parameters, "fieldSelector")
        if verb in ("list", "watch", "deletecollection") and selected.startswith("metadata.name="):
            name = selected.partition("=")[2].lstrip("=")
    elif route.watch:
        verb = "watch"
    namespace = route.namespace
    if route.plural == "namespaces" and not route.group and not namespace:
        namespace = route.name
    return Access(verb, route.group, route.version, route.plural, route.subresource, name, namespace)
