"""Live reads: typed or plain objects, straight from the API server.

What costs a request each time belongs here; what is answered from memory belongs to the cache. A call MUST NOT be
repeated here, but for a list whose pages expired: what is safe to send again, the transport has sent again already.
"""

from __future__ import annotations

import builtins
import logging
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

import msgspec

from informers.api.discovery import Discovery
from informers.api.errors import Expired, KindNotServed, Undecodable
from informers.api.objects import GroupVersionKind, KeyLike, Obj, key_of
from informers.api.outcome import send_read, send_write, warnings_of
from informers.api.resource import KindLike, Resource, kind_of
from informers.api.selectors import FieldsLike, LabelsLike, fields_of, labels_of
from informers.api.transport import Call, Response
from informers.observe import NULL, Observer

if TYPE_CHECKING:
    from informers.api.transport import Transport
    from informers.runtime import Runtime

__all__ = ["Plain", "R", "Reader", "decoded"]

R = TypeVar("R", bound=Resource[Any, Any])
"""A typed kind: what goes in as one comes out as one."""

Plain: TypeAlias = GroupVersionKind | tuple[str, str]
"""A kind whose objects are dicts."""

_LOG = logging.getLogger(__name__)
_MAX_WARNINGS = 256
"""Distinct server warnings that are logged, each once; a guess at what anybody would read."""


class Reader:
    """Reads objects from the API server.

    Args:
        transport: Carries the calls.
        runtime: The clock of discovery.
        discovery: Shared with others when given.
        observe: Hears the server's warnings.

    Blocks: every verb, up to the transport's time limit for each request.

    Raises:
        ApiError: The server refused; the subclass says why.
        KindNotServed: The server does not know the kind; the message holds the command that installs it.
        TransportError: No answer.
        Undecodable: The answer does not fit the type.

    Threads: any thread.
    """

    def __init__(
        self, transport: Transport, *, runtime: Runtime, discovery: Discovery | None = None, observe: Observer = NULL
    ) -> None:
        self.transport = transport
        self.runtime = runtime
        self.discovery = discovery or Discovery(transport, runtime=runtime)
        self.observe = observe
        self._warned: set[str] = set()

    @overload
    def get(self, kind: type[R], key: KeyLike) -> R: ...
    @overload
    def get(self, kind: Plain, key: KeyLike) -> Obj: ...
    def get(self, kind: KindLike, key: KeyLike) -> Any:
        """Return the object as it is now; raises NotFound when there is none."""
        call = Call("GET", self.discovery.resource(kind).path(*key_of(key)))
        return decoded(kind, self._exchange(kind, call).body)

    @overload
    def list(
        self,
        kind: type[R],
        *,
        namespace: str = "",
        labels: LabelsLike = None,
        fields: FieldsLike = None,
        page_size: int = 500,
    ) -> builtins.list[R]: ...
    @overload
    def list(
        self,
        kind: Plain,
        *,
        namespace: str = "",
        labels: LabelsLike = None,
        fields: FieldsLike = None,
        page_size: int = 500,
    ) -> builtins.list[Obj]: ...
    def list(
        self,
        kind: KindLike,
        *,
        namespace: str = "",
        labels: LabelsLike = None,
        fields: FieldsLike = None,
        page_size: int = 500,
    ) -> Any:
        """Return the objects of a kind, in one namespace or in all, as they were at one point in time.

        Read in pages of `page_size` (0: in one piece); a page that expired starts the list over, at last in one piece.
        """
        path = self.discovery.resource(kind).path(namespace)
        selectors = (("labelSelector", str(labels_of(labels))), ("fieldSelector", str(fields_of(fields))))
        query = tuple(pair for pair in selectors if pair[1])
        for size in (page_size, page_size):
            try:
                return self._pages(kind, path, query, size)
            except Expired:
                continue
        return self._pages(kind, path, query, 0)

    def _pages(self, kind: KindLike, path: str, query: tuple[tuple[str, str], ...], size: int) -> builtins.list[Any]:
        found: builtins.list[Any] = []
        token = ""
        while True:
            paging = (("limit", str(size)),) if size else ()
            call = Call("GET", path, query + paging + ((("continue", token),) if token else ()))
            page = _page(kind, self._exchange(kind, call).body)
            found += [decoded(kind, bytes(item)) for item in page.items or ()]
            token = page.metadata.continue_
            if not token:
                return found

    def _exchange(self, kind: KindLike, call: Call, *, write: bool = False, subresource: str = "") -> Response:
        """Send the call, heed the server's warnings, and raise what the answer stands for."""
        send = send_write if write else send_read
        try:
            response = send(self.transport, call, kind, subresource=subresource)
        except KindNotServed:
            self.discovery.invalidate(kind)
            raise
        for text in warnings_of(response):
            self.observe.warned(call, text=text)
            if text not in self._warned and len(self._warned) < _MAX_WARNINGS:
                self._warned.add(text)
                _LOG.warning("API server warning", extra={"fields": {"warning": text, "path": call.path}})
        return response


def decoded(kind: KindLike, body: bytes) -> Any:
    """Return the object in `body` as `kind` asks for it: an instance of a `Resource` subclass, or a dict.

    Raises:
        Undecodable: It breaks the type, or is no JSON object.
    """
    gvk = kind_of(kind)
    try:
        if isinstance(kind, type):
            return kind.decode(body)
        obj = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Undecodable(f"the server's answer cannot be read as {gvk}: {error}") from error
    return obj if "kind" in obj else {"apiVersion": gvk.api_version, "kind": gvk.kind, **obj}


def _page(kind: KindLike, body: bytes) -> _Page:
    try:
        return msgspec.json.decode(body, type=_Page)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Undecodable(f"the server's answer cannot be read as a list of {kind_of(kind)}: {error}") from error


class _PageMeta(msgspec.Struct):
    continue_: str = msgspec.field(default="", name="continue")


class _Page(msgspec.Struct):
    metadata: _PageMeta
    items: list[msgspec.Raw] | None
