"""Objects in other versions of their API, and custom resources that are older than their schema."""

import pytest

from informers.api.objects import GroupVersionKind, NamespacedName
from informers.testing.cluster import Cluster, ClusterOptions, ListQuery, WriteOptions
from informers.testing.virtual.sim import SimRuntime

A = NamespacedName("default", "a")
TARGET = {"kind": "Deployment", "name": "a", "apiVersion": "apps/v1"}
MEMORY = {"type": "Resource", "resource": {"name": "memory", "target": {"type": "Value", "averageValue": "1Gi"}}}


def crd(**fields):
    """A CRD whose objects have these fields."""
    schema = {"type": "object", "properties": fields}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "widgets", "kind": "Widget"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    return {"metadata": {"name": "widgets.example.com"}, "spec": spec}


class World:
    """A bare cluster by kinds."""

    def __init__(self):
        self.cluster = Cluster(runtime=SimRuntime(), options=ClusterOptions(controllers=frozenset()))

    def info(self, api_version, kind):
        """The resource of a kind."""
        return self.cluster.registry.by_kind(GroupVersionKind.parse(api_version, kind))

    def create(self, api_version, kind, obj):
        """Create an object."""
        info = self.info(api_version, kind)
        return self.cluster.create(info, "default" if info.namespaced else "", obj, WriteOptions())

    def get(self, api_version, kind):
        """Return the object called a."""
        return self.cluster.get(self.info(api_version, kind), A)


@pytest.fixture
def world():
    """A cluster."""
    return World()


def autoscaler(**spec):
    """A HorizontalPodAutoscaler."""
    return {"metadata": {"name": "a"}, "spec": {"maxReplicas": 3, "scaleTargetRef": TARGET, **spec}}


class TestAutoscalers:
    def test_one_cpu_target_is_a_metric_of_the_newer_version(self, world):
        """What v1 has a field for is in v2's list."""
        world.create("autoscaling/v1", "HorizontalPodAutoscaler", autoscaler(targetCPUUtilizationPercentage=50))

        (metric,) = world.get("autoscaling/v2", "HorizontalPodAutoscaler")["spec"]["metrics"]
        assert {"type": "Utilization", "averageUtilization": 50} == metric["resource"]["target"]

    def test_other_metrics_travel_in_an_annotation(self, world):
        """What v1 has no field for is not lost when it is written back."""
        world.create("autoscaling/v2", "HorizontalPodAutoscaler", autoscaler(metrics=[MEMORY]))

        old = world.get("autoscaling/v1", "HorizontalPodAutoscaler")
        world.cluster.update(world.info("autoscaling/v1", "HorizontalPodAutoscaler"), A, old, WriteOptions())

        assert "autoscaling.alpha.kubernetes.io/metrics" in old["metadata"]["annotations"]
        assert [MEMORY] == world.get("autoscaling/v2", "HorizontalPodAutoscaler")["spec"]["metrics"]

    def test_the_answer_to_a_create_has_its_version(self, world):
        """The resourceVersion is that under which it was kept, in whatever version it is."""
        made = world.create("autoscaling/v1", "HorizontalPodAutoscaler", autoscaler())

        found = world.get("autoscaling/v2", "HorizontalPodAutoscaler")
        assert found["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


class TestOldObjects:
    @pytest.fixture
    def grown(self, world):
        """A cluster with a Widget that was kept before its schema got a default."""
        world.create("apiextensions.k8s.io/v1", "CustomResourceDefinition", crd(a={"type": "string"}))
        widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "a"}}
        world.create("example.com/v1", "Widget", widget)
        info = world.info("apiextensions.k8s.io/v1", "CustomResourceDefinition")
        patch = crd(a={"type": "string", "default": "A"})
        key = NamespacedName("", "widgets.example.com")
        world.cluster.patch(info, key, "application/merge-patch+json", patch, WriteOptions())
        return world

    def test_they_are_read_with_the_new_defaults(self, grown):
        """Alone and in lists."""
        (raw,) = grown.cluster.list(grown.info("example.com/v1", "Widget"), "default", ListQuery()).items

        assert "A" == grown.get("example.com/v1", "Widget")["a"]
        assert b'"a":"A"' in raw

    def test_a_kind_that_never_changed_pays_nothing(self, world):
        """Only a schema that came later is applied on reading."""
        world.create("apiextensions.k8s.io/v1", "CustomResourceDefinition", crd(a={"type": "string", "default": "A"}))

        assert {} == world.info("example.com/v1", "Widget").extra


class TestVersions:
    """Two versions of a custom kind that differ in fields and defaults, without a webhook."""

    OLD, NEW = "example.com/v1beta1", "example.com/v1"

    @pytest.fixture
    def versions(self, world):
        """A cluster that serves both; objects are kept in the newer."""
        wanted = crd()
        fields = {
            "v1": {"a": {"type": "string", "default": "one"}},
            "v1beta1": {"b": {"type": "string", "default": "two"}},
        }
        wanted["spec"]["versions"] = [
            {
                "name": name,
                "served": True,
                "storage": name == "v1",
                "deprecated": name != "v1",
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {**own, "s": {"type": "string"}}}},
            }
            for name, own in fields.items()
        ]
        world.create("apiextensions.k8s.io/v1", "CustomResourceDefinition", wanted)
        return world

    def create(self, world, version):
        """Create an object of the fields that both have."""
        obj = {"apiVersion": version, "kind": "Widget", "metadata": {"name": "a"}, "s": "x"}
        return world.create(version, "Widget", obj)

    def test_what_is_written_in_the_other_version_is_cut_to_the_kept_one(self, versions):
        """The answer shows that already, and the kept version has its defaults."""
        created = self.create(versions, self.OLD)
        kept, old = versions.get(self.NEW, "Widget"), versions.get(self.OLD, "Widget")

        assert [("x", None, None)] * 2 == [(one["s"], one.get("a"), one.get("b")) for one in (created, old)]
        assert ("x", "one") == (kept["s"], kept["a"])

    def test_what_is_read_in_the_other_version_has_no_more_than_that(self, versions):
        """Neither fields of the kept one, nor defaults of its own."""
        self.create(versions, self.NEW)
        old = versions.get(self.OLD, "Widget")

        assert ({"s": "x"}, self.OLD) == ({k: v for k, v in old.items() if k in "sab"}, old["apiVersion"])

    def test_a_deprecated_version_names_the_best_newer_one(self, versions):
        """Unless the CRD has words of its own."""
        assert "example.com/v1beta1 Widget is deprecated; use example.com/v1 Widget" == (
            versions.info(self.OLD, "Widget").warning
        )
