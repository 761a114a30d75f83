"""Whether an event tells a reconcile of nothing but what it wrote itself, so that it need not come again.

A reconcile that creates a Deployment and writes a status is called twice more, to find that it did. Where its author
says that it can do without (`ControllerOptions.skip_own_writes`), those events are left out, as java-operator-sdk does.
Nothing else may be lost with them. So a write counts only if it is known which version it replaced, and an event only
if it leads from that version to the one written, for the same key: had anybody written in between, or were two changes
told as one, it would lead from another. The answer to a write may come after the event; so what comes while a key is
being worked on is kept until its reconcile has ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from controller.events import Created, Updated, priority_of
from controller.observe import NULL

if TYPE_CHECKING:
    from controller.events import Event
    from controller.observe import ControllerObserver
    from controller.queue import WorkQueue
    from controller.request import Request
    from informers.api.objects import CachedObject
    from informers.runtime import Runtime

__all__ = ["Echoes"]

REMEMBERED = 4096
"""Writes of one controller whose events may be yet to come, a megabyte at most; a forgotten one costs a reconcile."""
KEPT = 16
"""Events kept for a key that is being worked on; further ones count as news."""

Version: TypeAlias = tuple[str, str]
"""uid and resourceVersion."""


class _Write(NamedTuple):
    request: Request
    replaced: str


class Echoes:
    """The own writes of one controller, and the events that tell of them.

    Args:
        queue: Gets the keys of kept events that turned out to be news.
        runtime: Makes the lock.
        observe: Hears of those events, as of all that bring a key in.

    Threads: any thread; `enter` and `leave` on the worker's.
    """

    def __init__(self, queue: WorkQueue, *, runtime: Runtime, observe: ControllerObserver = NULL) -> None:
        self._queue, self._observe = queue, observe
        self._lock = runtime.lock(f"echoes {queue.name}")
        self._writes: dict[Version, _Write] = {}  # the longest ago first
        self._kept: dict[Request, list[Event]] = {}  # of the keys that are being worked on

    def enter(self, request: Request) -> None:
        """A reconcile of the key begins; it MUST `leave`."""
        with self._lock:
            self._kept[request] = []

    def leave(self, request: Request) -> None:
        """The reconcile of the key has ended: add the key once more if anything came meanwhile but its own writes."""
        with self._lock:
            kept = self._kept.pop(request)
            news = [event for event in kept if not self._is_echo(request, event)]
        for event in news:
            self._observe.enqueued(self._queue.name, event=event, requests=(request,))
            self._queue.add(request, priority=priority_of(event))

    def wrote(self, request: Request, obj: CachedObject, replaced: str) -> None:
        """A reconcile of the key has written this, in the place of version `replaced` (empty: of nothing)."""
        meta = obj.meta
        if meta.resource_version == replaced:
            return  # nothing changed, so nothing is told
        with self._lock:
            self._writes[meta.uid, meta.resource_version] = _Write(request, replaced)
            if len(self._writes) > REMEMBERED:
                del self._writes[next(iter(self._writes))]

    def skips(self, request: Request, event: Event) -> bool:
        """Whether the event need not bring the key in: it is an echo, or kept until the reconcile in progress ends."""
        if not _is_change(event):
            return False
        with self._lock:
            kept = self._kept.get(request)
            if kept is None:
                return self._is_echo(request, event)
            if len(kept) >= KEPT:
                return False
            kept.append(event)
            return True

    def _is_echo(self, request: Request, event: Event) -> bool:
        meta = event.obj.meta
        write = self._writes.get((meta.uid, meta.resource_version))
        before = event.old.meta.resource_version if isinstance(event, Updated) else ""
        return write is not None and write == (request, before)


def _is_change(event: Event) -> bool:
    """Whether something has just come to be as the event says; what is told again has another reason."""
    return isinstance(event, Updated) or (isinstance(event, Created) and not event.initial)
