"""How a write is sent, and how whoever must know of it is told; the verbs are in `informers.api.client`.

A write MUST NOT be repeated here: what is safe to send again, the transport has sent again already.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec

from informers.api.access import access_call, read_access, read_rules, rules_call
from informers.api.calls import is_gone, keys_in, signed
from informers.api.errors import Conflict, NotFound, OutcomeUnknown, Undecodable
from informers.api.objects import GroupVersionKind, NamespacedName
from informers.api.outcome import Silent, WriteListener
from informers.api.pages import page_query, raw_page
from informers.api.reader import Reader
from informers.api.resource import KindLike, kind_of
from informers.api.transport import Call
from informers.api.view import View
from informers.api.wire import cached
from informers.observe import NULL, Observer

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.access import Access, Rules
    from informers.api.discovery import Discovery
    from informers.api.pages import Query
    from informers.api.transport import Transport
    from informers.runtime import Runtime

__all__ = ["Writer"]

T = TypeVar("T")

_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"

_ACCESS_REVIEW = GroupVersionKind("authorization.k8s.io", "v1", "SelfSubjectAccessReview")
_RULES_REVIEW = GroupVersionKind("authorization.k8s.io", "v1", "SelfSubjectRulesReview")

_HARMLESS = ("token",)
"""Subresources that leave the object as it is."""


class Writer(Reader):
    """A reader that can also send writes, and knows what became of them.

    Args:
        transport: Carries the calls.
        runtime: The clock of discovery.
        discovery: Shared with others when given.
        observe: Hears the server's warnings.
        field_manager: The name under which fields are owned; every write may override it.
        writes: Told of every write that happened or may have happened.

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
        view = View(field_manager=field_manager)
        super().__init__(transport, runtime=runtime, discovery=discovery, observe=observe, view=view)
        self.writes: WriteListener = writes or Silent()

    @property
    def field_manager(self) -> str:
        """The name under which fields are owned."""
        return self.view.field_manager

    # --- Views ---

    def trying(self) -> Self:
        """Return this client, whose every write is a dry run: validated and answered, and not stored."""
        return self._with(dry_run=True)

    def with_field_manager(self, name: str) -> Self:
        """Return this client, owning fields under another name."""
        return self._with(field_manager=name)

    def with_field_validation(self, level: str) -> Self:
        """Return this client, with `Strict`, `Warn` or `Ignore` for fields that the server does not know.

        Server-side apply refuses them whatever is set.
        """
        return self._with(field_validation=level)

    # --- Permissions ---

    def can_i(self, verb: str, kind: KindLike, *, namespace: str = "", name: str = "", subresource: str = "") -> Access:
        """Ask whether we may do this; the answer is true or false, and says why. Without a namespace: in all of them.

        Costs one request and needs no permission of its own.
        """
        resource = self.discovery.resource(kind)
        key = NamespacedName(self.view.scope(resource, namespace), name)
        call = access_call(resource, verb, key, subresource)
        return read_access(self._exchange(_ACCESS_REVIEW, call).body)

    def rules(self, namespace: str = "") -> Rules:
        """Return all that we may do in a namespace (this view's own, or `default`): one request, many answers."""
        call = rules_call(namespace or self.view.namespace or "default")
        return read_rules(self._exchange(_RULES_REVIEW, call).body)

    # --- Sending ---

    def send(
        self,
        kind: KindLike,
        key: NamespacedName,
        call: Call,
        *,
        subresource: str = "",
        field_manager: str | None = None,
        dry_run: bool = False,
        replaces: str | None = None,
    ) -> Any:
        """Send a write that `informers.api.calls` spelled, tell of its outcome, and return the answer's object.

        When the answer is not the object itself, as that of `scale` is not, the object is marked for a live read. What
        is written can only take the place of version `replaces`; None where that is not known.
        """
        gvk, dry_run = kind_of(kind), dry_run or self.view.dry_run
        manager = field_manager or self.field_manager
        call = signed(call, manager, validation=self.view.field_validation, dry_run=dry_run)
        body = self.sent(kind, key, call, subresource=subresource, dry_run=dry_run)
        if subresource in ("", "status") or self._is(gvk, body):
            if not dry_run:
                self._tell(gvk, key, body, manager, replaces)
            return self._decoded(kind, body)
        if not dry_run and subresource not in _HARMLESS:
            self.writes.unknown(gvk, key)
        return self._decoded(gvk, body)

    def sent(
        self, kind: KindLike, key: NamespacedName, call: Call, *, subresource: str = "", dry_run: bool = False
    ) -> bytes:
        """Send a write as it is and return the answer's body; tell when the object's state is in doubt."""
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

    def understood(self, gvk: GroupVersionKind, key: NamespacedName, read: Callable[[], T]) -> T:
        """Return what the answer to a write says; one that cannot be read leaves the object's state open."""
        try:
            return read()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Undecodable) as error:
            self.writes.unknown(gvk, key)
            raise Undecodable(f"the answer to a write of {gvk} {key} cannot be read: {error}") from error

    def _keys(self, kind: KindLike, path: str, query: Query) -> builtins.list[NamespacedName]:
        """Return the names of the objects of a collection; of the objects themselves, no more than metadata is sent."""
        found: builtins.list[NamespacedName] = []
        token = ""
        while True:
            call = Call("GET", path, query + page_query(limit=500, continue_=token), accept=_METADATA)
            body = self._exchange(kind, call).body
            found += keys_in(body)
            token = raw_page(kind_of(kind), body).metadata.continue_
            if not token:
                return found

    def _tell(
        self, gvk: GroupVersionKind, key: NamespacedName, body: bytes, manager: str, replaced: str | None
    ) -> None:
        stored = self.understood(gvk, key, lambda: cached(body, frozenset((manager, self.field_manager)), gvk=gvk))
        if stored.meta.deletion_timestamp and is_gone(stored.to_dict()):
            self.writes.deleted(gvk, stored.key, uid=stored.meta.uid, remaining=None)
        else:
            self.writes.written(gvk, stored, replaced=replaced)

    @staticmethod
    def _is(gvk: GroupVersionKind, body: bytes) -> bool:
        """Whether an answer is of the kind itself: that of `resize` or `approval` is, that of `scale` is not."""
        try:
            named = _read_type(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return False
        return (named.api_version, named.kind) == (gvk.api_version, gvk.kind)


class _TypeMeta(msgspec.Struct, rename="camel"):
    api_version: str = ""
    kind: str = ""


_read_type = msgspec.json.Decoder(_TypeMeta).decode
