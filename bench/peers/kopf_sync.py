"""kopf with one index over all objects of a kind: prints one JSON line, as `python -m bench.sync` does.

kopf keeps no objects, so the index keeps each body, which is what a handler that looks at others needs. It calls no
handler before the index is complete: the first call is the end of the measurement.
"""

import json
import os
import sys
import time
from pathlib import Path

import kopf

plural, version, group = (*sys.argv[1].split(".", 2), "")[:3]
began = time.perf_counter()


@kopf.on.login()
def login(**kwargs):
    """Read the kubeconfig, without another client library."""
    return kopf.login_with_kubeconfig(**kwargs)


@kopf.on.startup()
def quiet(settings, **_):
    """Write nothing to the objects and post no events."""
    settings.posting.enabled = False


@kopf.index(group, version, plural)
async def bodies(namespace, name, body, **_):
    """Keep each object."""
    return {(namespace, name): dict(body)}


@kopf.on.event(group, version, plural)
async def first(bodies, **_):
    """End with the first call."""
    wall = time.perf_counter() - began
    status = Path("/proc/self/status").read_text()
    peak = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
    print(json.dumps({"objects": len(bodies), "wall_s": round(wall, 3), "peak_kb": peak}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    kopf.configure(verbose=False)
    kopf.run(clusterwide=True, standalone=True)
