"""What every program here prints: one JSON line for each thing that it saw."""

import json


class Scenario:
    """Names the scenario whose steps it prints."""

    def __init__(self, name):
        self.name = name
        self.namespace = f"py-{name}"

    def saw(self, step, what):
        """Print what a step saw; nothing that differs between two runs on one server."""
        print(json.dumps({"scenario": self.name, "step": step, "saw": what}, sort_keys=True), flush=True)  # noqa: T201


POOL = {"apiVersion": "example.com/v1", "kind": "Pool"}


def deployment(name, replicas):
    """Return a Deployment of one container, as plain data."""
    container = {"name": "main", "image": "nginx:1"}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def told(body):
    """Return what counts of a Status that came as JSON."""
    return [body.get(name) for name in ("code", "reason", "message")]
