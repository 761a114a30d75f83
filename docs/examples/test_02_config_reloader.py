"""How to test what a cache mirrors: the same options, a cluster in memory, and a look at what is held."""

from importlib import import_module

import pytest

from controller.testing import Harness
from informers import NamespacedName
from informers.testing import FakeCluster

reloader = import_module("02_config_reloader")
CONFIG_MAP, DEPLOYMENT = reloader.CONFIG_MAP, reloader.DEPLOYMENT


def config(name, labels=None, **data):
    metadata = {"name": name, "namespace": "default", "labels": labels or {}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def web(name, config_map):
    pod = {
        "containers": [{"name": "c", "image": "i"}],
        "volumes": [{"name": "v", "configMap": {"name": config_map}}],
    }
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template},
    }


@pytest.fixture
def world():
    """Two Deployments, two ConfigMaps, of which one may cause restarts, and the controller."""
    with FakeCluster() as world:
        world.create(config("live", {"reload": "true"}, colour="red"))
        world.create(config("dead", colour="red"))
        for name, mounts in (("shop", "live"), ("blog", "dead")):
            world.create(web(name, mounts))
        yield world


@pytest.fixture
def harness(world):
    """The controller, with the cache that its `main` gives it."""
    with Harness(world, reloader.setup, cache=reloader.CACHE) as harness:
        harness.settle()
        yield harness


def marks(world, name):
    """Return the annotations of a Deployment's pods."""
    found = world.get(DEPLOYMENT, f"default/{name}")
    return found["spec"]["template"]["metadata"].get("annotations") or {}


def test_a_change_restarts_who_mounts_it(world, harness):
    """And nobody else; the index finds them."""
    before = marks(world, "shop")
    world.patch(CONFIG_MAP, "default/live", {"data": {"colour": "blue"}})
    harness.settle()

    assert {"reload/live"} == set(before) == set(marks(world, "shop"))
    assert before != marks(world, "shop")
    assert {} == marks(world, "blog")


def test_only_labelled_config_maps_are_mirrored(world, harness):
    """The selector is the server's work; a label that comes later is seen."""
    cache = harness.manager.cache
    before = [meta.name for meta in cache.list(CONFIG_MAP, metadata_only=True)]
    world.patch(CONFIG_MAP, "default/dead", {"metadata": {"labels": {"reload": "true"}}})
    harness.settle()

    assert ["live"] == before
    assert {"reload/dead"} == set(marks(world, "blog"))


def test_what_is_dropped_is_not_held(world, harness):
    """The cluster has it, the cache does not, and nothing is restarted for that."""
    held = harness.manager.cache.informer(DEPLOYMENT).store.get(NamespacedName("default", "shop"))
    writes = len(world.writes)
    harness.advance(600)

    assert "status" in world.get(DEPLOYMENT, "default/shop")
    assert "status" not in held.to_dict()
    assert writes == len(world.writes)
