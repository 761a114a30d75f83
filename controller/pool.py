"""The workers of one controller: threads that take keys from its queue, reconcile them and give them back.

Pumps only: `controller.attempt` runs a reconcile, `controller.worker` judges it, the queue orders. A worker MUST give
back every key it took, and MUST NOT end because of what a reconciler raised; should it end all the same, it says so.

Workers are there to wait for the server side by side. Reconciles that wait for nothing, as nearly all do after a
restart, they only do in turns, for there is one interpreter, and each turn costs processor time. So where a controller
begins with many keys, one worker begins alone, and the others join as soon as it shows that reconciles take longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.attempt import Attempts
    from controller.echoes import Echoes
    from controller.gate import Gate
    from controller.queue import WorkQueue
    from controller.request import Request
    from controller.worker import Verdict
    from informers.runtime import Runtime, Seconds, Task

__all__ = ["WorkerPool"]

MANY = 1000
"""Keys at the start with which one worker begins alone; with fewer it is over before it matters."""
LOOK: Seconds = 0.05
"""How often one who waits looks whether it is needed."""
QUICK = 50
"""Reconciles between two looks with which the one worker is left alone: one a millisecond, so none of them waits."""


class WorkerPool:
    """Empties a queue on threads of its own until the queue is shut down.

    Args:
        queue: Where keys come from; its name names the threads.
        attempts: Runs the reconciles.
        runtime: Threads.
        failed: Called with what ended a worker: a fault of ours, or of the program where panics are not recovered, or
            something like SystemExit.

    Blocks: only `join`.

    Threads: any thread; `start` is called once.
    """

    def __init__(
        self, queue: WorkQueue, attempts: Attempts, *, runtime: Runtime, failed: Callable[[BaseException], None]
    ) -> None:
        self._queue, self._attempts, self._runtime, self._failed = queue, attempts, runtime, failed
        self._tasks: list[Task] = []
        self._ended = 0  # reconciles, roughly
        self._everyone = runtime.event(f"workers of {queue.name} join in")
        self.gate: Gate | None = None
        """Which keys this replica may work on; None for all."""
        self.echoes: Echoes | None = None
        """Hears when a key is being worked on, to tell what it wrote from news; None where own writes are news."""

    def start(self, workers: int) -> None:
        """Start the workers."""
        if len(self._queue) < MANY:
            self._everyone.set()
        parts = [self._work, self._look_on, *[self._join_in] * workers][:workers]
        self._tasks = [
            self._runtime.spawn(f"controller-{self._queue.name}-{number}", work) for number, work in enumerate(parts)
        ]

    def join(self, deadline: Seconds | None) -> bool:
        """Wait until all have ended, or until `deadline` on the monotonic clock; whether all have."""
        self._everyone.set()
        for task in self._tasks:
            task.join(None if deadline is None else max(0.0, deadline - self._runtime.monotonic()))
        return not self.alive()

    def alive(self) -> int:
        """How many workers have not ended."""
        return sum(task.alive() for task in self._tasks)

    def _look_on(self) -> None:
        """Work as soon as one worker is not enough, and let the others know."""
        ended, enough = 0, 1  # the first reconciles load what later ones use, and take longer
        while not self._everyone.wait(LOOK) and self._ended - ended >= enough:
            ended, enough = self._ended, QUICK
        self._everyone.set()
        self._work()

    def _join_in(self) -> None:
        self._everyone.wait()
        self._work()

    def _work(self) -> None:
        try:
            while (taken := self._queue.get()) is not None:
                request, priority = taken
                try:
                    self._work_on(request, priority)
                finally:
                    self._queue.done(request)
                    self._ended += 1
        except BaseException as error:
            self._runtime.checkpoint("worker ends")  # where a simulated crash goes on unwinding, unheard
            self._failed(error)
            raise

    def _work_on(self, request: Request, priority: int) -> None:
        gate = self.gate
        if gate is None:
            self._attempt(request, priority)
        elif gate.enter(request):
            try:
                self._attempt(request, priority)
            finally:
                gate.leave(request)
        else:  # another replica's by now
            self._queue.forget(request)

    def _attempt(self, request: Request, priority: int) -> None:
        echoes = self.echoes
        if echoes is None:
            self._carry_out(request, self._attempts.run(request, priority))
            return
        echoes.enter(request)
        try:
            self._carry_out(request, self._attempts.run(request, priority))
        finally:
            echoes.leave(request)

    def _carry_out(self, request: Request, verdict: Verdict) -> None:
        if verdict.forget:
            self._queue.forget(request)
        if verdict.rate_limited:
            self._queue.add(request, rate_limited=True, at_least=verdict.after or 0.0, priority=verdict.priority)
        elif verdict.after is not None:
            self._queue.add(request, after=verdict.after, priority=verdict.priority)
