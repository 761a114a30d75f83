"""A cache against the replay server, and a handler that counts: what the watch benches share."""

import contextlib
import json
import subprocess
import sys
import threading
import time
import urllib.request

from informers import Cache, ClusterConfig, Discovery, HttpTransport, ThreadRuntime


@contextlib.contextmanager
def replay(count, events):
    """Run the replay server; yields its URL."""
    command = [sys.executable, "-m", "bench.replay", str(count), str(events)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{json.loads(server.stdout.readline())['port']}"
    finally:
        server.stdin.close()
        server.wait()


@contextlib.contextmanager
def mirror(url, *kinds):
    """Mirror kinds; yields the cache, started, not yet synced."""
    runtime = ThreadRuntime()
    transport = HttpTransport(ClusterConfig(server=url), runtime=runtime)
    cache = Cache(transport, runtime=runtime, discovery=Discovery(transport, runtime=runtime))
    for kind in kinds:
        cache.informer(kind)
    cache.start()
    try:
        yield cache
    finally:
        transport.close()
        cache.stop()


class Counter:
    """A handler that counts updates, and says when there were enough."""

    def __init__(self, wanted):
        self.updates, self.wanted, self.done = 0, wanted, threading.Event()

    def on_add(self, obj, *, initial):
        """Count nothing."""

    def on_delete(self, obj, *, final_state_unknown):
        """Count nothing."""

    def on_update(self, old, new):
        """Count."""
        self.updates += 1
        if self.updates == self.wanted:
            self.done.set()


def timed(url, counter):
    """Let the server begin; return wall and processor seconds until all updates were counted."""
    wall, cpu = time.perf_counter(), time.process_time()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(f"{url}/go").read()
    if not counter.done.wait(300):
        raise RuntimeError(f"only {counter.updates} of {counter.wanted} updates came")
    return time.perf_counter() - wall, time.process_time() - cpu
