"""What quotas let in, and what an eviction costs a budget, in the words of a real API server."""

import pytest

from informers.api.errors import Forbidden, ServerError, TooManyRequests
from informers.api.objects import GroupVersionKind, NamespacedName
from informers.testing.cluster import Cluster, ClusterOptions, WriteOptions
from informers.testing.virtual.sim import SimRuntime

QUOTA, PDB = ("v1", "ResourceQuota"), ("policy/v1", "PodDisruptionBudget")
FITS = {"requests": {"cpu": "500m", "memory": "200Mi"}, "limits": {"memory": "200Mi"}}
HARD = {"pods": "2", "cpu": "1", "memory": "500Mi", "limits.memory": "1Gi", "services.nodeports": "1"}


class World:
    """A bare cluster by kinds."""

    def __init__(self):
        self.cluster = Cluster(runtime=SimRuntime(), options=ClusterOptions(controllers=frozenset()))

    def info(self, kind):
        """The resource of a kind."""
        return self.cluster.registry.by_kind(GroupVersionKind.parse(*kind))

    def create(self, kind, name, dry_run=False, **parts):
        """Create an object."""
        obj = {"metadata": {"name": name, "labels": {"x": "y"}}, **parts}
        return self.cluster.create(self.info(kind), "default", obj, WriteOptions(dry_run=dry_run))

    def status(self, kind, name, **status):
        """Write an object's status, as its controller would."""
        key, options = NamespacedName("default", name), WriteOptions(subresource="status")
        patch = {"status": status}
        return self.cluster.patch(self.info(kind), key, "application/merge-patch+json", patch, options)[0]

    def quota(self, name="q", hard=HARD, **spec):
        """Create a quota that somebody has looked at."""
        self.create(QUOTA, name, spec={"hard": hard, **spec})
        self.status(QUOTA, name, hard=hard, used=dict.fromkeys(hard, "0"))

    def used(self, name="q"):
        """What a quota says is used."""
        return self.cluster.get(self.info(QUOTA), NamespacedName("default", name))["status"]["used"]

    def pod(self, name, resources, dry_run=False, **spec):
        """Create a Pod of one container."""
        spec = {"containers": [{"name": "c", "image": "i", "resources": resources}], **spec}
        return self.create(("v1", "Pod"), name, dry_run, spec=spec)

    def evict(self, name):
        """Evict a Pod."""
        options = WriteOptions(subresource="eviction")
        eviction = {"metadata": {"name": name}}
        return self.cluster.create(self.info(("v1", "Pod")), "default", eviction, options, name=name)


@pytest.fixture
def world():
    """A cluster."""
    return World()


class TestQuotas:
    def test_what_is_let_in_is_counted_at_once(self, world):
        """A dry run costs nothing."""
        world.quota()

        world.pod("a", FITS)
        world.pod("b", FITS, dry_run=True)

        assert {"pods": "1", "cpu": "500m", "memory": "200Mi", "limits.memory": "200Mi"} == {
            name: amount for name, amount in world.used().items() if amount != "0"
        }

    @pytest.mark.parametrize(
        ("resources", "why"),
        [
            ({}, "failed quota: q: must specify cpu for: c; limits.memory for: c; memory for: c"),
            (
                {"requests": {"cpu": "600m", "memory": "400Mi"}, "limits": {"memory": "400Mi"}},
                "exceeded quota: q, requested: cpu=600m,memory=400Mi, used: cpu=500m,memory=200Mi, "
                "limited: cpu=1,memory=500Mi",
            ),
        ],
    )
    def test_what_is_too_much_is_forbidden(self, world, resources, why):
        """So is a Pod that does not say how much of something limited it wants."""
        world.quota()
        world.pod("a", FITS)

        with pytest.raises(Forbidden) as caught:
            world.pod("b", resources)

        assert f'pods "b" is forbidden: {why}' == caught.value.message

    def test_a_change_that_asks_for_more_counts(self, world):
        """A Service that gets a second node port uses one more."""
        world.quota()
        service = world.create(("v1", "Service"), "s", spec={"type": "NodePort", "ports": [{"port": 80, "name": "a"}]})
        service["spec"]["ports"].append({"port": 81, "name": "b"})

        with pytest.raises(Forbidden, match=r"requested: services\.nodeports=1, used: services\.nodeports=1"):
            world.cluster.update(world.info(("v1", "Service")), NamespacedName("default", "s"), service, WriteOptions())

    @pytest.mark.parametrize(
        ("scope", "spec", "refused"),
        [
            ("Terminating", {"activeDeadlineSeconds": 5}, True),
            ("Terminating", {}, False),
            ("NotTerminating", {}, True),
            ("BestEffort", {}, False),
            ("NotBestEffort", {}, True),
        ],
    )
    def test_scopes_choose_pods(self, world, scope, spec, refused):
        """A quota of another scope does not see a Pod."""
        world.quota(hard={"pods": "0"}, scopes=[scope])

        try:
            world.pod("a", FITS, **spec)
        except Forbidden:
            assert refused
        else:
            assert not refused

    def test_every_kind_can_be_counted(self, world):
        """By its name and group."""
        world.quota(hard={"count/leases.coordination.k8s.io": "1"})
        world.create(("coordination.k8s.io/v1", "Lease"), "a", spec={})

        with pytest.raises(Forbidden, match=r"requested: count/leases\.coordination\.k8s\.io=1"):
            world.create(("coordination.k8s.io/v1", "Lease"), "b", spec={})

    def test_a_quota_that_nobody_keeps_refuses_nothing(self, world):
        """Only a status limits."""
        world.create(QUOTA, "q", spec={"hard": {"pods": "0"}})

        assert "a" == world.pod("a", {})["metadata"]["name"]

    def test_init_containers_and_overhead_count_as_the_scheduler_counts(self, world):
        """The largest step decides, and the overhead comes on top."""
        world.quota(hard={"cpu": "2"})
        scheduling = {"overhead": {"podFixed": {"cpu": "100m"}}, "handler": "h"}
        info = world.info(("node.k8s.io/v1", "RuntimeClass"))
        world.cluster.create(info, "", {"metadata": {"name": "r"}, **scheduling}, WriteOptions())
        first = {"name": "i", "image": "i", "resources": {"requests": {"cpu": "1"}}}

        world.pod("a", {"requests": {"cpu": "500m"}}, initContainers=[first], runtimeClassName="r")

        assert "1100m" == world.used()["cpu"]


class TestEvictions:
    @pytest.fixture
    def running(self, world):
        """A cluster with a running Pod."""
        world.pod("a", {})
        world.status(("v1", "Pod"), "a", phase="Running", conditions=[{"type": "Ready", "status": "True"}])
        return world

    def budget(self, world, name="b", **status):
        """Create a budget of all Pods."""
        world.create(PDB, name, spec={"minAvailable": 1, "selector": {"matchLabels": {"x": "y"}}})
        world.status(PDB, name, desiredHealthy=1, currentHealthy=1, expectedPods=1, **status)

    @pytest.mark.parametrize(
        ("status", "why"),
        [
            (
                {"observedGeneration": 1, "disruptionsAllowed": 0},
                "The disruption budget b needs 1 healthy pods and has 1 currently",
            ),
            ({"disruptionsAllowed": 1}, "The disruption budget b is still being processed by the server."),
        ],
    )
    def test_a_budget_without_room_refuses(self, running, status, why):
        """So does one that nobody has looked at."""
        self.budget(running, **status)

        with pytest.raises(TooManyRequests) as caught:
            running.evict("a")

        assert [{"reason": "DisruptionBudget", "message": why}] == caught.value.details["causes"]

    def test_an_eviction_is_taken_from_the_budget(self, running):
        """The Pod goes, and the budget remembers it."""
        self.budget(running, observedGeneration=1, disruptionsAllowed=1)

        running.evict("a")

        status = running.cluster.get(running.info(PDB), NamespacedName("default", "b"))["status"]
        assert (0, ["a"]) == (status["disruptionsAllowed"], list(status["disruptedPods"]))

    def test_two_budgets_are_one_too_many(self, running):
        """The server does not choose."""
        self.budget(running, "b", observedGeneration=1, disruptionsAllowed=1)
        self.budget(running, "c", observedGeneration=1, disruptionsAllowed=1)

        with pytest.raises(ServerError, match="more than one PodDisruptionBudget"):
            running.evict("a")

    def test_a_pod_that_does_not_run_costs_nothing(self, world):
        """It may always go."""
        world.pod("a", {})
        self.budget(world, observedGeneration=1, disruptionsAllowed=0)

        assert "Success" == world.evict("a")["status"]


def test_one_address_of_a_pod_is_the_first_of_several(world):
    """Whoever writes one of the two fields has written both."""
    world.pod("a", {})

    status = world.status(("v1", "Pod"), "a", podIP="10.0.0.1")["status"]

    assert [{"ip": "10.0.0.1"}] == status["podIPs"]
