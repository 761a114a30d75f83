"""The in-memory cluster beside a real kube-apiserver: creates, lists, watches, memory, start: `python -m bench.server`.

Each server is a process of its own, and the same Go program asks both over TLS, in turn. What only ours does comes
after: creates and many objects in process, and the start of `levelset serve`. Without KUBEBUILDER_ASSETS the real one
is left out, with a word.
"""

import argparse
import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack

from bench.plane import missing
from bench.processes import memory_mb
from bench.served import HERE, Ours, Real, go_load
from bench.table import grid
from informers import ThreadRuntime
from informers.testing import FakeCluster
from informers.testing.cluster import Cluster, ClusterOptions, WriteOptions

CLIENTS = 8
APISERVER = ("etcd", "kube-apiserver")
FILES = 8192
"""Open files that a thousand connections need, at either end."""


def main(args=()):
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.server", description=__doc__.split("\n\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="runs of each, of which the median counts")
    parser.add_argument("--scale", type=float, default=1.0, help="how much of the objects: 0.01 for a hundredth")
    options = parser.parse_args(args)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, FILES), hard), hard))
    if load := go_load():
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            servers = {"levelset": stack.enter_context(Ours(folder))}
            if problem := missing(APISERVER):
                print(f"kube-apiserver is left out: {problem}\n")
            else:
                servers["kube-apiserver"] = stack.enter_context(Real(folder))
            compare(servers, load, options)
    alone(options)


def compare(servers, load, options):
    """Print what the Go program finds out about each."""
    found = {name: {} for name in servers}
    for measure in (creates, lists, watches):
        for name, server in servers.items():
            found[name] |= measure(server, load, options)
    print(f"Over TLS, medians of {options.runs} runs; kube-apiserver's processor time and memory are without etcd's:\n")
    rows = []
    for what in found["levelset"]:
        figures = [one[what] for one in found.values()]
        ratio = f"{figures[0] / figures[1]:.2f}" if len(figures) > 1 and figures[1] else ""
        rows.append((what, *map(shown, figures), ratio))
    grid(("", *found, "ratio"), rows)


def creates(server, load, options):
    """Small ConfigMaps."""
    count = scaled(4_000, options)
    flags = ("-clients", CLIENTS, "-count", count, "-prefix")
    runs = [server.ask(load, "create", *flags, f"c{at}-{server.pid}") for at in range(options.runs)]
    return {
        f"creates a second, {CLIENTS} clients": median(run["per_s"] for run in runs),
        "processor us a create": median(run["cpu_s"] for run in runs) / count * 1e6,
    }


def lists(server, load, options):
    """Of a namespace with 10 000 ConfigMaps, in pages of 500 and all at once."""
    count, namespace = scaled(10_000, options), "kube-public"
    server.ask(load, "create", "-clients", CLIENTS, "-count", count, "-namespace", namespace)
    found = {}
    for limit, words in ((500, "in pages of 500"), (0, "at once")):
        runs = [server.ask(load, "list", "-limit", limit, "-namespace", namespace) for _ in range(options.runs)]
        if any(run["items"] < count for run in runs):
            sys.exit(f"{count} objects were made, and {runs} listed")
        found[f"list of {count:,}, {words}, ms"] = median(run["seconds"] for run in runs) * 1e3
    return found


def watches(server, load, options):
    """On a connection each, of one collection."""
    count, events, before = scaled(1_000, options), scaled(100, options), memory_mb(server.pid)
    flags = ("-watches", count, "-count", events, "-namespace", "kube-node-lease")
    run = server.watched(load, *flags)
    return {
        f"{count:,} watches opened, s": run["opened_s"],
        "KB a watch": (run["memory_mb"] - before) / count * 1024,
        "us an event of one watch": run["seconds"] / run["events"] * 1e6,
        "memory at the end, MB": memory_mb(server.pid),
    }


def alone(options):
    """Print what needs no peer: the work without sockets, and the start."""
    count, held = scaled(4_000, options), scaled(100_000, options)
    rows = [
        ("creates a second of one core, `Cluster.create`", rate(verbs, count, options), "5,000"),
        ("creates a second of one core, `FakeCluster.create`", rate(handle, count, options), ""),
        (f"{held:,} ConfigMaps held, MB", holding(held), "300"),
    ]
    starts = [begun() for _ in range(options.runs)]
    rows.append(("`levelset serve` is ready, s", median(took for took, _ in starts), "0.3"))
    rows.append(("its memory then, MB", median(size for _, size in starts), "80"))
    print("\nOurs alone:\n", flush=True)
    grid(("", "", "goal"), [(what, shown(figure), goal) for what, figure, goal in rows])


def rate(maker, count, options):
    """Return the median of objects a second."""
    return median(maker(count) for _ in range(options.runs))


def verbs(count):
    """Create by the cluster's own verb, as the faces call it."""
    cluster = bare()
    info = cluster.registry.find("", "v1", "configmaps")
    began = time.process_time()
    for at in range(count):
        cluster.create(info, "default", config_map(at), WriteOptions(field_manager="bench"))
    return count / (time.process_time() - began)


def handle(count):
    """Create as a unit test does, through the client and every byte of a request."""
    with FakeCluster() as world:
        began = time.process_time()
        for at in range(count):
            world.create(config_map(at))
        return count / (time.process_time() - began)


def holding(count):
    """Return the megabytes of a process that holds so many objects, in a process of its own."""
    code = f"import bench.server; bench.server.hold({count})"
    environment = os.environ | {"PYTHONPATH": str(HERE.parent)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
    return float(done.stdout)


def hold(count):
    """Print it."""
    cluster = bare()
    info = cluster.registry.find("", "v1", "configmaps")
    for at in range(count):
        cluster.create(info, "default", config_map(at), WriteOptions(field_manager="bench"))
    gc.collect()
    print(memory_mb(os.getpid()))


def begun():
    """Return how long `levelset serve` takes until it is ready, in seconds, and its memory then."""
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(folder)
        with ours as server:
            return ours.took, memory_mb(server.pid, "VmHWM")


def bare():
    """Return a cluster without controllers."""
    return Cluster(runtime=ThreadRuntime(), options=ClusterOptions(controllers=frozenset()))


def config_map(at):
    """Return what the Go program makes, too."""
    metadata = {"name": f"c-{at}", "namespace": "default", "labels": {"app": "load"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"key": "value"}}


def scaled(count, options):
    """Return a share of a number, but some."""
    return max(10, int(count * options.scale))


def median(figures):
    """Return the median."""
    return statistics.median(figures)


def shown(figure):
    """Return a figure with three digits or more."""
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}"


if __name__ == "__main__":
    main(sys.argv[1:])
