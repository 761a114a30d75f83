"""Compaction: what is forgotten when, and what is not."""

import pytest

from informers import Expired
from informers.testing import ClusterOptions, FakeCluster
from informers.testing.cluster import ListQuery, WatchQuery


def config_map(name):
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}}


def test_what_is_older_than_two_turns_is_gone():
    """Until then a watch may start from it; one that is open already misses nothing."""
    with FakeCluster(controllers=False, options=ClusterOptions(compaction_interval=60.0)) as world:
        world.settle()
        version = world.create(config_map("a"))["metadata"]["resourceVersion"]
        cluster, info = world.cluster, world.cluster.registry.find("", "v1", "configmaps")
        watch = cluster.watch(info, "", WatchQuery(resource_version=version))
        world.create(config_map("b"))
        world.advance(70)
        cluster.watch(info, "", WatchQuery(resource_version=version)).close()
        seen = [item.type for item in watch.drain()]
        world.advance(60)

        assert ["ADDED"] == seen
        with pytest.raises(Expired):
            cluster.watch(info, "", WatchQuery(resource_version=version))
        assert not watch.expired
        assert {"a", "b"} <= {
            key.decode().partition('"name":"')[2][0] for key in cluster.list(info, "", ListQuery()).items
        }
        watch.close()


def test_without_an_interval_nothing_is_forgotten():
    """However much time passes."""
    with FakeCluster(controllers=False) as world:
        version = world.create(config_map("a"))["metadata"]["resourceVersion"]
        world.create(config_map("b"))
        world.advance(100_000)
        cluster, info = world.cluster, world.cluster.registry.find("", "v1", "configmaps")
        watch = cluster.watch(info, "", WatchQuery(resource_version=version))

        assert ["ADDED"] == [item.type for item in watch.drain()]
        watch.close()
