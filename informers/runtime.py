"""Time, chance and threads: the one module through which the product meets them.

Everything that could make two runs differ goes through a `Runtime`: clocks, sleep, threads, timers, locks, dice
and fresh uids. Production passes a `ThreadRuntime`; tests and simulations pass `informers.testing.SimRuntime`, under
which the same code runs in virtual time, one task at a time, from a seed. No other module MUST import `threading`,
`time`, `random`, `uuid`, `queue` or `concurrent.futures`; the architecture test says so.
"""

from __future__ import annotations

import random
import sys
import threading
import time
import traceback
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ["Condition", "Event", "Lock", "Random", "Runtime", "Seconds", "Task", "ThreadRuntime", "Timer", "seeded"]

Seconds = float
"""A duration or a point on the monotonic clock. `None` where a duration is expected always means "no limit"."""

CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""A machine that slept for an hour has not held its lease for an hour, so the clock MUST NOT have slept along."""

TURNS = 20  # that a thread gives away before it falls asleep on a lock: a holder that needs more is blocked itself

Random = random.Random
"""A source of chance; only ever obtained from a `Runtime` or from `seeded`."""


class Lock(Protocol):
    """Mutual exclusion, used as a context manager. Not reentrant."""

    def __enter__(self) -> object: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> bool | None: ...


class Condition(Lock, Protocol):
    """A lock one can wait on; every method but entering needs the lock held."""

    def wait(self, timeout: Seconds | None = None) -> bool:
        """Release, block until notified or `timeout` seconds passed, and take the lock again; False on timeout."""
        ...

    def notify(self, n: int = 1) -> None:
        """Wake up to `n` waiters."""
        ...

    def notify_all(self) -> None:
        """Wake every waiter."""
        ...


class Event(Protocol):
    """A flag that threads wait for."""

    def is_set(self) -> bool:
        """Whether the flag is up."""
        ...

    def set(self) -> None:
        """Raise the flag and wake every waiter."""
        ...

    def clear(self) -> None:
        """Lower the flag."""
        ...

    def wait(self, timeout: Seconds | None = None) -> bool:
        """Block until the flag is up or `timeout` seconds passed; whether it is up."""
        ...


class Task(Protocol):
    """A thread of control that `Runtime.spawn` started."""

    @property
    def name(self) -> str:
        """The name it was spawned with; log lines and stack dumps show it."""
        ...

    @property
    def error(self) -> BaseException | None:
        """What escaped its function, once it has ended; None while it runs or if it ended well."""
        ...

    def alive(self) -> bool:
        """Whether its function is still running."""
        ...

    def join(self, timeout: Seconds | None = None) -> bool:
        """Block until it ended or `timeout` seconds passed; whether it ended."""
        ...


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Forget the call unless it has begun. Idempotent."""
        ...


class Runtime(Protocol):
    """The seam that carries all non-determinism.

    Threads: any thread. One runtime serves a whole process; it has nothing to close.
    """

    def monotonic(self) -> Seconds:
        """Seconds on a clock that never steps; the only clock that deadlines and ages may use."""
        ...

    def wall(self) -> datetime:
        """The time of day, aware, in UTC; for timestamps that people and API objects read, never for deadlines."""
        ...

    def sleep(self, seconds: Seconds) -> None:
        """Block for `seconds`; zero or less only yields."""
        ...

    def spawn(self, name: str, target: Callable[[], None]) -> Task:
        """Start `target` on a named thread. Whoever spawns MUST join, and MUST look at `Task.error`."""
        ...

    def call_later(self, delay: Seconds, target: Callable[[], None]) -> Timer:
        """Call `target` once after `delay` seconds, on a timer thread; it MUST be quick and MUST NOT block."""
        ...

    def lock(self, name: str) -> Lock:
        """Return a new lock; the name appears in the simulator's reports."""
        ...

    def condition(self, name: str) -> Condition:
        """Return a new condition with a lock of its own."""
        ...

    def event(self, name: str) -> Event:
        """Return a new event, its flag down."""
        ...

    @property
    def random(self) -> Random:
        """The source of jitter and of generated suffixes; thread-safe."""
        ...

    def new_uid(self) -> str:
        """Return a fresh random UUID in the canonical text form."""
        ...

    def thread(self) -> int:
        """Return a number that stands for the running thread as long as it runs."""
        ...

    def stack(self, thread: int) -> str:
        """Return where that thread is now, as a traceback reads; empty when it has ended."""
        ...

    def stacks(self) -> dict[str, str]:
        """Return where every thread is now, by the thread's name and number."""
        ...

    def checkpoint(self, label: str) -> None:
        """Mark a place where the simulator may switch tasks or crash the process; does nothing in production."""
        ...


def seeded(seed: int | str) -> Random:
    """Return a source of chance that repeats itself for equal seeds, on every platform and hash seed."""
    return random.Random(seed)  # noqa: S311 - jitter and simulation, never secrets


class _TurnLock:
    """A lock for threads that have one interpreter between them. Threads: any thread.

    Who finds it taken gives its turn away, which the holder needs to let go, and looks again. Asleep it would be woken
    at every release, mostly in vain, others behind it: such a queue never dissolves under load (docs/decisions/0014).
    """

    def __init__(self) -> None:
        lock = threading.Lock()
        self.acquire, self.release = lock.acquire, lock.release

    def __enter__(self) -> bool:
        return self.acquire(False) or self._wait_for_it()  # noqa: FBT003 - a name costs a third of a free lock

    def __exit__(self, *_: object) -> None:
        self.release()

    def _wait_for_it(self) -> bool:
        for _ in range(TURNS):
            time.sleep(0)
            if self.acquire(blocking=False):
                return True
        return self.acquire()


class _TurnCondition(_TurnLock, threading.Condition):
    """A condition with such a lock. Threads: any thread."""

    def __init__(self) -> None:
        threading.Condition.__init__(self, threading.Lock())

    def _acquire_restore(self, _: object) -> None:
        self.__enter__()


class ThreadRuntime:
    """Production: real threads, the system's clocks, unpredictable dice. Threads: any thread."""

    def __init__(self) -> None:
        self.random: Random = random.Random()  # noqa: S311 - jitter, never secrets

    def monotonic(self) -> Seconds:
        """See `Runtime.monotonic`; on Linux it counts the time that the machine was suspended, too."""
        return time.clock_gettime(CLOCK)

    def wall(self) -> datetime:
        """See `Runtime.wall`."""
        return datetime.now(UTC)

    def sleep(self, seconds: Seconds) -> None:
        """See `Runtime.sleep`."""
        time.sleep(max(0.0, seconds))

    def spawn(self, name: str, target: Callable[[], None]) -> Task:
        """See `Runtime.spawn`; the thread is a daemon, so that a stuck one cannot keep a stopped process alive."""
        return _ThreadTask(name, target)

    def call_later(self, delay: Seconds, target: Callable[[], None]) -> Timer:
        """See `Runtime.call_later`; one thread for each pending call."""
        timer = threading.Timer(max(0.0, delay), target)
        timer.daemon = True
        timer.start()
        return timer

    def lock(self, name: str) -> Lock:  # noqa: ARG002 - the simulator uses the name
        """See `Runtime.lock`."""
        return _TurnLock()

    def condition(self, name: str) -> Condition:  # noqa: ARG002 - the simulator uses the name
        """See `Runtime.condition`."""
        return _TurnCondition()

    def event(self, name: str) -> Event:  # noqa: ARG002 - the simulator uses the name
        """See `Runtime.event`."""
        return threading.Event()

    def new_uid(self) -> str:
        """See `Runtime.new_uid`; asks the system for nothing, since whoever does waits for a turn among the threads."""
        return str(uuid.UUID(int=random.getrandbits(128), version=4))

    def thread(self) -> int:
        """See `Runtime.thread`."""
        return threading.get_ident()

    def stack(self, thread: int) -> str:
        """See `Runtime.stack`."""
        frame = sys._current_frames().get(thread)
        return "" if frame is None else "".join(traceback.format_stack(frame))

    def stacks(self) -> dict[str, str]:
        """See `Runtime.stacks`."""
        return {f"{thread.name} ({thread.ident})": self.stack(thread.ident or 0) for thread in threading.enumerate()}

    def checkpoint(self, label: str) -> None:
        """See `Runtime.checkpoint`."""


class _ThreadTask:
    """A daemon thread that keeps what escaped from it. Threads: any thread."""

    def __init__(self, name: str, target: Callable[[], None]) -> None:
        self.name = name
        self.error: BaseException | None = None
        self._target = target
        self._thread = threading.Thread(name=name, target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._target()
        except BaseException as error:  # noqa: BLE001 - kept for whoever joins
            self.error = error

    def alive(self) -> bool:
        return self._thread.is_alive()

    def join(self, timeout: Seconds | None = None) -> bool:
        self._thread.join(timeout)
        return not self._thread.is_alive()
