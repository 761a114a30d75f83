"""The programs that sync one kind, ours first: each prints the JSON line of `python -m bench.sync`.

What has to be built or fetched goes to a folder outside the tree, BENCH_CACHE or ~/.cache/levelset-bench. What is
absent is left out, with a word.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("BENCH_CACHE") or Path.home() / ".cache" / "levelset-bench")
KOPF = "kopf==1.45.2"
KOPF_BEARS = 1_000
"""Objects up to which kopf is asked: its way of a task for each takes minutes for ten times as many."""
PATIENCE = 300
DISTRIBUTED = "/usr/bin/python3"
"""Where distributions have their Python."""


def contestants(kind, count):
    """Return {name: command line} of those that can mirror `kind`, which has `count` objects."""
    found = {"levelset": [sys.executable, "-m", "bench.sync", kind]}
    forms = ("typed", "unstructured", "metadata")
    if peer := go_peer():
        found |= {f"controller-runtime, {form}": [str(peer), "-as", form, kind] for form in forms}
    if kind == "pods.v1":
        found["official Python informer"] = [sys.executable, str(HERE / "peers" / "official.py"), kind, str(count)]
    if count <= KOPF_BEARS and (python := kopf_python()):
        found["kopf, one index"] = [str(python), str(HERE / "peers" / "kopf_sync.py"), kind]
    return found


def distributed_python():
    """Return the Python that the distribution compiled, if it has the version of this one; else this one.

    Our image runs under such a Python (Dockerfile). It is compiled with profiles of its own runs; one that was built
    without takes a fifth more time for the same (docs/performance.md). It finds packages by `python_path`.
    """
    here = ".".join(map(str, sys.version_info[:2]))
    if Path(DISTRIBUTED).is_file():
        asked = subprocess.run([DISTRIBUTED, "--version"], check=False, capture_output=True, text=True)
        if asked.stdout.startswith(f"Python {here}."):
            return DISTRIBUTED
    return sys.executable


def python_path():
    """Return where a Python of this one's version finds our packages and what they need."""
    return os.pathsep.join((str(HERE.parent), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))


def go_peer():
    """Return the Go program, built; None without Go or its modules."""
    if not shutil.which("go"):
        return print("controller-runtime is left out: there is no Go", flush=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    build = ["go", "build", "-o", str(CACHE / "sync"), "./sync"]
    built = subprocess.run(build, cwd=HERE / "peers", check=False, capture_output=True, text=True)
    if built.returncode:
        return print(f"controller-runtime is left out: it cannot be built: {built.stderr[-300:]}", flush=True)
    return CACHE / "sync"


def kopf_python():
    """Return a Python that has kopf, in a virtual environment of its own; None when it cannot be had."""
    python = CACHE / "kopf" / "bin" / "python"
    if python.is_file():
        return python
    made = [[sys.executable, "-m", "venv", str(CACHE / "kopf")], [str(python), "-m", "pip", "install", "-q", KOPF]]
    for command in made:
        if subprocess.run(command, check=False, capture_output=True).returncode:
            shutil.rmtree(CACHE / "kopf", ignore_errors=True)
            return print("kopf is left out: it cannot be installed", flush=True)
    return python


def run(command, kubeconfig):
    """Run one to its JSON line; return that with `cpu_s`, the processor time it took."""
    environment = os.environ | {"KUBECONFIG": kubeconfig, "PYTHONPATH": str(HERE.parent)}
    before = os.times()
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=PATIENCE)
    after = os.times()
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(f"{' '.join(command)} printed no result: {done.stderr[-2000:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return json.loads(lines[-1]) | {"cpu_s": round(cpu, 3)}
