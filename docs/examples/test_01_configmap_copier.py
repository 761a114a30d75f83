"""How to test a controller: a cluster in memory, the real informers, queue and workers, no threads and no sleeps."""

from importlib import import_module

import pytest

from controller.testing import Harness
from informers.testing import FakeCluster

copier = import_module("01_configmap_copier")
CONFIG_MAP = copier.CONFIG_MAP


def config_map(name, namespace, labels=None, **data):
    metadata = {"name": name, "namespace": namespace, "labels": labels or {}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


@pytest.fixture
def world():
    """A cluster in which the controller runs, two namespaces and a ConfigMap that wants to be copied."""
    with FakeCluster() as world, Harness(world, copier.setup) as harness:
        for name in ("team-a", "team-b"):
            world.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        world.create(config_map("motd", "default", {"copy-to": "team-a"}, text="hello"))
        harness.settle()
        yield world


def copies(world):
    """Return {namespace: data} of the copies."""
    found = world.list(CONFIG_MAP, labels="copied-from=default.motd")
    return {copy["metadata"]["namespace"]: copy.get("data") for copy in found}


def test_a_labelled_config_map_is_copied(world):
    """Data and all."""
    assert {"team-a": {"text": "hello"}} == copies(world)


def test_the_copy_follows_its_source(world):
    """And is repaired when somebody else changes it."""
    world.patch(CONFIG_MAP, "default/motd", {"data": {"text": "good morning"}})
    world.patch(CONFIG_MAP, "team-a/motd", {"data": {"text": "broken"}})
    world.settle()

    assert {"team-a": {"text": "good morning"}} == copies(world)


def test_the_copy_moves_with_the_label(world):
    """The old one is removed."""
    world.patch(CONFIG_MAP, "default/motd", {"metadata": {"labels": {"copy-to": "team-b"}}})
    world.settle()

    assert {"team-b": {"text": "hello"}} == copies(world)


@pytest.mark.parametrize("end", ["source", "label"])
def test_the_copy_goes_with_its_source_or_label(world, end):
    """Nothing is left behind."""
    if end == "source":
        world.delete(CONFIG_MAP, "default/motd")
    else:
        world.patch(CONFIG_MAP, "default/motd", {"metadata": {"labels": {"copy-to": None}}})
    world.settle()

    assert {} == copies(world)


def test_a_deleted_copy_comes_back(world):
    """Whoever deletes it."""
    world.delete(CONFIG_MAP, "team-a/motd")
    world.settle()

    assert {"team-a": {"text": "hello"}} == copies(world)


def test_a_steady_state_sends_nothing(world):
    """Ten minutes of peace."""
    before = len(world.writes)
    world.advance(600)

    assert before == len(world.writes)
