"""Cold syncs against a real control plane, ours beside the peers: `python -m bench.syncs --runs 5`.

Starts etcd and kube-apiserver from KUBEBUILDER_ASSETS, fills them with Memcached objects and Pods, and lets each
contestant mirror all of them in a process of its own, in turn, so that whatever else the machine does hits all alike.
With --here the cluster of the kubeconfig in force is filled and used instead.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

from bench import fill, objects
from bench.contestants import contestants, run
from bench.plane import Plane, missing
from bench.table import grid
from informers import HttpTransport, ThreadRuntime, load_config

MEMCACHEDS, PODS = "memcacheds.v1.cache.example.com", "pods.v1"
ROUNDS = ((MEMCACHEDS, 1_000), (MEMCACHEDS, 10_000), (PODS, 10_000), (MEMCACHEDS, 100_000))
KINDS = {MEMCACHEDS: "memcacheds", PODS: "pods"}


def main(args=()):
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.syncs", description=__doc__.split("\n\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="runs of each contestant, of which the median counts")
    parser.add_argument("--scale", type=float, default=1.0, help="how much of the objects: 0.01 for a hundredth")
    parser.add_argument("--only", default="", help="words that a contestant's name must begin with")
    parser.add_argument("--here", action="store_true", help="fill and use the cluster of the kubeconfig in force")
    options, _ = parser.parse_known_args(args)
    if options.here:
        measure(os.environ.get("KUBECONFIG", ""), None, options)
    elif problem := missing():
        print(f"left out: {problem}")
    else:
        with tempfile.TemporaryDirectory() as folder:
            plane = Plane(folder, ())
            try:
                plane.start()
                measure(plane.kubeconfig, f"http://127.0.0.1:{plane._etcd}", options)
            finally:
                plane.stop()


def measure(kubeconfig, etcd, options):
    """Fill and measure, round by round."""
    growth = []
    for kind, full in ROUNDS:
        count = max(10, int(full * options.scale))
        prepared(kubeconfig, etcd, KINDS[kind], count)
        medians = compete(kind, count, kubeconfig, options)
        growth.append((kind, count, medians["levelset"]))
        print(f"\n{count:,} {KINDS[kind]}, medians of {options.runs} runs:\n")
        grid(("", "wall s", "ratio", "peak MB", "ratio", "CPU s"), rows(medians))
    print("\nGrowth, over a process that mirrors nothing:\n")
    grid(("", "us an object", "us of one core", "bytes an object"), linear(growth, idle()))


def prepared(kubeconfig, etcd, plural, count):
    """Fill the cluster and let it come to rest."""
    transport = HttpTransport(load_config(kubeconfig=kubeconfig or None), runtime=ThreadRuntime())
    try:
        kind = fill.KINDS[plural][0]
        fill.prepare(transport)
        if etcd and kind is objects.MEMCACHED:
            fill.fill_etcd(etcd, fill.count(transport, kind), count)
        else:
            fill.fill(transport, plural, count)
    finally:
        transport.close()
    time.sleep(min(10, count / 1000))


def compete(kind, count, kubeconfig, options):
    """Return {name: median of everything}, by runs in turn; each run begins with another contestant."""
    commands = {
        name: command for name, command in contestants(kind, count).items() if name.startswith(options.only or "")
    }
    seen = {name: [] for name in commands}
    for turn in range(options.runs):
        first = turn % len(seen)
        for name in (*list(seen)[first:], *list(seen)[:first]):
            try:
                result = run(commands[name], kubeconfig)
                if result["objects"] != count:
                    raise RuntimeError(f"it mirrors {result['objects']} objects of {count}")
                seen[name].append(result)
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                if name == "levelset":
                    raise
                del seen[name]
                print(f"{name} is left out: {error}", flush=True)
    fields = ("wall_s", "peak_kb", "cpu_s")
    return {
        name: {field: statistics.median(one[field] for one in results) for field in fields}
        for name, results in seen.items()
    }


def rows(medians):
    """Return the table: what a contestant took, and how much of that we take."""
    ours = medians["levelset"]
    return [
        (
            name,
            f"{found['wall_s']:.2f}",
            f"{ours['wall_s'] / found['wall_s']:.2f}",
            f"{found['peak_kb'] / 1024:.0f}",
            f"{ours['peak_kb'] / found['peak_kb']:.2f}",
            f"{found['cpu_s']:.2f}",
        )
        for name, found in medians.items()
    ]


def idle():
    """Return peak_kb and cpu_s of a process that has everything imported and mirrors nothing."""
    code = "import json, bench.sync; print(json.dumps({'peak_kb': bench.sync.peak_kb()}))"
    return run([sys.executable, "-c", code], "")


def linear(growth, base):
    """Return microseconds by the wall and of the processor, and bytes, for each object."""
    return [
        (
            f"{count:,} {KINDS[kind]}",
            f"{found['wall_s'] / count * 1e6:.0f}",
            f"{(found['cpu_s'] - base['cpu_s']) / count * 1e6:.0f}",
            f"{(found['peak_kb'] - base['peak_kb']) * 1024 / count:.0f}",
        )
        for kind, count, found in growth
    ]


if __name__ == "__main__":
    main(sys.argv[1:])
