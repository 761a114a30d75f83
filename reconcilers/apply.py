"""Make it so: server-side apply that sends nothing when nothing would change, and never takes what another controls.

A controller says what it wants, all of it and nothing else; fields that others set stay theirs. Before anything is
sent, the cached object is asked whether it would change (`reconcilers.match`). Where the server normalises what it is
sent, that question is answered wrongly once: the apply that changed nothing teaches that these two states are the same.
What is not there is created, and applied once more than a value of it changes (`reconcilers.created`).
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar, overload

from informers import (
    AlreadyExists,
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    LevelsetError,
    NotFound,
    Obj,
    Patch,
    Resource,
    creator_of,
)
from reconcilers.created import amended, as_created, handed_over, held, is_created, is_known, marked, was_created
from reconcilers.desired import body_of, object_key, status_body, uid_and_version
from reconcilers.match import digest, matches, owned_part, wanted_part, whole_part
from reconcilers.owners import OwnedByAnother, controller_of, set_controller_reference
from reconcilers.reclaim import reclaimed

if TYPE_CHECKING:
    from cachetools import LRUCache

    from informers import Cache, Client
    from reconcilers.owners import AnyObject

__all__ = ["Applier", "StillDeleting"]

log = logging.getLogger(__name__)

R = TypeVar("R", bound=Resource[Any, Any])

LEARNED = 10_000
"""Lessons kept, 200 bytes each; forgetting one costs one request."""


class StillDeleting(LevelsetError):
    """An object of that name is on its way out, or belongs to an owner that is gone: wait, then apply again."""

    retryable = True


class Applier:
    """Writes desired state.

    Args:
        client: Sends the writes.
        cache: Where the present state is read; it sees our own writes at once.
        field_manager: The name under which fields are owned; None takes the client's. MUST stay the same over the
            life of a program, or its fields are orphaned. The cache keeps the record of the client's manager; another
            name costs one request more after each change by others.

    Guarantees: an apply that would change nothing sends nothing, once one such apply was sent. An object that another
    is seen to control is never written to; with an owner the server refuses also where the cache is behind. Nothing
    that the cache has not seen is written over: it is created, or read first.
    Assumes: `desired` is a function of what was read: no times, no dice, no generated names.
    Blocks: for the request, when one is sent.
    Threads: any thread.
    """

    def __init__(self, client: Client, cache: Cache, *, field_manager: str | None = None) -> None:
        from cachetools import LRUCache  # noqa: PLC0415 - whoever imports the package need not apply anything

        self.field_manager = field_manager or client.field_manager
        self._client, self._cache = client, cache
        self._learned: LRUCache[tuple[str, str], tuple[str, str]] = LRUCache(LEARNED)
        self._lock = client.runtime.lock("applier")

    @overload
    def apply(self, desired: R, *, owner: AnyObject | None = None, live: Obj | None = None) -> R: ...
    @overload
    def apply(self, desired: Obj, *, owner: AnyObject | None = None, live: Obj | None = None) -> Obj: ...
    def apply(self, desired: Any, *, owner: AnyObject | None = None, live: Obj | None = None) -> Any:
        """Make the object as `desired`, creating it if need be, and return it as it is now.

        Args:
            desired: Every field that we want to own, and no other. Status, uid and version in it are ignored.
            owner: Becomes its controller, so that it is deleted with it.
            live: The object as the cache has just given it, which spares reading it once more; None reads it.

        Raises:
            OwnedByAnother: The object has another controller. Nothing was changed.
            StillDeleting: The object is being deleted, or will be, with an earlier owner of the same name.
            ValueError: `owner` cannot own an object of that namespace.
            ApiError, OutcomeUnknown: As every write; see `Client`.
        """
        body = body_of(desired)
        if owner is not None:
            set_controller_reference(owner, body)
        live = self._cached(body) if live is None else live
        live = self._create(body) if live is None else self._make(live, body)
        return type(desired).from_dict(live) if isinstance(desired, Resource) else live

    @overload
    def apply_status(self, obj: R, status: Any) -> R: ...
    @overload
    def apply_status(self, obj: Obj, status: Obj) -> Obj: ...
    def apply_status(self, obj: Any, status: Any) -> Any:
        """Make the status of `obj` as `status`, and return the object as it is now: `obj` itself if it did not change.

        Args:
            obj: As read.
            status: Of the kind's status type, or a dict for a dict. All of it: fields left out are removed.

        Raises:
            NotFound: The object is gone.
            Conflict: Another object has taken its name. Where the cache does not know that yet, the other gets this
                status until its own reconcile: the server checks no uid on the way to a status.
            ApiError, OutcomeUnknown: As every write; see `Client`.
        """
        body, read = status_body(obj, status)
        live = self._cached(body)
        if live is not None and uid_and_version(live)[0] != read[0]:
            raise Conflict(f"{body['kind']} {object_key(body)} is another object now; its status is not written")
        if live is None or not self._matches(live, body, "status"):
            live = self._send(live, body, "status")
        if uid_and_version(live) == read:
            return obj
        return type(obj).from_dict(live) if isinstance(obj, Resource) else live

    # --- Would anything change? ---

    def _matches(self, live: Obj, body: Obj, subresource: str) -> bool:
        want = wanted_part(body)
        if not subresource and is_created(live, manager=self.field_manager):
            if as_created(want, live):
                return True
        elif matches(want, live, manager=self.field_manager, subresource=subresource):
            return True
        with self._lock:
            lesson = self._learned.get((live["metadata"].get("uid", ""), subresource))
        return lesson is not None and lesson == (digest(want), self._state(live, want, subresource))

    def _state(self, live: Obj, want: Obj, subresource: str) -> str:
        if not subresource and is_created(live, manager=self.field_manager):
            return digest(held(whole_part(live), want))
        mine = owned_part(live, manager=self.field_manager, subresource=subresource)
        return digest(whole_part(live, subresource=subresource) if mine is None else mine)

    def _learn(self, live: Obj, want: Obj, subresource: str) -> None:
        """Remember that the server keeps `want` as it is kept in `live`."""
        lesson = digest(want), self._state(live, want, subresource)
        with self._lock:
            self._learned[live["metadata"].get("uid", ""), subresource] = lesson

    # --- Making it so ---

    def _create(self, body: Obj) -> Obj:
        """Create the object; when it is there and the cache has not seen it yet, make that as wanted.

        Raises:
            AlreadyExists: It is gone again; or it is nobody's, and whether to take it is for those to say who see it.
        """
        want, me = wanted_part(body), creator_of(self.field_manager)
        try:
            made: Obj = self._client.create(marked(body, want), field_manager=me)
        except AlreadyExists as taken:
            try:
                live = self._read(body)
            except NotFound:
                raise taken from None
            nobodys = controller_of(live) is None and not is_known(live, manager=self.field_manager)
            if nobodys and controller_of(body) is not None:
                raise
            return self._make(live, body)
        if not as_created(want, made):
            self._learn(made, want, "")
        return made

    def _make(self, live: Obj, body: Obj) -> Obj:
        """Make an object that is there as wanted, if it is not so already."""
        _refuse(live, body)
        if self._matches(live, body, ""):
            return live
        made, live = self._amend(live, body)
        if made is not None:
            return made
        live = self._hand_over(live, body)
        try:
            made = self._send(live, body, "")
        except Invalid as refusal:
            made = self._reconsider(body, refusal)
        if not was_created(made, manager=self.field_manager):
            return made
        return self._send(self._hand_over(made, body), body, "")  # a record of its creation that the cache did not show

    def _amend(self, live: Obj, body: Obj) -> tuple[Obj | None, Obj]:
        """Change values in what was created; return how it is then, or None, and how it was."""
        want = wanted_part(body)
        patch = amended(want, live) if is_created(live, manager=self.field_manager) else None
        if patch is None:
            return None, live
        try:
            made = self._patch(body, patch, manager=creator_of(self.field_manager))
        except (BadRequest, Conflict, Forbidden, Invalid):  # somebody has written since, or it takes more than that
            live = self._read(body)
            _refuse(live, body)
            return (live if self._matches(live, body, "") else None), live
        if not as_created(want, made):
            self._learn(made, want, "")
        return made, live

    def _hand_over(self, live: Obj, body: Obj) -> Obj:
        """Have what was created count as applied from now on, and return it as it is then."""
        patch = handed_over(live, manager=self.field_manager)
        if patch is None:
            return live
        if is_created(live, manager=self.field_manager):
            with suppress(Conflict, Invalid):  # somebody has written since
                return self._patch(body, patch)
        live = self._read(body)
        _refuse(live, body)
        patch = handed_over(live, manager=self.field_manager)
        return live if patch is None else self._patch(body, patch)

    def _patch(self, body: Obj, patch: Patch, *, manager: str | None = None) -> Obj:
        kind, manager = (body["apiVersion"], body["kind"]), manager or self.field_manager
        return self._client.patch(kind, object_key(body), patch, field_manager=manager)

    def _send(self, before: Obj | None, body: Obj, subresource: str) -> Obj:
        after: Obj = self._client.apply(body, field_manager=self.field_manager, force=True, subresource=subresource)
        if before is not None and all(uid_and_version(after)) and uid_and_version(after) == uid_and_version(before):
            self._learn(before, wanted_part(body), subresource)
            log.debug(
                "an apply changed nothing", extra={"fields": {"kind": body["kind"], "key": str(object_key(body))}}
            )
        return after

    def _read(self, body: Obj) -> Obj:
        """Return the object as the server has it."""
        return self._client.get((body["apiVersion"], body["kind"]), object_key(body))

    def _cached(self, body: Obj) -> Obj | None:
        found: Obj | None = self._cache.get((body["apiVersion"], body["kind"]), object_key(body))
        return found

    def _reconsider(self, body: Obj, refusal: Invalid) -> Obj:
        """Look at what the server refused to change, and try once more if something of ours can be taken back.

        Raises:
            Invalid: The refusal stands.
            OwnedByAnother, StillDeleting: It is because of a controller that the cache has not seen yet.
        """
        try:
            live = self._read(body)
        except NotFound:
            raise refusal from None
        _refuse(live, body)
        records = reclaimed(live, body, refusal, manager=self.field_manager)
        if records is None:
            raise refusal
        lock = {"resourceVersion": live["metadata"]["resourceVersion"], "managedFields": records}
        self._patch(body, Patch.merge({"metadata": lock}))
        return self._send(None, body, "")


def _refuse(live: Obj, body: Obj) -> None:
    """Raise if `live` is not ours to write to, or not for long."""
    theirs, mine = controller_of(live), controller_of(body)
    if theirs is not None and (mine is None or theirs.uid != mine.uid):
        what = f"{body['kind']} {object_key(body)}"
        if mine is None or (theirs.group_kind, theirs.name) != (mine.group_kind, mine.name):
            raise OwnedByAnother(what, theirs)
        raise StillDeleting(f"{what} belongs to an earlier {mine.kind} {mine.name} and will be deleted with it")
    if live["metadata"].get("deletionTimestamp"):
        raise StillDeleting(f"{body['kind']} {object_key(body)} is being deleted")
