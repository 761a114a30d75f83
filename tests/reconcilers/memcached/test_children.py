"""The Deployment that a Memcached wants."""

import contextlib
import shutil
import socket
import subprocess

import pytest

from informers import ObjectMeta
from reconcilers.memcached import Memcached, MemcachedSpec, ResourceRequirements
from reconcilers.memcached.children import change, deployment_for, selector_of


def named(name, **spec):
    """Return a Memcached."""
    return Memcached(metadata=ObjectMeta(name=name, namespace="default"), spec=MemcachedSpec(**spec))


@pytest.fixture
def deployment(memcached):
    """Return the Deployment of the Memcached of size 3."""
    return deployment_for(memcached)


@pytest.fixture
def container(deployment):
    """Return its only container."""
    (only,) = deployment["spec"]["template"]["spec"]["containers"]
    return only


class TestDeployment:
    def test_it_has_the_name_and_the_size(self, deployment):
        """Same name, same namespace."""
        assert ("a", "default") == (deployment["metadata"]["name"], deployment["metadata"]["namespace"])
        assert 3 == deployment["spec"]["replicas"]

    def test_it_runs_memcached(self, container):
        """The command, the image and the port."""
        assert ["memcached", "-m=64", "-o", "modern", "-v"] == container["command"]
        assert ["--memory-limit=64"] == container["args"]
        assert ("memcached", "memcached:1.6-alpine") == (container["name"], container["image"])
        assert [{"name": "memcached", "containerPort": 11211, "protocol": "TCP"}] == container["ports"]

    def test_both_probes_knock_at_the_port(self, container):
        """By its name."""
        probes = [container[name]["tcpSocket"]["port"] for name in ("readinessProbe", "livenessProbe")]

        assert ["memcached", "memcached"] == probes

    def test_selectors_are_minimal_and_disjoint(self):
        """Name and instance only, so that nothing else may change them; two pools never share a Pod."""
        one, other = deployment_for(named("one")), deployment_for(named("other", image="x:2", size=5))
        selector = {"app.kubernetes.io/name": "memcached", "app.kubernetes.io/instance": "one"}

        assert selector == one["spec"]["selector"]["matchLabels"] == selector_of(named("one", image="y"))
        assert one["spec"]["selector"] != other["spec"]["selector"]
        assert selector.items() <= one["spec"]["template"]["metadata"]["labels"].items()

    @pytest.mark.parametrize("image", ["registry:5000/x", "memcached@sha256:" + "0" * 64, "memcached"])
    def test_any_image_passes_unchanged(self, image):
        """Nothing is cut out of it for labels."""
        deployment = deployment_for(named("a", image=image))

        assert image == deployment["spec"]["template"]["spec"]["containers"][0]["image"]
        assert deployment_for(named("a"))["metadata"] == deployment["metadata"]

    def test_resources_pass_unchanged(self):
        """What is not given is not sent."""
        wanted = ResourceRequirements(limits={"memory": "128Mi"})
        container = deployment_for(named("a", resources=wanted))["spec"]["template"]["spec"]["containers"][0]

        assert {"limits": {"memory": "128Mi"}} == container["resources"]

    def test_without_resources_nothing_is_said_about_them(self, container):
        """So that what others set stays theirs."""
        assert "resources" not in container


class TestHardening:
    def test_the_pod_meets_the_restricted_standard(self, deployment, container):
        """Not root, default seccomp, no capabilities, no way up, a read-only root."""
        pod = deployment["spec"]["template"]["spec"]

        assert (True, {"type": "RuntimeDefault"}) == (
            pod["securityContext"]["runAsNonRoot"],
            pod["securityContext"]["seccompProfile"],
        )
        assert pod["securityContext"]["runAsUser"] > 0
        assert {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
        } == container["securityContext"]

    def test_no_token_reaches_the_pods(self, deployment):
        """Memcached has no business with the API server."""
        assert not deployment["spec"]["template"]["spec"]["automountServiceAccountToken"]

    def test_nothing_of_the_spec_but_three_fields_reaches_the_pods(self):
        """An author of Memcacheds gains no volumes, nodes, accounts or commands."""
        plain = deployment_for(named("a"))
        other = deployment_for(named("a", size=7, image="x:1", resources=ResourceRequirements(limits={"cpu": "1"})))
        other["spec"]["replicas"] = plain["spec"]["replicas"]
        container = other["spec"]["template"]["spec"]["containers"][0]
        container["image"] = "memcached:1.6-alpine"
        del container["resources"]

        assert plain == other


class TestChange:
    @pytest.mark.parametrize(
        ("before", "reason"),
        [
            (None, "Created"),
            ({"metadata": {"uid": "0"}}, "Created"),
            ({"spec": {"replicas": 1}}, "Scaled"),
            ({"spec": {"template": {"spec": {"containers": []}}}}, "Updated"),
            ({"metadata": {"labels": {"x": "y"}}}, "Updated"),
            ({"metadata": {"annotations": {"x": "y"}, "generation": 7}, "status": {"replicas": 1}}, None),
            ({}, None),
        ],
    )
    def test_it_tells_what_an_apply_did(self, deployment, before, reason):
        """What others and the Deployment controller write is no deed of ours."""
        deployment["metadata"] |= {"uid": "1"}
        if before is not None:
            before = {key: deployment.get(key, {}) | before.get(key, {}) for key in ("metadata", "spec", "status")}
        done = change(before, deployment)

        assert reason == (done and done[0])

    def test_the_messages_hold_the_sizes(self, deployment):
        """From how many to how many."""
        assert "Created Deployment a of size 3" == change(None, deployment)[2]
        before = deployment | {"spec": deployment["spec"] | {"replicas": 5}}

        assert ("Scaled", "Scale", "Scaled Deployment a from 5 to 3") == change(before, deployment)


@pytest.mark.skipif(shutil.which("memcached") is None, reason="no memcached on PATH")
def test_the_real_memcached_starts_with_it():
    """Command and arguments make a server that answers, with 64 MB."""
    container = deployment_for(Memcached(name="cache"))["spec"]["template"]["spec"]["containers"][0]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*container["command"], *container["args"], "-l", "127.0.0.1", "-p", str(port), "-u", "nobody"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            answer = asked(port, server)
        finally:
            server.kill()

    assert "STAT limit_maxbytes 67108864" in answer


def asked(port, server):
    """Return what `stats` says, as soon as the server listens."""
    while server.poll() is None:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 5) as wire:
            wire.sendall(b"stats\r\nquit\r\n")
            return wire.makefile().read()
    return f"it ended with {server.returncode}"
