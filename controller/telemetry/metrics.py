"""Numbers for Prometheus, under controller-runtime's names, labels and buckets, so that its dashboards and alerts work.

`Metrics` listens (it is a `ControllerObserver`) and owns its registry: two managers in one process do not meet. What
happens is counted; what is, is read from snapshots when somebody scrapes. No label ever holds an object's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder

from controller.observe import ControllerObserver
from controller.telemetry.gauges import QueueGauges, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client import Metric

    from controller.attempt import Attempt
    from controller.queue import QueueSnapshot
    from controller.worker import Verdict
    from informers.api.objects import GroupVersionKind
    from informers.api.transport import Call
    from informers.runtime import Runtime, Seconds

__all__ = ["Metrics"]

RESULTS = ("success", "error", "requeue", "requeue_after")
# fmt: off
RECONCILE_BUCKETS = (
    .005, .01, .025, .05, .1, .15, .2, .25, .3, .35, .4, .45, .5, .6, .7, .8, .9, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4,
    4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
)
# fmt: on
QUEUE_BUCKETS = tuple(1e-8 * 10**n for n in range(12))
"""Go's ExponentialBuckets(10e-9, 10, 12)."""
REQUEST_BUCKETS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60)
EVENTS = ("ADDED", "MODIFIED", "DELETED", "BOOKMARK")
GVK = ("group", "version", "kind")


class _Registry(CollectorRegistry):
    """A registry without the `_created` series that Go's client does not have either."""

    def collect(self) -> Iterator[Metric]:
        for metric in super().collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


class _Controller:
    """The series of one controller, looked up once. Threads: immutable."""

    def __init__(self, metrics: Metrics, name: str) -> None:
        self.results = {result: metrics.reconciles.labels(name, result) for result in RESULTS}
        self.errors = metrics.errors.labels(name)
        self.terminal = metrics.terminal.labels(name)
        self.panics = metrics.panics.labels(name)
        self.timeouts = metrics.timeouts.labels(name)
        self.time = metrics.time.labels(name)
        self.active = metrics.active.labels(name)
        self.adds = metrics.adds.labels(name, name)
        self.retries = metrics.retries.labels(name, name)
        self.queued = metrics.queued.labels(name, name)
        self.worked = metrics.worked.labels(name, name)


class _Kind:
    """The series of one kind that every watch event touches, looked up once. Threads: immutable."""

    def __init__(self, metrics: Metrics, gvk: GroupVersionKind) -> None:
        self.events = {kind: metrics.watch_events.labels(*gvk, kind) for kind in EVENTS}
        self.last = metrics.last_event.labels(*gvk)


class Metrics(ControllerObserver):
    """Counts what it hears; `trace_id` names the running trace, for exemplars.

    Threads: any thread.
    """

    def __init__(self, *, runtime: Runtime, trace_id: Callable[[], str] = str) -> None:
        self.registry = _Registry()
        self._runtime, self._trace_id = runtime, trace_id
        self._sources: list[Callable[[], Iterable[Reading]]] = []
        self._queues = QueueGauges()
        self._controllers: dict[str, _Controller] = {}
        self._kinds: dict[GroupVersionKind, _Kind] = {}
        self._reconciling()
        self._queueing()
        self._requesting()
        self._informing()
        self.watch(self._queues)
        self.registry.register(_Readings(self._sources))
        ProcessCollector(registry=self.registry)

    def watch(self, source: Callable[[], Iterable[Reading]]) -> None:
        """Ask `source` for its readings at every scrape."""
        self._sources.append(source)

    def expose(self, accept: str = "") -> tuple[bytes, str]:
        """Return all metrics in the form that the Accept header asks for, and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def _reconciling(self) -> None:
        count, gauge, by = self._count, self._gauge, ("controller",)
        prefix = "controller_runtime_"
        self.reconciles = count(f"{prefix}reconcile", "Reconciles by result.", (*by, "result"))
        self.errors = count(f"{prefix}reconcile_errors", "Reconciles that failed.", by)
        self.terminal = count(f"{prefix}terminal_reconcile_errors", "Reconciles that failed for good.", by)
        self.panics = count(f"{prefix}reconcile_panics", "Reconciles that failed unforeseen.", by)
        self.timeouts = count(f"{prefix}reconcile_timeouts", "Reconciles that ran for too long.", by)
        self.time = self._spread(f"{prefix}reconcile_time_seconds", "Seconds per reconcile.", by, RECONCILE_BUCKETS)
        self.most = gauge(f"{prefix}max_concurrent_reconciles", "Reconciles that may run at the same time.", by)
        self.active = gauge(f"{prefix}active_workers", "Reconciles that run.", by)
        self.stuck = count("levelset_reconciles_stuck", "Reconciles that the watchdog named.", by)
        self.lost = count("levelset_events_lost", "Informer events lost to a fault in a mapper.", (*by, "source"))

    def _queueing(self) -> None:
        by, spread = ("name", "controller"), self._spread
        self.adds = self._count("workqueue_adds", "Keys that became ready.", by)
        self.retries = self._count("workqueue_retries", "Keys added with a delay.", by)
        self.queued = spread("workqueue_queue_duration_seconds", "Seconds from ready to work.", by, QUEUE_BUCKETS)
        self.worked = spread("workqueue_work_duration_seconds", "Seconds of work on a key.", by, QUEUE_BUCKETS)

    def _requesting(self) -> None:
        count, prefix = self._count, "rest_client_request"
        self.requests = count(f"{prefix}s", "Requests to the API server.", ("code", "method", "host"))
        self.request_time = self._spread(
            f"{prefix}_duration_seconds", "Seconds per request.", ("verb", "host"), REQUEST_BUCKETS
        )
        self.request_retries = count(f"{prefix}_retries", "Requests sent again.", ("code", "verb", "host"))
        self.leader = self._gauge("leader_election_master_status", "1 while this process is the leader.", ("name",))

    def _informing(self) -> None:
        count, prefix = self._count, "levelset_informer_"
        self.lists = count(f"{prefix}lists", "Complete lists, by reason.", (*GVK, "reason"))
        self.watches = count(f"{prefix}watches_ended", "Watches that ended, by reason.", (*GVK, "reason"))
        self.watch_events = count(f"{prefix}events", "Watch events, by type.", (*GVK, "type"))
        self.last_event = self._gauge(
            f"{prefix}last_event_timestamp_seconds", "When the last event or bookmark came.", GVK
        )
        self.skips = count(f"{prefix}skipped", "Objects left out because they cannot be read.", GVK)
        self.broken = count(f"{prefix}failed", "Lists and watches that failed.", GVK)
        self.handlers = count(f"{prefix}handler_failures", "Events lost to one handler.", GVK)

    def _count(self, name: str, text: str, labels: tuple[str, ...]) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: tuple[str, ...]) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _spread(self, name: str, text: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, text, labels, buckets=buckets, registry=self.registry)

    def _of(self, controller: str) -> _Controller:
        found = self._controllers.get(controller)
        if found is None:
            found = self._controllers[controller] = _Controller(self, controller)
        return found

    def _kind(self, gvk: GroupVersionKind) -> _Kind:
        found = self._kinds.get(gvk)
        if found is None:
            found = self._kinds[gvk] = _Kind(self, gvk)
        return found

    # --- controllers ---

    def controller_started(
        self, controller: str, *, max_concurrent_reconciles: int, queue: Callable[[], QueueSnapshot]
    ) -> None:
        """See `ControllerObserver.controller_started`."""
        self._of(controller)
        self.most.labels(controller).set(max_concurrent_reconciles)
        self._queues.add(controller, queue)

    def reconcile_started(self, attempt: Attempt) -> None:
        """See `ControllerObserver.reconcile_started`."""
        self._of(attempt.controller).active.inc()

    def reconcile_finished(
        self,
        attempt: Attempt,
        verdict: Verdict,
        *,
        seconds: Seconds,
        error: BaseException | None,
    ) -> None:
        """See `ControllerObserver.reconcile_finished`."""
        series = self._of(attempt.controller)
        series.active.dec()
        trace = self._trace_id()
        series.time.observe(seconds, {"trace_id": trace} if trace else None)
        series.results[verdict.label].inc()
        if verdict.label == "error":
            series.errors.inc()
        if verdict.terminal:
            series.terminal.inc()
        if verdict.panic:
            series.panics.inc()

    def reconcile_timed_out(self, attempt: Attempt) -> None:
        """See `ControllerObserver.reconcile_timed_out`."""
        self._of(attempt.controller).timeouts.inc()

    def reconcile_stuck(self, attempt: Attempt) -> None:
        """See `ControllerObserver.reconcile_stuck`."""
        self.stuck.labels(attempt.controller).inc()

    def event_lost(self, controller: str, *, source: str, error: Exception) -> None:
        """See `ControllerObserver.event_lost`."""
        self.lost.labels(controller, source).inc()

    # --- queues ---

    def queue_added(self, controller: str, *, priority: int) -> None:
        """See `ControllerObserver.queue_added`."""
        self._of(controller).adds.inc()

    def queue_retried(self, controller: str) -> None:
        """See `ControllerObserver.queue_retried`."""
        self._of(controller).retries.inc()

    def queue_got(self, controller: str, *, priority: int, seconds: Seconds) -> None:
        """See `ControllerObserver.queue_got`."""
        self._of(controller).queued.observe(seconds)

    def queue_done(self, controller: str, *, seconds: Seconds) -> None:
        """See `ControllerObserver.queue_done`."""
        self._of(controller).worked.observe(seconds)

    def leader_changed(self, name: str, *, leading: bool) -> None:
        """See `ControllerObserver.leader_changed`."""
        self.leader.labels(name).set(int(leading))

    def request(self, call: Call, *, status: int | None, seconds: Seconds, host: str) -> None:
        """See `Observer.request`."""
        code = "<error>" if status is None else str(status)
        self.requests.labels(code, call.method, host).inc()
        self.request_time.labels(call.method, host).observe(seconds)

    def retry(self, call: Call, *, status: int | None, host: str) -> None:
        """See `Observer.retry`."""
        self.request_retries.labels("<error>" if status is None else str(status), call.method, host).inc()

    def listed(self, gvk: GroupVersionKind, *, objects: int, seconds: Seconds, reason: str) -> None:
        """See `Observer.listed`."""
        self.lists.labels(*gvk, reason).inc()
        self._kind(gvk).last.set(self._runtime.wall().timestamp())

    def watch_ended(self, gvk: GroupVersionKind, *, reason: str) -> None:
        """See `Observer.watch_ended`."""
        self.watches.labels(*gvk, reason).inc()

    def watch_event(self, gvk: GroupVersionKind, *, kind: str, object_seconds: Seconds | None = None) -> None:
        """See `Observer.watch_event`."""
        series = self._kind(gvk)
        series.last.set(self._runtime.wall().timestamp())
        if kind in series.events:
            series.events[kind].inc()

    def failed(self, gvk: GroupVersionKind, *, error: Exception, failures: int) -> None:
        """See `Observer.failed`."""
        self.broken.labels(*gvk).inc()

    def skipped(self, gvk: GroupVersionKind, *, error: str) -> None:
        """See `Observer.skipped`."""
        self.skips.labels(*gvk).inc()

    def handler_failed(self, gvk: GroupVersionKind, *, handler: str, error: Exception) -> None:
        """See `Observer.handler_failed`."""
        self.handlers.labels(*gvk).inc()


class _Readings:
    """Turns readings into metrics at every scrape. Threads: any thread."""

    def __init__(self, sources: list[Callable[[], Iterable[Reading]]]) -> None:
        self._sources = sources

    def describe(self) -> Iterable[Metric]:
        """Name nothing in advance; the sources are not there yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Read all sources."""
        for source in list(self._sources):
            for reading in source():
                family = CounterMetricFamily if reading.counter else GaugeMetricFamily
                metric = family(reading.name, reading.help, labels=reading.labels)
                for labels, value in reading.values:
                    metric.add_metric(labels, value)
                yield metric
