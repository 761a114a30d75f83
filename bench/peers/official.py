"""The official Python client's informer on Pods: prints one JSON line last, as `python -m bench.sync` does."""

import json
import os
import sys
import time
from pathlib import Path

from kubernetes import client, config
from kubernetes.informer import SharedInformer


def main():
    """Sync and print; the informer does not say when it is done, so its cache is watched until it stops growing."""
    if sys.argv[1:2] != ["pods.v1"]:
        sys.exit("the official informer cannot mirror custom resources")
    wanted = int(sys.argv[2])
    config.load_kube_config()
    began = time.perf_counter()
    informer = SharedInformer(client.CoreV1Api().list_pod_for_all_namespaces)
    informer.start()
    while len(informer.cache.list_keys()) < wanted:
        time.sleep(0.002)
    wall = time.perf_counter() - began
    status = Path("/proc/self/status").read_text()
    peak = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
    print(json.dumps({"objects": wanted, "wall_s": round(wall, 3), "peak_kb": peak}), flush=True)
    os._exit(0)  # its stop() waits for the next event


if __name__ == "__main__":
    main()
