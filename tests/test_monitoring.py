"""manifests/monitoring: rules that Prometheus takes, and metrics that there are."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from controller.endpoints import EndpointOptions, Endpoints
from controller.recorder import RecorderSnapshot
from controller.telemetry.gauges import CacheGauges, RecorderGauges
from informers import ThreadRuntime

MONITORING = Path(__file__).parent.parent / "manifests" / "monitoring"
RULES = yaml.safe_load((MONITORING / "rules.yaml").read_text())["groups"]
DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text())
NAME = re.compile(r"\b((?:controller_runtime|workqueue|rest_client|leader_election|levelset|process)_[a-z_]+)")


def served():
    """Return the names of all series that a program can serve."""
    endpoints = Endpoints(EndpointOptions(metrics_bind_address="127.0.0.1:0"), runtime=ThreadRuntime())
    metrics = endpoints.metrics
    metrics.watch(CacheGauges(tuple))
    metrics.watch(RecorderGauges(lambda: RecorderSnapshot(0, 0, 0)))
    found = set()
    for family in metrics.registry.collect():
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}.get(family.type, [""])
        found |= {family.name + suffix for suffix in suffixes}
    return found


def expressions():
    """Yield (where, expression) of every rule and panel."""
    for group in RULES:
        for rule in group["rules"]:
            yield rule.get("alert") or rule["record"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in targets(panel):
            yield panel["title"], target["expr"]


def targets(panel):
    """Return the questions of a panel; a row has none."""
    return panel.get("targets", ())


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_every_metric_asked_for_is_served(where, expression):
    """A renamed metric would silence an alert."""
    assert set() == set(NAME.findall(expression)) - served(), where


@pytest.mark.parametrize("command", [("check", "rules", "rules.yaml"), ("test", "rules", "rules_test.yaml")])
def test_prometheus_takes_the_rules(command):
    """And they fire when they should, by their own tests."""
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not on PATH (Debian: prometheus)")
    ran = subprocess.run(
        ["promtool", *command], cwd=MONITORING, capture_output=True, text=True, check=False, timeout=60
    )

    assert 0 == ran.returncode, ran.stdout + ran.stderr


def test_prometheus_understands_the_dashboard(tmp_path):
    """Each panel's question is one that Prometheus can parse."""
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not on PATH (Debian: prometheus)")
    questions = [one["expr"].replace("$controller", ".*") for panel in DASHBOARD["panels"] for one in targets(panel)]
    rules = [{"record": f"panel:question:{number}", "expr": text} for number, text in enumerate(questions)]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    command = ["promtool", "check", "rules", str(tmp_path / "rules.yaml")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert 0 == ran.returncode, ran.stdout + ran.stderr


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not():
    """An alert that was never seen to fire is a hope."""
    cases = yaml.safe_load((MONITORING / "rules_test.yaml").read_text())["tests"]
    checks = [check for case in cases for check in case["alert_rule_test"]]
    alerts = {rule["alert"] for group in RULES for rule in group["rules"] if "alert" in rule}

    assert alerts == {check["alertname"] for check in checks if check["exp_alerts"]}
    assert alerts == {check["alertname"] for check in checks if not check["exp_alerts"]}


def test_every_alert_says_what_to_do():
    """A page at night needs the next step."""
    alerts = [rule for group in RULES for rule in group["rules"] if "alert" in rule]

    assert all({"summary", "description"} <= rule["annotations"].keys() for rule in alerts)


def test_panels_have_ids_of_their_own():
    """Grafana drops doubles."""
    ids = [panel["id"] for panel in DASHBOARD["panels"]]

    assert sorted(set(ids)) == sorted(ids)
