"""Fill a cluster: `python -m bench.fill memcacheds 100000` makes objects until there are so many.

Needs the kubeconfig in force, and a cluster that nothing else lives in: a Pod's status is written as a kubelet would,
and the CRD has no status subresource, so that one write makes a whole Memcached.
"""

import base64
import json
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from bench import objects
from informers import HttpTransport, ThreadRuntime, crd_of, load_config
from informers.api.transport import Call
from reconcilers.memcached import Memcached

WRITERS = 6
KINDS = {"memcacheds": (objects.MEMCACHED, objects.memcached), "pods": (objects.POD, objects.pod)}


def main():
    """Fill, and say how fast that went."""
    plural, wanted = sys.argv[1], int(sys.argv[2])
    with opened() as transport:
        began = time.perf_counter()
        made = fill(transport, plural, wanted)
    print(f"{made} {plural} made in {time.perf_counter() - began:.0f} s")


class opened:  # noqa: N801 - reads as a verb
    """A transport to the cluster in force, closed at the end."""

    def __enter__(self):
        self.transport = HttpTransport(load_config(), runtime=ThreadRuntime())
        return self.transport

    def __exit__(self, *_):
        self.transport.close()


def fill(transport, plural, wanted):
    """Make objects numbered from what is there up to `wanted`; return how many were made."""
    kind, make = KINDS[plural]
    prepare(transport)
    present = count(transport, kind)
    with ThreadPoolExecutor(WRITERS) as pool:
        for _ in pool.map(lambda number: _make(transport, kind, make(number)), range(present, wanted)):
            pass  # raises what a writer raised
    return max(0, wanted - present)


def fill_etcd(address, present, wanted):
    """Put Memcached objects straight into the etcd of a control plane that we own: a hundred in one transaction.

    The API server takes a few hundred creates a second, and what it serves afterwards is the same.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for start in range(present, wanted, 100):
        puts = []
        for number in range(start, min(start + 100, wanted)):
            obj = objects.memcached(number)
            key = f"/registry/cache.example.com/memcacheds/{obj['metadata']['namespace']}/{obj['metadata']['name']}"
            value = objects.served(obj) + b"\n"
            puts.append({"requestPut": {"key": _base64(key.encode()), "value": _base64(value)}})
        body = json.dumps({"success": puts}).encode()
        with opener.open(urllib.request.Request(f"{address}/v3/kv/txn", body)) as answer:
            answer.read()


def _base64(data):
    return base64.b64encode(data).decode()


def count(transport, kind):
    """Return how many objects of a kind there are."""
    page = json.loads(_ask(transport, "GET", collection(kind), query=(("limit", "1"),)))
    return len(page["items"]) + page["metadata"].get("remainingItemCount", 0)


def collection(kind, namespace=""):
    """Return the path of all objects of a kind (in one namespace)."""
    group, version, plural, _ = kind
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"/apis/{group}/{version}{within}/{plural}" if group else f"/api/{version}{within}/{plural}"


def prepare(transport):
    """Make the CRD and the namespaces."""
    crd = crd_of(Memcached)
    for version in crd["spec"]["versions"]:
        version.pop("subresources", None)
    _ask(transport, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
    for number in range(objects.NAMESPACES):
        name = objects.namespace(number)
        _ask(transport, "POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    while transport.request(Call("GET", collection(objects.MEMCACHED), (("limit", "1"),))).status != 200:
        time.sleep(0.1)


def _make(transport, kind, obj):
    path = collection(kind, obj["metadata"]["namespace"])
    obj["metadata"].pop("managedFields")  # the server notes who wrote what
    made = json.loads(_ask(transport, "POST", path, obj, (("fieldManager", "kube-controller-manager"),)))
    if made.get("kind") == "Pod":
        status = f"{path}/{obj['metadata']['name']}/status"
        _ask(transport, "PUT", status, made | {"status": obj["status"]}, (("fieldManager", "kubelet"),))


def _ask(transport, method, path, body=None, query=()):
    answer = transport.request(
        Call(method, path, query, body=None if body is None else json.dumps(body).encode(), timeout=60)
    )
    if answer.status >= 300 and answer.status != 409:
        raise SystemExit(f"{method} {path}: {answer.status} {answer.body[:300].decode()}")
    return answer.body


if __name__ == "__main__":
    main()
