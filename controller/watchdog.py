"""The watchdog: which reconciles are in progress, and which of them hang.

No thread can be stopped from outside, so a reconcile that hangs is named: its key, how long it has been at it, and the
stack that it is in, once when the time is over and again whenever that time has doubled. One timer watches over all
reconciles of a controller, and only while there are any. It MUST NOT touch a reconcile.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.observe import NULL

if TYPE_CHECKING:
    from controller.attempt import Attempt
    from controller.observe import ControllerObserver
    from controller.request import Request
    from informers.runtime import Runtime, Seconds, Timer

__all__ = ["Running", "Watchdog"]

log = logging.getLogger("levelset.controller")

TICK: Seconds = 1e-6
"""A limit this near counts as reached; more than clocks round."""


@dataclass(frozen=True, slots=True)
class Running:
    """A reconcile in progress.

    Threads: immutable.
    """

    request: Request
    reconcile_id: str
    seconds: Seconds
    """How long it has been running."""
    timed_out: bool
    """Whether that is longer than it may; nobody can stop it, but people can look."""


@dataclass(slots=True, eq=False)
class _Watched:
    """One reconcile in progress.

    Threads: call with the watchdog's lock held.
    """

    attempt: Attempt
    thread: int
    limit: Seconds
    """How long it may run until it is named next."""
    named: int = 0
    """How often it was named."""


class Watchdog:
    """Knows the attempts in progress, and names those that run for longer than `limit`.

    Args:
        runtime: Clock, timer and stacks.
        observe: Hears of the first time that an attempt is named.
        limit: Seconds that a reconcile may take; None never names any.

    Threads: any thread.
    """

    def __init__(self, *, runtime: Runtime, observe: ControllerObserver = NULL, limit: Seconds | None = None) -> None:
        self._runtime, self._observe, self._limit = runtime, observe, limit
        self._lock = runtime.lock("watchdog")
        self._running: dict[str, _Watched] = {}
        self._timer: Timer | None = None
        self._closed = False

    def enter(self, attempt: Attempt) -> None:
        """An attempt begins, on the calling thread."""
        limit = self._limit
        with self._lock:
            self._running[attempt.reconcile_id] = _Watched(attempt, self._runtime.thread(), limit or 0.0)
            if limit is not None and self._timer is None:
                self._watch(limit)

    def leave(self, attempt: Attempt) -> None:
        """The attempt has ended; one that ended by itself because its time was over counts as timed out too."""
        with self._lock:
            watched = self._running.pop(attempt.reconcile_id)
        if not watched.named and attempt.deadline is not None and self._runtime.monotonic() >= attempt.deadline:
            self._observe.reconcile_timed_out(attempt)

    def running(self) -> tuple[Running, ...]:
        """Return the attempts in progress, longest first."""
        with self._lock:
            now, found = self._runtime.monotonic(), list(self._running.values())
        found.sort(key=lambda each: each.attempt.started)
        return tuple(
            Running(each.attempt.request, each.attempt.reconcile_id, now - each.attempt.started, each.named > 0)
            for each in found
        )

    def close(self) -> None:
        """Name nobody any more. Idempotent."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()

    def _watch(self, delay: Seconds) -> None:
        """Look again after `delay` seconds; call with the lock held."""
        self._timer = None if self._closed else self._runtime.call_later(delay, self._look)

    def _look(self) -> None:
        with self._lock:
            now, self._timer = self._runtime.monotonic(), None
            late = [each for each in self._running.values() if each.attempt.started + each.limit <= now + TICK]
            for each in late:
                each.named, each.limit = each.named + 1, 2 * max(each.limit, now - each.attempt.started)
            following = min((each.attempt.started + each.limit for each in self._running.values()), default=None)
            if following is not None:
                self._watch(following - now)
        for each in late:
            self._name(each, now - each.attempt.started)

    def _name(self, watched: _Watched, seconds: Seconds) -> None:
        attempt = watched.attempt
        if watched.named == 1:
            if attempt.deadline is not None:
                self._observe.reconcile_timed_out(attempt)
            self._observe.reconcile_stuck(attempt)
        what = "Reconcile hangs" if attempt.deadline is None else "Reconcile exceeds its timeout"
        stack = self._runtime.stack(watched.thread)
        log.error(what, extra={"fields": {**attempt.fields(), "seconds": seconds, "stack": stack}})
