"""Writers that never rest, a server that is killed, a history that is thrown away: the mirror ends as a list says."""

import base64
import json
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from informers import Cache, Discovery, HttpTransport, Observer, ThreadRuntime, TransportError, load_config
from informers.api.transport import Call
from informers.store import NAMESPACE, OWNER
from informers.testing.inprocess import ClusterTransport
from tests.cluster.conftest import Embedded
from tests.cluster.controlplane import ControlPlane, missing

pytestmark = pytest.mark.cluster
CONFIG_MAP = ("v1", "ConfigMap")
NAMESPACES, TEAMS, WRITERS = [f"n{number}" for number in range(5)], 7, 4
LOST = (NAMESPACES[0], "seed-00000")
"""What is deleted while nobody watches, and no writer touches."""


def config_map(namespace, name, owner, *, at="seed", **meta):
    """Return a ConfigMap of about 600 bytes that a namespace owns."""
    reference = {"apiVersion": "v1", "kind": "Namespace", "name": namespace, "uid": owner}
    labels = {"team": f"team-{sum(name.encode()) % TEAMS}"}
    meta = {"name": name, "namespace": namespace, "labels": labels, "ownerReferences": [reference], **meta}
    data = {"at": at, "text": 'Grüße, "quoted" \\ and \U0001f600\n' * 8}
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": meta, "data": data}


def path(namespace, name=""):
    """Return the URL path of a namespace's ConfigMaps, or of one of them."""
    return f"/api/v1/namespaces/{namespace}/configmaps" + (f"/{name}" if name else "")


def send(transport, method, path, body=None):
    """Send a call and return the answer."""
    return transport.request(Call(method, path, body=None if body is None else json.dumps(body).encode()))


class Real(ControlPlane):
    """etcd and kube-apiserver alone; whatever goes past the API server goes through etcd."""

    def begin(self):
        """Start."""
        return self.start_alone()

    def seed(self, objects):
        """Put objects into etcd, a hundred in one transaction."""
        for start in range(0, len(objects), 100):
            puts = []
            for obj in objects[start : start + 100]:
                key = self._key(obj["metadata"]["namespace"], obj["metadata"]["name"])
                puts.append({"requestPut": {"key": key, "value": _base64(json.dumps(obj))}})
            self.etcd("kv/txn", success=puts)

    def lose(self, namespace, name):
        """Delete an object while the API server is down."""
        assert "1" == self.etcd("kv/deleterange", key=self._key(namespace, name))["deleted"]

    @staticmethod
    def _key(namespace, name):
        return _base64(f"/registry/configmaps/{namespace}/{name}")


class InMemory(Embedded):
    """The embedded server; whatever goes past it goes to its cluster."""

    def begin(self):
        """Start."""
        self.inside = ClusterTransport(self.cluster)
        return self.start()

    def seed(self, objects):
        """Create objects."""
        for obj in objects:
            assert 201 == send(self.inside, "POST", path(obj["metadata"]["namespace"]), obj).status

    def lose(self, namespace, name):
        """Delete an object while the server is down."""
        assert 200 == send(self.inside, "DELETE", path(namespace, name)).status

    def compact(self):
        """Forget all history."""
        with self.cluster.writing():
            self.cluster.storage.compact()


def _base64(text):
    return base64.b64encode(text.encode()).decode()


@pytest.fixture(params=[(InMemory, 2_000), (Real, 10_000)], ids=["embedded-2000", "real-10000"])
def plane(request, tmp_path):
    """Return a server of the test's own with `size` ConfigMaps to make."""
    make, size = request.param
    if make is Real and missing():
        pytest.skip(missing())
    plane = make(tmp_path)
    plane.size = size
    try:
        yield plane.begin()
    finally:
        plane.stop()


@pytest.fixture
def connect(plane):
    """Return a function that makes transports, which are closed in the end."""
    made = []

    def connect():
        made.append(HttpTransport(load_config(kubeconfig=plane.kubeconfig), runtime=ThreadRuntime()))
        return made[-1]

    yield connect
    for transport in made:
        transport.close()


@pytest.fixture
def seeded(plane, connect):
    """Fill the server, and return the uids of its namespaces."""
    transport, owners = connect(), {}
    for name in NAMESPACES:
        owners[name] = json.loads(send(transport, "POST", "/api/v1/namespaces", {"metadata": {"name": name}}).body)
    owners = {name: owner["metadata"]["uid"] for name, owner in owners.items()}
    manager = {"manager": "x", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {}}
    objects = []
    for number in range(plane.size):
        namespace, meta = NAMESPACES[number % len(NAMESPACES)], {"managedFields": [manager]}
        meta |= {"uid": f"00000000-0000-4000-8000-{number:012}", "creationTimestamp": "2026-01-01T00:00:00Z"}
        objects.append(config_map(namespace, f"seed-{number:05}", owners[namespace], **meta))
    plane.seed(objects)
    return owners


class Listening(Observer):
    """Notes why lists were made."""

    def __init__(self):
        self.lists = []

    def listed(self, gvk, *, objects, seconds, reason):
        """Note it."""
        self.lists.append((reason, objects))


class Writers:
    """Threads that create, update and delete, whatever becomes of the server."""

    def __init__(self, transport, owners, size):
        self._transport, self._owners, self._size = transport, owners, size
        self._end, self.done = threading.Event(), Counter()
        self._pool = ThreadPoolExecutor(WRITERS)
        self._running = [self._pool.submit(self._write, number) for number in range(WRITERS)]

    def stop(self):
        """End them; raises what one of them raised."""
        self._end.set()
        for one in self._running:
            one.result()
        self._pool.shutdown()

    def _write(self, number):
        dice = random.Random(number)
        own = [(NAMESPACES[at % len(NAMESPACES)], f"seed-{at:05}") for at in range(1 + number, self._size, WRITERS)]
        while not self._end.is_set():
            method = dice.choices(("POST", "PUT", "DELETE"), (4, 8, 3))[0]
            if method == "POST":
                own.append((dice.choice(NAMESPACES), f"made-{number}-{len(own):06}-{dice.getrandbits(32):08x}"))
            namespace, name = own.pop(dice.randrange(len(own))) if method == "DELETE" else dice.choice(own)
            namespace, name = own[-1] if method == "POST" else (namespace, name)
            body = config_map(namespace, name, self._owners[namespace], at=str(dice.random()))
            where = path(namespace, "" if method == "POST" else name)
            try:
                status = send(self._transport, method, where, None if method == "DELETE" else body).status
            except TransportError:
                status = 0
            self.done[method] += 200 <= status < 300
            self._end.wait(0.1 if status == 0 or status >= 429 else 0.0)


def work(writers, calls, seconds=20):
    """Wait until so many more writes of each kind have worked."""
    before, deadline = writers.done.copy(), time.monotonic() + seconds
    while min(writers.done[method] - before[method] for method in ("POST", "PUT", "DELETE")) < calls:
        assert time.monotonic() < deadline, f"the writers are stuck at {writers.done}"
        time.sleep(0.05)


def bytes_of(obj):
    """Return an object as bytes, in an order of its own, without `managedFields`."""
    obj["metadata"].pop("managedFields", None)
    return json.dumps({**obj, "kind": "ConfigMap", "apiVersion": "v1"}, sort_keys=True).encode()


def by(objects, value_of):
    """Return keys by a value, from a scan."""
    found = {}
    for (namespace, name), obj in objects.items():
        if value := value_of(json.loads(obj)["metadata"]):
            found.setdefault(value, set()).add((namespace, name))
    return found


def index_of(store, name, values):
    """Return keys by a value, from an index."""
    return {value: {tuple(obj.key) for obj in store.by_index(name, value)} for value in values}


def consistent(transport):
    """Return the bytes of all ConfigMaps by key, as a consistent list says."""
    answer = json.loads(send(transport, "GET", "/api/v1/configmaps").body)
    return {(obj["metadata"]["namespace"], obj["metadata"]["name"]): bytes_of(obj) for obj in answer["items"]}


def mirror(transport, observe):
    """Return a started cache of ConfigMaps, indexed by team."""
    runtime = ThreadRuntime()
    cache = Cache(transport, runtime=runtime, discovery=Discovery(transport, runtime=runtime), observe=observe)
    cache.add_index(CONFIG_MAP, "team", lambda obj: (obj.meta.labels["team"],) if "team" in obj.meta.labels else ())
    cache.start()
    cache.wait_for_sync(30)
    return cache


def settle(transport, owners, informer, eventually):
    """Write a last object, and wait until the mirror has come as far."""
    made = send(transport, "POST", path("n1"), config_map("n1", "last", owners["n1"]))
    last = int(json.loads(made.body)["metadata"]["resourceVersion"])
    eventually(lambda: int(informer.snapshot().resource_version) >= last, 30)


def disturb(plane, transport, owners):
    """Write, kill the server, delete behind its back, forget its history, start it, and write on."""
    writers = Writers(transport, owners, plane.size)
    try:
        work(writers, 50)
        plane.stop_apiserver()
        plane.lose(*LOST)
        plane.compact()
        plane.start_apiserver()
        work(writers, 50)
    finally:
        writers.stop()


def tasks():
    """Return the names of the running threads that the cache made."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("informer")]


INDEXES = {
    NAMESPACE: lambda meta: meta["namespace"],
    OWNER: lambda meta: meta.get("ownerReferences", [{"uid": ""}])[0]["uid"],
    "team": lambda meta: meta.get("labels", {}).get("team", ""),
}


def test_the_mirror_equals_a_consistent_list_after_restart_and_compaction(plane, connect, seeded, eventually):
    """Byte for byte, in every index, without a thread left over; what was deleted unseen is gone too (H5, H6)."""
    transport, listening = connect(), Listening()
    cache = mirror(connect(), listening)
    informer, running = cache.informer(CONFIG_MAP), tasks()
    disturb(plane, transport, seeded)
    settle(transport, seeded, informer, eventually)
    listed, store = consistent(transport), informer.store
    held = {tuple(obj.key): bytes_of(obj.to_dict()) for obj in store.list()}
    scans = {name: by(listed, value_of) for name, value_of in INDEXES.items()}
    ended = cache.stop(10)

    assert listed == held
    assert LOST not in held
    assert [len(listed)] * 2 == [len(store), len(cache.list(CONFIG_MAP, metadata_only=True))]
    assert scans == {name: index_of(store, name, scan) for name, scan in scans.items()}
    assert {reason for reason, _ in listening.lists} & {"expired", "error"}, "no list was needed: nothing was tried"
    assert running
    assert (True, []) == (ended, tasks())
