"""What became of a call: done, refused, or nobody knows.

A read is done or refused. A write has a third outcome: it was sent and its answer was lost, or a proxy answered in the
server's place, so it may have happened. That MUST NOT look like a refusal, or the caller would decide its next step on
an object that is not there, or not gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

import msgspec

from informers.api.discovery import not_served
from informers.api.errors import ApiError, KindNotServed, NotFound, OutcomeUnknown, ResponseLost
from informers.api.status import api_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from informers.api.objects import CachedObject, GroupVersionKind, NamespacedName
    from informers.api.resource import KindLike
    from informers.api.transport import Call, Response, Transport

__all__ = ["Heed", "Silent", "WriteListener", "refusal", "send_read", "send_write"]

_LOST_INSIDE = ("etcdserver: request timed out", "etcdserver: leader changed", "context deadline exceeded")
"""Texts of a 500 after which a write may have reached the server's store. A webhook's deadline is caught as well: a
needless live read costs one request, a write taken for refused costs a duplicate."""

Heed: TypeAlias = "Callable[[Call, Mapping[str, str]], None]"
"""Takes the headers of every answer, of a refusal too: the server warns in them."""


class WriteListener(Protocol):
    """Hears of our own writes, so that reads may show them before the watch does.

    Dry runs are never reported, nor answers that are not the object itself, as of `scale`.

    Threads: any thread, concurrently: called by the writing thread before the verb returns. MUST NOT block or raise.
    """

    def written(self, gvk: GroupVersionKind, obj: CachedObject, *, replaced: str | None = None) -> None:
        """The object was written, and this is how it is now.

        `replaced` is the version that the write took the place of, where it could be of no other: empty for a creation,
        the version that an update or a patch was locked to. None where others may have written in between.
        """
        ...

    def deleted(self, gvk: GroupVersionKind, key: NamespacedName, *, uid: str, remaining: CachedObject | None) -> None:
        """The object was deleted; `remaining` is what finalizers or a grace period keep of it, None when it is gone.

        `uid` is empty when the server did not tell it.
        """
        ...

    def unknown(self, gvk: GroupVersionKind, key: NamespacedName) -> None:
        """What is known of this object is in doubt: read it live before the next decision.

        A write of it may or may not have happened, or was refused because the object is not what the writer read
        (gone, changed, already there). An empty name stands for one yet to be generated.
        """
        ...


class Silent:
    """A `WriteListener` that ignores everything.

    Threads: any thread.
    """

    def written(self, gvk: GroupVersionKind, obj: CachedObject, *, replaced: str | None = None) -> None:
        """See `WriteListener.written`."""

    def deleted(self, gvk: GroupVersionKind, key: NamespacedName, *, uid: str, remaining: CachedObject | None) -> None:
        """See `WriteListener.deleted`."""

    def unknown(self, gvk: GroupVersionKind, key: NamespacedName) -> None:
        """See `WriteListener.unknown`."""


def send_read(
    transport: Transport,
    call: Call,
    kind: KindLike,
    *,
    subresource: str = "",
    heed: Heed = lambda _call, _headers: None,
) -> Response:
    """Send a read, or a dry run, and return its answer.

    Raises:
        ApiError: The server refused.
        KindNotServed: The server does not know the kind.
        TransportError: No answer.
    """
    response = transport.request(call)
    heed(call, response.headers)
    if not 200 <= response.status < 300:
        raise refusal(response, kind, subresource=subresource)
    return response


def send_write(
    transport: Transport,
    call: Call,
    kind: KindLike,
    *,
    subresource: str = "",
    heed: Heed = lambda _call, _headers: None,
) -> Response:
    """Send a write and return its answer.

    Raises:
        OutcomeUnknown: It may or may not have happened.
        ApiError: It was refused and did not happen.
        KindNotServed: The server does not know the kind.
        Unreachable: It was not sent.
    """
    try:
        response = transport.request(call)
    except ResponseLost as error:
        raise OutcomeUnknown(f"{call.method} {call.path} was sent, but its answer was lost: {error}") from error
    heed(call, response.headers)
    if 200 <= response.status < 300:
        return response
    refused = refusal(response, kind, subresource=subresource)
    if isinstance(refused, ApiError) and _may_have_happened(response, refused):
        raise OutcomeUnknown(f"{call.method} {call.path} may have happened: {response.status} {refused}") from refused
    raise refused


def refusal(response: Response, kind: KindLike, *, subresource: str = "") -> ApiError | KindNotServed:
    """Return the error that an unsuccessful answer about `kind` stands for.

    A 404 that names no object means that the resource itself is unknown: the server has no such kind (yet), or has it
    without that subresource.
    """
    error = api_error(response.status, response.body, retry_after=response.retry_after)
    if isinstance(error, NotFound) and not error.details.get("name") and not subresource:
        return not_served(kind)
    return error


def _may_have_happened(response: Response, error: ApiError) -> bool:
    if response.status < 500:
        return False
    return response.status == 504 or not _from_server(response) or any(text in error.message for text in _LOST_INSIDE)


def _from_server(response: Response) -> bool:
    """Whether an API server answered, and not a proxy in front of it: only the former sends a Status."""
    try:
        return _read_type(response.body).kind == "Status"
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


class _TypeMeta(msgspec.Struct):
    kind: str = ""


_read_type = msgspec.json.Decoder(_TypeMeta).decode
