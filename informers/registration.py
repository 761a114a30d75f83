"""Handlers, and what an informer owes each of them: everything, once, in order, one call at a time.

A handler that fails loses the one event, loudly; it never harms the informer or another handler. Nothing is stored up
for a slow handler: the informer waits for it, and with it the server, so memory stays bounded.
"""

from __future__ import annotations

import logging
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from informers.observe import NULL, Observer

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import CachedObject, GroupVersionKind
    from informers.runtime import Lock, Runtime, Seconds
    from informers.store import Diff

__all__ = ["Handler", "Notice", "Registration"]

log = logging.getLogger("levelset.informers")

SLOW: Seconds = 0.1
"""A call that takes longer is worth a warning: a handler is there to note a key and return."""


class Handler(Protocol):
    """Hears what an informer learns.

    Threads: the informer's task; for the objects that are there already when it is added, the adding thread. Never
    two calls at a time.
    """

    def on_add(self, obj: CachedObject, *, initial: bool) -> None:
        """An object is new to the informer; `initial` when it was part of the first list."""
        ...

    def on_update(self, old: CachedObject, new: CachedObject) -> None:
        """An object changed; both states have the same uid."""
        ...

    def on_delete(self, obj: CachedObject, *, final_state_unknown: bool) -> None:
        """An object is gone; `final_state_unknown` when nobody saw it go, so that it may have changed before."""
        ...


class Notice(NamedTuple):
    """What is told in one go."""

    diff: Diff
    initial: bool = False
    """Whether it is (part of) the first list."""


class Registration:
    """One handler's place at an informer.

    Guarantees: notices are delivered in the order in which they were owed.

    Threads: any thread. `owe` is called with the informer's lock held, everything else without.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        name: str,
        gvk: GroupVersionKind,
        runtime: Runtime,
        lock: Lock,
        listed: Callable[[], bool],
        observe: Observer = NULL,
    ) -> None:
        self.name = name
        self._handler, self._gvk, self._runtime, self._lock = handler, gvk, runtime, lock
        self._listed, self._observe = listed, observe
        self._owed: deque[Notice] = deque()
        self._initial = 0
        self._busy = self._removed = False
        self._failures = self._slow = 0

    def remove(self) -> None:
        """Deliver nothing more; a call in progress is not waited for. Idempotent."""
        with self._lock:
            self._removed = True
            self._owed.clear()

    @property
    def removed(self) -> bool:
        """Whether it was removed."""
        return self._removed

    def synced(self) -> bool:
        """Whether the informer has its first list and this handler was told all of it."""
        return self._listed() and not self._initial

    def owe(self, notice: Notice) -> None:
        """Queue a notice, to be delivered by the next `deliver`."""
        if not self._removed:
            self._owed.append(notice)
            self._initial += notice.initial

    def deliver(self) -> None:
        """Tell the handler what it is owed, unless another thread is at it, which then does this as well."""
        with self._lock:
            if self._busy:
                return
            self._busy = True
        while True:
            with self._lock:
                if not self._owed:
                    self._busy = False
                    return
                notice = self._owed.popleft()
            self._tell(notice)
            with self._lock:
                self._initial -= notice.initial

    def _tell(self, notice: Notice) -> None:
        diff, handler = notice.diff, self._handler
        for obj in diff.deleted:
            self._call(obj, partial(handler.on_delete, obj, final_state_unknown=diff.final_state_unknown))
        for obj in diff.added:
            self._call(obj, partial(handler.on_add, obj, initial=notice.initial))
        for old, new in diff.updated:
            self._call(new, partial(handler.on_update, old, new))

    def _call(self, obj: CachedObject, call: Callable[[], None]) -> None:
        if self._removed:
            return
        begun = self._runtime.monotonic()
        try:
            call()
        except Exception as error:
            self._failures += 1
            self._observe.handler_failed(self._gvk, handler=self.name, error=error)
            if _is_doubling(self._failures):
                log.exception("%s: handler %s failed on %s (failure %d)", self._gvk, self.name, obj.key, self._failures)
        seconds = self._runtime.monotonic() - begun
        if seconds > SLOW:
            self._slow += 1
            if _is_doubling(self._slow):
                log.warning("%s: handler %s took %.1f s for %s", self._gvk, self.name, seconds, obj.key)


def _is_doubling(count: int) -> bool:
    return count & (count - 1) == 0
