"""The Deployment of a controller: hardened, probed, and given no more than it needs."""

import pytest

from controller.permissions import Identity
from controller.workload import deployment, namespace

WHO = Identity(name="op", namespace="op-system", lease="the-lease")


@pytest.fixture
def pod():
    """Return the spec of the Pod."""
    return deployment(WHO, image="x:1", controllers=["memcached"])["spec"]["template"]["spec"]


@pytest.fixture
def container(pod):
    """Return the only container."""
    (only,) = pod["containers"]
    return only


def test_the_namespace_takes_restricted_pods_only():
    """So that nothing weaker can be put beside the controller."""
    labels = namespace(WHO)["metadata"]["labels"]

    assert "restricted" == labels["pod-security.kubernetes.io/enforce"]


def test_the_pod_meets_the_restricted_level(pod, container):
    """Each rule of Pod Security's restricted level that applies, and a read-only root beyond it."""
    security = container["securityContext"]

    assert (True, "RuntimeDefault") == (
        pod["securityContext"]["runAsNonRoot"],
        pod["securityContext"]["seccompProfile"]["type"],
    )
    assert (False, ["ALL"], True) == (
        security["allowPrivilegeEscalation"],
        security["capabilities"]["drop"],
        security["readOnlyRootFilesystem"],
    )
    assert {"emptyDir", "projected"} == {key for volume in pod["volumes"] for key in volume if key != "name"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)


def test_the_token_expires_and_is_mounted_by_hand(pod, container):
    """Where every client looks for it, read-only."""
    token = next(volume for volume in pod["volumes"] if volume["name"] == "token")
    kinds = [next(iter(source)) for source in token["projected"]["sources"]]
    mount = next(mount for mount in container["volumeMounts"] if mount["name"] == "token")

    assert ["serviceAccountToken", "configMap", "downwardAPI"] == kinds
    assert 3600 == token["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"]
    assert ("/var/run/secrets/kubernetes.io/serviceaccount", True) == (mount["mountPath"], mount["readOnly"])
    assert pod["automountServiceAccountToken"] is False


def test_probes_ask_at_the_port_that_is_served(container):
    """The flag and the port are one number."""
    port = next(port["containerPort"] for port in container["ports"] if port["name"] == "probes")

    assert f"--health-probe-bind-address=:{port}" in container["args"]
    assert ("/healthz", "probes") == tuple(container["livenessProbe"]["httpGet"].values())
    assert ("/readyz", "probes") == tuple(container["readinessProbe"]["httpGet"].values())


def test_it_runs_what_it_is_told(container):
    """The entry point is the image's; leader election uses the lease that the role allows."""
    assert ["run", "memcached", "--leader-elect"] == container["args"][:3]
    assert "--leader-election-id=the-lease" in container["args"]
    assert "command" not in container


def test_a_stop_leaves_time_to_drain(pod):
    """More than the 30 s that reconciles in flight get."""
    assert pod["terminationGracePeriodSeconds"] > 30
