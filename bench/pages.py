"""What pages and compression cost: one list of 10 000 objects, asked for in several ways: `python -m bench.pages`.

Needs KUBEBUILDER_ASSETS. Only the API server's processor time tells what a list costs it; our own is this process'.
"""

import argparse
import statistics
import tempfile
import time

from bench import fill
from bench.plane import Plane, missing
from bench.processes import cpu_s
from bench.syncs import KINDS, prepared
from bench.table import grid
from informers import HttpTransport, ThreadRuntime, load_config
from informers.api.cancellation import Cancellation
from informers.api.http import HttpOptions
from informers.api.listing import ListReader
from informers.api.transport import Call

WAYS = {"in one page": (0, False), "in one page, with gzip": (0, True), "in 2 pages": (2, False), "in 5": (5, False)}


def main(args=()):
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__.split("\n\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="runs of each, of which the median counts")
    parser.add_argument("--scale", type=float, default=1.0, help="how much of the objects: 0.01 for a hundredth")
    options, _ = parser.parse_known_args(args)
    if problem := missing():
        print(f"left out: {problem}")
        return
    with tempfile.TemporaryDirectory() as folder:
        plane = Plane(folder, ())
        try:
            plane.start()
            for plural in KINDS.values():
                count = max(10, int(10_000 * options.scale))
                prepared(plane.kubeconfig, f"http://127.0.0.1:{plane._etcd}", plural, count)
                print(f"\n{count:,} {plural}, medians of {options.runs} runs:\n")
                grid(("", "wall s", "API server's CPU s", "our CPU s"), compare(plane, plural, count, options.runs))
        finally:
            plane.stop()


def compare(plane, plural, count, runs):
    """Return the table."""
    once(plane, fill.collection(fill.KINDS[plural][0]), count, gzip=False)  # the first one fills the server's cache
    seen = {name: [] for name in WAYS}
    for _ in range(runs):
        for name, (pages, gzip) in WAYS.items():
            seen[name].append(once(plane, fill.collection(fill.KINDS[plural][0]), count // (pages or 1), gzip))
    return [
        (name, *(f"{statistics.median(one):.2f}" for one in zip(*found, strict=True))) for name, found in seen.items()
    ]


def once(plane, path, size, gzip):
    """List; return seconds by the wall, of the API server's processor time and of ours."""
    runtime = ThreadRuntime()
    config = load_config(kubeconfig=plane.kubeconfig)
    transport = HttpTransport(config, runtime=runtime, options=HttpOptions(compression=gzip))
    server, wall, ours = cpu_s(plane.pid("kube-apiserver")), time.perf_counter(), time.process_time()
    query = (("limit", str(size)),)
    while query:
        cancel = Cancellation(runtime=runtime, name="never")  # the mark of a mirror's list
        page = transport.request(Call("GET", path, query, into=ListReader, timeout=120, cancel=cancel)).taken.page()
        query = (("limit", str(size)), ("continue", page.continue_)) if page.continue_ else ()
    wall, ours = time.perf_counter() - wall, time.process_time() - ours
    transport.close()
    time.sleep(0.5)  # the server still cleans up
    return wall, cpu_s(plane.pid("kube-apiserver")) - server, ours


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
