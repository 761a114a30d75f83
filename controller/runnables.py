"""What a manager runs, and groups of it that start and stop together.

A `Runnable` starts without blocking for long and stops by a deadline. A `Group` starts its members in the order they
were added, takes further ones while it runs, and stops them side by side. Nothing here decides in which order groups
go or what an error means: that is the manager's.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.gate import Gate
    from informers.runtime import Event, Runtime, Seconds, Task

__all__ = ["Confined", "Fallible", "FunctionRunnable", "Group", "Runnable", "Warm"]

log = logging.getLogger("levelset.manager")

LAST_MOMENT = 0.5
"""Seconds past the deadline that a member's `stop` may take to return."""


class Runnable(Protocol):
    """Something that lives as long as the manager.

    It MAY have `needs_leader_election`, a bool; what has none needs it, so that nothing acts twice by accident.
    """

    @property
    def name(self) -> str:
        """Unique within a manager; log lines and errors show it."""
        ...

    def start(self) -> None:
        """Begin, on tasks of its own, and return; what it raises stops the manager."""
        ...

    def stop(self, deadline: Seconds) -> None:
        """Take on nothing new, finish what was begun, and return by `deadline` on the monotonic clock. Idempotent.

        Raises:
            TimeoutError: Something is still running; says what.
        """
        ...


@runtime_checkable
class Fallible(Protocol):
    """A runnable that can fail after it has started; the manager fills in `on_failure` and stops when it is called."""

    on_failure: Callable[[BaseException], None] | None
    """Called from any thread with what went wrong; at most once."""


@runtime_checkable
class Warm(Protocol):
    """A runnable that needs leadership and can prepare while another replica leads."""

    def warm_up(self) -> None:
        """Prepare; it MUST NOT write or block. Called once at most, before `start`."""
        ...


@runtime_checkable
class Confined(Protocol):
    """A runnable that can keep to a share of the keys, where replicas share the work."""

    def confine(self, gate: Gate) -> None:
        """Work only on keys that the gate lets pass, from `enter` to `leave`. Called once, before `start`."""
        ...

    def replay(self) -> None:
        """Consider all keys anew, for the gate lets more of them pass; it MUST NOT block."""
        ...


class FunctionRunnable:
    """A function with a task of its own: `work(stopping)` runs until it returns or the event is set.

    Returning early is fine; raising stops the manager.

    Threads: any thread.
    Blocks: only `stop`.
    """

    def __init__(
        self, name: str, work: Callable[[Event], object], *, runtime: Runtime, needs_leader_election: bool = True
    ) -> None:
        self.name, self.needs_leader_election = name, needs_leader_election
        self.on_failure: Callable[[BaseException], None] | None = None
        self._work, self._runtime = work, runtime
        self._stopping = runtime.event(f"{name} stopping")
        self._task: Task | None = None

    def start(self) -> None:
        """Begin to run the function."""
        self._task = self._runtime.spawn(self.name, self._run)

    def stop(self, deadline: Seconds) -> None:
        """Set the event and wait for the function.

        Raises:
            TimeoutError: It had not returned by the deadline.
        """
        self._stopping.set()
        if self._task is not None and not self._task.join(max(0.0, deadline - self._runtime.monotonic())):
            raise TimeoutError(f"{self.name} is still running")

    def alive(self) -> bool:
        """Whether the function is still running."""
        return self._task is not None and self._task.alive()

    def _run(self) -> None:
        try:
            self._work(self._stopping)
        except Exception as error:
            if self.on_failure is None:
                raise
            self.on_failure(error)


class Group:
    """Runnables that start one after the other and stop side by side.

    Invariants: once the group has started, whatever is added starts at once; once it was stopped, nothing starts.

    Threads: any thread.
    Blocks: `start` and `add` as long as its members' `start`; `stop` until the deadline at most.
    """

    def __init__(self, name: str, *, runtime: Runtime) -> None:
        self.name = name
        self._runtime = runtime
        self._lock = runtime.lock(f"group {name}")
        self._members: list[Runnable] = []
        self._running: list[Runnable] = []
        self._started = self._stopped = False

    def add(self, runnable: Runnable) -> None:
        """Add a member, and start it when the group has started.

        Raises:
            RuntimeError: The group was stopped.
        """
        with self._lock:
            if self._stopped:
                raise RuntimeError(f"cannot add {runnable.name}: the manager is stopping")
            self._members.append(runnable)
            now = self._started
        if now:
            self._start(runnable)

    def start(self) -> None:
        """Start all members in order; after a `stop` it does nothing."""
        with self._lock:
            self._started, members = True, list(self._members)
        for runnable in members:
            if not self._start(runnable):
                return

    def stop(self, deadline: Seconds) -> list[str]:
        """Stop all members that started, side by side; return who did not stop in time, in names or sentences."""
        with self._lock:
            self._stopped, running, self._running = True, self._running, []
        began = self._runtime.monotonic()
        tasks = [(r.name, self._runtime.spawn(f"stop {r.name}", partial(r.stop, deadline))) for r in running]
        late = []
        for name, task in tasks:
            # Whoever stops exactly at the deadline needs a moment to return.
            ended = task.join(max(0.0, deadline - self._runtime.monotonic()) + LAST_MOMENT)
            if task.error is not None and not isinstance(task.error, TimeoutError):
                log.error("stopping failed", extra={"fields": {"runnable": name, "error": str(task.error)}})
            if not ended or task.error is not None or began < deadline <= self._runtime.monotonic():
                late.append(str(task.error or name))
        return late

    def _start(self, runnable: Runnable) -> bool:
        with self._lock:
            if self._stopped:
                return False
            self._running.append(runnable)
        log.debug("starting", extra={"fields": {"runnable": runnable.name, "group": self.name}})
        runnable.start()
        return True

    @property
    def members(self) -> list[Runnable]:
        """The members in the order they were added."""
        with self._lock:
            return list(self._members)
