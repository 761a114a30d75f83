"""A controller that does not hear of its own writes still hears of everybody else's."""

from importlib import import_module

import pytest

from controller import Builder
from controller.testing import Harness
from informers.testing import FakeCluster

witness = import_module("04_first_seen")
CONFIG_MAP = witness.CONFIG_MAP


@pytest.fixture
def world():
    """A cluster with one ConfigMap."""
    with FakeCluster() as world:
        world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "motd", "namespace": "default"}})
        yield world


def looks(world, **options):
    """Return how often a controller looks at what is there, and then at a change by somebody else."""
    made = []

    def setup(manager):
        made.append(witness.Witness(manager))
        Builder(manager).for_(CONFIG_MAP).with_options(**options).complete(made[0])

    with Harness(world, setup) as harness:
        harness.settle()
        before = made[0].looks
        world.patch(CONFIG_MAP, "default/motd", {"data": {"text": "hello"}})
        harness.settle()
        return before, made[0].looks - before


def test_it_looks_once_at_what_it_changed_itself(world):
    """And once at what others change."""
    assert (1, 1) == looks(world, skip_own_writes=True)


def test_without_the_option_it_looks_twice(world):
    """To find that all is done."""
    assert (2, 1) == looks(world)


def test_what_it_wrote_comes_back_when_somebody_removes_it(world):
    """Only own writes are left out, not what becomes of them."""
    with Harness(world, witness.setup) as harness:
        harness.settle()
        world.patch(CONFIG_MAP, "default/motd", {"metadata": {"annotations": {witness.SEEN: None}}})
        harness.settle()

    assert witness.SEEN in world.get(CONFIG_MAP, "default/motd")["metadata"]["annotations"]
