"""One reconcile at a time: call it, contain what it raises, tell how it went, remember who keeps failing.

The shell around `controller.worker`: it times, logs and counts, and leaves every decision to `settle`. An exception
stays with its key; what is no `Exception` (a program that wants to exit, a simulated crash) passes through untouched.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from controller.observe import NULL
from controller.request import ReconcileFunction, Request, Result
from controller.watchdog import Running, Watchdog
from controller.worker import Outcome, Report, Verdict, describe, settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.observe import ControllerObserver
    from informers.api.objects import GroupVersionKind
    from informers.runtime import Runtime, Seconds

__all__ = ["Attempt", "Attempts", "Failing", "Running", "current_attempt"]

log = logging.getLogger("levelset.controller")

TEXT = 300
"""Characters of an error that a snapshot keeps."""


class Attempt(NamedTuple):
    """One call of a reconciler.

    Threads: immutable.
    """

    controller: str
    kind: GroupVersionKind | None
    """The kind that the controller is for; None when it is for none."""
    request: Request
    reconcile_id: str
    """A fresh UUID; on every log line and span of the attempt."""
    priority: int
    failures: int
    """How often in a row the key had failed before."""
    started: Seconds
    deadline: Seconds | None
    """When its time is over, on the monotonic clock; None when never."""
    clock: Callable[[], Seconds] = float
    """The monotonic clock; one that stands at zero where no time passes."""

    def remaining(self) -> Seconds | None:
        """Return the seconds that are left, less than zero when it is late; None without limit."""
        return None if self.deadline is None else self.deadline - self.clock()

    def fields(self) -> dict[str, Any]:
        """Return what log lines say of the attempt, under controller-runtime's keys."""
        namespace, name = self.request
        fields: dict[str, Any] = {"controller": self.controller}
        if self.kind is not None:
            fields["controllerGroup"], fields["controllerKind"] = self.kind.group, self.kind.kind
            fields[self.kind.kind] = {"name": name, "namespace": namespace}
        return {**fields, "namespace": namespace, "name": name, "reconcileID": self.reconcile_id}


current_attempt: ContextVar[Attempt | None] = ContextVar("current_attempt", default=None)
"""The attempt that the running thread is in: for log formatters, tracers and clients."""


@dataclass(frozen=True, slots=True)
class Failing:
    """A key whose last reconciles failed.

    Threads: immutable.
    """

    request: Request
    failures: int
    """How many in a row."""
    error: str
    """The last error, cut short."""
    since: Seconds
    """Seconds since the first failure of the row."""


class Attempts:
    """The reconciles of one controller.

    Invariant: a key has at most one attempt at a time; the queue sees to that.

    Args:
        controller: The controller's name.
        reconcile: What to call.
        kind: The kind that the controller is for, for log lines.
        runtime: Clock, timer, uids.
        observe: Hears of every attempt.
        timeout: Seconds that an attempt has (`controller.deadline`); None for ever. Then it is named by the watchdog.
        stuck_after: Seconds after which the watchdog names an attempt that has no timeout; None never.
        recover_panics: Whether a fault of the program (`Verdict.panic`) stays with its key.

    Threads: any thread.
    """

    def __init__(
        self,
        controller: str,
        reconcile: ReconcileFunction,
        *,
        runtime: Runtime,
        kind: GroupVersionKind | None = None,
        observe: ControllerObserver = NULL,
        timeout: Seconds | None = None,
        stuck_after: Seconds | None = None,
        recover_panics: bool = True,
    ) -> None:
        self._controller, self._reconcile, self._kind = controller, reconcile, kind
        self._runtime, self._observe, self._timeout = runtime, observe, timeout
        self._recover = recover_panics
        self._lock = runtime.lock(f"attempts {controller}")
        self._failing: dict[Request, tuple[int, str, Seconds]] = {}
        limit = stuck_after if timeout is None else timeout
        self._watchdog = Watchdog(runtime=runtime, observe=observe, limit=limit)

    def run(self, request: Request, priority: int) -> Verdict:
        """Reconcile one key and return what to do with it.

        Blocks: as long as the reconciler does.

        Raises:
            Exception: A fault of the program, unless panics are recovered.
            BaseException: Whatever is no `Exception`.
        """
        attempt = self._begin(request, priority)
        token = current_attempt.set(attempt)
        try:
            self._observe.reconcile_started(attempt)
            outcome = self._call(attempt)
            verdict = settle(outcome)
            seconds = self._runtime.monotonic() - attempt.started
            self._tell(attempt, outcome, verdict)
            self._observe.reconcile_finished(attempt, verdict, seconds=seconds, error=outcome.error)
            self._remember(attempt, outcome, verdict)
        finally:
            current_attempt.reset(token)
            self._watchdog.leave(attempt)
        if verdict.panic and outcome.error is not None and not self._recover:
            raise outcome.error
        return verdict

    def running(self) -> tuple[Running, ...]:
        """Return the attempts in progress, longest first."""
        return self._watchdog.running()

    def failing(self) -> tuple[Failing, ...]:
        """Return the keys that failed last time, those with most failures first."""
        with self._lock:
            now, failing = self._runtime.monotonic(), list(self._failing.items())
        failing.sort(key=lambda pair: (-pair[1][0], pair[0]))
        return tuple(Failing(key, failures, error, now - since) for key, (failures, error, since) in failing)

    def close(self) -> None:
        """Stop watching over timeouts. Idempotent."""
        self._watchdog.close()

    def _call(self, attempt: Attempt) -> Outcome:
        self._runtime.checkpoint("reconcile")
        error: Exception
        try:
            result: object = self._reconcile(attempt.request)
            if result is None or isinstance(result, Result):
                return Outcome(result=result, priority=attempt.priority)
            error = TypeError(f"reconcile returned {type(result).__name__}; return a Result, or nothing")
        except Exception as raised:  # noqa: BLE001 - an exception stays with its key
            error = raised
        return Outcome(error=error, priority=attempt.priority, failures=attempt.failures)

    def _begin(self, request: Request, priority: int) -> Attempt:
        identity, now = self._runtime.new_uid(), self._runtime.monotonic()
        deadline = None if self._timeout is None else now + self._timeout
        failures = self._failing.get(request, (0,))[0]  # the queue gives a key to one attempt at a time
        attempt = Attempt(
            self._controller, self._kind, request, identity, priority, failures, now, deadline, self._runtime.monotonic
        )
        self._watchdog.enter(attempt)
        return attempt

    def _remember(self, attempt: Attempt, outcome: Outcome, verdict: Verdict) -> None:
        if not verdict.failed and not attempt.failures:
            return
        with self._lock:
            if not verdict.failed:
                self._failing.pop(attempt.request, None)
                return
            first = self._failing.get(attempt.request, (0, "", attempt.started))[2]
            text = f"{type(outcome.error).__name__}: {describe(outcome.error)}"[:TEXT]
            self._failing[attempt.request] = attempt.failures + 1, text, first

    def _tell(self, attempt: Attempt, outcome: Outcome, verdict: Verdict) -> None:
        loud = verdict.report is not Report.DETAIL
        if not loud and not log.isEnabledFor(logging.DEBUG):
            return
        fields = attempt.fields()
        if outcome.error is None:
            fields |= {"requeueAfter": verdict.after} if verdict.after is not None else {}
            log.debug("Reconcile done: %s", verdict.label.value, extra={"fields": fields})
            return
        fields |= {"error": describe(outcome.error), "failures": attempt.failures + 1}
        if not loud:
            log.debug("Reconcile failed and will be tried again", extra={"fields": fields})
        elif verdict.report is Report.WARNING:
            log.warning("Reconcile cannot get through", extra={"fields": fields})
        else:
            trace = outcome.error if verdict.report is Report.TRACEBACK else None
            log.error("Reconciler error", exc_info=trace, extra={"fields": fields})
