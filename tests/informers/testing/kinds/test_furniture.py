"""What an API server has made by itself is there when somebody looks, and costs nothing until then."""

import pytest

from informers.api.objects import GroupVersionKind, NamespacedName
from informers.testing.cluster import Cluster, ClusterOptions, ListQuery, WatchQuery, WriteOptions
from informers.testing.virtual.sim import SimRuntime

CIDR = GroupVersionKind("networking.k8s.io", "v1", "ServiceCIDR")


@pytest.fixture
def cluster():
    """A bare cluster."""
    return Cluster(runtime=SimRuntime(), options=ClusterOptions(controllers=frozenset()))


@pytest.mark.parametrize(
    ("group", "kind", "name"),
    [
        ("apiregistration.k8s.io", "APIService", "v1.apps"),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema", "catch-all"),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "exempt"),
        ("networking.k8s.io", "ServiceCIDR", "kubernetes"),
        ("scheduling.k8s.io", "PriorityClass", "system-node-critical"),
    ],
)
def test_it_is_there(cluster, group, kind, name):
    """Each kind has what the recorded server had, created when the cluster was."""
    info = cluster.registry.by_kind(GroupVersionKind(group, "v1", kind))

    meta = cluster.get(info, NamespacedName("", name))["metadata"]
    assert ("1", "2030-01-01T00:00:00Z") == (meta["resourceVersion"], meta["creationTimestamp"])


def test_it_is_older_than_everything_else(cluster):
    """Looking at it makes no event and moves no version."""
    info, before = cluster.registry.by_kind(CIDR), cluster.storage.revision

    page = cluster.list(info, "", ListQuery())
    watch = cluster.watch(info, "", WatchQuery(None, None, page.resource_version))

    assert (1, str(before)) == (len(page.items), page.resource_version)
    assert [] == watch.drain()


def test_it_can_be_changed_like_anything_else(cluster):
    """A patch makes the next version of it, which a watch tells as MODIFIED."""
    info = cluster.registry.by_kind(CIDR)
    watch = cluster.watch(info, "", WatchQuery(None, None, str(cluster.storage.revision)))

    patch = {"metadata": {"labels": {"a": "b"}}}
    key = NamespacedName("", "kubernetes")
    cluster.patch(info, key, "application/merge-patch+json", patch, WriteOptions())

    assert ["MODIFIED"] == [item.type for item in watch.drain()]


def test_equal_clusters_are_equal():
    """Its uids do not depend on when it was first looked at."""
    clusters = [Cluster(runtime=SimRuntime(), options=ClusterOptions()) for _ in range(2)]
    clusters[0].runtime.new_uid()

    one, two = (made.list(made.registry.by_kind(CIDR), "", ListQuery()).items for made in clusters)
    assert one == two
