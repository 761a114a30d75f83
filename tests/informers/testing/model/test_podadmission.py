"""What a namespace's limits and the named classes do to a new Pod, as a real API server did it."""

import pytest

from informers.api.errors import Forbidden
from informers.api.objects import GroupVersionKind
from informers.testing.cluster import Cluster, ClusterOptions, WriteOptions
from informers.testing.virtual.sim import SimRuntime

CONTAINER = {
    "type": "Container",
    "min": {"cpu": "50m"},
    "max": {"cpu": "500m", "memory": "500Mi"},
    "default": {"cpu": "300m"},
    "defaultRequest": {"cpu": "100m"},
}
LIMITS = [CONTAINER, {"type": "Pod", "max": {"cpu": "1"}}, {"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}}]


class World:
    """A bare cluster and the shortest way to create in it."""

    def __init__(self):
        self.cluster = Cluster(runtime=SimRuntime(), options=ClusterOptions(controllers=frozenset()))

    def create(self, api_version, kind, name="a", **parts):
        """Create an object."""
        info = self.cluster.registry.by_kind(GroupVersionKind.parse(api_version, kind))
        obj = {"metadata": {"name": name}, **parts}
        return self.cluster.create(info, "default" if info.namespaced else "", obj, WriteOptions())

    def pod(self, resources=None, **spec):
        """Create a Pod."""
        container = {"name": "c", "image": "i", "resources": resources or {}}
        return self.create("v1", "Pod", spec={"containers": [container], **spec})


@pytest.fixture
def world():
    """A cluster whose namespace has no limits."""
    return World()


@pytest.fixture
def limited(world):
    """A cluster whose namespace has limits."""
    world.create("v1", "LimitRange", spec={"limits": LIMITS})
    return world


def test_limits_fill_in_what_a_container_leaves_out(limited):
    """Requests and limits come from the range, and an annotation tells so; the maximum is a default, too."""
    pod = limited.pod()

    assert {
        "limits": {"cpu": "300m", "memory": "500Mi"},
        "requests": {"cpu": "100m", "memory": "500Mi"},
    } == pod["spec"]["containers"][0]["resources"]
    assert {
        "kubernetes.io/limit-ranger": "LimitRanger plugin set: cpu, memory request for container c; "
        "cpu, memory limit for container c"
    } == pod["metadata"]["annotations"]
    assert "Burstable" == pod["status"]["qosClass"]


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        (
            {"limits": {"cpu": "2"}},
            "[maximum cpu usage per Container is 500m, but limit is 2, maximum cpu usage per Pod is 1, but limit is 2]",
        ),
        ({"requests": {"cpu": "10m"}}, "minimum cpu usage per Container is 50m, but request is 10m"),
    ],
)
def test_a_pod_outside_the_limits_is_forbidden(limited, resources, why):
    """One fault stands alone, several are listed."""
    with pytest.raises(Forbidden) as caught:
        limited.pod(resources)

    assert f'pods "a" is forbidden: {why}' == caught.value.message


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        ({"requests": {"cpu": "100m"}, "limits": {"cpu": "250m"}}, "is 2, but provided ratio is 2.500000"),
        ({"requests": {"cpu": "0"}, "limits": {"cpu": "1"}}, "is 2, but no request is specified or request is 0"),
        ({"requests": {"cpu": "1"}}, "is 2, but no limit is specified or limit is 0"),
    ],
)
def test_limits_may_not_be_far_from_requests(world, resources, why):
    """As many times as the range says, and no more."""
    limits = {"type": "Container", "maxLimitRequestRatio": {"cpu": "2"}}
    world.create("v1", "LimitRange", spec={"limits": [limits]})
    with pytest.raises(Forbidden) as refused:
        world.pod(resources)

    assert f"cpu max limit to request ratio per Container {why}" in refused.value.message
    assert world.pod({"requests": {"cpu": "100m"}, "limits": {"cpu": "200m"}})


def test_a_claim_has_limits_of_its_own(limited):
    """Claims are held against what they request."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Mi"}}}

    with pytest.raises(Forbidden, match="minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 10Mi"):
        limited.create("v1", "PersistentVolumeClaim", spec=spec)


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"runtimeClassName": "x"}, 'pod rejected: RuntimeClass "x" not found'),
        ({"priorityClassName": "x"}, "no PriorityClass with name x was found"),
        ({"priority": 5}, "the integer value of priority (5) must not be provided in pod spec; "),
    ],
)
def test_classes_must_exist(world, spec, why):
    """A class that is not there, or a priority that no class gave, is forbidden."""
    with pytest.raises(Forbidden) as caught:
        world.pod(**spec)

    assert why in caught.value.message


def test_a_priority_class_gives_its_number(world):
    """By name, or because it is the default of all."""
    world.create("scheduling.k8s.io/v1", "PriorityClass", value=7, globalDefault=True)

    pod = world.pod()
    spec = {"containers": [{"name": "c", "image": "i"}], "priorityClassName": "system-node-critical"}
    system = world.create("v1", "Pod", "b", spec=spec)

    assert (7, "a") == (pod["spec"]["priority"], pod["spec"]["priorityClassName"])
    assert 2000001000 == system["spec"]["priority"]


def test_a_runtime_class_adds_its_overhead(world):
    """What the runtime itself takes, and where it runs, is added to the Pod."""
    scheduling = {"nodeSelector": {"a": "b"}, "tolerations": [{"key": "k", "operator": "Exists"}]}
    overhead = {"podFixed": {"cpu": "10m"}}
    world.create("node.k8s.io/v1", "RuntimeClass", "fast", handler="h", overhead=overhead, scheduling=scheduling)

    spec = world.pod(runtimeClassName="fast")["spec"]

    assert ({"cpu": "10m"}, {"a": "b"}) == (spec["overhead"], spec["nodeSelector"])
    assert {"key": "k", "operator": "Exists"} in spec["tolerations"]


def test_limits_of_another_namespace_do_not_count(limited):
    """A range holds in its own namespace."""
    limited.create("v1", "Namespace", "other")
    info = limited.cluster.registry.by_kind(GroupVersionKind("", "v1", "Pod"))
    pod = {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}

    created = limited.cluster.create(info, "other", pod, WriteOptions())

    assert {} == created["spec"]["containers"][0]["resources"]
