"""Every metric that controller-runtime serves, as recorded from a Go program by `python -m bench.metrics`."""

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bench.metrics import RECORDED, ROOT
from controller.attempt import Attempt
from controller.endpoints import EndpointOptions, Endpoints
from controller.fanout import Fanout
from controller.queue import WorkQueue
from controller.request import Request
from controller.webhooks.declared import ConversionHook
from controller.worker import Label, Verdict
from informers.api.transport import Call
from informers.testing import SimRuntime

LIST = json.loads(RECORDED.read_text())
ABSENT = {
    "process_network_receive_bytes_total": "the client library of Python does not count it",
    "process_network_transmit_bytes_total": "the same",
    "process_virtual_memory_max_bytes": "the same",
}
"""What we do not serve, and why."""
KEY = Request("default", "a")


@pytest.fixture(scope="module")
def served():
    """What a program of ours serves after a little life, by name as Go's registry has it."""
    runtime = SimRuntime()
    endpoints = Endpoints(EndpointOptions(metrics_bind_address="127.0.0.1:0"), runtime=runtime)
    live(Fanout(*endpoints.listeners), runtime)
    text = endpoints.metrics.expose()[0].decode()
    runtime.close()
    families = text_string_to_metric_families(text)
    return {family.name + ("_total" if family.type == "counter" else ""): family for family in families}


def live(observe, runtime):
    """Have something to tell of every sort."""
    queue = WorkQueue("c", runtime=runtime, observe=observe)
    observe.controller_started("c", max_concurrent_reconciles=1, queue=queue.snapshot)
    attempt = Attempt("c", None, KEY, "id", 0, 0, 0.0, None)
    observe.reconcile_started(attempt)
    observe.reconcile_finished(attempt, Verdict(label=Label.SUCCESS), seconds=0.1, error=None)
    queue.add(KEY)
    queue.get()
    queue.done(KEY)
    observe.request(Call("GET", "/x"), status=200, seconds=0.1, host="h")
    observe.leader_changed("op", leading=False)
    observe.webhook_served("/validate")
    observe.webhook_started("/validate", headers={})
    observe.webhook_finished("/validate", seconds=0.1, error=None)
    observe.certificate_read(error=None)


@pytest.mark.parametrize("name", sorted(LIST["metrics"].keys() - ABSENT.keys()))
def test_it_is_the_same_here(served, name):
    """Type, labels and buckets, so that dashboards and alerts made for Go controllers work."""
    assert name in served
    family = served[name]
    labels = set().union(*(sample.labels for sample in family.samples)) - {"le"}
    edges = {float(sample.labels["le"]) for sample in family.samples if sample.name.endswith("_bucket")}
    edges = sorted(edges - {float("inf")})

    recorded = LIST["metrics"][name]
    assert (recorded["type"], set(recorded["labels"])) == (family.type, labels)
    assert pytest.approx(recorded.get("buckets", [])) == edges


def test_what_is_absent_was_recorded():
    """A reason for a metric that nobody has would stay for ever."""
    assert set() == ABSENT.keys() - LIST["metrics"].keys()


def test_the_list_is_of_the_version_that_we_are_measured_beside():
    """Whoever takes a newer peer records anew."""
    used = re.search(r"controller-runtime (v\S+)", Path(ROOT / "bench" / "peers" / "go.mod").read_text())

    assert used[1] == LIST["version"]


def test_webhooks_count_from_zero(served):
    """The codes that are likely are there before anybody asks, as in Go."""
    counts = {
        sample.labels["code"]: sample.value
        for sample in served["controller_runtime_webhook_requests_total"].samples
        if sample.name.endswith("_total")
    }

    assert {"200": 1.0, "500": 0.0} == counts


def test_faults_of_conversion_are_counted_apart():
    """Under a name of their own; a refusal is no fault."""
    runtime = SimRuntime()
    endpoints = Endpoints(EndpointOptions(metrics_bind_address="127.0.0.1:0"), runtime=runtime)
    observe = Fanout(*endpoints.listeners)
    for path, error in ((ConversionHook.path, KeyError()), ("/validate", KeyError()), ("/validate", KeyError())):
        observe.webhook_started(path, headers={})
        observe.webhook_finished(path, seconds=0.1, error=error)
    runtime.close()
    value = endpoints.metrics.registry.get_sample_value

    assert 1 == value("controller_runtime_conversion_webhook_panics_total")
    assert 2 == value("controller_runtime_webhook_panics_total")
