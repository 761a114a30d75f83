"""Programs with unchanged client libraries, each playing scenarios to whatever server KUBECONFIG names.

A program prints one JSON line for each thing that it saw. `python -m tests.clients.scenes record` starts a real control
plane (KUBEBUILDER_ASSETS) and keeps what is seen there in recorded/SCENE.jsonl, which then counts as right; without
`record` it plays to `levelset serve`, prints equal/total for each scene, and each difference with `-v`.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from kubernetes import client, config, utils, watch

from tests.clients.builds import go_program, python_clients
from tests.clients.planes import PLANES, why_not

HERE = Path(__file__).parent
RECORDED = HERE / "recorded"
CRD = HERE / "kubectl" / "manifests" / "pools-crd.yaml"
PATIENCE = 240
"""Seconds until a program counts as hung."""
GO = ("typed", "refusals", "unstructured", "informers", "apply", "election", "manager", "webhooks")
PYTHON = ("kubernetes", "kr8s", "lightkube", "kopf")
SCENES = [f"go-{name}" for name in GO] + [f"python-{name}" for name in PYTHON]


def command(scene):
    """Return the command line of a scene; the client is built or installed first."""
    kind, _, name = scene.partition("-")
    if kind == "go":
        return [str(go_program("golang")), "-crd", str(CRD), name]
    return [str(python_clients()), str(HERE / "python" / f"with_{name}.py")]


def played(scene, kubeconfig):
    """Return what a scene saw: [{"step", "saw"}, ...]."""
    words, environment = command(scene), os.environ | {"KUBECONFIG": kubeconfig}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"{scene} failed after {lines[-1:]}: {done.stderr[-2000:]}"
    return [{"step": line["step"], "saw": line["saw"]} for line in lines]


def recorded(scene):
    """Return what a scene saw on the real server."""
    return [json.loads(line) for line in (RECORDED / f"{scene}.jsonl").read_text().splitlines()]


def install(kubeconfig):
    """Put the custom kind there and wait until it is served."""
    with config.new_client_from_config(kubeconfig) as api:
        utils.create_from_yaml(api, str(CRD))
        crds = client.ApiextensionsV1Api(api).list_custom_resource_definition
        for event in watch.Watch().stream(crds, timeout_seconds=30):
            conditions = event["object"].status.conditions or ()
            if any(condition.type == "Established" and condition.status == "True" for condition in conditions):
                break


@contextlib.contextmanager
def serving(plane):
    """Give the kubeconfig of a server that runs meanwhile and has the custom kind."""
    with tempfile.TemporaryDirectory(prefix="levelset-scenes-") as folder:
        server = PLANES[plane](folder)
        try:
            server.start()
            install(server.kubeconfig)
            yield server.kubeconfig
        finally:
            server.stop()


def record():
    """Ask a real server and keep what is seen there."""
    assert not why_not("real"), why_not("real")
    with serving("real") as kubeconfig:
        for scene in SCENES:
            text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in played(scene, kubeconfig))
            (RECORDED / f"{scene}.jsonl").write_text(text)


def compare(*, verbose):
    """Play to `levelset serve` and print a table."""
    with serving("embedded") as kubeconfig:
        for scene in SCENES:
            right, ours = recorded(scene), played(scene, kubeconfig)
            wrong = [(a, b) for a, b in zip(ours, right, strict=True) if a != b]
            print(f"| {scene} | {len(right) - len(wrong)} / {len(right)} |")  # noqa: T201 - a program
            for mine, theirs in wrong if verbose else ():
                print(f"  ours {json.dumps(mine)}\n  real {json.dumps(theirs)}")  # noqa: T201 - a program


if __name__ == "__main__":
    if "record" in sys.argv:
        record()
    else:
        compare(verbose="-v" in sys.argv)
