"""Where events come from: informers, the program itself, anything else.

A source feeds the queue of one controller; whom an event concerns, `controller.pipeline` finds out. A source MUST NOT
block, and knows nothing of workers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from controller.events import Created, Deleted, Event, Generic, Updated
from controller.handlers import enqueue_self
from controller.observe import NULL
from controller.pipeline import Pipeline
from controller.worker import describe
from informers.api.errors import Forbidden, KindNotServed
from informers.api.objects import CachedObject, ObjectMeta, key_of
from informers.api.resource import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.handlers import Mapper
    from controller.observe import ControllerObserver
    from controller.predicates import Predicate
    from controller.queue import WorkQueue
    from controller.request import Request
    from informers.api.objects import KeyLike
    from informers.api.resource import KindLike
    from informers.cache import Cache
    from informers.informer import Informer
    from informers.registration import Registration
    from informers.runtime import Runtime

__all__ = ["ChannelSource", "FunctionSource", "InformerSource", "KindSource", "Source", "SourceStatus"]


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How far a source is.

    Threads: immutable.
    """

    synced: bool
    """Whether everything that was there at the start has been delivered."""
    absent: bool = False
    """Whether it waits for something that somebody has yet to install, or to grant."""
    error: str = ""
    """What went wrong last; empty when all is well."""


class Source(Protocol):
    """Feeds one controller's queue."""

    @property
    def name(self) -> str:
        """What it watches; log lines and errors show it."""
        ...

    def start(self, queue: WorkQueue) -> None:
        """Begin to feed the queue. Called once; it MUST NOT block.

        Raises:
            RuntimeError: It feeds another queue.
        """
        ...

    def stop(self) -> None:
        """Feed no more. Idempotent."""
        ...

    def status(self) -> SourceStatus:
        """Return how far it is."""
        ...


class InformerSource:
    """The objects of an informer, be it the cache's or one of your own; it is the informer's handler.

    An informer of your own is started and stopped by you.

    Args:
        informer: Tells of its objects.
        mapper: Whom an event concerns.
        predicates: Which events matter; all of them must agree.
        observe: Hears of lost events.
        name: What log lines call it; the informer's kind when empty.

    Threads: any thread; the informer calls the `on_` methods from one of its own, or, if mapper and predicates are
    `prompt`, from the one that starts the source.
    """

    def __init__(
        self,
        informer: Informer,
        mapper: Mapper = enqueue_self,
        *,
        predicates: Iterable[Predicate] = (),
        observe: ControllerObserver = NULL,
        name: str = "",
    ) -> None:
        self.name = name or str(informer.gvk)
        self._informer = informer
        self._pipeline = Pipeline(self.name, mapper, predicates, observe=observe)
        self._registration: Registration | None = None
        self._queue: WorkQueue | None = None
        self._stopped = False

    def start(self, queue: WorkQueue) -> None:
        """See `Source.start`."""
        self._queue = _only(self._queue, queue, self.name)
        self._listen(queue)

    def stop(self) -> None:
        """See `Source.stop`."""
        self._stopped = True
        registration, self._registration = self._registration, None
        if registration is not None:
            registration.remove()

    def replay(self) -> None:
        """Feed the queue with every object once more, for instance because it takes more keys in than before."""
        before = self._registration
        if before is not None and self._queue is not None:
            self._listen(self._queue)
            before.remove()

    def status(self) -> SourceStatus:
        """See `Source.status`; synced once the queue has heard of every object of the first list."""
        registration = self._registration
        if registration is not None and registration.synced():
            return SourceStatus(synced=True)
        error = self._informer.snapshot().last_error
        text = "" if error is None else describe(error)
        return SourceStatus(synced=False, absent=isinstance(error, KindNotServed | Forbidden), error=text)

    def on_add(self, obj: CachedObject, *, initial: bool) -> None:
        """Take an object that is new to the informer."""
        self._deliver(Created(obj, initial))

    def on_update(self, old: CachedObject, new: CachedObject) -> None:
        """Take a new version of an object."""
        self._deliver(Updated(old, new))

    def on_delete(self, obj: CachedObject, *, final_state_unknown: bool) -> None:
        """Take the news that an object is gone."""
        self._deliver(Deleted(obj, final_state_unknown))

    def _listen(self, queue: WorkQueue) -> None:
        registration = self._informer.add_handler(self, name=queue.name, prompt=self._pipeline.prompt)
        self._registration = registration
        if self._stopped:  # meanwhile; whoever stopped it did not see this one
            registration.remove()

    def _deliver(self, event: Event) -> None:
        if self._queue is not None and not self._stopped:
            self._pipeline.deliver(event, self._queue)


class KindSource(InformerSource):
    """The objects of one kind, by their informer in the cache.

    The informer is made at once, so that the cache mirrors the kind while a standby still waits for leadership.

    Args:
        cache: Has the informer.
        kind: What to watch.
        mapper: Whom an event concerns.
        predicates: Which events matter; all of them must agree.
        observe: Hears of lost events.

    Threads: as `InformerSource`.
    """

    def __init__(
        self,
        cache: Cache,
        kind: KindLike,
        mapper: Mapper = enqueue_self,
        *,
        predicates: Iterable[Predicate] = (),
        observe: ControllerObserver = NULL,
    ) -> None:
        informer, name = cache.informer(kind), str(kind_of(kind))
        super().__init__(informer, mapper, predicates=predicates, observe=observe, name=name)


class ChannelSource:
    """Events that the program itself makes: `push` them from any thread.

    What is pushed before the controller starts is kept, as requests, so that it takes no more room than there are keys.

    Args:
        runtime: Makes the lock.
        name: What log lines call it.
        mapper: Whom an event concerns.
        predicates: Which events matter; all of them must agree.
        observe: Hears of lost events.

    Threads: any thread.
    """

    def __init__(
        self,
        *,
        runtime: Runtime,
        name: str = "channel",
        mapper: Mapper = enqueue_self,
        predicates: Iterable[Predicate] = (),
        observe: ControllerObserver = NULL,
    ) -> None:
        self.name = name
        self._pipeline = Pipeline(name, mapper, predicates, observe=observe)
        self._lock = runtime.lock(f"channel {name}")
        self._early: dict[Request, None] = {}
        self._queue: WorkQueue | None = None

    def push(self, obj: CachedObject | KeyLike) -> None:
        """Tell the controller that something concerns this object; its name alone will do."""
        event = Generic(obj if isinstance(obj, CachedObject) else _named(obj))
        with self._lock:
            queue = self._queue
            if queue is None:
                self._early |= dict.fromkeys(self._pipeline.requests(event, ""))
        if queue is not None:
            self._pipeline.deliver(event, queue)

    def start(self, queue: WorkQueue) -> None:
        """See `Source.start`."""
        with self._lock:
            self._queue, early = _only(self._queue, queue, self.name), self._early
            self._early = {}
        for request in early:
            queue.add(request)

    def stop(self) -> None:
        """See `Source.stop`; the queue is shut down, so that what is pushed from now on is lost."""

    def status(self) -> SourceStatus:
        """See `Source.status`."""
        return SourceStatus(synced=self._queue is not None)


class FunctionSource:
    """Anything else: a function that is given the queue when the controller starts.

    Args:
        function: `function(queue)` begins to feed the queue and returns without blocking; it may return a function
            that ends the feeding.
        name: What log lines call it; the function's own name when empty.

    Threads: any thread.
    """

    def __init__(self, function: Callable[[WorkQueue], Callable[[], None] | None], *, name: str = "") -> None:
        self.name = name or getattr(function, "__name__", "function")
        self._function = function
        self._stop: Callable[[], None] | None = None
        self._started = False

    def start(self, queue: WorkQueue) -> None:
        """See `Source.start`."""
        self._stop = self._function(queue)
        self._started = True

    def stop(self) -> None:
        """See `Source.stop`."""
        stop, self._stop = self._stop, None
        if stop is not None:
            stop()

    def status(self) -> SourceStatus:
        """See `Source.status`."""
        return SourceStatus(synced=self._started)


def _only(before: WorkQueue | None, queue: WorkQueue, name: str) -> WorkQueue:
    """Return the queue; a source with two would feed the second alone."""
    if before is not None:
        raise RuntimeError(f"source {name} feeds controller {before.name} already; make another for {queue.name}")
    return queue


def _named(key: KeyLike) -> CachedObject:
    namespace, name = key_of(key)
    return CachedObject(ObjectMeta(name=name, namespace=namespace), b"{}")
