"""Tasks, locks, conditions, events and timers of a simulated runtime: each only asks the runtime to park the caller."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from informers.runtime import Seconds, ThreadRuntime

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from informers.testing.virtual.sim import SimRuntime

__all__ = ["FOREVER", "THREADS", "SimCondition", "SimEvent", "SimLock", "SimTask", "SimTimer"]

FOREVER: Seconds = float("inf")
THREADS = ThreadRuntime()
"""Where real threads and batons come from, so that this package, too, meets `threading` in one place only."""


class Baton:
    """Parks one thread until the baton is passed to it: a lock that the parked thread cannot get.

    Threads: one waits, any gives.
    """

    def __init__(self) -> None:
        self._lock = THREADS.lock("baton")
        self._lock.__enter__()

    def wait(self) -> None:
        """Block until it was passed, once for each `give`."""
        self._lock.__enter__()

    def give(self) -> None:
        """Wake the thread that waits, or the next `wait`."""
        self._lock.__exit__(None, None, None)


@dataclass(eq=False)
class SimTask:
    """One thread of control and what it waits for.

    Invariant: exactly one task of a runtime is neither parked nor finished; it holds the baton.
    """

    runtime: SimRuntime
    name: str
    process: str = ""
    baton: Baton = field(default_factory=Baton)
    ready: Callable[[], bool] | None = None
    """What it waits for; None while it could go on at once."""
    deadline: Seconds = FOREVER
    since: int = 0
    """The turn at which it parked; the smallest goes first."""
    waits_for: str = ""
    crashed: bool = False
    finished: bool = False
    error: BaseException | None = None

    def alive(self) -> bool:
        """See `Task.alive`."""
        return not self.finished

    def join(self, timeout: Seconds | None = None) -> bool:
        """See `Task.join`."""
        return self.runtime.block(lambda: self.finished, timeout, f"join {self.name}")


@dataclass(eq=False)
class SimTimer:
    """A call that is due later, and the process it belongs to."""

    due: Seconds
    target: Callable[[], None]
    process: str
    cancelled: bool = False

    def cancel(self) -> None:
        """See `Timer.cancel`."""
        self.cancelled = True


class SimLock:
    """A lock between tasks; entering blocks only while another task is parked inside.

    Threads: any task of its runtime.
    """

    def __init__(self, runtime: SimRuntime, name: str) -> None:
        self._runtime, self._name = runtime, name
        self._owner: SimTask | None = None

    def __enter__(self) -> object:
        self._runtime.block(self._free, None, f"lock {self._name}")
        self._owner = self._runtime.current
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if self._owner is self._runtime.current:
            self._owner = None

    def _free(self) -> bool:
        return self._owner is None or self._owner.finished


class SimCondition(SimLock):
    """A condition; notified waiters become ready in the order they came.

    Threads: any task of its runtime.
    """

    def __init__(self, runtime: SimRuntime, name: str) -> None:
        super().__init__(runtime, name)
        self._waiters: list[SimEvent] = []

    def wait(self, timeout: Seconds | None = None) -> bool:
        """See `Condition.wait`."""
        notified = SimEvent(self._runtime, f"condition {self._name}")
        self._waiters.append(notified)
        self._owner = None
        try:
            return notified.wait(timeout)
        finally:
            if notified in self._waiters:
                self._waiters.remove(notified)
            if not self._runtime.crashed:
                self.__enter__()

    def notify(self, n: int = 1) -> None:
        """See `Condition.notify`."""
        for waiter in self._waiters[:n]:
            waiter.set()
        del self._waiters[:n]

    def notify_all(self) -> None:
        """See `Condition.notify_all`."""
        self.notify(len(self._waiters))


class SimEvent:
    """A flag that tasks wait for.

    Threads: any task of its runtime.
    """

    def __init__(self, runtime: SimRuntime, name: str) -> None:
        self._runtime, self._name, self._up = runtime, name, False

    def is_set(self) -> bool:
        """See `Event.is_set`."""
        return self._up

    def set(self) -> None:
        """See `Event.set`."""
        self._up = True

    def clear(self) -> None:
        """See `Event.clear`."""
        self._up = False

    def wait(self, timeout: Seconds | None = None) -> bool:
        """See `Event.wait`."""
        return self._runtime.block(lambda: self._up, timeout, f"event {self._name}")
