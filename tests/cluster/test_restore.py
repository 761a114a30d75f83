"""etcd is restored from a backup under a running mirror: versions go back, and soon mean something else."""

import shutil

import pytest

from informers import Cache, Client, HttpTransport, ThreadRuntime, load_config
from tests.cluster.controlplane import ControlPlane, missing

pytestmark = pytest.mark.cluster
CONFIG_MAP = ("v1", "ConfigMap")


class Restorable(ControlPlane):
    """etcd and kube-apiserver alone, whose storage can be put back to what it was."""

    def copy(self, source, target):
        """Stop both, let a folder take the place of another, and start them."""
        self.stop()
        shutil.rmtree(self.folder / target, ignore_errors=True)
        shutil.copytree(self.folder / source, self.folder / target)
        self.start_etcd()
        self.start_apiserver()


@pytest.fixture
def plane(tmp_path):
    """A server of the test's own."""
    if missing():
        pytest.skip(missing())
    plane = Restorable(tmp_path)
    try:
        yield plane.start_alone()
    finally:
        plane.stop()


@pytest.fixture
def client(plane):
    """A client whose writes its cache is told, which is `client.writes`."""
    runtime = ThreadRuntime()
    transport = HttpTransport(load_config(kubeconfig=plane.kubeconfig), runtime=runtime)
    client = Client(transport, runtime=runtime)
    client.writes = cache = Cache(transport, runtime=runtime, discovery=client.discovery)
    yield client
    assert cache.stop(5)
    transport.close()


class Diary:
    """A handler that notes additions after the start, and deletions."""

    def __init__(self):
        self.entries = set()

    def on_add(self, obj, *, initial):
        """Note it."""
        if not initial:
            self.entries.add(("add", obj.meta.name))

    def on_update(self, old, new):
        """Nothing to note."""

    def on_delete(self, obj, *, final_state_unknown):
        """Note it."""
        self.entries.add(("delete", obj.meta.name, final_state_unknown))


def write(client, name, value):
    """Apply a ConfigMap."""
    meta = {"name": name, "namespace": "default"}
    client.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"value": value}})


def values(objects):
    """Return the value of each."""
    return {obj["metadata"]["name"]: obj["data"]["value"] for obj in objects if "value" in obj.get("data", {})}


def test_a_restored_etcd_is_another_world(plane, client, eventually):
    """H4: the mirror is what the server has, what was lost is told as deleted, and own writes show at once."""
    cache, diary = client.writes, Diary()
    write(client, "kept", "old")
    write(client, "deleted", "old")
    plane.copy("etcd", "backup")
    cache.start()
    cache.list(CONFIG_MAP)
    write(client, "kept", "new")
    client.delete(CONFIG_MAP, "default/deleted")
    for number in range(30):
        write(client, "lost", str(number))
    last = int(client.get(CONFIG_MAP, "default/lost")["metadata"]["resourceVersion"])
    eventually(lambda: int(cache.snapshot()[0].resource_version) >= last, 10)
    cache.informer(CONFIG_MAP).add_handler(diary, name="diary")
    plane.copy("backup", "etcd")
    eventually(lambda: "deleted" in values(cache.list(CONFIG_MAP)), 30)
    write(client, "after", "new")

    assert {"kept": "old", "deleted": "old", "after": "new"} == values(cache.list(CONFIG_MAP))
    assert values(client.list(CONFIG_MAP)) == values(cache.list(CONFIG_MAP))
    assert {("add", "deleted"), ("delete", "lost", True)} <= diary.entries
