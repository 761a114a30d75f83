"""Scripted faults: what shall go wrong, for which calls, and when; for `FakeCluster.intercept`.

    world.intercept(faults.refused(409, on=On("update", "configmaps")))             # every one of these calls
    world.intercept(faults.lost(on=On("update", "configmaps", nth=3)))              # the third: done, answer lost
    world.intercept(faults.unsent(on=On("patch", "deployments/status")))            # never reaches the server
    world.intercept(faults.expired(on=On("watch", "pods")))                         # a watch whose start is too old
    world.hang_up()                                                                 # every open watch dies
    world.intercept(faults.stale(world.cluster, on=On("list", "pods")))             # lists of this moment, from now on

Each counts the calls that it matches by itself, so a fault MUST NOT be shared by two clusters. What none of them can
say is a function of the call; see `informers.testing.inprocess.Fault`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from informers.api import errors
from informers.api.transport import Response
from informers.testing.inprocess import ClusterTransport, Fault
from informers.testing.rest.routes import parse_route, path_segments

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.transport import Call
    from informers.testing.cluster import Cluster

__all__ = ["On", "expired", "lost", "refused", "stale", "unsent"]

_VERBS = {"POST": "create", "PUT": "update", "DELETE": "delete", "PATCH": "patch"}
_REASONS = {403: "Forbidden", 404: "NotFound", 409: "Conflict", 410: "Expired", 422: "Invalid", 429: "TooManyRequests"}
_JSON = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class On:
    """Which calls are meant: those that fit everything that is not empty.

    Threads: immutable.
    """

    verb: str = ""
    """get, list, watch, create, update, patch, apply, delete or deletecollection."""
    resource: str = ""
    """The plural, or `plural/subresource`; the plural alone does not mean its subresources."""
    name: str = ""
    """`namespace/name`, or `name` in any namespace."""
    nth: int = 1
    """The first of the matching calls that is meant, from 1."""
    times: int | None = None
    """How many are meant from there on; None is one for `nth` above 1, else all of them."""

    def fits(self, call: Call) -> bool:
        """Whether a call is of this kind; says nothing of how many there were."""
        segments = path_segments(call.path)
        route = parse_route(segments) if segments[0] in ("api", "apis") and len(segments) > 2 else None
        if route is None or not route.plural:
            return not (self.verb or self.resource or self.name)
        plural = f"{route.plural}/{route.subresource}" if route.subresource else route.plural
        names = ("", route.name, f"{route.namespace}/{route.name}")
        return (
            self.verb in ("", _verb(call, named=bool(route.name)))
            and self.resource in ("", plural)
            and self.name in names
        )


def refused(code: int, *, on: On, reason: str = "", message: str = "") -> Fault:
    """Return a fault by which the server refuses calls, without having looked at them."""
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code}
    known = reason or _REASONS.get(code, "InternalError" if code >= 500 else "BadRequest")
    body = msgspec.json.encode(status | {"reason": known, "message": message or f"scripted: {known}"})
    return Fault(_when(on, lambda _: Response(code, _JSON, body)))


def unsent(*, on: On) -> Fault:
    """Return a fault by which calls do not reach the server: the caller meets Unreachable."""

    def script(call: Call) -> Response:
        raise errors.Unreachable(f"{call.method} {call.path}: scripted, not sent")

    return Fault(_when(on, script))


def lost(*, on: On, committed: bool = True) -> Fault:
    """Return a fault by which answers are lost: the caller meets ResponseLost and cannot know whether it was done.

    Args:
        on: Which calls.
        committed: Whether the server had carried them out.
    """

    def script(call: Call) -> Response:
        raise errors.ResponseLost(f"{call.method} {call.path}: scripted, the answer is lost")

    return Fault(_when(on, script), after=committed)


def expired(*, on: On) -> Fault:
    """Return a fault by which watches begin with the event that their version is too old, and end; lists get 410."""
    refusal = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 410}
    refusal |= {"reason": "Expired", "message": "scripted: too old resource version"}
    event = msgspec.json.encode({"type": "ERROR", "object": refusal}) + b"\n"

    def script(call: Call) -> Response:
        if _verb(call, named=False) == "watch":
            return Response(200, _JSON, event)
        return Response(410, _JSON, msgspec.json.encode(refusal))

    return Fault(_when(on, script))


def stale(cluster: Cluster, *, on: On) -> Fault:
    """Return a fault by which lists show the cluster as it is now, whatever happens later, as a cache does."""
    with cluster.locked():
        version = str(cluster.storage.revision)
    spared = ClusterTransport(cluster)
    past = {"resourceVersion": version, "resourceVersionMatch": "Exact"}

    def script(call: Call) -> Response:
        query = {name: value for name, value in call.query if name != "continue"} | past
        return spared.request(replace(call, query=tuple(query.items())))

    return Fault(_when(on, script))


def _verb(call: Call, *, named: bool) -> str:
    if call.method in ("GET", "HEAD"):
        watch = dict(call.query).get("watch", "") in ("1", "true")
        return "watch" if watch else "get" if named else "list"
    if call.method == "PATCH" and "apply" in call.content_type:
        return "apply"
    verb = _VERBS.get(call.method, "")
    return "deletecollection" if verb == "delete" and not named else verb


def _when(on: On, script: Callable[[Call], Response]) -> Callable[[Call], Response | None]:
    """Return the script limited to the calls that are meant, counted here."""
    seen = 0
    times = on.times if on.times is not None or on.nth == 1 else 1

    def limited(call: Call) -> Response | None:
        nonlocal seen
        if not on.fits(call):
            return None
        seen += 1
        meant = seen >= on.nth and (times is None or seen < on.nth + times)
        return script(call) if meant else None

    return limited
