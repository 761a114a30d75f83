"""Live reads: typed or plain objects, straight from the API server.

What costs a request each time belongs here; what is answered from memory belongs to the cache. A call MUST NOT be
repeated here, but for a list whose pages expired: what is safe to send again, the transport has sent again already.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar, Unpack, overload

from informers.api.decoding import decoded, timed
from informers.api.discovery import Discovery
from informers.api.errors import Expired, KindNotServed
from informers.api.impersonation import acting_as
from informers.api.objects import GroupVersionKind, KeyLike, NamespacedName, Obj, key_of
from informers.api.outcome import refusal, send_read, send_write
from informers.api.pages import Page, Selection, page_query, raw_page, selection_query
from informers.api.resource import KindLike, Resource, kind_of
from informers.api.transport import Call, Response
from informers.api.view import View
from informers.api.warnings import ServerWarnings
from informers.api.watching import Watching
from informers.observe import NULL, Observer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from informers.api.pages import Query
    from informers.api.transport import Transport
    from informers.runtime import Runtime, Seconds

__all__ = ["Plain", "R", "Reader"]

R = TypeVar("R", bound=Resource[Any, Any])
"""A typed kind: what goes in as one comes out as one."""

Plain: TypeAlias = GroupVersionKind | tuple[str, str]
"""A kind whose objects are dicts."""

WATCH_SECONDS = (290, 580)
"""Seconds after which a watch ends when its caller names none: a random time, so that a fleet does not come back at
once."""
_PATIENCE: Seconds = 10.0
"""How much longer than the server's own time limit a silent watch is waited for."""


class Reader:
    """Reads objects from the API server.

    Args:
        transport: Carries the calls.
        runtime: The clock of discovery.
        discovery: Shared with others when given.
        observe: Hears the server's warnings.
        view: What is added to every call; by default nothing.

    Blocks: every verb, up to the transport's time limit for each request.

    Raises:
        ApiError: The server refused; the subclass says why.
        KindNotServed: The server does not know the kind; the message holds the command that installs it.
        TransportError: No answer.
        Undecodable: The answer does not fit the type.
        ValueError: A name that cannot be, or one outside the namespace of the view.

    Threads: any thread.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        runtime: Runtime,
        discovery: Discovery | None = None,
        observe: Observer = NULL,
        view: View | None = None,
    ) -> None:
        self.transport = transport
        self.runtime = runtime
        self.discovery = discovery or Discovery(transport, runtime=runtime)
        self.observe = observe
        self.view = view or View()
        self._warnings = ServerWarnings(observe, runtime=runtime)
        self._decoded = timed(decoded, observe, runtime)

    # --- Views: the same client, looking at the cluster in another way ---

    def in_namespace(self, namespace: str) -> Self:
        """Return this client, confined to one namespace.

        The namespace of an object of a namespaced kind may then be left out, and MUST NOT be another; lists and
        watches see that namespace alone. Kinds without namespaces are not affected.
        """
        return self._with(namespace=namespace)

    def acting_as(
        self, user: str, *, groups: Iterable[str] = (), uid: str = "", extra: Mapping[str, Iterable[str]] | None = None
    ) -> Self:
        """Return this client, acting as another user; the server asks whether we may impersonate it."""
        return self._with(impersonate=acting_as(user, groups=groups, uid=uid, extra=extra))

    def _with(self, **changes: Any) -> Self:
        other = copy.copy(self)
        other.view = replace(self.view, **changes)
        return other

    # --- Reading ---

    @overload
    def get(self, kind: type[R], key: KeyLike, *, resource_version: str = "") -> R: ...
    @overload
    def get(self, kind: Plain, key: KeyLike, *, resource_version: str = "", subresource: str = "") -> Obj: ...
    def get(self, kind: KindLike, key: KeyLike, *, resource_version: str = "", subresource: str = "") -> Any:
        """Return the object as it is now; raises NotFound when there is none.

        Args:
            kind: Its kind.
            key: Its name.
            resource_version: As it was at this version or later, from the server's cache; empty for now.
            subresource: Return this part instead, for instance `scale`, which is a dict of a kind of its own.
        """
        resource, name = self._located(kind, key)
        query = (("resourceVersion", resource_version),) if resource_version else ()
        call = Call("GET", resource.path(*name, subresource), query)
        return self._decoded(kind, self._exchange(kind, call, subresource=subresource).body)

    @overload
    def list(self, kind: type[R], *, page_size: int = 500, **selection: Unpack[Selection]) -> Page[R]: ...
    @overload
    def list(self, kind: Plain, *, page_size: int = 500, **selection: Unpack[Selection]) -> Page[Obj]: ...
    def list(self, kind: KindLike, *, page_size: int = 500, **selection: Unpack[Selection]) -> Page[Any]:
        """Return the objects of a kind, in one namespace or in all, as they were at one point in time.

        Read in pages of `page_size` (0: in one piece); a page that expired starts the list over, at last in one piece.
        """
        for size in (page_size, page_size, 0):
            try:
                found: Page[Any] = Page()
                for page in self._pages(kind, size, selection):
                    found += page
                    found.resource_version = page.resource_version
                return found
            except Expired:
                if size == 0:
                    raise
        raise AssertionError("unreachable")  # pragma: no cover

    @overload
    def iterate(self, kind: type[R], *, page_size: int = 500, **selection: Unpack[Selection]) -> Iterator[R]: ...
    @overload
    def iterate(self, kind: Plain, *, page_size: int = 500, **selection: Unpack[Selection]) -> Iterator[Obj]: ...
    def iterate(self, kind: KindLike, *, page_size: int = 500, **selection: Unpack[Selection]) -> Iterator[Any]:
        """Yield the objects of a kind one by one, holding no more than a page of them.

        Raises:
            Expired: Reading took longer than the server keeps the list, about five minutes; begin again.
        """
        for page in self._pages(kind, page_size, selection):
            yield from page

    @overload
    def page(self, kind: type[R], *, limit: int, continue_: str = "", **selection: Unpack[Selection]) -> Page[R]: ...
    @overload
    def page(self, kind: Plain, *, limit: int, continue_: str = "", **selection: Unpack[Selection]) -> Page[Obj]: ...
    def page(self, kind: KindLike, *, limit: int, continue_: str = "", **selection: Unpack[Selection]) -> Page[Any]:
        """Return one page of a list, and with it the token of the next.

        Raises:
            Expired: The token is too old; its own `continue_` goes on, with objects as they are by then.
        """
        path, query, rest = self._collection(kind, **selection)
        call = Call("GET", path, query + page_query(limit=limit, continue_=continue_, **rest))
        page = raw_page(kind_of(kind), self._exchange(kind, call).body)
        return page.holding(self._decoded(kind, bytes(item)) for item in page.items or ())

    def _pages(self, kind: KindLike, size: int, selection: Selection) -> Iterator[Page[Any]]:
        token = ""
        while True:
            page = self.page(kind, limit=size, continue_=token, **selection)
            yield page
            token = page.continue_
            if not token:
                return

    # --- Watching ---

    @overload
    def watch(
        self,
        kind: type[R],
        *,
        initial_events: bool = False,
        bookmarks: bool = False,
        timeout: Seconds | None = None,
        **selection: Unpack[Selection],
    ) -> Watching[R]: ...
    @overload
    def watch(
        self,
        kind: Plain,
        *,
        initial_events: bool = False,
        bookmarks: bool = False,
        timeout: Seconds | None = None,
        **selection: Unpack[Selection],
    ) -> Watching[Obj]: ...
    def watch(
        self,
        kind: KindLike,
        *,
        initial_events: bool = False,
        bookmarks: bool = False,
        timeout: Seconds | None = None,
        **selection: Unpack[Selection],
    ) -> Watching[Any]:
        """Return what happens to objects of a kind from now on, or from `resource_version` on.

        Without a version, what there is comes first, as ADDED. Use it as a context manager, so that it hangs up.

        Args:
            kind: The kind.
            initial_events: Have what is there told first, and `initial_done` set when all of it was.
            bookmarks: Have bookmarks told as well; they are always asked for and always move `resource_version`.
            timeout: Seconds after which the server ends the watch; None takes a random time around seven minutes.
            selection: Which objects are watched.
        """
        path, query, rest = self._collection(kind, **selection)
        if rest.get("exact"):
            raise ValueError("a watch goes on from a version; exact=True is for lists")
        seconds = int(timeout) if timeout else self.runtime.random.randint(*WATCH_SECONDS)
        query += (("watch", "true"), ("allowWatchBookmarks", "true"), ("timeoutSeconds", str(seconds)))
        query += (("resourceVersion", rest["resource_version"]),) if rest.get("resource_version") else ()
        if initial_events:
            query += (("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan"))
        call = self.view.sealed(Call("GET", path, query, timeout=seconds + _PATIENCE))
        stream = self.transport.stream(call)
        self._warnings.heed(call, stream.headers)
        if stream.status != 200:
            raise self._forgetting(kind, refusal(Response(stream.status, stream.headers, b"".join(stream)), kind))
        return Watching(stream, kind_of(kind), lambda raw: decoded(kind, raw), bookmarks=bookmarks)

    # --- Inside ---

    def _located(self, kind: KindLike, key: KeyLike) -> tuple[Any, NamespacedName]:
        """Return how the kind is served, and the key within this view."""
        resource = self.discovery.resource(kind)
        return resource, self.view.key(resource, key_of(key))

    def _collection(self, kind: KindLike, **selection: Any) -> tuple[str, Query, dict[str, Any]]:
        """Return the path of what is selected, its selectors, and what else was said of it."""
        if unknown := selection.keys() - Selection.__annotations__.keys():
            known = ", ".join(Selection.__annotations__)
            raise TypeError(f"{', '.join(sorted(unknown))} selects no objects; what does: {known}")
        resource = self.discovery.resource(kind)
        path = resource.path(self.view.scope(resource, selection.pop("namespace", "")))
        query = selection_query(labels=selection.pop("labels", None), fields=selection.pop("fields", None))
        return path, query, selection

    def _exchange(self, kind: KindLike, call: Call, *, write: bool = False, subresource: str = "") -> Response:
        """Send the call, heed the server's warnings, and raise what the answer stands for."""
        send, call = send_write if write else send_read, self.view.sealed(call)
        try:
            return send(self.transport, call, kind, subresource=subresource, heed=self._warnings.heed)
        except KindNotServed as error:
            raise self._forgetting(kind, error) from None

    def _forgetting(self, kind: KindLike, error: Exception) -> Exception:
        """Return the error; when it says that the kind is not served, what was known of it is forgotten."""
        if isinstance(error, KindNotServed):
            self.discovery.invalidate(kind)
        return error
