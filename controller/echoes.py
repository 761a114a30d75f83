"""Whether an event tells a reconcile of nothing but what it wrote itself, so that it need not come again.

A reconcile that creates a Deployment and writes a status is called twice more, to find that it did. Where its author
says that it can do without (`ControllerOptions.skip_own_writes`), those events are left out, as java-operator-sdk does.
Nothing else may be lost with them. So a write counts only if it is known which version it replaced, and an event only
if it leads from that version to the one written, for the same key: had anybody written in between, or were two changes
told as one, it would lead from another. The answer to a write may come after the event; so what comes while a key is
being worked on is kept until its reconcile has ended.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from controller.events import Created, Updated, priority_of
from controller.observe import NULL
from informers.api.objects import resource_version

if TYPE_CHECKING:
    from controller.events import Event
    from controller.observe import ControllerObserver
    from controller.queue import WorkQueue
    from controller.request import Request
    from informers.api.objects import CachedObject, GroupVersionKind, NamespacedName
    from informers.api.outcome import WriteListener
    from informers.runtime import Runtime, Seconds

__all__ = ["Authors", "Echoes"]

REMEMBERED = 4096
"""Writes of one controller whose events may be yet to come, 2 MB at most; a forgotten one costs a reconcile."""
KEPT = 16
"""Events kept for a key that is being worked on; further ones count as news."""

Version: TypeAlias = tuple[str, str]
"""uid and resourceVersion."""


class _Write(NamedTuple):
    request: Request
    replaced: str


class _Kept(NamedTuple):
    event: Event
    since: Seconds


_author: ContextVar[tuple[Echoes, Request] | None] = ContextVar("_author", default=None)
"""Whose reconcile runs on this thread, where own writes are no news."""


class Echoes:
    """The own writes of one controller, and the events that tell of them.

    Args:
        queue: Gets the keys of kept events that turned out to be news.
        runtime: Makes the lock.
        observe: Hears of those events, as of all that bring a key in.

    Threads: any thread; `enter` and `leave` on the worker's.
    """

    def __init__(self, queue: WorkQueue, *, runtime: Runtime, observe: ControllerObserver = NULL) -> None:
        self._queue, self._observe, self._clock = queue, observe, runtime.monotonic
        self._lock = runtime.lock(f"echoes {queue.name}")
        self._writes: dict[Version, _Write] = {}  # the longest ago first
        self._kept: dict[Request, list[_Kept]] = {}  # of the keys that are being worked on

    def enter(self, request: Request) -> None:
        """A reconcile of the key begins on this thread; it MUST `leave`."""
        with self._lock:
            self._kept[request] = []
        _author.set((self, request))

    def leave(self, request: Request) -> None:
        """The reconcile of the key has ended: add the key once more if anything came meanwhile but its own writes."""
        _author.set(None)
        with self._lock:
            news = self._news(request, self._kept.pop(request))
        self._add(request, news)

    def flush(self) -> None:
        """Add the keys of kept events that are not known to be echoes: the queue is about to take in no more."""
        with self._lock:
            found = [(request, self._news(request, kept)) for request, kept in self._kept.items()]
            self._kept = {request: [] for request in self._kept}
        for request, news in found:
            self._add(request, news)

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
        now = self._clock()
        with self._lock:
            if _goes_back(event):
                self._writes.clear()  # the server was restored, and gives out versions a second time
            kept = self._kept.get(request)
            if kept is None:
                return self._is_echo(request, event)
            if len(kept) >= KEPT:
                return False
            kept.append(_Kept(event, now))
            return True

    def _news(self, request: Request, kept: list[_Kept]) -> list[_Kept]:
        return [one for one in kept if not self._is_echo(request, one.event)]

    def _add(self, request: Request, news: list[_Kept]) -> None:
        for event, since in news:
            waited = self._clock() - since
            self._observe.enqueued(self._queue.name, event=event, requests=(request,), waited=waited)
            self._queue.add(request, priority=priority_of(event))

    def _is_echo(self, request: Request, event: Event) -> bool:
        meta = event.obj.meta
        write = self._writes.get((meta.uid, meta.resource_version))
        before = event.old.meta.resource_version if isinstance(event, Updated) else ""
        return write is not None and write == (request, before)


def _is_change(event: Event) -> bool:
    """Whether something has just come to be as the event says; what is told again has another reason."""
    return isinstance(event, Updated) or (isinstance(event, Created) and not event.initial)


def _goes_back(event: Event) -> bool:
    """Whether an object has an older version than it had."""
    if not isinstance(event, Updated):
        return False
    old, new = (resource_version(obj.meta.resource_version) for obj in event.objects)
    return old is not None and new is not None and new < old


class Authors:
    """A `WriteListener` that tells each reconcile's controller what it wrote, and another listener of all writes.

    A write belongs to the reconcile that runs on the writing thread; those of other threads are nobody's.

    Args:
        listener: Hears of every write.

    Threads: any thread.
    """

    def __init__(self, listener: WriteListener) -> None:
        self._listener = listener

    def written(self, gvk: GroupVersionKind, obj: CachedObject, *, replaced: str | None = None) -> None:
        """See `WriteListener.written`."""
        author = _author.get()
        if author is not None and replaced is not None:
            echoes, request = author
            echoes.wrote(request, obj, replaced)
        self._listener.written(gvk, obj, replaced=replaced)

    def deleted(self, gvk: GroupVersionKind, key: NamespacedName, *, uid: str, remaining: CachedObject | None) -> None:
        """See `WriteListener.deleted`."""
        self._listener.deleted(gvk, key, uid=uid, remaining=remaining)

    def unknown(self, gvk: GroupVersionKind, key: NamespacedName) -> None:
        """See `WriteListener.unknown`."""
        self._listener.unknown(gvk, key)
