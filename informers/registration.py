"""Handlers, and what an informer owes each of them: everything, once, in order, one call at a time.

Each handler is told on a task of its own, so that one that is slow, or never returns, keeps neither the mirror nor
another handler waiting. One that is known to be prompt is told by whoever brings the news: an event that changes
threads waits for a processor and for the interpreter, which under load takes longer than all else on its way. What a
handler has yet to hear is kept in a `Backlog`, which grows with the objects and not with the events. A handler that
fails loses the one event, loudly; it never harms the informer.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from informers.backlog import Backlog, Notice
from informers.observe import NULL, Observer
from informers.resync import Resync
from informers.store import Diff

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import CachedObject, GroupVersionKind, NamespacedName
    from informers.runtime import Lock, Runtime, Seconds, Task
    from informers.store import Store

__all__ = ["Handler", "HandlerSnapshot", "Registration"]

log = logging.getLogger("levelset.informers")

SLOW: Seconds = 0.1
"""A call that takes longer is worth a warning: a handler is there to note a key and return."""


class Handler(Protocol):
    """Hears what an informer learns.

    Threads: the registration's own task, or any if it is prompt; never two calls at a time.
    """

    def on_add(self, obj: CachedObject, *, initial: bool) -> None:
        """An object is new to the handler; `initial` when it was part of the first list, or there before it."""
        ...

    def on_update(self, old: CachedObject, new: CachedObject) -> None:
        """An object changed; both states have the same uid. In a resync they are the same."""
        ...

    def on_delete(self, obj: CachedObject, *, final_state_unknown: bool) -> None:
        """An object is gone; `final_state_unknown` when nobody saw it go, so that it may have changed before.

        It may be one that was never told: created and deleted before there was time to tell, or created by ourselves.
        """
        ...


@dataclass(frozen=True, slots=True)
class HandlerSnapshot:
    """How a handler fares.

    Threads: immutable.
    """

    name: str
    synced: bool
    """Whether it was told the whole first list."""
    backlog: int
    """Changes that it has yet to be told."""
    failures: int
    """Events that it lost by raising."""
    slow: int
    """Calls that took longer than a tenth of a second."""


class Registration:
    """One handler's place at an informer.

    Guarantees: of each object the handler hears of its being there, in order, of no state older than one it heard of,
    and of its end; while it is slow it may miss states in between.

    Args:
        handler: Whom to tell.
        name: What log lines and metrics call it.
        gvk: The informer's kind.
        runtime: Clock and task.
        lock: The informer's.
        listed: Whether the store has held a complete list.
        store: What a resync repeats.
        observe: Hears of failures.
        resync: Seconds in which the handler is told everything anew; None never.
        prompt: Whether it is told by whoever calls `tell`; with a resync it has a task all the same.

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
        store: Store,
        observe: Observer = NULL,
        resync: Seconds | None = None,
        prompt: bool = False,
    ) -> None:
        self.name = name
        self._prompt = prompt and not resync
        self._handler, self._gvk, self._runtime, self._lock = handler, gvk, runtime, lock
        self._listed, self._store, self._observe = listed, store, observe
        self._resync = Resync(resync, random=runtime.random, now=runtime.monotonic()) if resync else None
        self._backlog = Backlog()
        self._wake = runtime.event(f"news for {name}")
        self._task: Task | None = None
        self._clock: Seconds = 0.0  # when the last call ended
        self._in_hand = self._telling = self._failures = self._slow = 0
        self._removed = self._busy = False
        self._error: BaseException | None = None

    def remove(self) -> None:
        """Deliver nothing more; a call in progress is not waited for. Idempotent, never blocks."""
        with self._lock:
            self._removed = True
            self._backlog.take()
        self._wake.set()

    @property
    def removed(self) -> bool:
        """Whether it was removed."""
        return self._removed

    @property
    def error(self) -> BaseException | None:
        """What ended it: nothing that an `Exception` could do."""
        return self._error if self._task is None else self._task.error

    def synced(self) -> bool:
        """Whether the informer has its first list and this handler was told all of it."""
        return self._listed() and not self._telling and not self._backlog.initial

    def owe(self, notice: Notice) -> None:
        """Have this told, soon."""
        if self._removed:
            return
        self._backlog.add(notice)
        if self._prompt:
            return
        if self._task is None:
            self._task = self._runtime.spawn(f"handler {self.name} of {self._gvk.kind}", self._run)
        if not self._wake.is_set():
            self._wake.set()

    def tell(self) -> None:
        """Tell a prompt handler what it is owed, unless another thread is at it: then that one does."""
        while self._prompt:
            with self._lock:
                notices = [] if self._busy else self._take()
                if not notices:
                    return
                self._busy = True
            try:
                self._tell_all(notices)
            except KeyboardInterrupt:  # whoever tells is to end, not the handler
                raise
            except BaseException as error:  # noqa: BLE001 - what would have ended its task ends the handler alone
                self._runtime.checkpoint("handler ends")  # where a simulated crash goes on unwinding
                self._error = error
                self.remove()
            finally:
                self._telling = self._in_hand = 0
                self._busy = False

    def join(self, timeout: Seconds | None = None) -> bool:
        """Wait for its task after `remove`; False when a call is still in progress. A prompt one is not waited for."""
        return not self._busy if self._task is None else self._task.join(timeout)

    def alive(self) -> bool:
        """Whether its task runs, or a prompt call is in progress."""
        return self._busy or (self._task is not None and self._task.alive())

    def snapshot(self) -> HandlerSnapshot:
        """Return how it fares."""
        backlog = self._backlog.size + self._in_hand
        return HandlerSnapshot(self.name, self.synced(), backlog, self._failures, self._slow)

    def _take(self) -> list[Notice]:
        """Take in hand what is owed; in the lock."""
        self._telling, self._in_hand = self._backlog.initial, self._backlog.size
        return self._backlog.take()

    def _tell_all(self, notices: list[Notice]) -> None:
        self._clock = self._runtime.monotonic()
        for notice in notices:
            self._tell(notice)
            self._telling -= notice.initial
            self._in_hand -= notice.size

    # --- On its task ---

    def _run(self) -> None:
        while True:
            self._wake.wait(None if self._resync is None else self._resync.wait(self._runtime.monotonic()))
            with self._lock:
                if self._removed:
                    return
                self._wake.clear()
                self._repeat()
                notices = self._take()
            self._tell_all(notices)

    def _repeat(self) -> None:
        """Add what a resync has to tell now; in the lock, so that nothing older than what was told can be told."""
        if self._resync is None:
            return
        due = self._resync.take(self._runtime.monotonic(), self._names)
        found = [obj for obj in map(self._store.get, due) if obj is not None]
        if found:
            self._backlog.add(Notice(Diff(updated=[(obj, obj) for obj in found])))

    def _names(self) -> list[NamespacedName]:
        return [obj.key for obj in self._store.list()] if self._listed() else []

    def _tell(self, notice: Notice) -> None:
        diff, handler = notice.diff, self._handler
        for obj in diff.deleted:
            self._call(obj, handler.on_delete, obj, final_state_unknown=diff.final_state_unknown)
        for obj in diff.added:
            self._call(obj, handler.on_add, obj, initial=notice.initial)
        for old, new in diff.updated:
            self._call(new, handler.on_update, old, new)

    def _call(self, obj: CachedObject, call: Callable[..., None], *args: Any, **details: Any) -> None:
        if self._removed:
            return
        try:
            call(*args, **details)
        except Exception as error:
            self._failures += 1
            self._observe.handler_failed(self._gvk, handler=self.name, error=error)
            if _is_doubling(self._failures):
                log.exception("%s: handler %s failed on %s (failure %d)", self._gvk, self.name, obj.key, self._failures)
        begun, self._clock = self._clock, self._runtime.monotonic()
        if (seconds := self._clock - begun) > SLOW:
            self._slow += 1
            if _is_doubling(self._slow):
                log.warning("%s: handler %s took %.1f s for %s", self._gvk, self.name, seconds, obj.key)


def _is_doubling(count: int) -> bool:
    return count & (count - 1) == 0
