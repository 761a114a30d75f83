"""The controller: sources fill its queue, workers empty it, and both have a beginning and an end.

    source ──▶ queue ──get──▶ worker: attempt, verdict ──add, forget, done──▶ queue

The life of a controller and nothing else: what an event means is `controller.pipeline`'s, which key goes next the
queue's, what an outcome means `controller.worker`'s.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from controller.attempt import Attempts, Failing, Running
from controller.controlleroptions import ControllerOptions
from controller.echoes import Echoes
from controller.intake import Intake
from controller.observe import NULL
from controller.pool import WorkerPool
from controller.queue import QueueSnapshot, WorkQueue
from controller.request import ReconcileFunction, Reconciler, reconcile_of
from controller.worker import describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.gate import Gate
    from controller.observe import ControllerObserver
    from controller.sources import Source, SourceStatus
    from informers.api.objects import GroupVersionKind
    from informers.runtime import Runtime, Seconds, Task

__all__ = ["Controller", "ControllerOptions", "ControllerSnapshot", "State"]

log = logging.getLogger("levelset.controller")


class State(StrEnum):
    """Where a controller is in its life."""

    NEW = "new"
    SYNCING = "syncing"
    RUNNING = "running"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerSnapshot:
    """What a controller did at one moment.

    Threads: immutable.
    """

    name: str
    kind: GroupVersionKind | None
    state: State
    failure: str
    """Why it failed; empty when it did not."""
    workers: int
    """Workers that are alive."""
    queue: QueueSnapshot
    running: tuple[Running, ...]
    """Reconciles in progress, longest first: the place to look for one that hangs."""
    failing: tuple[Failing, ...]
    """Keys whose last reconcile failed, those with most failures in a row first."""
    sources: tuple[tuple[str, SourceStatus], ...]
    """Each source's name and how far it is."""


class Controller:
    """Calls a reconciler for every key that its sources bring up, until told to stop.

    Invariants: a key is reconciled by one worker at a time; no worker starts before every source has delivered what
    was there; a controller lives once.

    Args:
        name: Unique within a program; metrics, log lines and threads carry it.
        reconciler: An object with `reconcile(request)`, or a function.
        runtime: Time and threads.
        kind: The kind that it is for, for log lines.
        observe: Hears what it does.
        options: See `ControllerOptions`.

    Blocks: only `stop`, until the reconciles in progress have ended.

    Threads: any thread.
    """

    def __init__(
        self,
        name: str,
        reconciler: Reconciler | ReconcileFunction,
        *,
        runtime: Runtime,
        kind: GroupVersionKind | None = None,
        observe: ControllerObserver = NULL,
        options: ControllerOptions = ControllerOptions(),  # noqa: B008 - immutable
    ) -> None:
        self.name, self.kind, self.options = name, kind, options
        self.needs_leader_election = options.needs_leader_election
        self.on_failure: Callable[[BaseException], None] | None = None
        """Called once, from any thread, with what made the controller fail after `start` returned."""
        self.queue = WorkQueue(
            name,
            runtime=runtime,
            limiter=options.rate_limiter(runtime),
            observe=observe,
            prioritized=options.use_priority_queue,
        )
        self._runtime, self._observe = runtime, observe
        self._attempts = Attempts(
            name,
            reconcile_of(reconciler),
            runtime=runtime,
            kind=kind,
            observe=observe,
            timeout=options.reconcile_timeout or None,
            stuck_after=options.stuck_after or None,
            recover_panics=options.recover_panics,
        )
        patience = options.cache_sync_timeout or None
        self._intake = Intake(self.queue, self._fields(), runtime=runtime, patience=patience, failed=self._fail)
        self._pool = WorkerPool(self.queue, self._attempts, runtime=runtime, failed=self._fail)
        self._echoes = Echoes(self.queue, runtime=runtime, observe=observe) if options.skip_own_writes else None
        if self._echoes is not None:
            self.queue.skips, self._pool.echoes = self._echoes.skips, self._echoes
        self._lock = runtime.lock(f"controller {name}")
        self._stopping = runtime.event(f"controller {name} stopping")
        self._syncing: Task | None = None
        self._state = State.NEW
        self._failure: BaseException | None = None

    def watch(self, source: Source) -> None:
        """Add a source; once the controller has started, the source starts at once.

        Raises:
            RuntimeError: The controller has stopped.
            Exception: What the source raised.
        """
        self._intake.add(source)

    def confine(self, gate: Gate) -> None:
        """Work only on the keys that the gate lets pass: one replica's share. Called before `start`."""
        self.queue.admits = gate.admits
        self._pool.gate = gate

    def replay(self) -> None:
        """Reconcile every object once more, of low priority: the share of this replica grew."""
        self._intake.replay()

    def start(self) -> None:
        """Start the sources and, as soon as all are synced, the workers; if that takes time, a task waits for it.

        Does nothing after `stop`.

        Raises:
            RuntimeError: It was started before.
            Exception: What a source raised.
        """
        with self._lock:
            if self._stopping.is_set():
                return
            if self._state is not State.NEW:
                raise RuntimeError(f"controller {self.name} was started more than once; was it added twice?")
            self._state = State.SYNCING
        workers = self.options.max_concurrent_reconciles
        log.info("Starting Controller", extra={"fields": self._fields()})
        self._observe.controller_started(self.name, max_concurrent_reconciles=workers, queue=self.queue.snapshot)
        self._intake.start()
        if self._intake.synced():
            self._work()
        else:
            self._syncing = self._runtime.spawn(f"controller-{self.name}-sync", self._sync)

    def stop(self, deadline: Seconds | None = None) -> None:
        """Take on nothing new and wait until the reconciles in progress have ended. Idempotent.

        What is left in the queue is dropped, unless `ControllerOptions.drain` says otherwise.

        Args:
            deadline: The point on the monotonic clock when waiting ends; None waits as long as it takes.

        Raises:
            TimeoutError: Reconciles were still running at the deadline; names them. They go on until they end.
        """
        with self._lock:
            self._stopping.set()
        self._intake.stop()
        if self._echoes is not None and self.options.drain:
            self._echoes.flush()
        self.queue.shut_down(drain=self.options.drain)
        if self._syncing is not None:
            self._syncing.join(None if deadline is None else max(0.0, deadline - self._runtime.monotonic()))
        ended = self._pool.join(deadline)
        self.queue.shut_down()
        self._attempts.close()
        with self._lock:
            again, self._state = self._state is State.STOPPED, State.STOPPED
        if not ended:
            stuck = ", ".join(f"{each.request} ({each.seconds:.0f} s)" for each in self._attempts.running())
            raise TimeoutError(f"controller {self.name} did not stop in time; still running: {stuck or 'nothing'}")
        if not again:
            log.info("All workers finished", extra={"fields": self._fields()})

    def snapshot(self) -> ControllerSnapshot:
        """Return what the controller does now. Looks at every key in the queue."""
        with self._lock:
            state, failure = self._state, self._failure
        return ControllerSnapshot(
            name=self.name,
            kind=self.kind,
            state=state,
            failure="" if failure is None else describe(failure),
            workers=self._pool.alive(),
            queue=self.queue.snapshot(),
            running=self._attempts.running(),
            failing=self._attempts.failing(),
            sources=self._intake.status(),
        )

    def _sync(self) -> None:
        try:
            if self._intake.wait(self._stopping):
                self._work()
        except Exception as error:  # noqa: BLE001 - whoever started the controller hears of it
            self._fail(error)

    def _work(self) -> None:
        workers = self.options.max_concurrent_reconciles
        with self._lock:
            if self._stopping.is_set():
                return
            self._state = State.RUNNING
            self._pool.start(workers)
        log.info("Starting workers", extra={"fields": {**self._fields(), "worker count": workers}})

    def _fail(self, error: BaseException) -> None:
        with self._lock:
            if self._failure is not None:
                return
            self._failure, self._state = error, State.FAILED
        if self.on_failure is not None:
            self.on_failure(error)
        else:
            log.critical("Controller failed", exc_info=error, extra={"fields": self._fields()})

    def _fields(self) -> dict[str, Any]:
        kind = self.kind
        about = {} if kind is None else {"controllerGroup": kind.group, "controllerKind": kind.kind}
        return {"controller": self.name, **about}
