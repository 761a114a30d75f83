"""Converge Memcached objects, ours beside controller-runtime and kopf: `python -m bench.converge --objects 2000`.

Starts a control plane of its own from KUBEBUILDER_ASSETS, and in it each contestant in turn, `--rounds` times: objects
that wait for it (until its last write), one change at a time (from the arrival of the user's patch to the arrival of
the controller's), and a restart over the converged objects (until each was reconciled). All figures come from the audit
log of the API server, /metrics and /proc. Go builds its peer; kopf is installed into a folder outside the
tree. What is absent is left out, with a word.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.contestants import distributed_python, kopf_python, python_path
from bench.plane import Audit, Plane, missing
from bench.processes import cpu_s, memory_mb
from bench.table import grid
from informers import HttpTransport, ThreadRuntime, crd_of, load_config
from informers.api.transport import Call
from reconcilers.memcached import Memcached

HERE = Path(__file__).parent
WORKERS = 4
MEMCACHEDS = "/apis/cache.example.com/v1/namespaces/default/memcacheds"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WORK = ("deployments", "memcacheds", "memcacheds/status")
QUIET = 2.0
"""Seconds without a write after which a contestant has come to rest."""
STILL = 1.0
"""Seconds without processor time after which one that was started has nothing more to do."""
IDLE = 10.0
"""Seconds for which it is watched doing nothing."""


def contestants(folder, python=""):
    """Return {name: command line, with {port} for its metrics}, ours first under `python`, and say what is left out."""
    python = python or distributed_python()
    print(f"levelset runs under {python}", flush=True)
    run = ["env", f"PYTHONPATH={python_path()}", python, "-m", "controller", "run", "memcached"]
    addresses = ["--metrics-bind-address=127.0.0.1:{port}", "--health-probe-bind-address=0", "--debug-bind-address=0"]
    found = {"levelset": [*run, f"--max-concurrent-reconciles={WORKERS}", *addresses]}
    go, peer = shutil.which("go"), Path(folder) / "converge"
    if (
        go
        and not subprocess.run([go, "build", "-o", str(peer), "./converge"], cwd=HERE / "peers", check=False).returncode
    ):
        found["controller-runtime"] = [str(peer), "-metrics=127.0.0.1:{port}", f"-workers={WORKERS}"]
    else:
        print("controller-runtime is left out: it cannot be built without Go and its modules")
    if kopf := _kopf():
        script = str(HERE / "peers" / "kopf_memcached.py")
        found["kopf"] = [kopf, "-m", "kopf", "run", "--all-namespaces", "--quiet", script]
    return found


def _kopf():
    """Return a Python that has kopf and the client that its users take; None, with a word, when it cannot be had."""
    python = kopf_python()
    if python is None:
        return None
    install = [str(python), "-m", "pip", "install", "-q", "kubernetes"]
    if subprocess.run(install, capture_output=True, check=False).returncode:
        return print("kopf is left out: its Kubernetes client cannot be installed")
    return str(python)


class Contestant:
    """One process of a contestant."""

    def __init__(self, plane, name, command):
        self.name = name
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = os.environ | {"KUBECONFIG": plane.kubeconfig_of(name), "PYTHONPATH": str(HERE.parent)}
        self.log = (plane.folder / f"{name}.log").open("ab")
        self.began = time.time()
        self.process = subprocess.Popen(
            [part.format(port=self.port) for part in command], env=environment, stdout=self.log, stderr=self.log
        )

    def reconciles(self):
        """Return how many reconciles it has ended; None while it does not say."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
                text = answer.read().decode()
        except OSError:
            return None
        lines = [line for line in text.splitlines() if line.startswith("controller_runtime_reconcile_total{")]
        return int(sum(float(line.rsplit(" ", 1)[1]) for line in lines))

    def check(self):
        """End the bench if it has ended, with its last words."""
        if self.process.poll() is not None:
            sys.exit(f"{self.name} ended with {self.process.returncode}: {Path(self.log.name).read_text()[-2000:]}")

    def peak_mb(self):
        """Return the largest resident size that it ever had."""
        return memory_mb(self.process.pid, "VmHWM")

    def cpu(self):
        """Return the seconds of processor time that it has used."""
        return cpu_s(self.process.pid)

    def stop(self):
        """Ask it to end, and wait until it has."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Stage:
    """The cluster as the bench uses it."""

    def __init__(self, plane, objects):
        self.plane, self.objects = plane, objects
        self.transport = HttpTransport(load_config(kubeconfig=plane.kubeconfig), runtime=ThreadRuntime())

    def call(self, method, path, body=None, content_type="application/json"):
        """Send one request; what is refused ends the bench."""
        data = None if body is None else json.dumps(body).encode()
        answer = self.transport.request(Call(method, path, body=data, content_type=content_type, timeout=300))
        assert answer.status < 300, (method, path, answer.body[:500])
        return answer

    def install(self):
        """Install the CRD and wait until it is served."""
        self.call("POST", CRDS, crd_of(Memcached))
        while self.transport.request(Call("GET", MEMCACHEDS)).status != 200:
            time.sleep(0.1)

    def fill(self):
        """Create the objects."""
        kind = {"apiVersion": "cache.example.com/v1", "kind": "Memcached"}

        def create(number):
            spec = {"size": 1 + number % 3}
            self.call("POST", MEMCACHEDS, {**kind, "metadata": {"name": f"cache-{number:06}"}, "spec": spec})

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(create, range(self.objects)))

    def clear(self):
        """Delete everything."""
        for path in (MEMCACHEDS, DEPLOYMENTS, "/apis/events.k8s.io/v1/namespaces/default/events"):
            self.call("DELETE", path)

    def change(self, number, size):
        """Change one object as a user does."""
        path, body = f"{MEMCACHEDS}/cache-{number:06}", {"spec": {"size": size}}
        self.call("PATCH", path, body, "application/merge-patch+json")


def settled(audit, contestant, *, enough, patience=600.0):
    """Return its writes once there are enough and it is quiet."""
    writes, deadline, last = [], time.time() + patience, time.time()
    while time.time() < deadline:
        fresh = [write for write in audit.writes() if write["user"] == contestant.name]
        writes += fresh
        last = time.time() if fresh else last
        if enough(writes) and time.time() - last > QUIET:
            return writes
        contestant.check()
        time.sleep(0.2)
    sys.exit(f"{contestant.name} did not come to rest: {Path(contestant.log.name).read_text()[-2000:]}")


def work(writes):
    """Return the writes that count: not the events."""
    return [write for write in writes if write["resource"] in WORK]


def converge(stage, audit, contestant):
    """Wait until every object has its Deployment and status; return the figures."""

    def enough(writes):
        done = {(write["resource"], write["key"]) for write in work(writes) if write["code"] < 300}
        return len({key for resource, key in done if resource == "deployments"}) >= stage.objects and (
            len({key for resource, key in done if resource != "deployments"}) >= stage.objects
        )

    writes = settled(audit, contestant, enough=enough)
    mine = work(writes)
    return {
        "wall_s": max(write["end"] for write in mine) - contestant.began,
        "with_events_s": max(write["end"] for write in writes) - contestant.began,
        "reconciles": contestant.reconciles(),
        "writes_per_object": len(mine) / stage.objects,
        "conflicts": sum(write["code"] == 409 for write in mine),
        "events": len(writes) - len(mine),
        "cpu_s": contestant.cpu(),
        "peak_mb": contestant.peak_mb(),
    }


def latency(stage, audit, contestant, changes):
    """Change one object after the other; return milliseconds from each patch's arrival to the controller's write's."""
    audit.skip()
    for turn in range(changes):
        stage.change(turn % stage.objects, 10 + turn % 80)
        time.sleep(0.05)
    writes, waits, open_patches = [], [], {}
    deadline = time.time() + 20
    while time.time() < deadline:
        writes += audit.writes()
        if (
            len({w["key"] for w in writes if w["user"] == contestant.name and w["resource"] == "deployments"})
            >= changes
        ):
            break
        time.sleep(0.2)
    for write in sorted(writes, key=lambda write: write["at"]):
        if write["user"] == "admin" and write["resource"] == "memcacheds":
            open_patches[write["key"]] = write["at"]
        elif write["user"] == contestant.name and write["resource"] == "deployments" and write["key"] in open_patches:
            waits.append(1000 * (write["at"] - open_patches.pop(write["key"])))
    waits.sort()
    return {"p50_ms": statistics.median(waits), "p99_ms": waits[int(len(waits) * 0.99)], "measured": len(waits)}


def idle(contestant):
    """Return how much of a core it takes when nothing happens."""
    before = contestant.cpu()
    time.sleep(IDLE)
    return {"core_percent": 100 * (contestant.cpu() - before) / IDLE}


def rest(contestant):
    """Wait until it uses no processor time any more; return since when, and how much it has used."""
    worked, used, deadline = time.time(), contestant.cpu(), time.time() + 600
    while time.time() - worked < STILL:
        contestant.check()
        if time.time() > deadline:
            sys.exit(f"{contestant.name} did not come to rest")
        time.sleep(0.02)
        if (now := contestant.cpu()) >= used + 0.02:  # two ticks: idle programs have one now and then
            worked, used = time.time(), now
    return worked, used


def restart(stage, audit, name, command):
    """Start a contestant, wait until it rests, having reconciled every object, and stop it; return the figures.

    Until it rests it is only looked at from outside: a page of metrics costs either of them milliseconds. If it rested
    before it was done, that look is in the figures.
    """
    audit.skip()
    one = Contestant(stage.plane, name, command)
    try:
        while True:
            ended, cpu = rest(one)
            figures = {"wall_s": ended - one.began, "cpu_s": cpu, "peak_mb": one.peak_mb()}
            if (one.reconciles() or 0) >= stage.objects:
                break
        time.sleep(QUIET)
    finally:
        one.stop()
    writes = [write for write in work(audit.writes()) if write["user"] == name]
    return figures | {"writes": len(writes)}


def play(stage, name, command, changes):
    """Let one contestant do everything once; return {(part, figure): value}."""
    audit = Audit(stage.plane)
    stage.fill()
    audit.skip()
    one = Contestant(stage.plane, name, command)
    found = {}
    try:
        found["converge"] = converge(stage, audit, one)
        found["event to write"] = latency(stage, audit, one, changes)
        found["idle"] = idle(one)
    finally:
        one.stop()
    if found["converge"]["reconciles"] is not None:
        found["restart"] = restart(stage, audit, name, command)
    stage.clear()
    return {(part, figure): value for part, figures in found.items() for figure, value in figures.items()}


def in_turns(rivals, rounds, play):
    """Have each contestant `play(name, command)` in turn, every other round backwards; return {name: all answers}."""
    results = {name: [] for name in rivals}
    for turn in range(rounds):
        for name in list(rivals)[:: 1 if turn % 2 == 0 else -1]:
            results[name].append(play(name, rivals[name]))
    return results


def show(results):
    """Print the medians, and ours divided by controller-runtime's round by round."""
    names, rows = list(results), []
    for row in results[names[0]][0]:
        found = {name: [one[row] for one in results[name] if one.get(row) is not None] for name in names}
        ratio = ""
        if {"levelset", "controller-runtime"} <= results.keys():
            pairs = zip(results["levelset"], results["controller-runtime"], strict=True)
            ratios = [ours[row] / theirs[row] for ours, theirs in pairs if theirs.get(row)]
            ratio = f"{statistics.median(ratios):.2f}" if ratios else ""
        cells = [f"{statistics.median(values):.2f}" if values else "" for values in found.values()]
        rows.append((": ".join(row), *cells, ratio))
    grid(("", *names, "ours / controller-runtime"), rows)


def main(args=()):
    """Run the rounds and print one table."""
    parser = argparse.ArgumentParser(prog="python -m bench.converge", description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=2000)
    parser.add_argument("--changes", type=int, default=200, help="changes, one at a time, for the latency")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="contestants to run, with commas; all when empty")
    parser.add_argument(
        "--python", default="", help="what runs ours, of the same version as this Python; by default the distribution's"
    )
    options, _ = parser.parse_known_args(args)
    if problem := missing():
        print(f"left out: {problem}")
        return
    with tempfile.TemporaryDirectory(prefix="levelset-bench-") as folder:
        rivals = contestants(folder, options.python)
        rivals = {name: rivals[name] for name in rivals if name in (options.only or name).split(",")}
        plane = Plane(folder, rivals).start()
        try:
            stage = Stage(plane, options.objects)
            stage.install()
            changes = min(options.changes, options.objects)
            show(in_turns(rivals, options.rounds, lambda name, command: play(stage, name, command, changes)))
        finally:
            plane.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
