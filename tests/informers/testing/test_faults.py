"""Scripted faults."""

import json

import pytest

from informers.api import errors
from informers.api.transport import Call
from informers.testing import faults
from informers.testing.fake import FakeCluster
from informers.testing.faults import On

MAPS = ("v1", "ConfigMap")


@pytest.fixture
def world():
    """A bare cluster with one ConfigMap."""
    world = FakeCluster(controllers=False)
    world.create(config("a"))
    return world


def config(name, **data):
    """Return a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


def names(client):
    """List the names."""
    return [obj["metadata"]["name"] for obj in client.list(MAPS, namespace="default")]


def test_this_call_fails_with_409(world):
    """The others do not, and it ends when told."""
    end = world.intercept(faults.refused(409, on=On("update", "configmaps", "default/a")))
    client = world.client()
    client.create(config("b"))
    with pytest.raises(errors.Conflict):
        client.update({**client.get(MAPS, "default/a"), "data": {"k": "v"}})
    end()

    assert {"k": "v"} == client.update({**client.get(MAPS, "default/a"), "data": {"k": "v"}})["data"]


def test_the_third_update_times_out_after_commit(world):
    """Only the third; and it was done."""
    world.intercept(faults.lost(on=On("update", "configmaps", nth=3)))
    client, outcomes = world.client(), []
    for number in range(1, 5):
        try:
            client.update({**client.get(MAPS, "default/a"), "data": {"n": str(number)}})
            outcomes.append("done")
        except errors.OutcomeUnknown:
            outcomes.append(client.get(MAPS, "default/a")["data"]["n"])

    assert ["done", "done", "3", "done"] == outcomes


def test_lost_before_commit(world):
    """The caller cannot tell, and nothing was done."""
    world.intercept(faults.lost(on=On("delete"), committed=False))
    with pytest.raises((errors.OutcomeUnknown, errors.ResponseLost)):
        world.client().delete(MAPS, "default/a")

    assert ["a"] == names(world)


def test_never_sent(world):
    """As a server that is away."""
    world.intercept(faults.unsent(on=On("list", times=1)))
    transport = world.transport()
    with pytest.raises(errors.Unreachable):
        transport.request(Call("GET", "/api/v1/configmaps"))

    assert 200 == transport.request(Call("GET", "/api/v1/configmaps")).status


def test_the_watch_dies(world):
    """It begins with 410 and ends."""
    world.intercept(faults.expired(on=On("watch", "configmaps")))
    stream = world.transport().stream(Call("GET", "/api/v1/configmaps", query=(("watch", "1"),)))

    assert [("ERROR", 410)] == [(e["type"], e["object"]["code"]) for e in map(json.loads, stream)]


def test_the_list_is_stale(world):
    """It shows what was there when the fault was made; single reads are fresh."""
    end = world.intercept(faults.stale(world.cluster, on=On("list", "configmaps")))
    client = world.client()
    world.create(config("b"))
    before, fresh = names(client), client.get(MAPS, "default/b")["metadata"]["name"]
    end()

    assert (["a"], "b", ["a", "b"]) == (before, fresh, names(client))


@pytest.mark.parametrize(
    ("on", "fits"),
    [
        (On(), True),
        (On("patch"), True),
        (On("apply"), False),
        (On(resource="deployments"), False),
        (On(resource="deployments/status"), True),
        (On(name="d"), True),
        (On(name="other/d"), False),
    ],
)
def test_what_is_meant(on, fits):
    """Everything that is not empty must fit; subresources are named."""
    path = "/apis/apps/v1/namespaces/ns/deployments/d/status"

    assert fits == on.fits(Call("PATCH", path, body=b"{}", content_type="application/merge-patch+json"))


def test_a_state_by_the_handle(world, tmp_path):
    """Dumped and loaded without further imports."""
    (tmp_path / "s.json").write_text(json.dumps(world.dump()))
    other = FakeCluster(controllers=False)
    other.load(tmp_path / "s.json")

    assert world.get(MAPS, "default/a") == other.get(MAPS, "default/a")
