"""Webhooks of a running program, called by the API server itself, on both clusters."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.controlplane import free_port

pytestmark = pytest.mark.cluster
EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "examples"
CONFIGURATIONS = "mutatingwebhookconfigurations,validatingwebhookconfigurations"


@pytest.fixture
def program(cluster, tmp_path):
    """The example of the docs as a process, installed for development."""
    ports = [
        f"--{name}-bind-address=127.0.0.1:{free_port()}" for name in ("webhook", "metrics", "health-probe", "debug")
    ]
    command = [sys.executable, "-m", "controller", "run", "05_webhooks:setup", f"--kubeconfig={cluster.kubeconfig}"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--webhook-host=127.0.0.1", *ports], cwd=EXAMPLES, stdout=log, stderr=log)
    yield process
    process.terminate()
    process.wait(40)
    sys.stdout.write((tmp_path / "log").read_text()[-6000:])


def memcached(world, **spec):
    """Return a Memcached as kubectl takes it."""
    import json

    metadata = {"name": "ruled", "namespace": world.namespace}
    return json.dumps({"apiVersion": "cache.example.com/v1", "kind": "Memcached", "metadata": metadata, "spec": spec})


def refused(world, **spec):
    """Return what kubectl says of an object that is refused; empty when it is taken."""
    try:
        world.kubectl("apply", "-f", "-", stdin=memcached(world, **spec))
    except (AssertionError, subprocess.CalledProcessError) as error:
        return f"{error}{getattr(error, 'stderr', '')}"
    return ""


def test_rules_hold_for_every_write_and_go_with_the_program(world, program, eventually):
    """Default, refusal, and nothing left behind."""
    eventually(lambda: 2 == len(world.kubectl("get", CONFIGURATIONS, "-o", "name").split()) or None)
    eventually(lambda: "instead of latest" in refused(world, image="memcached:latest") or None)

    world.kubectl("apply", "-f", "-", stdin=memcached(world, image="memcached", size=4))
    assert "memcached:1.6-alpine" == world.get("memcached", "ruled")["spec"]["image"]
    assert "halve it at most" in refused(world, image="memcached", size=1)

    program.terminate()
    program.wait(40)
    assert "" == world.kubectl("get", CONFIGURATIONS, "-o", "name").strip()
