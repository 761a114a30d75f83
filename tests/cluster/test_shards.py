"""Shards where the server knows them: what it selects is what our own hash says, object for object."""

import json

import pytest

from informers import (
    Cache,
    CacheOptions,
    Client,
    Discovery,
    HttpTransport,
    KindOptions,
    Shard,
    ThreadRuntime,
    load_config,
)
from informers.api.objects import ObjectMeta
from informers.api.transport import Call
from tests.cluster.controlplane import ControlPlane, missing

pytestmark = pytest.mark.cluster
CONFIG_MAP, SHARDS = ("v1", "ConfigMap"), 3
PATH = "/api/v1/configmaps"


class Sharding(ControlPlane):
    """etcd and a kube-apiserver that selects shards."""

    def _run(self, name, *args):
        extra = ("--feature-gates=ShardedListAndWatch=true",) if name == "kube-apiserver" else ()
        super()._run(name, *args, *extra)


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    """A server of this module's own, with a few dozen ConfigMaps in a few namespaces."""
    if missing():
        pytest.skip(missing())
    plane = Sharding(tmp_path_factory.mktemp("sharding"))
    try:
        yield plane.start_alone()
    finally:
        plane.stop()


@pytest.fixture(scope="module")
def client(plane):
    """A client of it."""
    runtime = ThreadRuntime()
    transport = HttpTransport(load_config(kubeconfig=plane.kubeconfig), runtime=runtime)
    client = Client(transport, runtime=runtime)
    for number in range(6):
        client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{number}-team"}})
        create(client, f"{number}-team", 8)
    yield client
    transport.close()


def create(client, namespace, count, prefix="a"):
    """Create ConfigMaps."""
    for number in range(count):
        meta = {"name": f"{prefix}{number}", "namespace": namespace}
        client.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})


def uids(objects):
    """Return who is there."""
    return {obj["metadata"]["uid"] for obj in objects}


def ours(client, shard):
    """Return the uids that our hash puts into a shard."""
    metas = [obj["metadata"] for obj in client.list(CONFIG_MAP)]
    return {meta["uid"] for meta in metas if shard.holds(ObjectMeta(uid=meta["uid"], namespace=meta["namespace"]))}


@pytest.mark.parametrize("by", ["uid", "namespace"])
def test_the_server_selects_what_our_hash_says(client, by):
    """And echoes the selector, in its own spelling."""
    for index in range(SHARDS):
        shard = Shard(index, SHARDS, by=by)
        answer = json.loads(client.transport.request(Call("GET", PATH, (("shardSelector", shard.selector),))).body)

        assert ours(client, shard) == uids(answer["items"])
        assert shard.selector.replace(" ", "") == answer["metadata"]["shardInfo"]["selector"].replace(" ", "")


def test_caches_of_all_shards_hold_everything_once(client, eventually):
    """By lists and by watches."""
    runtime, caches = client.runtime, []
    for index in range(SHARDS):
        options = CacheOptions(kinds={CONFIG_MAP: KindOptions(shard=Shard(index, SHARDS))})
        discovery = Discovery(client.transport, runtime=runtime)
        caches.append(Cache(client.transport, runtime=runtime, discovery=discovery, options=options))
        caches[-1].start()
        caches[-1].list(CONFIG_MAP)
    create(client, "0-team", 20, prefix="later-")
    everything = uids(client.list(CONFIG_MAP))
    eventually(lambda: len(everything) == sum(len(cache.list(CONFIG_MAP)) for cache in caches), 10)
    held = [uids(cache.list(CONFIG_MAP)) for cache in caches]
    for cache in caches:
        cache.stop()

    assert everything == set().union(*held)
    assert [ours(client, Shard(index, SHARDS)) for index in range(SHARDS)] == held
