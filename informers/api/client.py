"""The verbs that change things: typed or plain objects in, the same out, every refusal an exception.

Every write is validated strictly, names its field manager, and ends in one of three ways: done, refused (an `ApiError`
or `KindNotServed`), or `OutcomeUnknown`. A write MUST NOT be repeated here: what is safe to send again, the transport
has sent again already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

import msgspec

from informers.api.calls import (
    apply_call,
    create_call,
    delete_call,
    deletion,
    is_gone,
    patch_call,
    signed,
    taken_apart,
    update_call,
)
from informers.api.errors import Conflict, NotFound, OutcomeUnknown, Undecodable
from informers.api.objects import KeyLike, NamespacedName, Obj, key_of
from informers.api.outcome import Silent, WriteListener
from informers.api.patch import Patch
from informers.api.reader import Plain, R, Reader, decoded
from informers.api.resource import KindLike, kind_of
from informers.api.wire import cached
from informers.observe import NULL, Observer

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.discovery import Discovery
    from informers.api.objects import GroupVersionKind
    from informers.api.transport import Call, Transport
    from informers.runtime import Runtime

__all__ = ["Client", "Patch", "WriteListener"]

T = TypeVar("T")

_OBJECT_ITSELF = ("", "status")
"""Subresources that answer with the object itself; others answer with something else, as `scale` does."""


class Client(Reader):
    """Reads and writes objects on the API server.

    Args:
        transport: Carries the calls.
        runtime: The clock of discovery.
        discovery: Shared with others when given.
        observe: Hears the server's warnings.
        field_manager: The name under which fields are owned; every write may override it.
        writes: Told of every write that happened or may have happened.

    After OutcomeUnknown, `writes` has been told: read live before deciding anything about that object. After any other
    exception the write did not happen, but for Undecodable: it did, and the answer cannot be read.

    Blocks: every verb, up to the transport's time limit.

    Raises:
        ApiError: The server refused; the subclass says why.
        KindNotServed: The server does not know the kind; the message holds the command that installs it.
        Unreachable: The write was not sent.

    Threads: any thread.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        runtime: Runtime,
        discovery: Discovery | None = None,
        observe: Observer = NULL,
        field_manager: str = "levelset",
        writes: WriteListener | None = None,
    ) -> None:
        super().__init__(transport, runtime=runtime, discovery=discovery, observe=observe)
        self.field_manager = field_manager
        self.writes: WriteListener = writes or Silent()

    @overload
    def create(self, obj: R, *, field_manager: str | None = None, dry_run: bool = False) -> R: ...
    @overload
    def create(self, obj: Obj, *, field_manager: str | None = None, dry_run: bool = False) -> Obj: ...
    def create(self, obj: R | Obj, *, field_manager: str | None = None, dry_run: bool = False) -> Any:
        """Create the object and return it as stored; raises AlreadyExists when the name is taken."""
        kind, body, key = taken_apart(obj)
        call = create_call(self.discovery.resource(kind), body, key)
        return self._write(kind, key, call, "", field_manager, dry_run=dry_run)

    @overload
    def update(self, obj: R, *, field_manager: str | None = None, dry_run: bool = False) -> R: ...
    @overload
    def update(self, obj: Obj, *, field_manager: str | None = None, dry_run: bool = False) -> Obj: ...
    def update(self, obj: R | Obj, *, field_manager: str | None = None, dry_run: bool = False) -> Any:
        """Replace the object, all but its status; raises Conflict when its resourceVersion is not the newest."""
        kind, body, key = taken_apart(obj)
        call = update_call(self.discovery.resource(kind), body, key)
        return self._write(kind, key, call, "", field_manager, dry_run=dry_run)

    @overload
    def update_status(self, obj: R, *, field_manager: str | None = None, dry_run: bool = False) -> R: ...
    @overload
    def update_status(self, obj: Obj, *, field_manager: str | None = None, dry_run: bool = False) -> Obj: ...
    def update_status(self, obj: R | Obj, *, field_manager: str | None = None, dry_run: bool = False) -> Any:
        """Replace the object's status and nothing else; raises like `update`."""
        kind, body, key = taken_apart(obj)
        call = update_call(self.discovery.resource(kind), body, key, "status")
        return self._write(kind, key, call, "status", field_manager, dry_run=dry_run)

    @overload
    def apply(
        self,
        obj: R,
        *,
        field_manager: str | None = None,
        force: bool = True,
        subresource: str = "",
        dry_run: bool = False,
    ) -> R: ...
    @overload
    def apply(
        self,
        obj: Obj,
        *,
        field_manager: str | None = None,
        force: bool = True,
        subresource: str = "",
        dry_run: bool = False,
    ) -> Obj: ...
    def apply(
        self,
        obj: R | Obj,
        *,
        field_manager: str | None = None,
        force: bool = True,
        subresource: str = "",
        dry_run: bool = False,
    ) -> Any:
        """Make the object so by server-side apply, creating it if need be: own the fields given, let go of the others.

        With `force`, fields that somebody else owns are taken over; without, that is a Conflict whose causes name them.
        """
        kind, body, key = taken_apart(obj)
        call = apply_call(self.discovery.resource(kind), body, key, subresource, force=force)
        return self._write(kind, key, call, subresource, field_manager, dry_run=dry_run)

    @overload
    def patch(
        self,
        kind: type[R],
        key: KeyLike,
        patch: Patch,
        *,
        subresource: str = "",
        field_manager: str | None = None,
        dry_run: bool = False,
    ) -> R: ...
    @overload
    def patch(
        self,
        kind: Plain,
        key: KeyLike,
        patch: Patch,
        *,
        subresource: str = "",
        field_manager: str | None = None,
        dry_run: bool = False,
    ) -> Obj: ...
    def patch(
        self,
        kind: KindLike,
        key: KeyLike,
        patch: Patch,
        *,
        subresource: str = "",
        field_manager: str | None = None,
        dry_run: bool = False,
    ) -> Any:
        """Change parts of the object and return it as stored; a subresource such as `scale` answers with its own kind.

        The answer of such a subresource is a dict, so pass the kind as a pair there.
        """
        name = key_of(key)
        call = patch_call(self.discovery.resource(kind), patch, name, subresource)
        return self._write(kind, name, call, subresource, field_manager, dry_run=dry_run)

    def delete(
        self,
        kind: KindLike,
        key: KeyLike,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: str = "Background",
        grace: int | None = None,
        dry_run: bool = False,
    ) -> None:
        """Delete the object; raises NotFound when there is none, Conflict when it is not the one described.

        Args:
            kind: Its kind.
            key: Its name.
            uid: Delete no namesake: only the object with this uid.
            resource_version: Delete it only as it was when this was decided.
            propagation: What becomes of its dependents: Background, Foreground or Orphan.
            grace: Seconds that a Pod gets to end; None leaves that to the Pod.
            dry_run: Only find out what would happen.
        """
        name, gvk = key_of(key), kind_of(kind)
        call = delete_call(
            self.discovery.resource(kind),
            name,
            uid=uid,
            resource_version=resource_version,
            propagation=propagation,
            grace=grace,
            dry_run=dry_run,
        )
        body = self._sent(kind, name, call, "", dry_run=dry_run)
        if not dry_run:
            met, remaining = self._understood(gvk, name, lambda: deletion(body, gvk))
            self.writes.deleted(gvk, name, uid=met or uid or "", remaining=remaining)

    def _write(
        self, kind: KindLike, key: NamespacedName, call: Call, subresource: str, manager: str | None, *, dry_run: bool
    ) -> Any:
        gvk, manager = kind_of(kind), manager or self.field_manager
        body = self._sent(kind, key, signed(call, manager, dry_run=dry_run), subresource, dry_run=dry_run)
        if subresource not in _OBJECT_ITSELF:
            return decoded(gvk, body)
        if not dry_run:
            stored = self._understood(gvk, key, lambda: cached(body, frozenset((manager,)), gvk=gvk))
            if stored.meta.deletion_timestamp and is_gone(stored.to_dict()):
                self.writes.deleted(gvk, stored.key, uid=stored.meta.uid, remaining=None)
            else:
                self.writes.written(gvk, stored)
        return decoded(kind, body)

    def _understood(self, gvk: GroupVersionKind, key: NamespacedName, read: Callable[[], T]) -> T:
        """Return what the answer to a write says; one that cannot be read leaves the object's state open."""
        try:
            return read()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Undecodable) as error:
            self.writes.unknown(gvk, key)
            raise Undecodable(f"the answer to a write of {gvk} {key} cannot be read: {error}") from error

    def _sent(self, kind: KindLike, key: NamespacedName, call: Call, subresource: str, *, dry_run: bool) -> bytes:
        try:
            return self._exchange(kind, call, write=not dry_run, subresource=subresource).body
        except OutcomeUnknown:
            self.writes.unknown(kind_of(kind), key)
            raise
        except (NotFound, Conflict):
            # Whoever wrote this had read something else; a reader that lags would have it try for ever.
            if key.name and not dry_run:
                self.writes.unknown(kind_of(kind), key)
            raise
