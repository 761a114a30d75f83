"""What a running program tells: metrics to who may see them, traces to a collector, its state to `levelset top`."""

import gzip
import http.server
import json
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from controller.recorder import EventRecorder
from informers import Client, HttpTransport, ThreadRuntime, load_config
from tests.cluster.controlplane import free_port

pytestmark = pytest.mark.cluster
ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: metrics-reader-NAMESPACE}
rules: [{nonResourceURLs: [/metrics], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: metrics-reader-NAMESPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: metrics-reader-NAMESPACE}
subjects: [{kind: ServiceAccount, name: scraper, namespace: NAMESPACE}]
"""


@pytest.fixture
def run(cluster, tmp_path):
    """Start `levelset run memcached` with flags and variables; end it after the test."""
    started = []

    def start(*flags, **environment):
        command = [sys.executable, "-m", "controller", "run", "memcached", f"--kubeconfig={cluster.kubeconfig}"]
        log = (tmp_path / "log").open("wb")
        process = subprocess.Popen(
            [*command, *flags], env={"PATH": "/usr/bin:/bin", **environment}, stdout=log, stderr=log
        )
        started.append((process, log))
        return process

    yield start
    for process, log in started:
        process.terminate()
        process.wait(40)
        log.close()
    if (tmp_path / "log").exists():  # a test that was skipped started nothing
        sys.stdout.write((tmp_path / "log").read_text()[-4000:])


def status_of(url, token=""):
    """Return the HTTP status of a page whose certificate nobody knows; None while nothing answers."""
    trust = ssl._create_unverified_context()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with opener.open(request, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return None


def test_metrics_are_for_those_whom_rbac_lets(world, cluster, run, eventually):
    """401 without a token, 403 without a role, 200 with one."""
    port = free_port()
    off = ("--health-probe-bind-address=0", "--debug-bind-address=0", "--webhook-bind-address=0")
    run(f"--metrics-bind-address=127.0.0.1:{port}", "--metrics-secure", *off)
    url = f"https://127.0.0.1:{port}/metrics"
    world.kubectl("apply", "-f", "-", stdin=ROLE.replace("NAMESPACE", world.namespace))
    tokens = {}
    for name in ("scraper", "stranger"):
        world.kubectl("create", "serviceaccount", name, "-n", world.namespace)
        tokens[name] = world.kubectl("create", "token", name, "-n", world.namespace).strip()

    assert 401 == eventually(lambda: status_of(url))
    assert 200 == status_of(url, tokens["scraper"])
    if cluster.name == "real":  # the embedded server of this suite lets everybody do everything
        assert 403 == status_of(url, tokens["stranger"])


@pytest.fixture
def collector():
    """An OTLP collector on loopback: (its URL, the spans it was sent)."""
    spans = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            sent = ExportTraceServiceRequest.FromString(body)
            spans.extend(span for one in sent.resource_spans for scope in one.scope_spans for span in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", spans
    server.shutdown()
    server.server_close()
    thread.join()


def test_traces_lead_from_the_event_to_the_write(world, run, eventually, collector):
    """A reconcile is linked to an event, and the writes are its children."""
    url, spans = collector
    off = [f"--{name}-bind-address=0" for name in ("metrics", "health-probe", "debug", "webhook")]
    run(*off, OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_BSP_SCHEDULE_DELAY="200")
    world.apply_memcached(size=1)

    def told():
        return [span for span in spans if span.name == "POST deployments"] or None

    write = eventually(told)[0]
    parent = eventually(lambda: [span for span in spans if span.span_id == write.parent_span_id] or None)[0]

    assert "reconcile memcached" == parent.name
    assert {link.span_id for link in parent.links} <= {span.span_id for span in spans if span.name == "event memcached"}
    assert parent.links


def test_top_shows_what_runs(world, run, eventually):
    """From another process, as a table."""
    port = free_port()
    off = [f"--{name}-bind-address=0" for name in ("metrics", "health-probe", "webhook")]
    run(*off, f"--debug-bind-address=127.0.0.1:{port}")
    eventually(lambda: status_of(f"http://127.0.0.1:{port}/api/v1/status"))

    command = [sys.executable, "-m", "controller", "top", "--once", f"--address=127.0.0.1:{port}"]
    shown = eventually(lambda: (text := subprocess.check_output(command, text=True)) and "watching" in text and text)

    assert all(word in shown for word in ("memcached", "Memcached.v1.cache.example.com", "ready"))
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
        f"http://127.0.0.1:{port}/api/v1/status"
    ) as page:
        assert ["memcached"] == [one["name"] for one in json.load(page)["controllers"]]


def test_repeated_events_become_a_series_and_a_talkative_object_is_cut_short(world, cluster, eventually):
    """As the server stores them; what was not told is counted."""
    runtime = ThreadRuntime()
    transport = HttpTransport(load_config(kubeconfig=cluster.kubeconfig), runtime=runtime)
    recorder = EventRecorder(Client(transport, runtime=runtime), controller="teller", runtime=runtime)
    about = world.get("serviceaccount", "default") or eventually(lambda: world.get("serviceaccount", "default"))
    recorder.start()
    for _ in range(4):
        recorder.event(about, "Warning", "Again", "Try", "the same as before")
    for number in range(30):
        recorder.event(about, "Normal", "Chatter", "Talk", f"something new: {number}")
    recorder.stop(runtime.monotonic() + 20)
    transport.close()
    told = [e for e in world.list("events.events.k8s.io") if e.get("reportingController") == "teller"]
    (again,) = [event for event in told if event["reason"] == "Again"]

    assert 4 == again["series"]["count"]
    assert (25, 6) == (len(told), recorder.snapshot().dropped)
