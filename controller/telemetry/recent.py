"""What happened last, for people who look into a running program: the slowest keys and the latest errors.

Bounded, in memory, and forgotten with the process. It keeps what log lines keep: names, times, ids and the text of an
error, cut short; never the content of an object.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from controller.observe import ControllerObserver
from controller.worker import describe

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from controller.attempt import Attempt
    from controller.request import Request
    from controller.worker import Verdict
    from informers.runtime import Runtime, Seconds

__all__ = ["Failure", "Recent", "Slow"]

ERRORS, SLOWEST = 50, 20
TEXT = 300
"""Characters of an error that are kept."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One reconcile that raised.

    Threads: immutable.
    """

    at: datetime
    controller: str
    request: Request
    reconcile_id: str
    trace_id: str
    """The trace it was part of, in hexadecimal; empty without tracing."""
    error: str


@dataclass(frozen=True, slots=True)
class Slow:
    """The slowest reconcile of one key.

    Threads: immutable.
    """

    controller: str
    request: Request
    seconds: Seconds
    at: datetime


class Recent(ControllerObserver):
    """Remembers.

    Args:
        runtime: The clock.
        trace_id: Returns the id of the running trace; empty without one.

    Threads: any thread.
    """

    def __init__(self, *, runtime: Runtime, trace_id: Callable[[], str] = str) -> None:
        self.trace_id = trace_id
        self._runtime = runtime
        self._lock = runtime.lock("recent")
        self._errors: deque[Failure] = deque(maxlen=ERRORS)
        self._slow: dict[tuple[str, Request], Slow] = {}
        self._floor: Seconds = 0.0

    def reconcile_finished(
        self, attempt: Attempt, verdict: Verdict, *, seconds: Seconds, error: BaseException | None
    ) -> None:
        """Note an error, and a reconcile that is among the slowest."""
        if error is not None and verdict.failed:
            text = f"{type(error).__name__}: {describe(error)}"[:TEXT]
            where = (attempt.controller, attempt.request, attempt.reconcile_id, self.trace_id(), text)
            with self._lock:
                self._errors.append(Failure(self._runtime.wall(), *where))
        if seconds > self._floor:
            self._note(attempt, seconds)

    @property
    def errors(self) -> list[Failure]:
        """The last errors, the latest first."""
        with self._lock:
            return list(reversed(self._errors))

    @property
    def slowest(self) -> list[Slow]:
        """The slowest keys, the slowest first."""
        with self._lock:
            return sorted(self._slow.values(), key=attrgetter("seconds"), reverse=True)

    def _note(self, attempt: Attempt, seconds: Seconds) -> None:
        key = attempt.controller, attempt.request
        with self._lock:
            known = self._slow.get(key)
            if known is not None and known.seconds >= seconds:
                return
            self._slow[key] = Slow(*key, seconds, self._runtime.wall())
            if len(self._slow) > SLOWEST:
                fastest = min(self._slow.values(), key=attrgetter("seconds"))
                del self._slow[fastest.controller, fastest.request]
                self._floor = fastest.seconds
