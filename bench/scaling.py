"""Share the work among 1, 2 and 4 processes: `python -m bench.scaling --objects 1000`.

Starts a control plane of its own (etcd and kube-apiserver) from KUBEBUILDER_ASSETS. For each number of processes and
each way to share, the processes start, a user creates all objects as fast as the server takes them, and the audit log
tells when each was converged and by whom; CPU and memory are /proc's. One machine holds it all, the server included, so
what is measured is how the work divides, and not how fast a cluster would be.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from random import Random

from bench.plane import Audit, Plane, missing
from bench.table import grid
from controller.ring import Fixed
from informers import HttpTransport, ThreadRuntime, crd_of, load_config
from informers.api.transport import Call
from reconcilers.memcached import Memcached

NAMESPACES = [f"{blake2b(str(number).encode(), digest_size=4).hexdigest()}-team" for number in range(32)]
"""Names that differ early, as generated ones do; `spread` shows what becomes of numbered ones."""
USER, FLEET = "user", [f"replica-{number}" for number in range(4)]
LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
TICKS = os.sysconf("SC_CLK_TCK")


def flags_of(way, number, count):
    """Return what one of `count` processes is told about sharing."""
    fixed = ["--sharding=fixed", "--shard-by=namespace", f"--shard-count={count}", f"--shard-index={number}"]
    return {"alone": [], "ring": ["--sharding=ring"], "fixed": fixed}[way]


def send(transport, method, path, body=None):
    """Send a request; return the decoded answer, and complain about a refusal."""
    response = transport.request(Call(method, path, body=None if body is None else json.dumps(body).encode()))
    assert response.status < 300 or response.status in (404, 409), response.body
    return json.loads(response.body)


def prepare(transport):
    """Install the CRD, and make the namespaces."""
    send(transport, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd_of(Memcached))
    for name in NAMESPACES:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        send(transport, "POST", "/api/v1/namespaces", body)
    while "items" not in send(transport, "GET", "/apis/cache.example.com/v1/memcacheds"):
        time.sleep(0.1)


def clean(transport):
    """Delete all objects and leases of the run before."""
    for name in NAMESPACES:
        send(transport, "DELETE", f"/apis/cache.example.com/v1/namespaces/{name}/memcacheds")
        send(transport, "DELETE", f"/apis/apps/v1/namespaces/{name}/deployments")
    send(transport, "DELETE", LEASES)


def create(transport, objects):
    """Create the objects, eight at a time; return {key: when}."""
    asked = {}

    def one(number):
        key = (NAMESPACES[number % len(NAMESPACES)], f"m-{number}")
        spec = {"size": 1, "image": "memcached:1.6"}
        body = {"apiVersion": "cache.example.com/v1", "kind": "Memcached", "metadata": {"name": key[1]}, "spec": spec}
        asked[key] = time.time()
        send(transport, "POST", f"/apis/cache.example.com/v1/namespaces/{key[0]}/memcacheds", body)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(objects)))
    return asked


def start(plane, way, count):
    """Start the processes, and wait until they have shared the work out."""
    fleet = []
    for number in range(count):
        flags = [f"--kubeconfig={plane.kubeconfig_of(FLEET[number])}", "--max-concurrent-reconciles=4"]
        flags += [f"--{what}-bind-address=0" for what in ("metrics", "health-probe", "debug")]
        flags += ["--leader-election-id=bench", f"--leader-identity={FLEET[number]}", *flags_of(way, number, count)]
        command = [sys.executable, "-m", "controller", "run", "memcached", *flags]
        log = (plane.folder / f"{FLEET[number]}.log").open("wb")
        fleet.append(subprocess.Popen(command, stdout=log, stderr=log))
    time.sleep(4 + 2 * count)
    return fleet


def usage(process):
    """Return (CPU seconds, MB of memory) of a process."""
    times = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{process.pid}/status").read_text()
    memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return (int(times[11]) + int(times[12])) / TICKS, memory / 1024


def run(plane, transport, way, count, objects):
    """Measure one fleet; return a row of the table."""
    clean(transport)
    fleet = start(plane, way, count)
    server = plane._processes["kube-apiserver"]
    audit, done, conflicts = Audit(plane), {}, 0
    before, busy = [usage(process)[0] for process in fleet], usage(server)[0]
    asked = create(transport, objects)
    deadline, writes, by = time.time() + 120, 0, {}
    while len(done) < objects and time.time() < deadline:
        time.sleep(0.2)
        for write in audit.writes():
            if write["user"] not in FLEET or not write["resource"].startswith(("memcacheds", "deployments")):
                continue
            writes, conflicts = writes + 1, conflicts + (write["code"] == 409)
            if write["resource"] == "memcacheds/status" and write["code"] < 300 and write["key"] not in done:
                done[write["key"]] = write["end"]
                by[write["user"]] = by.get(write["user"], 0) + 1
    cpu = [usage(process)[0] - was for process, was in zip(fleet, before, strict=True)]
    memory = [usage(process)[1] for process in fleet]
    busy = usage(server)[0] - busy
    for process in fleet:
        process.send_signal(signal.SIGTERM)
    for process in fleet:
        process.wait(40)
    lags = sorted(at - asked[key] for key, at in done.items())
    wall = max(done.values()) - min(asked.values())
    shares = "/".join(str(by.get(name, 0)) for name in FLEET[:count])
    return (
        f"{way}, {count}",
        f"{len(done)}",
        f"{wall:.1f} s",
        f"{lags[len(lags) // 2]:.2f} s",
        f"{lags[len(lags) * 99 // 100]:.2f} s",
        f"{writes / objects:.2f}",
        conflicts,
        shares,
        f"{max(cpu):.1f} s",
        f"{sum(cpu):.1f} s",
        f"{busy:.1f} s",
        f"{max(memory):.0f} MB",
    )


def spread(name, of):
    """Return a row: how many of 1 000 namespaces, named by `of`, each of four fixed shards has."""
    names = [of(number) for number in range(1000)]
    shards = [Fixed(index, 4, "namespace") for index in range(4)]
    return name, *(sum(shard.covers((each, "x")) for each in names) for shard in shards)


def main(arguments=()):
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(prog="python -m bench.scaling", description=__doc__)
    parser.add_argument("--objects", type=int, default=1000, help="objects to converge")
    chosen = parser.parse_args(list(arguments))
    drawn = [f"{Random(number).getrandbits(32):08x}" for number in range(1000)]
    named = {
        "number last: team-17": lambda number: f"team-{number}",
        "number first: 17-team": lambda number: f"{number}-team",
        "random last: team-7f3a9c2b": lambda number: f"team-{drawn[number]}",
        "random first: 7f3a9c2b-team": lambda number: f"{drawn[number]}-team",
    }
    rows = [spread(name, of) for name, of in named.items()]
    grid(("1 000 namespaces", *(f"shard {index} of 4" for index in range(4))), rows)
    print()
    if missing():
        print(missing())
        return
    with tempfile.TemporaryDirectory() as folder:
        plane = Plane(folder, [USER, *FLEET])
        try:
            plane.start()
            transport = HttpTransport(load_config(kubeconfig=plane.kubeconfig_of(USER)), runtime=ThreadRuntime())
            prepare(transport)
            plans = [("alone", 1), ("ring", 2), ("ring", 4), ("fixed", 2), ("fixed", 4)]
            rows = [run(plane, transport, way, count, chosen.objects) for way, count in plans]
        finally:
            plane.stop()
    header = ("", "converged", "wall", "lag p50", "lag p99", "writes each", "conflicts", "by", "CPU of one")
    grid((*header, "CPU of all", "CPU of server", "memory of one"), rows)


if __name__ == "__main__":
    main(sys.argv[1:])
