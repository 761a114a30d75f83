"""The Memcached controller, all of it, under hundreds of schedules with crashes and lost answers."""

import os
import subprocess
import sys

import pytest

from controller.testing import Broken, Schedule, replay, simulate
from reconcilers.memcached import Memcached, MemcachedSpec, setup

MEMCACHED = ("cache.example.com/v1", "Memcached")
DEPLOYMENT = ("apps/v1", "Deployment")
KEY = "default/cache"


def create(world):
    """The user applies a Memcached."""
    world.create(Memcached(name="cache", spec=MemcachedSpec(size=1)))


def scale_up(world):
    """The user scales it to three."""
    world.patch(MEMCACHED, KEY, {"spec": {"size": 3}})


def meddle(world):
    """Somebody else scales the Deployment behind the controller's back, then deletes it, while the user scales down."""
    world.patch(DEPLOYMENT, KEY, {"spec": {"replicas": 7}})
    world.patch(MEMCACHED, KEY, {"spec": {"size": 1}})
    world.delete(DEPLOYMENT, KEY)


def delete(world):
    """The user deletes it."""
    world.delete(MEMCACHED, KEY)


def recreate(world):
    """The user creates one of the same name again, with another size."""
    world.create(Memcached(name="cache", spec=MemcachedSpec(size=2)))


def at_most_one_deployment(world):
    """Never is there a second Deployment."""
    assert len(world.list(DEPLOYMENT)) <= 1


def every_deployment_is_owned(world):
    """Never is there a Deployment without its owner's reference."""
    for deployment in world.list(DEPLOYMENT):
        assert deployment["metadata"].get("ownerReferences"), deployment["metadata"]["name"]


def the_world_follows_the_spec(world):
    """Deployment and status say what the spec says; without a Memcached there is nothing."""
    memcacheds, deployments = world.list(MEMCACHED), world.list(DEPLOYMENT)
    if not memcacheds:
        assert [] == deployments
        return
    memcached = memcacheds[0]
    size = memcached["spec"]["size"]
    assert [size] == [deployment["spec"]["replicas"] for deployment in deployments]
    status = memcached.get("status", {})
    assert size == status.get("readyReplicas", 0) == len(status.get("nodes", []))
    assert memcached["metadata"]["generation"] == status["observedGeneration"]


def story(sim):
    """Create, scale, meddle, delete, create again: five steps, a checkpoint after each."""
    sim.crd(Memcached)
    sim.controller(setup)
    sim.user(create, scale_up, meddle, delete, recreate)
    sim.always(at_most_one_deployment, every_deployment_is_owned)
    sim.eventually(the_world_follows_the_spec)


@simulate(schedules=200)
def test_it_survives_everything(sim):
    """Crashes around every call, lost answers, cut watches, any order: always converged, never a duplicate."""
    story(sim)


TOKEN = str(Schedule(5, [0, 0, 1, 0, 2, 0, 0, 3, 0, 1, 0, 0, 0, 0, 4, 1, 0, 2] * 40))
REPLAY = f"""
import sys; sys.path.insert(0, {os.path.dirname(__file__)!r})
from test_memcached import story
from controller.testing import replay
print(replay({TOKEN!r}, story))
"""


def test_a_schedule_replays_bit_for_bit():
    """The same schedule gives the same history in another process with another hash seed."""
    here = replay(TOKEN, story)
    there = [
        subprocess.run(
            [sys.executable, "-c", REPLAY],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.getcwd()},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]

    assert [here, here] == there


def broken_setup(manager):
    """A controller with a classic bug: it creates with a generated name, and only remembers in memory that it did."""
    from controller import Builder, Result

    created = set()

    def reconcile(request):
        memcached = manager.cache.get(Memcached, request)
        if memcached is None or request in created:
            return Result()
        labels = {"app": memcached.name}
        pods = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "m", "image": "memcached"}]}}
        owner = {
            "apiVersion": "cache.example.com/v1",
            "kind": "Memcached",
            "name": memcached.name,
            "uid": memcached.uid,
        }
        metadata = {"generateName": "cache-", "namespace": "default", "ownerReferences": [owner]}
        spec = {"selector": {"matchLabels": labels}, "template": pods}
        manager.client.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})
        created.add(request)
        return Result()

    return Builder(manager).for_(Memcached).named("broken").complete(reconcile)


def test_the_simulator_finds_a_classic_bug(monkeypatch):
    """A controller that remembers in memory what it created is caught, with a token that replays the failure."""
    for knob in ("SIM_SCHEDULES", "SIM_SEED", "SIM_REPLAY"):
        monkeypatch.delenv(knob, raising=False)

    def scenario(sim):
        sim.crd(Memcached)
        sim.controller(broken_setup)
        sim.user(create)
        sim.always(at_most_one_deployment)

    with pytest.raises(AssertionError, match="SIM_REPLAY=v1:") as caught:
        simulate(schedules=200)(scenario)()
    token = str(caught.value).split("SIM_REPLAY=")[1].split()[0]

    with pytest.raises(Broken, match="at most one deployment"):
        replay(token, scenario)
