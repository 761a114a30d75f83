"""Hours of waiting in virtual time: nothing sleeps."""

from datetime import timedelta
from importlib import import_module

import pytest

from controller.testing import Harness
from informers.testing import FakeCluster

expiry = import_module("03_expiring_configmaps")
CONFIG_MAP = ("v1", "ConfigMap")


@pytest.fixture
def world():
    """A cluster in which the controller runs; `later(hours)` is a time as the annotation has it."""
    with FakeCluster() as world, Harness(world, lambda manager: setattr(world, "asked", expiry.setup(manager))) as run:
        world.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
        world.later = lambda hours: (world.runtime.wall() + timedelta(hours=hours)).isoformat()
        world.run = run
        run.settle()
        yield world


def create(world, name, expires):
    metadata = {"name": name, "namespace": "team", "annotations": {"expires": expires}}
    world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})


def names(world):
    found = [obj["metadata"]["name"] for obj in world.list(CONFIG_MAP, namespace="team")]
    return {name for name in found if name != "kube-root-ca.crt"}


def test_each_goes_at_its_time(world):
    create(world, "soon", world.later(1))
    create(world, "late", world.later(5))
    world.run.advance(2 * 3600)

    assert {"late"} == names(world)


def test_a_change_counts_at_once(world):
    create(world, "a", world.later(1))
    world.patch(CONFIG_MAP, "team/a", {"metadata": {"annotations": {"expires": world.later(9)}}})
    world.run.advance(5 * 3600)
    assert {"a"} == names(world)

    world.patch(CONFIG_MAP, "team/a", {"metadata": {"annotations": {"expires": world.later(0)}}})
    world.run.settle()

    assert set() == names(world)


def test_a_namespace_may_keep_its_own(world):
    world.patch(("v1", "Namespace"), "team", {"metadata": {"labels": {"keep": "true"}}})
    create(world, "a", world.later(1))
    world.run.advance(5 * 3600)
    assert {"a"} == names(world)

    world.patch(("v1", "Namespace"), "team", {"metadata": {"labels": {"keep": "no"}}})
    world.run.settle()

    assert set() == names(world)


@pytest.mark.parametrize("wrong", ["soon", "2026-01-01"])
def test_what_is_no_time_is_said_once_and_left_alone(world, wrong, caplog):
    create(world, "odd", wrong)
    world.run.advance(24 * 3600)
    world.asked.push("team/odd")
    world.run.settle()

    assert {"odd"} == names(world)
    assert 2 == len([record for record in caplog.records if record.levelname == "ERROR"])  # once, and when asked again
