"""Webhooks of a running program, called by the API server itself, on both clusters."""

import json
import ssl
import subprocess
import sys
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest

from informers.certificates import issue
from tests.cluster.controlplane import free_port

pytestmark = pytest.mark.cluster
EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "examples"
CONFIGURATIONS = "mutatingwebhookconfigurations,validatingwebhookconfigurations"


@pytest.fixture
def run(cluster, tmp_path):
    """Return a function that runs an example of the docs as a process, installed for development."""
    started = []

    def start(module, *flags, port=None):
        ports = {name: free_port() for name in ("webhook", "metrics", "health-probe", "debug")}
        ports |= {"webhook": port} if port else {}
        command = [sys.executable, "-m", "controller", "run", f"{module}:setup", f"--kubeconfig={cluster.kubeconfig}"]
        command += [f"--{name}-bind-address=127.0.0.1:{number}" for name, number in ports.items()]
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--webhook-host=127.0.0.1", *flags], cwd=EXAMPLES, stdout=log, stderr=log
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.wait(40)
    sys.stdout.write((tmp_path / "log").read_text()[-6000:])


@pytest.fixture
def program(run):
    """The example of rules."""
    return run("05_webhooks")


def manifests(*args):
    """Return what `levelset manifests` prints."""
    command = [sys.executable, "-m", "controller", "manifests", *args]
    return subprocess.run(command, cwd=EXAMPLES, capture_output=True, text=True, check=True).stdout


def memcached(world, **spec):
    """Return a Memcached as kubectl takes it."""
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


CRD = "pools.example.com"
OLD, NEW = "pools.v1alpha1.example.com", "pools.v1.example.com"


@pytest.fixture
def versions(cluster):
    """The CRD of the example, two versions in one, as `levelset manifests` prints it."""
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=manifests("crd", "06_two_versions"))
    cluster.kubectl("wait", "--for=condition=Established", f"crd/{CRD}", "--timeout=30s")
    yield
    cluster.kubectl("delete", "crd", CRD, "--wait=false")


def pool(world, version, name, **spec):
    """Create a pool in one version."""
    metadata = {"name": name, "namespace": world.namespace}
    body = {"apiVersion": f"example.com/{version}", "kind": "Pool", "metadata": metadata, "spec": spec}
    world.kubectl("apply", "-f", "-", stdin=json.dumps(body))


def specs(world, resource):
    """Return {name: spec} of all pools in one version; None while they cannot be converted."""
    try:
        listed = json.loads(world.kubectl("get", resource, "-o", "json"))
    except AssertionError:
        return None
    return {item["metadata"]["name"]: item["spec"] for item in listed["items"]}


def asked(world):
    """Return whether the API server asks the process that runs on this machine."""
    return "url" in world.cluster.kubectl("get", "crd", CRD, "-o", "jsonpath={.spec.conversion}")


def test_a_kind_in_two_versions_is_served_in_both(world, versions, run, eventually):
    """Written in either, read in either, and what goes down comes up as it was."""
    run("06_two_versions")
    eventually(lambda: asked(world))
    pool(world, "v1alpha1", "old", replicas=3)
    pool(world, "v1", "new", size=2, image="registry/m:5")

    assert {"old": {"replicas": 3}, "new": {"replicas": 2}} == specs(world, OLD)
    assert {
        "old": {"size": 3, "image": "memcached:1.6-alpine"},
        "new": {"size": 2, "image": "registry/m:5"},
    } == specs(world, NEW)

    world.kubectl("annotate", OLD, "new", "seen=yes")
    assert {"size": 2, "image": "registry/m:5"} == specs(world, NEW)["new"]


def test_a_new_certificate_is_shown_without_a_restart(world, versions, run, eventually, tmp_path):
    """Half of a rotation changes nothing; once both files are there, the API server is shown the new pair."""
    first, second = (issue(["127.0.0.1"], now=datetime.now(UTC), name=name) for name in ("one", "two"))
    for file, content in (("tls.crt", first.certificate), ("tls.key", first.key), ("ca.crt", first.authority)):
        (tmp_path / file).write_bytes(content)
    port = free_port()
    process = run("06_two_versions", f"--webhook-cert-dir={tmp_path}", port=port)
    eventually(lambda: asked(world))
    pool(world, "v1alpha1", "old", replicas=3)

    (tmp_path / "tls.crt").write_bytes(second.certificate)  # does not fit the key that is still there
    eventually(lambda: "cannot be used" in (tmp_path / "log").read_text())
    assert {"old": {"size": 3, "image": "memcached:1.6-alpine"}} == specs(world, NEW)

    (tmp_path / "tls.key").write_bytes(second.key)
    eventually(lambda: ssl.get_server_certificate(("127.0.0.1", port)).split() == leaf(second.certificate))
    trust = {"clientConfig": {"caBundle": b64encode(second.authority).decode()}}
    patch = json.dumps({"spec": {"conversion": {"webhook": trust}}})
    world.cluster.kubectl("patch", "crd", CRD, "--type=merge", "-p", patch)
    eventually(lambda: {"old": {"replicas": 3}} == specs(world, OLD))
    assert process.poll() is None


def leaf(chain):
    """Return the words of the first certificate of a chain."""
    return (chain.decode().partition("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----").split()
