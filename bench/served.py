"""API servers as processes, ours and the real one, and the Go program that asks them (`bench/peers/load`)."""

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml

from bench.contestants import CACHE, HERE
from bench.plane import Plane
from bench.processes import cpu_s, memory_mb

PATIENCE = 600


def go_load():
    """Return the Go program, built; None, with a word, without Go."""
    if not shutil.which("go"):
        return print("the servers are left out: there is no Go to build who asks them", flush=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    subprocess.run(["go", "build", "-o", str(CACHE / "load"), "./load"], cwd=HERE / "peers", check=True)
    return str(CACHE / "load")


class Server:
    """An API server that runs in the process `pid`, as its kubeconfig describes it."""

    def __init__(self, kubeconfig, pid):
        self.pid = pid
        config = yaml.safe_load(Path(kubeconfig).read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        authority = f"{kubeconfig}.ca"
        if "certificate-authority-data" in cluster:
            Path(authority).write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
        else:
            authority = cluster["certificate-authority"]
        self._flags = ["-server", cluster["server"], "-ca", authority, "-token", user["token"]]

    def ask(self, load, *words):
        """Run the program to its end; return what it found, and what of the processor the server used, in seconds."""
        before = cpu_s(self.pid)
        command = [load, *self._flags, *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(map(str, words))} failed: {done.stderr}")
        return json.loads(done.stdout) | {"cpu_s": cpu_s(self.pid) - before}

    def watched(self, load, *words):
        """Let it open watches; return what it found, and the server's memory while they were open."""
        command = [load, *self._flags, "watch", *map(str, words)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asking:
            asking.stdout.readline()
            memory = memory_mb(self.pid)
            asking.stdin.write("go on\n")
            asking.stdin.flush()
            return json.loads(asking.stdout.readline()) | {"memory_mb": memory}


class Ours:
    """`levelset serve --controllers none`; a context manager that gives the `Server`."""

    def __init__(self, folder):
        self.kubeconfig = Path(folder) / "ours.kubeconfig"

    def __enter__(self):
        flags = ["--controllers", "none", "--kubeconfig-out", str(self.kubeconfig)]
        command = [sys.executable, "-m", "controller", "serve", *flags]
        self.began = time.perf_counter()
        environment = os.environ | {"PYTHONPATH": str(HERE.parent)}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        self._process.stdout.readline()  # "serving on ..."
        self.took = time.perf_counter() - self.began
        return Server(self.kubeconfig, self._process.pid)

    def __exit__(self, *_):
        self._process.terminate()
        self._process.communicate(timeout=20)


class Real:
    """etcd and kube-apiserver; likewise."""

    def __init__(self, folder):
        self._plane = Plane(folder, ())

    def __enter__(self):
        try:
            self._plane.start()
        except BaseException:
            self._plane.stop()
            raise
        return Server(self._plane.kubeconfig, self._plane.pid("kube-apiserver"))

    def __exit__(self, *_):
        self._plane.stop()
