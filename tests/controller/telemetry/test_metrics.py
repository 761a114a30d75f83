"""Metrics: controller-runtime's names, labels and buckets, counted from what is heard."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from controller.attempt import Attempt
from controller.queue import WorkQueue
from controller.recorder import RecorderSnapshot
from controller.request import Request
from controller.telemetry.gauges import RecorderGauges
from controller.telemetry.metrics import Metrics
from controller.worker import Label, Verdict
from informers.api.objects import GroupVersionKind
from informers.api.transport import Call
from informers.testing.virtual.sim import SimRuntime

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
KIND = GroupVersionKind("cache.example.com", "v1", "Memcached")


@pytest.fixture
def runtime():
    """Virtual time."""
    return SimRuntime()


@pytest.fixture
def metrics(runtime):
    """A controller's metrics after some life."""
    made = Metrics(runtime=runtime)
    queue = WorkQueue("memcached", runtime=runtime, observe=made)
    made.controller_started("memcached", max_concurrent_reconciles=2, queue=queue.snapshot)
    made.queue = queue
    return made


def families(metrics):
    """Return {name: family} as a scraper reads them."""
    body, _ = metrics.expose()
    return {family.name: family for family in text_string_to_metric_families(body.decode())}


def value(metrics, name, /, **labels):
    """Return one sample."""
    for family in families(metrics).values():
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    return None


def attempt(name="a"):
    """One try at a key."""
    return Attempt("memcached", KIND, Request("default", name), "id", 0, 0, 0.0, None)


def finish(metrics, verdict, seconds=0.01):
    """One reconcile from start to end."""
    metrics.reconcile_started(attempt())
    metrics.reconcile_finished(attempt(), verdict, seconds=seconds, error=None)


class TestNames:
    def test_requests_are_timed_as_client_go_does_when_asked(self, metrics):
        """Beyond what controller-runtime's program serves (`test_recorded`): its names for those who switch it on."""
        metrics.request(Call("GET", "/x"), status=200, seconds=0.1, host="h")
        metrics.retry(Call("GET", "/x"), status=None, host="h")

        assert 1 == value(metrics, "rest_client_request_duration_seconds_count", verb="GET", host="h")
        assert 1 == value(metrics, "rest_client_request_retries_total", code="<error>", verb="GET", host="h")

    def test_no_series_that_go_does_not_have(self, metrics):
        """Python's client would add a `_created` series to each."""
        finish(metrics, Verdict(label=Label.SUCCESS))

        assert b"_created" not in metrics.expose()[0]

    def test_every_result_is_there_from_the_start(self, metrics):
        """A rate over a series that does not exist yet alarms nobody."""
        zeros = {r: value(metrics, "controller_runtime_reconcile_total", result=r) for r in Label}

        assert dict.fromkeys(Label, 0.0) == zeros

    def test_the_process_is_measured(self, metrics):
        """Memory and CPU under the names every exporter uses."""
        assert value(metrics, "process_resident_memory_bytes") > 0


class TestForm:
    @pytest.mark.parametrize(
        ("accept", "content_type"),
        [
            ("", "text/plain; version=0.0.4; charset=utf-8"),
            (OPENMETRICS, "application/openmetrics-text; version=1.0.0"),
        ],
    )
    def test_the_scraper_chooses(self, metrics, accept, content_type):
        """Content type and body agree."""
        body, found = metrics.expose(accept)

        assert found.startswith(content_type)
        assert body.endswith(b"# EOF\n") == ("openmetrics" in found)

    def test_exemplars_lead_to_the_trace(self, runtime):
        """For scrapers that speak OpenMetrics; the older form has no place for them."""
        metrics = Metrics(runtime=runtime, trace_id=lambda: "4bf92f3577b34da6a3ce929d0e0e4736")
        finish(metrics, Verdict(label=Label.SUCCESS))
        told, untold = (metrics.expose(accept)[0].decode() for accept in (OPENMETRICS, ""))

        assert '# {trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} 0.01' in told
        assert "trace_id" not in untold

    def test_without_a_trace_there_is_no_exemplar(self, metrics):
        """An empty id leads nowhere."""
        finish(metrics, Verdict(label=Label.SUCCESS))

        assert "trace_id" not in metrics.expose(OPENMETRICS)[0].decode()


class TestCounting:
    @pytest.mark.parametrize(
        ("verdict", "counters"),
        [
            (Verdict(label=Label.SUCCESS), set()),
            (Verdict(label=Label.ERROR), {"reconcile_errors"}),
            (Verdict(label=Label.ERROR, terminal=True), {"reconcile_errors", "terminal_reconcile_errors"}),
            (Verdict(label=Label.ERROR, panic=True), {"reconcile_errors", "reconcile_panics"}),
        ],
    )
    def test_a_verdict_counts_where_go_counts_it(self, metrics, verdict, counters):
        """Terminal errors and panics are errors as well."""
        finish(metrics, verdict)

        names = {"reconcile_errors", "terminal_reconcile_errors", "reconcile_panics"}
        counted = {n for n in names if value(metrics, f"controller_runtime_{n}_total", controller="memcached")}
        assert counters == counted
        assert 1 == value(metrics, "controller_runtime_reconcile_total", result=verdict.label.value)

    def test_active_workers_come_and_go(self, metrics):
        """A gauge, not a counter."""
        metrics.reconcile_started(attempt())
        during = value(metrics, "controller_runtime_active_workers")
        metrics.reconcile_finished(attempt(), Verdict(label=Label.SUCCESS), seconds=1, error=None)

        assert (1, 0) == (during, value(metrics, "controller_runtime_active_workers"))

    def test_the_queue_is_read_when_asked(self, metrics, runtime):
        """Depth by priority, work in progress, and the age of the oldest."""
        metrics.queue.add(Request("default", "a"))
        metrics.queue.add(Request("default", "b"), priority=-100)
        metrics.queue.get()
        runtime.advance(5)

        assert 5 == value(metrics, "workqueue_unfinished_work_seconds", name="memcached")
        assert 5 == value(metrics, "workqueue_longest_running_processor_seconds", name="memcached")
        assert (0, 1) == tuple(value(metrics, "workqueue_depth", priority=p) for p in ("0", "-100"))
        assert 5 == value(metrics, "levelset_workqueue_oldest_seconds")

    def test_requests_without_an_answer_count_as_error(self, metrics):
        """As client-go labels them."""
        metrics.request(Call("GET", "/x"), status=None, seconds=0.1, host="h")

        assert 1 == value(metrics, "rest_client_requests_total", code="<error>", method="GET", host="h")

    def test_informers_are_counted_by_kind(self, metrics, runtime):
        """Lists by reason, events by type, and when something came last."""
        runtime.advance(10)
        metrics.listed(KIND, objects=3, seconds=0.1, reason="expired")
        metrics.watch_event(KIND, kind="ADDED")
        metrics.skipped(KIND, error="bad")

        prefix = "levelset_informer_"
        assert 1 == value(metrics, f"{prefix}lists_total", kind="Memcached", reason="expired")
        assert 1 == value(metrics, f"{prefix}events_total", kind="Memcached", type="ADDED")
        assert 1 == value(metrics, f"{prefix}skipped_total", kind="Memcached")
        assert runtime.wall().timestamp() == value(metrics, f"{prefix}last_event_timestamp_seconds")

    def test_events_told_and_dropped(self, metrics):
        """Counters that somebody else keeps."""
        metrics.watch(RecorderGauges(lambda: RecorderSnapshot(0, 3, 2)))

        assert (3, 2) == tuple(value(metrics, f"levelset_events_{what}_total") for what in ("sent", "dropped"))

    def test_two_managers_do_not_meet(self, metrics, runtime):
        """Each has a registry of its own."""
        finish(metrics, Verdict(label=Label.SUCCESS))

        assert value(Metrics(runtime=runtime), "controller_runtime_reconcile_total") is None
