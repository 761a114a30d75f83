"""Telemetry as others take it: a real OpenTelemetry Collector, a real Prometheus, and whoever reads what is shown.

`OTELCOL` names the collector of tests/cluster/collector, `go build`-ed; `prometheus` is Debian's.
"""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from base64 import b64encode
from pathlib import Path

import pytest
import yaml

from tests.cluster.controlplane import free_port
from tests.cluster.test_telemetry import ROLE, run

__all__ = ["run"]

pytestmark = pytest.mark.cluster
RULES = Path(__file__).parent.parent.parent / "manifests" / "monitoring" / "rules.yaml"
OFF = {name: f"--{name}-bind-address=0" for name in ("metrics", "health-probe", "debug", "webhook")}


@pytest.fixture
def spawn(tmp_path):
    """Start a program; end it after the test, and show what it said."""
    started = []

    def start(*command):
        log = (tmp_path / f"{Path(command[0]).name}.log").open("wb")
        started.append((subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log), log))

    yield start
    for process, log in started:
        process.terminate()
        process.wait(20)
        log.close()
        sys.stdout.write(Path(log.name).read_text()[-2000:])


def read(url):
    """Return a page's text; empty while nobody answers."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as page:
            return page.read().decode()
    except OSError:
        return ""


class Taken:
    """What a collector wrote into its file."""

    def __init__(self, path):
        self._path = path

    def _lines(self, key):
        text = self._path.read_text() if self._path.exists() else ""
        return [one for line in text.splitlines() if line.endswith("}") for one in json.loads(line).get(key, ())]

    @property
    def spans(self):
        """Every span so far."""
        return [s for one in self._lines("resourceSpans") for scope in one["scopeSpans"] for s in scope["spans"]]

    @property
    def records(self):
        """Every log record so far."""
        return [r for one in self._lines("resourceLogs") for scope in one["scopeLogs"] for r in scope["logRecords"]]

    @property
    def resource(self):
        """Who sent the spans, by attribute."""
        attributes = self._lines("resourceSpans")[0]["resource"]["attributes"]
        return {item["key"]: item["value"].get("stringValue") for item in attributes}


@pytest.fixture
def collector(spawn, tmp_path):
    """A collector: (where it listens, what it took)."""
    if not os.environ.get("OTELCOL"):
        pytest.skip("OTELCOL names no collector; `go build` tests/cluster/collector")
    address = f"127.0.0.1:{free_port()}"
    signals = {"receivers": ["otlp"], "exporters": ["file"]}
    config = {
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": address}}}},
        "exporters": {"file": {"path": str(tmp_path / "taken.jsonl"), "flush_interval": "100ms"}},
        "service": {
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {"traces": signals, "logs": signals},
        },
    }
    (tmp_path / "collector.yaml").write_text(yaml.safe_dump(config))
    spawn(os.environ["OTELCOL"], "--config=collector.yaml")
    return f"http://{address}", Taken(tmp_path / "taken.jsonl")


def test_one_trace_leads_from_the_event_to_the_write_and_to_the_log(world, run, eventually, collector):
    """As a person finds it in a collector's store: event, reconcile, request, audited line."""
    url, taken = collector
    variables = {"OTEL_BSP_SCHEDULE_DELAY": "200", "OTEL_BLRP_SCHEDULE_DELAY": "200", "POD_NAMESPACE": "prod"}
    run(*OFF.values(), "--audit-log", OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_LOGS_EXPORTER="otlp", **variables)
    world.apply_memcached(size=1)
    write = eventually(lambda: next((s for s in taken.spans if s["name"] == "POST deployments"), None))
    # A span is sent when it ends: the reconcile's may come a batch after its request's.
    chain = {"event memcached", "reconcile memcached", "POST deployments"}
    eventually(lambda: chain <= {span["name"] for span in taken.spans if span["traceId"] == write["traceId"]})
    told = eventually(lambda: [r["body"]["stringValue"] for r in taken.records if r.get("spanId") == write["spanId"]])

    assert "write" in told
    assert ("levelset memcached", "prod") == tuple(taken.resource[k] for k in ("service.name", "k8s.namespace.name"))


def test_what_is_not_sampled_is_not_sent(world, run, eventually, collector):
    """The usual variables hold; the work goes on."""
    url, taken = collector
    run(*OFF.values(), OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_TRACES_SAMPLER="always_off", OTEL_LOGS_EXPORTER="otlp")
    world.apply_memcached(size=1)
    eventually(lambda: world.list("deployments"))
    eventually(lambda: taken.records)

    assert [] == taken.spans


def test_prometheus_scrapes_with_its_token_and_evaluates_the_rules(world, run, eventually, spawn, tmp_path):
    """Over HTTPS, as whom RBAC lets; exemplars arrive, and no rule fails to evaluate."""
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not on PATH (Debian: prometheus)")
    metrics, port = free_port(), free_port()
    world.kubectl("apply", "-f", "-", stdin=ROLE.replace("NAMESPACE", world.namespace))
    world.kubectl("create", "serviceaccount", "scraper", "-n", world.namespace)
    token = world.kubectl("create", "token", "scraper", "-n", world.namespace).strip()
    job = {
        "job_name": "levelset",
        "scheme": "https",
        "tls_config": {"insecure_skip_verify": True},
        "authorization": {"credentials": token},
        "static_configs": [{"targets": [f"127.0.0.1:{metrics}"]}],
    }
    intervals = {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "1s"}
    config = {"global": intervals, "rule_files": [str(RULES)], "scrape_configs": [job]}
    (tmp_path / "prometheus.yaml").write_text(yaml.safe_dump(config))
    flags = [OFF[name] for name in ("health-probe", "debug", "webhook")]
    flags += [f"--metrics-bind-address=127.0.0.1:{metrics}", "--metrics-secure"]
    # Spans that nobody takes: their ids are there all the same.
    run(*flags, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_BSP_EXPORT_TIMEOUT="100")
    spawn(
        "prometheus",
        "--config.file=prometheus.yaml",
        "--storage.tsdb.path=data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=exemplar-storage",
    )
    world.apply_memcached(size=1)

    def ask(path):
        text = read(f"http://127.0.0.1:{port}/api/v1/{path}")
        return json.loads(text)["data"] if text else None

    def converged():
        return (ask("query?query=levelset_convergence_seconds_count") or {}).get("result")

    eventually(converged)
    exemplars = eventually(
        lambda: ask("query_exemplars?query=levelset_convergence_seconds_bucket&start=0&end=9999999999")
    )
    eventually(lambda: all(rule["health"] != "unknown" for one in ask("rules")["groups"] for rule in one["rules"]), 60)
    rules = [rule for one in ask("rules")["groups"] for rule in one["rules"]]

    assert 32 == len(exemplars[0]["exemplars"][0]["labels"]["trace_id"])
    assert {"ok"} == {rule["health"] for rule in rules}


def test_nothing_that_is_shown_holds_a_credential(world, cluster, run, eventually, tmp_path):
    """Neither pages nor metrics nor the log hold the kubeconfig's credentials or a variable of the environment."""
    debug, metrics = free_port(), free_port()
    run(
        f"--debug-bind-address=127.0.0.1:{debug}",
        f"--metrics-bind-address=127.0.0.1:{metrics}",
        f"--health-probe-bind-address=127.0.0.1:{metrics}",
        "--audit-log",
        "--log-level=debug",
        DATABASE_PASSWORD="hunter2-planted",
        HTTPS_PROXY="http://me:hunter2-proxied@127.0.0.1:9",
        NO_PROXY="127.0.0.1",
    )
    world.apply_memcached(size=1)
    eventually(lambda: world.list("deployments"))
    pages = ["debug", *(f"debug/{name}" for name in ("queues", "informers", "reconciles", "threads", "options"))]
    urls = [f"http://127.0.0.1:{debug}/{path}" for path in (*pages, "api/v1/status")]
    urls += [f"http://127.0.0.1:{metrics}/{path}" for path in ("metrics", "readyz?verbose", "healthz?verbose")]
    shown = {url: eventually(lambda url=url: read(url)) for url in urls}
    shown["log"] = (tmp_path / "log").read_text()
    secrets = {"hunter2", *credentials(cluster.kubeconfig)}

    assert {} == {where: secret for where, text in shown.items() for secret in secrets if secret in text}


def credentials(kubeconfig):
    """Return every credential of a kubeconfig, as it stands there and decoded."""
    user = yaml.safe_load(Path(kubeconfig).read_text())["users"][0]["user"]
    found = {user[key] for key in ("token", "client-key-data", "password") if key in user}
    assert found
    return found | {b64encode(one.encode()).decode() for one in found}
