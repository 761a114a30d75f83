"""How long users wait: from the first event about a key to the reconcile after which nothing is left to do."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from prometheus_client import Histogram

from controller.observe import ControllerObserver

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prometheus_client import CollectorRegistry

    from controller.attempt import Attempt
    from controller.events import Event
    from controller.request import Request
    from controller.worker import Verdict
    from informers.runtime import Runtime, Seconds

__all__ = ["Convergence"]

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
REMEMBERED = 100_000
"""Keys whose first event is remembered, about 200 bytes each; of more, the oldest are not measured."""


class Convergence(ControllerObserver):
    """Measures the time to convergence, a histogram for each controller.

    Args:
        registry: Where the series live.
        runtime: The clock.
        trace_id: Returns the id of the running trace, for exemplars; empty without one.

    Threads: any thread.
    """

    def __init__(self, registry: CollectorRegistry, *, runtime: Runtime, trace_id: Callable[[], str] = str) -> None:
        self._runtime, self._trace_id = runtime, trace_id
        self._lock = runtime.lock("convergence")
        self._since: OrderedDict[tuple[str, Request], Seconds] = OrderedDict()
        self._series: dict[str, Histogram] = {}
        self._seconds = Histogram(
            "levelset_convergence_seconds",
            "Seconds from the first event about a key to the reconcile that left nothing to do.",
            ("controller",),
            buckets=BUCKETS,
            registry=registry,
        )

    def enqueued(self, controller: str, *, event: Event, requests: Sequence[Request], waited: Seconds = 0.0) -> None:
        """A key may have to be made so again, since the event unless it had before."""
        since = self._runtime.monotonic() - waited
        with self._lock:
            for request in requests:
                self._since.setdefault((controller, request), since)
            while len(self._since) > REMEMBERED:
                self._since.popitem(last=False)

    def reconcile_finished(
        self, attempt: Attempt, verdict: Verdict, *, seconds: Seconds, error: BaseException | None
    ) -> None:
        """A reconcile that succeeded, and was not begun before the event, has converged."""
        if error is not None or verdict.label.value not in ("success", "requeue_after"):
            return
        with self._lock:
            since = self._since.get((attempt.controller, attempt.request))
            if since is None or since > attempt.started:
                return
            del self._since[attempt.controller, attempt.request]
        trace, took = self._trace_id(), self._runtime.monotonic() - since
        series = self._series.get(attempt.controller)
        if series is None:
            series = self._series[attempt.controller] = self._seconds.labels(attempt.controller)
        series.observe(took, {"trace_id": trace} if trace else None)
