"""All handlers of one informer: who is told, and whether they have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.backlog import Notice
from informers.observe import NULL, Observer
from informers.registration import Handler, HandlerSnapshot, Registration
from informers.store import Diff

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import GroupVersionKind
    from informers.runtime import Lock, Runtime, Seconds
    from informers.store import Store

__all__ = ["Audience"]


class Audience:
    """The registrations of an informer.

    Args:
        gvk, lock, listed, store: The informer's.
        runtime: Clock and tasks.
        observe: Hears of failures.

    Threads: any thread, without the informer's lock; but for `owe`, which is called with it.
    """

    def __init__(
        self,
        gvk: GroupVersionKind,
        *,
        runtime: Runtime,
        lock: Lock,
        listed: Callable[[], bool],
        store: Store,
        observe: Observer = NULL,
    ) -> None:
        self._gvk, self._runtime, self._lock, self._listed = gvk, runtime, lock, listed
        self._store, self._observe = store, observe
        self._registrations: tuple[Registration, ...] = ()
        self._stopped = False

    def add(self, handler: Handler, name: str, resync: Seconds | None, *, prompt: bool = False) -> Registration:
        """Take in a handler, and owe it what there is; raises RuntimeError once stopped."""
        registration = Registration(
            handler,
            name=name,
            gvk=self._gvk,
            runtime=self._runtime,
            lock=self._lock,
            listed=self._listed,
            store=self._store,
            observe=self._observe,
            resync=resync,
            prompt=prompt,
        )
        with self._lock:
            if self._stopped:
                raise RuntimeError(f"the informer of {self._gvk} has stopped; add handlers before")
            there = self._store.list()
            if there:
                registration.owe(Notice(Diff(added=there), initial=True))
            self._registrations = (*(r for r in self._registrations if not r.removed or r.alive()), registration)
        registration.tell()
        return registration

    def owe(self, diff: Diff, *, initial: bool = False) -> None:
        """Have everybody told."""
        if self._registrations and diff:
            notice = Notice(diff, initial)
            for registration in self._registrations:
                registration.owe(notice)

    def tell(self) -> None:
        """Tell prompt handlers what they are owed; to be called after `owe`, without the informer's lock."""
        for registration in self._registrations:
            registration.tell()

    def stop(self) -> None:
        """Tell nothing more. Never blocks."""
        with self._lock:
            self._stopped = True
            registrations = self._registrations
        for registration in registrations:
            registration.remove()

    def members(self) -> tuple[Registration, ...]:
        """Return the registrations; among them removed ones whose last call is still in progress."""
        return self._registrations

    def snapshot(self) -> tuple[HandlerSnapshot, ...]:
        """Return how each handler fares."""
        return tuple(each.snapshot() for each in self._registrations if not each.removed)
