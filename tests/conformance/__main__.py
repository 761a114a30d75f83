"""Runs Kubernetes' own conformance tests against `levelset serve`: `make conformance ARGS='PATH/e2e.test'`.

`e2e.test` is built from k8s.io/kubernetes/test/e2e (`go test -c`) and runs under `ginkgo`, which is looked for beside
it and on the PATH, as is `kubectl`. The tests named in alone.txt need the API server alone, those in controllers.txt
also controllers and a node. Prints passed/total for each group and what failed, and ends with 1 unless all passed.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from informers.api.config import load_config
from informers.api.http import HttpTransport
from informers.api.transport import Call
from informers.runtime import ThreadRuntime

HERE = Path(__file__).parent
PROTOBUF = "application/vnd.kubernetes.protobuf"
READY = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
NODE = {"metadata": {"name": "node"}, "status": {"conditions": [READY]}}
BACKSLASHED = r"\\\1"
SPECIAL = re.compile(r"([\\.+*?()|\[\]{}^$])")


def names_of(*, alone):
    """Return the full names of the tests: those that need the API server alone, or all."""
    files = ("alone",) if alone else ("alone", "controllers")
    return [line for file in files for line in (HERE / f"{file}.txt").read_text().splitlines() if line]


def focus(names):
    """Return the regular expression (RE2) that matches exactly these names."""
    return f"({'|'.join(SPECIAL.sub(BACKSLASHED, name) for name in names)})$"


def states(report, names):
    """Return {name: (state, what it said)} from Ginkgo's JSON report; a test that is not in it has not run."""
    found = dict.fromkeys(names, ("notrun", ""))
    for spec in (spec for suite in report for spec in suite["SpecReports"] or ()):
        name = " ".join([*(spec["ContainerHierarchyTexts"] or ()), spec["LeafNodeText"]])
        if spec["LeafNodeType"] == "It" and name in found:
            found[name] = spec["State"], (spec.get("Failure") or {}).get("Message", "")
    return found


def table(found):
    """Yield the lines of passed/total for each group of tests, and in all."""
    passed, total = Counter(), Counter()
    for name, (state, _) in found.items():
        group = name.partition("]")[0].removeprefix("[")
        for one in (group, "all"):
            total[one] += 1
            passed[one] += state == "passed"
    for group in sorted(total, key=lambda one: (one == "all", one)):
        yield f"| {group} | {passed[group]} / {total[group]} |"


def add_node(kubeconfig):
    """Give a server without controllers the one ready node that the tests look for."""
    runtime = ThreadRuntime()
    transport = HttpTransport(load_config(kubeconfig=str(kubeconfig)), runtime=runtime)
    transport.request(Call("POST", "/api/v1/nodes", (), json.dumps(NODE).encode()))
    transport.close()


def run(arguments, kubeconfig, out):
    """Run the named tests against a server; return their states."""
    e2e, names = Path(arguments.e2e).resolve(), names_of(alone=arguments.alone)
    beside = os.pathsep.join((str(e2e.parent), os.environ["PATH"]))
    ginkgo, kubectl = (shutil.which(program, path=beside) for program in ("ginkgo", "kubectl"))
    accounts = f"--e2e-verify-service-account={'false' if arguments.alone else 'true'}"
    command = [
        ginkgo, f"--procs={arguments.procs}", f"--timeout={arguments.timeout}", "--no-color", "--silence-skips",
        f"--focus={focus(names)}", "--json-report=report.json", f"--output-dir={out}", e2e, "--",
        f"--kubeconfig={kubeconfig}", "--provider=skeleton", f"--kubectl-path={kubectl}", f"--e2e-output-dir={out}",
        f"--kube-api-content-type={arguments.content_type}", accounts,
        "--allowed-not-ready-nodes=-1", "--minStartupPods=-1", "--num-nodes=1", "--disable-log-dump",
    ]  # fmt: skip
    with (out / "run.log").open("wb") as log:
        subprocess.run(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, check=False)
    report = out / "report.json"
    return states(json.loads(report.read_text()) if report.exists() else [], names)


def main():
    """Serve, run, tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("e2e", help="the e2e.test binary")
    parser.add_argument("--alone", action="store_true", help="without controllers: the 108 tests that need none")
    parser.add_argument("--kubeconfig", help="a server that runs already, instead of one of ours")
    parser.add_argument("--content-type", default=PROTOBUF, help="what typed clients speak: application/json for JSON")
    parser.add_argument("--procs", type=int, default=8)
    parser.add_argument("--timeout", default="30m")
    parser.add_argument("--out", help="a folder for run.log and report.json; a temporary one by default")
    arguments = parser.parse_args()
    out = Path(arguments.out or tempfile.mkdtemp(prefix="conformance-")).resolve()
    out.mkdir(parents=True, exist_ok=True)
    kubeconfig, server = Path(arguments.kubeconfig or out / "kubeconfig"), None
    if not arguments.kubeconfig:
        kubeconfig.unlink(missing_ok=True)
        chosen = ["--controllers", "none"] if arguments.alone else []
        serve = [sys.executable, "-m", "controller", "serve", "--kubeconfig-out", str(kubeconfig), *chosen]
        server = subprocess.Popen(serve, stdout=subprocess.DEVNULL)
        while not kubeconfig.exists() and server.poll() is None:
            time.sleep(0.1)
    began = time.monotonic()
    try:
        if arguments.alone and server is not None:
            add_node(kubeconfig)
        found = run(arguments, kubeconfig, out)
    finally:
        if server is not None:
            server.terminate()
            server.wait()
    print("\n".join(table(found)), f"\n{time.monotonic() - began:.0f} s, {out}")  # noqa: T201 - a program
    failed = {name: said for name, said in found.items() if said[0] != "passed"}
    for name, (state, message) in failed.items():
        print(f"\n{state}: {name}\n{message[:2000]}")  # noqa: T201 - a program
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
