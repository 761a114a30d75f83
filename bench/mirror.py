"""A cache against the replay server, and a handler that counts: what the watch benches share."""

import contextlib
import json
import subprocess
import sys
import threading
import time
import urllib.request

from informers import Cache, ClusterConfig, Discovery, HttpTransport, ThreadRuntime

PATIENCE = 120


@contextlib.contextmanager
def replay(count, events, size="whole"):
    """Run the replay server; yields its URL."""
    command = [sys.executable, "-m", "bench.replay", str(count), str(events), size]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield f"http://127.0.0.1:{json.loads(server.stdout.readline())['port']}"
        finally:
            server.stdin.close()  # which ends it


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


class Listener:
    """A handler that waits for a version; of an object that changes faster than it is told, it may miss states."""

    def __init__(self, last):
        self.told, self.done, self._last = 0, threading.Event(), last

    def on_add(self, obj, *, initial):
        """Do nothing."""

    def on_delete(self, obj, *, final_state_unknown):
        """Do nothing."""

    def on_update(self, _old, new):
        """Count, and look for the version."""
        self.told += 1
        if new.meta.resource_version == self._last:
            self.done.set()


def updated(url, cache, kind, last, *, told=True):
    """Let the server begin; return wall and processor seconds until version `last` came, and a handler was told of it.

    Without `told` there is no handler, and a look at the informer each hundredth of a second finds the end.
    """
    informer, listener = cache.informer(kind), Listener(str(last))
    if told:
        informer.add_handler(listener, name="listener")
    wall, cpu = time.perf_counter(), time.process_time()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/go") as answer:
        answer.read()
    while not listener.done.wait(PATIENCE if told else 0.01):
        if told or time.perf_counter() - wall > PATIENCE:
            raise RuntimeError(f"version {last} never came; {listener.told} updates were told")
        if informer.snapshot().resource_version == str(last):
            break
    return time.perf_counter() - wall, time.process_time() - cpu
