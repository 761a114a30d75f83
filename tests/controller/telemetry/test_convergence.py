"""From the event to the reconcile that left nothing to do."""

import pytest
from prometheus_client import CollectorRegistry

from controller.attempt import Attempt
from controller.events import Created
from controller.request import Request
from controller.telemetry.convergence import Convergence
from controller.worker import Label, Verdict
from informers.testing import SimRuntime

KEY = Request("default", "a")


@pytest.fixture
def runtime():
    """Virtual time."""
    runtime = SimRuntime()
    yield runtime
    runtime.close()


@pytest.fixture
def registry():
    """Where the series live."""
    return CollectorRegistry()


@pytest.fixture
def convergence(registry, runtime):
    """What measures."""
    return Convergence(registry, runtime=runtime)


def reconcile(convergence, runtime, *, label=Label.SUCCESS, error=None, started=None):
    """One reconcile of the key."""
    attempt = Attempt("c", None, KEY, "r", 0, 0, runtime.monotonic() if started is None else started, None)
    convergence.reconcile_finished(attempt, Verdict(label=label), seconds=0.1, error=error)


def measured(registry):
    """Return (count, sum) of the histogram."""
    value = registry.get_sample_value
    return value("levelset_convergence_seconds_count", {"controller": "c"}), value(
        "levelset_convergence_seconds_sum", {"controller": "c"}
    )


def test_failures_on_the_way_count(convergence, runtime, registry):
    """The user waits for the end."""
    convergence.enqueued("c", event=Created, requests=[KEY])
    runtime.sleep(2)
    reconcile(convergence, runtime, label=Label.ERROR, error=ValueError())
    runtime.sleep(3)
    reconcile(convergence, runtime)

    count, seconds = measured(registry)
    assert (1, 5) == (count, pytest.approx(seconds))


def test_a_reconcile_that_was_under_way_when_the_event_came_is_not_its_end(convergence, runtime, registry):
    """It may not have seen the change."""
    begun = runtime.monotonic()
    runtime.sleep(1)
    convergence.enqueued("c", event=Created, requests=[KEY])
    reconcile(convergence, runtime, started=begun)

    assert (None, None) == measured(registry)


def test_an_event_that_was_kept_for_a_while_counts_from_when_it_came(convergence, runtime, registry):
    """The user has waited since then."""
    runtime.sleep(5)
    convergence.enqueued("c", event=Created, requests=[KEY], waited=3.0)
    runtime.sleep(2)
    reconcile(convergence, runtime)

    count, seconds = measured(registry)
    assert (1, 5) == (count, pytest.approx(seconds))


def test_without_an_event_nothing_is_measured(convergence, runtime, registry):
    """A resync is nobody's wish."""
    reconcile(convergence, runtime)

    assert (None, None) == measured(registry)


def test_the_histogram_leads_to_the_trace(runtime, registry):
    """A slow case is looked up, not guessed at."""
    convergence = Convergence(registry, runtime=runtime, trace_id=lambda: "t1")
    convergence.enqueued("c", event=Created, requests=[KEY])
    reconcile(convergence, runtime)
    (family,) = registry.collect()

    assert [{"trace_id": "t1"}] == [s.exemplar.labels for s in family.samples if s.exemplar]
