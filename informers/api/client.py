"""The verbs that change things: typed or plain objects in, the same out, every refusal an exception.

Every write is validated strictly, names its field manager, and ends in one of three ways: done, refused (an `ApiError`
or `KindNotServed`), or `OutcomeUnknown`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload

from informers.api.calls import (
    apply_call,
    create_call,
    delete_call,
    delete_collection_call,
    deletion,
    keys_in,
    patch_call,
    taken_apart,
    update_call,
    version_of,
)
from informers.api.errors import OutcomeUnknown, ServerError, Undecodable
from informers.api.objects import KeyLike, NamespacedName, Obj
from informers.api.outcome import Silent, WriteListener
from informers.api.pages import Selection, page_query
from informers.api.patch import Patch, changed
from informers.api.reader import Plain, R
from informers.api.resource import KindLike, Resource, kind_of
from informers.api.subresource import Subresource
from informers.api.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from informers.api.discovery import ApiResource
    from informers.api.objects import GroupVersionKind

__all__ = ["Client", "Patch", "WriteListener"]

O = TypeVar("O", bound=Resource[Any, Any] | Obj)  # noqa: E741 - an object: what goes in comes out


class Client(Writer):
    """Reads and writes objects on the API server; see also `Reader` for what it reads, and `Writer` for its views.

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
        ValueError: The object lacks a name, or lies outside the namespace of this view; nothing was sent.

    Threads: any thread.
    """

    # --- Whole objects ---

    def create(self, obj: O, *, field_manager: str | None = None, dry_run: bool = False) -> O:
        """Create the object and return it as stored; raises AlreadyExists when the name is taken."""
        kind, resource, body, key = self._taken(obj)
        call = create_call(resource, body, key)
        stored: O = self.send(kind, key, call, field_manager=field_manager, dry_run=dry_run, replaces="")
        return stored

    def update(self, obj: O, *, field_manager: str | None = None, dry_run: bool = False) -> O:
        """Replace the object, all but its status; raises Conflict when its resourceVersion is not the newest."""
        kind, resource, body, key = self._taken(obj)
        call, before = update_call(resource, body, key), version_of(body)
        stored: O = self.send(kind, key, call, field_manager=field_manager, dry_run=dry_run, replaces=before)
        return stored

    def update_status(self, obj: O, *, field_manager: str | None = None, dry_run: bool = False) -> O:
        """Replace the object's status and nothing else; raises like `update`."""
        kind, resource, body, key = self._taken(obj)
        stored: O = self.send(
            kind,
            key,
            update_call(resource, body, key, "status"),
            subresource="status",
            field_manager=field_manager,
            dry_run=dry_run,
            replaces=version_of(body),
        )
        return stored

    def apply(
        self,
        obj: O,
        *,
        field_manager: str | None = None,
        force: bool = True,
        subresource: str = "",
        dry_run: bool = False,
    ) -> O:
        """Make the object so by server-side apply, creating it if need be: own the fields given, let go of the others.

        With `force`, fields that somebody else owns are taken over; without, that is a Conflict whose causes name them.
        """
        kind, resource, body, key = self._taken(obj)
        call = apply_call(resource, body, key, subresource, force=force)
        stored: O = self.send(kind, key, call, subresource=subresource, field_manager=field_manager, dry_run=dry_run)
        return stored

    # --- Parts of objects ---

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
        resource, name = self._located(kind, key)
        return self.send(
            kind,
            name,
            patch_call(resource, patch, name, subresource),
            subresource=subresource,
            field_manager=field_manager,
            dry_run=dry_run,
            replaces=patch.version or None,
        )

    def merge_from(
        self,
        old: O,
        new: O,
        *,
        locked: bool = False,
        subresource: str = "",
        field_manager: str | None = None,
        dry_run: bool = False,
    ) -> O:
        """Send what changed from `old` to `new` as a merge patch, and return the object as stored.

        Nothing is sent when nothing changed; then `new` comes back. Without `subresource`, a status that has a URL of
        its own does not count as changed, and with it nothing else does.

        Args:
            old: The object as it was read.
            new: The object as it shall be.
            locked: Refuse with Conflict if it is not as it was read any more. Lists are replaced whole, so lock when
                one changes.
            subresource: `status`, to send that alone.
            field_manager: Instead of the client's own.
            dry_run: Only try.
        """
        kind, resource, body, key = self._taken(new)
        own_url = "status" in resource.subresources
        patch = changed(taken_apart(old)[1], body, locked=locked, only=subresource, without="status" * own_url)
        if patch is None:
            return new
        call = patch_call(resource, patch, key, subresource)
        stored: O = self.send(
            kind,
            key,
            call,
            subresource=subresource,
            field_manager=field_manager,
            dry_run=dry_run,
            replaces=patch.version or None,
        )
        return stored

    def subresource(self, kind: KindLike, key: KeyLike, name: str) -> Subresource:
        """Return a part of the object that has a URL and a kind of its own: scale, eviction, binding, token."""
        resource, at = self._located(kind, key)
        return Subresource(self, resource, at, name)

    def scale(self, kind: KindLike, key: KeyLike, replicas: int, *, field_manager: str | None = None) -> Obj:
        """Set the number of replicas through the `scale` subresource, and return the Scale."""
        patch = Patch.merge({"spec": {"replicas": replicas}})
        return self.subresource(kind, key, "scale").patch(patch, field_manager=field_manager)

    # --- Deleting ---

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
        (resource, name), gvk = self._located(kind, key), kind_of(kind)
        dry_run = dry_run or self.view.dry_run
        call = delete_call(
            resource,
            name,
            uid=uid,
            resource_version=resource_version,
            propagation=propagation,
            grace=grace,
            dry_run=dry_run,
        )
        body = self.sent(kind, name, call, dry_run=dry_run)
        if not dry_run:
            met, remaining = self.understood(gvk, name, lambda: deletion(body, gvk))
            self.writes.deleted(gvk, name, uid=met or uid or "", remaining=remaining)

    def delete_collection(
        self,
        kind: KindLike,
        *,
        propagation: str = "Background",
        grace: int | None = None,
        dry_run: bool = False,
        **selection: Unpack[Selection],
    ) -> tuple[NamespacedName, ...]:
        """Delete all objects that are selected, and return their names; some may linger because of finalizers.

        Not atomic: after an error, some may be gone. Every object that was or may have been deleted is read live by
        the next cached read of it.
        """
        gvk, dry_run = kind_of(kind), dry_run or self.view.dry_run
        path, query, rest = self._collection(kind, **selection)
        told = not dry_run and not isinstance(self.writes, Silent)
        before = self._keys(kind, path, query) if told else []  # an answer that is lost names nobody
        query += page_query(limit=0, **rest)
        call = delete_collection_call(path, query, propagation=propagation, grace=grace, dry_run=dry_run)
        try:
            body = self._exchange(kind, call, write=not dry_run).body
            keys = self.understood(gvk, NamespacedName("", ""), lambda: keys_in(body))
        except (OutcomeUnknown, ServerError, Undecodable):
            self._doubt(gvk, before)
            raise
        if told:
            self._doubt(gvk, [*before, *keys])
        return tuple(keys)

    # --- Inside ---

    def _doubt(self, gvk: GroupVersionKind, keys: Iterable[NamespacedName]) -> None:
        for key in sorted(set(keys)):
            self.writes.unknown(gvk, key)

    def _taken(self, obj: Any) -> tuple[KindLike, ApiResource, Obj, NamespacedName]:
        """Return an object's kind, how that is served, its dict form and its key, within this view."""
        kind, body, key = taken_apart(obj)
        resource = self.discovery.resource(kind)
        key = self.view.key(resource, key)
        return kind, resource, self.view.body(resource, body, key), key
