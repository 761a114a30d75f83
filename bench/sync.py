"""Sync one informer against the kubeconfig in force: `python -m bench.sync pods.v1`, or RESOURCE.VERSION.GROUP.

Prints one JSON line last: objects, wall_s from start to synced, peak_kb of the process (VmHWM), so that anyone can pair
it with anything.
"""

import json
import sys
import time
from pathlib import Path

from informers import Cache, Client, GroupVersionKind, HttpTransport, ThreadRuntime, load_config
from informers.api.transport import Call


def kind_of(transport, resource, version, group):
    """Ask the server which kind the plural name stands for."""
    path = f"/apis/{group}/{version}" if group else f"/api/{version}"
    listed = json.loads(transport.request(Call("GET", path)).body).get("resources", [])
    for entry in listed:
        if entry["name"] == resource:
            return GroupVersionKind(group, version, entry["kind"])
    sys.exit(f"the server has no {resource} in {path}")


def peak_kb():
    """Return the largest resident size that this process ever had, in KB."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def main():
    """Sync and print."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m bench.sync RESOURCE.VERSION[.GROUP]")
    resource, version, group = (*sys.argv[1].split(".", 2), "")[:3]
    runtime = ThreadRuntime()
    transport = HttpTransport(load_config(), runtime=runtime)
    kind = kind_of(transport, resource, version, group)
    cache = Cache(transport, runtime=runtime, discovery=Client(transport, runtime=runtime).discovery)
    informer = cache.informer(kind)
    began = time.perf_counter()
    cache.start()
    cache.wait_for_sync(600)
    wall = time.perf_counter() - began
    print(json.dumps({"objects": len(informer.store), "wall_s": round(wall, 3), "peak_kb": peak_kb()}))
    cache.stop()
    transport.close()


if __name__ == "__main__":
    main()
