"""Virtual time: the same code, one task at a time, from a seed.

A `SimRuntime` runs production code on real threads that pass a baton: exactly one runs, the others are parked. A task
hands the baton on only where it blocks (sleep, wait, join, a held lock) or at a `checkpoint`. Which task goes next is
one call of the `Chooser`; 0 always is the benign choice, the task that has been ready longest. When nobody is ready the
clock jumps to the next deadline. So a run is a pure function of the choices: a seed replays it bit for bit.

The thread that made the runtime is a task like the others: while it computes, nothing else moves; when it blocks (or
calls `settle`), the world runs. It MUST be the only thread from outside that touches the world.

Threads and their primitives come from a `ThreadRuntime`, so that this module, too, meets them in one place only.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from informers.runtime import Random, Seconds, seeded
from informers.testing.virtual.choices import Benign, Chooser, RandomChoices
from informers.testing.virtual.primitives import FOREVER, THREADS, SimCondition, SimEvent, SimLock, SimTask, SimTimer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

__all__ = ["Benign", "Chooser", "Deadlock", "RandomChoices", "SimCrash", "SimRuntime"]

EPOCH = datetime(2030, 1, 1, tzinfo=UTC)
TICK: Seconds = 1e-6
"""The shortest wait: a wait for less than rounding can tell would never end."""


class Deadlock(AssertionError):
    """Nobody can go on, or a run has no end in sight; the message lists who waits for what."""


class SimCrash(BaseException):
    """Unwinds a task whose process was crashed; not an `Exception`, so that no reconciler can catch it."""


class SimRuntime:
    """A `Runtime` under virtual time.

    Args:
        seed: Feeds jitter, uids and generated names. Equal seeds and equal choices give equal runs.
        chooser: Makes the scheduling decisions; benign when None.
        turns: Switches after which a run counts as endless and `Deadlock` is raised.

    Close it (it is a context manager) when the run is over: parked threads stay otherwise.

    Threads: only the task that holds the baton runs, so any task may call anything.
    """

    def __init__(self, seed: int | str = 0, chooser: Chooser | None = None, *, turns: int = 500_000) -> None:
        self.chooser: Chooser = chooser or Benign()
        self.random: Random = seeded(f"jitter {seed}")
        self._uids = seeded(f"uid {seed}")
        self._now: Seconds = 0.0
        self._turn, self._last_turn = 0, turns
        self._stuck: Deadlock | None = None
        self._uninterrupted = False
        self._main = SimTask(self, "main")
        self._tasks: list[SimTask] = [self._main]
        self._current = self._main
        self._timers: list[SimTimer] = []
        self._timer_task: SimTask | None = None
        self.thread, self.stack, self.stacks = THREADS.thread, THREADS.stack, THREADS.stacks

    # --- Runtime: clocks and chance ---

    def monotonic(self) -> Seconds:
        """Virtual seconds since the runtime was made."""
        return self._now

    def wall(self) -> datetime:
        """The virtual time of day; starts at 2030-01-01."""
        return EPOCH + timedelta(seconds=self._now)

    def new_uid(self) -> str:
        """See `Runtime.new_uid`; repeats for equal seeds."""
        text = f"{self._uids.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    # --- Runtime: tasks ---

    def sleep(self, seconds: Seconds) -> None:
        """See `Runtime.sleep`; takes no real time."""
        if seconds <= 0:
            self.checkpoint("yield")
        else:
            self.block(lambda: False, seconds, "sleep")

    def spawn(self, name: str, target: Callable[[], None], *, process: str | None = None) -> SimTask:
        """See `Runtime.spawn`. The task belongs to `process`, by default that of its parent (see `crash`)."""
        task = SimTask(self, name, self._current.process if process is None else process)
        task.since = self._next_turn()
        self._tasks.append(task)
        THREADS.spawn(f"sim {name}", lambda: self._run(task, target))
        return task

    def call_later(self, delay: Seconds, target: Callable[[], None]) -> SimTimer:
        """See `Runtime.call_later`; due calls run on one task of their own, in order of due time."""
        timer = SimTimer(self._now + max(0.0, delay), target, self._current.process)
        self._timers.append(timer)
        if self._timer_task is None or self._timer_task.finished:
            self._timer_task = self.spawn("timers", self._run_timers, process="")
        return timer

    def lock(self, name: str) -> SimLock:
        """See `Runtime.lock`."""
        return SimLock(self, name)

    def condition(self, name: str) -> SimCondition:
        """See `Runtime.condition`."""
        return SimCondition(self, name)

    def event(self, name: str) -> SimEvent:
        """See `Runtime.event`."""
        return SimEvent(self, name)

    def checkpoint(self, label: str) -> None:
        """Let the chooser switch tasks here."""
        if self._current.crashed:
            raise SimCrash(self._current.process)
        if not self._uninterrupted:
            self._current.waits_for = label
            self._park(None, FOREVER)

    @contextmanager
    def uninterrupted(self) -> Iterator[None]:
        """Let nobody else run inside, unless the running task blocks: for looking at one moment of the world."""
        before, self._uninterrupted = self._uninterrupted, True
        try:
            yield
        finally:
            self._uninterrupted = before

    # --- Driving ---

    def settle(self, horizon: Seconds = 0.0) -> None:
        """Run the others until none is ready and no deadline lies within `horizon` virtual seconds from now."""
        limit = self._now + horizon
        while self._others_ready() or (self._next_deadline() <= limit and self._advance()):
            self.checkpoint("settle")

    def advance(self, seconds: Seconds) -> None:
        """Run the world for `seconds` of virtual time."""
        until = self._now + seconds
        self.settle(seconds)
        self._now = max(self._now, until)
        self.settle()

    def crash(self, process: str) -> None:
        """Kill every task of `process` where it stands: `SimCrash` unwinds each when it is next scheduled."""
        for task in self._tasks:
            if task.process == process and not task.finished:
                task.crashed, task.ready = True, None
        for timer in self._timers:
            if timer.process == process:
                timer.cancel()

    def close(self) -> None:
        """Unwind every task that is left, so that no thread stays parked. Idempotent; the driver calls it."""
        self.chooser = Benign()
        self._last_turn = self._turn + 1_000_000
        while len(self._tasks) > 1:
            for task in self._tasks:
                if task is not self._main:
                    task.crashed, task.ready = True, None
            self.checkpoint("close")

    def __enter__(self) -> SimRuntime:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    @property
    def current(self) -> SimTask:
        """The running task."""
        return self._current

    @property
    def process(self) -> str:
        """The process that the running task belongs to."""
        return self._current.process

    @property
    def crashed(self) -> bool:
        """Whether the running task's process was crashed; its API calls MUST be refused."""
        return self._current.crashed

    def tasks(self) -> list[SimTask]:
        """Return the tasks that have not finished, the driver first."""
        return list(self._tasks)

    def block(self, ready: Callable[[], bool], timeout: Seconds | None, why: str) -> bool:
        """Park the running task until `ready()` or `timeout` seconds passed; the value of `ready()` afterwards."""
        if ready():
            return True
        if self._current.crashed:
            raise SimCrash(self._current.process)
        self._current.waits_for = why
        self._park(ready, FOREVER if timeout is None else self._now + (max(TICK, timeout) if timeout > 0 else 0.0))
        return ready()

    # --- The baton ---

    def _run(self, task: SimTask, target: Callable[[], None]) -> None:
        task.baton.wait()
        try:
            if not task.crashed:
                target()
        except SimCrash:
            pass
        except BaseException as error:  # noqa: BLE001 - kept for whoever joins
            task.error = error
        task.finished = True
        self._tasks.remove(task)
        self._hand_to(self._pick())

    def _park(self, ready: Callable[[], bool] | None, deadline: Seconds) -> None:
        me = self._current
        me.ready, me.deadline, me.since = ready, deadline, self._next_turn()
        following = self._pick()
        if following is not me:
            self._hand_to(following)
            me.baton.wait()
        me.ready, me.deadline = None, FOREVER
        if me.crashed:
            raise SimCrash(me.process)
        if me is self._main and self._stuck is not None:
            stuck, self._stuck = self._stuck, None
            raise stuck

    def _hand_to(self, task: SimTask) -> None:
        self._current = task
        task.baton.give()

    def _pick(self) -> SimTask:
        if self._turn >= self._last_turn:
            return self._give_up(f"no end in sight after {self._last_turn} turns")
        ready = self._ready_tasks()
        while not ready:
            if not self._advance():
                return self._give_up("nobody can go on")
            ready = self._ready_tasks()
        if len(ready) == 1:
            return ready[0]
        ready.sort(key=lambda task: task.since)
        return ready[self.chooser.choose("task", len(ready))]

    def _give_up(self, why: str) -> SimTask:
        waiting = "".join(f"\n  {task.name} waits for {task.waits_for}" for task in self._tasks)
        self._stuck = Deadlock(f"{why} at {self._now:.3f} s:{waiting}")
        self._last_turn *= 2
        return self._main

    def _ready_tasks(self) -> list[SimTask]:
        now = self._now
        return [t for t in self._tasks if t.ready is None or t.deadline <= now or t.ready()]

    def _others_ready(self) -> bool:
        me = self._current
        return any(t is not me and (t.ready is None or t.deadline <= self._now or t.ready()) for t in self._tasks)

    def _next_deadline(self) -> Seconds:
        return min((t.deadline for t in self._tasks if t.ready is not None), default=FOREVER)

    def _advance(self) -> bool:
        deadline = self._next_deadline()
        if deadline == FOREVER:
            return False
        self._now = max(self._now, deadline)
        return True

    def _next_turn(self) -> int:
        self._turn += 1
        return self._turn

    def _run_timers(self) -> None:
        while self._timers:
            timer = min(self._timers, key=lambda pending: pending.due)
            if not timer.cancelled and timer.due > self._now:
                self.block(partial(self._timer_changed, timer), timer.due - self._now, "timer")
                continue
            self._timers.remove(timer)
            if not timer.cancelled:
                timer.target()

    def _timer_changed(self, awaited: SimTimer) -> bool:
        return awaited.cancelled or any(timer.due < awaited.due for timer in self._timers)
