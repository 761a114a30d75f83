"""The work queue: which key goes next, and never the same key twice at once.

Its promises are those of controller-runtime's priority queue: a key is in it at most once, however often it is added;
FIFO within a priority; of several due times the earliest wins; priorities only rise; a delayed key holds nobody up; a
key that is being worked on is kept back until `done`. One promise is ours, *ageing*: after `patience` hand-outs in a
row that went ahead of an older key, the oldest goes next, so that no priority starves another: a key with k older ones
before it waits for at most (patience + 1)(k + 1) hand-outs. The queue MUST NOT start a thread: whoever waits in `get`
also waits for delayed keys to fall due.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.backlog import Backlog
from controller.observe import NULL
from controller.ratelimit import ItemExponential

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from controller.events import Event
    from controller.observe import ControllerObserver
    from controller.ratelimit import RateLimiter
    from controller.request import Request
    from informers.runtime import Runtime, Seconds

__all__ = ["QueueSnapshot", "WorkQueue"]

PATIENCE = 16
"""Guess: under pressure old keys get one hand-out in 17, and urgent ones lose no more than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSnapshot:
    """What a queue held at one moment.

    Threads: immutable.
    """

    name: str
    depth: Mapping[int, int]
    """Ready keys by priority, highest first, those included that wait for their own `done`."""
    waiting: int
    """Delayed keys."""
    next_due: Seconds | None
    """Seconds until the first delayed key is ready; None when there is none."""
    oldest: Seconds
    """Age of the key that has been ready longest; 0 when none is."""
    processing: tuple[tuple[Request, Seconds], ...]
    """Keys handed out and not yet done, with the seconds since, longest first."""
    shutting_down: bool
    prioritized: bool = True
    """Whether priorities count; in a plain queue all keys have priority 0."""

    @property
    def ready(self) -> int:
        """How many keys are ready, whatever their priority."""
        return sum(self.depth.values())

    @property
    def unfinished(self) -> Seconds:
        """Seconds of work in progress, summed over its keys."""
        return sum(seconds for _, seconds in self.processing)

    @property
    def longest_running(self) -> Seconds:
        """Seconds since the first of the keys in progress was handed out; 0 when none is."""
        return self.processing[0][1] if self.processing else 0.0


class WorkQueue:
    """Hands out keys, each to one worker at a time, by priority and age.

    Invariant: of all who wait in `get`, at most one, the timekeeper, waits with a timeout, and while keys are delayed
    and anybody waits, one does.

    Args:
        name: The controller's name.
        runtime: Clock and condition.
        limiter: Decides about `rate_limited` delays; 5 ms doubling up to 1000 s when None. The queue owns it.
        observe: Hears every change, with the lock held.
        patience: Hand-outs in a row that may go ahead of an older key; None never lets age count, as
            controller-runtime does.
        prioritized: Whether priorities count; a plain queue, first in, first out, does not look at them.

    Blocks: only `get`.

    Threads: any thread.
    """

    def __init__(
        self,
        name: str,
        *,
        runtime: Runtime,
        limiter: RateLimiter | None = None,
        observe: ControllerObserver = NULL,
        patience: int | None = PATIENCE,
        prioritized: bool = True,
    ) -> None:
        self.name = name
        self._clock, self._observe, self._prioritized = runtime.monotonic, observe, prioritized
        self._limiter: RateLimiter = limiter or ItemExponential()
        self._condition = runtime.condition(f"queue {name}")
        self._backlog = Backlog(name, observe=observe, patience=patience)
        self._open = True  # takes keys in
        self._closed = False  # hands none out any more; between the two it drains
        self._timekeeper = False
        self._idle = 0
        self.admits: Callable[[Request], bool] | None = None
        """Which keys are taken in, where replicas share the work; None for all."""
        self.skips: Callable[[Request, Event], bool] | None = None
        """Which events bring a key in no more (`controller.echoes`); sources ask before they add. None for none."""

    def add(
        self,
        request: Request,
        *,
        after: Seconds = 0.0,
        at_least: Seconds = 0.0,
        rate_limited: bool = False,
        priority: int | None = None,
    ) -> None:
        """Put a key in, or hasten it when it is in already: the earlier time and the higher priority win.

        Ignored once the queue is shut down.

        Args:
            request: The key.
            after: Seconds until it is ready.
            at_least: Seconds that it has to wait whatever the other two say.
            rate_limited: Count a failure and wait as the limiter says, or for `after` if that is set and less.
            priority: Larger goes first; None is 0.
        """
        if self.admits is not None and not self.admits(request):
            return
        with self._condition:
            if not self._open:
                return
            if rate_limited:
                delay = self._limiter.when(request)
                after = min(after, delay) if after > 0 else delay
            after = max(after, at_least)
            level = (priority or 0) if self._prioritized else 0
            now = self._promote()
            if after <= 0:
                self._backlog.put(request, ready_at=None, priority=level, now=now)
                self._wake()
                return
            self._observe.queue_retried(self.name)
            due = self._backlog.next_due()
            self._backlog.put(request, ready_at=now + after, priority=level, now=now)
            if self._backlog.next_due() != due:
                self._wake(everyone=self._timekeeper)

    def get(self) -> tuple[Request, int] | None:
        """Take the next key and its priority; None once the queue is shut down. A key taken MUST be given to `done`.

        Blocks: until a key can be taken.
        """
        with self._condition:
            while not self._closed:
                now = self._promote()
                taken = self._backlog.take(now)
                if taken is not None:
                    if self._idle:
                        self._pass_on()
                    return taken
                if not self._open:
                    break
                self._wait(now)
            return None

    def done(self, request: Request) -> None:
        """Give a key back; if it was added meanwhile, it can be handed out again. Harmless for an unknown key."""
        with self._condition:
            if self._backlog.release(request, self._clock()):
                self._wake()

    def forget(self, request: Request) -> None:
        """Let the limiter forget the key's failures; the key itself stays where it is."""
        with self._condition:
            self._limiter.forget(request)

    def num_requeues(self, request: Request) -> int:
        """Return how many failures of the key the limiter remembers."""
        with self._condition:
            return self._limiter.num_requeues(request)

    def shut_down(self, *, drain: bool = False) -> None:
        """Take nothing more in and let `get` return None: at once, or with `drain` when no key can be taken.

        Delayed keys are dropped. While draining, a key that was added while it was being worked on is handed out once
        more, to whoever gave it back. Idempotent; without `drain` it also ends a draining. Does not wait.
        """
        with self._condition:
            self._open, self._closed = False, self._closed or not drain
            self._condition.notify_all()

    def snapshot(self) -> QueueSnapshot:
        """Return what the queue holds now. Looks at every key."""
        with self._condition:
            now, backlog = self._promote(), self._backlog
            oldest, due = backlog.oldest(), backlog.next_due()
            running = sorted(backlog.processing.items(), key=lambda pair: pair[1])
            return QueueSnapshot(
                name=self.name,
                depth=dict(sorted(backlog.depth.items(), reverse=True)),
                waiting=backlog.waiting(),
                next_due=None if due is None else due - now,
                oldest=0.0 if oldest is None else now - oldest,
                processing=tuple((key, now - began) for key, began in running),
                shutting_down=not self._open,
                prioritized=self._prioritized,
            )

    def __len__(self) -> int:
        """How many keys are ready, those included that wait for their own `done`."""
        with self._condition:
            self._promote()
            return len(self._backlog)

    # --- call with the lock held ---

    def _promote(self) -> Seconds:
        """Make ready what has fallen due, and return the time."""
        now = self._clock()
        if self._open:
            self._backlog.promote(now)
        return now

    def _wait(self, now: Seconds) -> None:
        due = self._backlog.next_due()
        timekeeper = due is not None and not self._timekeeper
        self._timekeeper = self._timekeeper or timekeeper
        self._idle += 1
        try:
            self._condition.wait(due - now if timekeeper and due is not None else None)
        finally:
            self._idle -= 1
            self._timekeeper = self._timekeeper and not timekeeper

    def _pass_on(self) -> None:
        """Wake another waiter if there is something left for it: a key to take, or the time to keep."""
        if self._backlog.takeable() or (not self._timekeeper and self._backlog.next_due() is not None):
            self._condition.notify()

    def _wake(self, *, everyone: bool = False) -> None:
        """Wake one of those who wait, if anybody does; or everyone, when only the timekeeper will do."""
        if not self._idle:
            return
        if everyone:
            self._condition.notify_all()
        else:
            self._condition.notify()
