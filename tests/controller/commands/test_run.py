"""`levelset serve` and `levelset run` as processes of their own: one serves, one reconciles, both end on SIGTERM."""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from informers.api.client import Client
from informers.api.config import load_config
from informers.api.http import HttpTransport
from informers.runtime import ThreadRuntime

COPIER = """
import logging

from controller import Builder

def setup(manager):
    def reconcile(request):
        found = manager.cache.get(("v1", "ConfigMap"), request)
        if found is not None and request.name == "original":
            copy = {**found, "metadata": {"name": "copy", "namespace": request.namespace}}
            manager.client.apply(copy)
            logging.getLogger("copier").warning("copied")
    Builder(manager).for_(("v1", "ConfigMap")).complete(reconcile)
"""


@contextmanager
def levelset(*args, cwd):
    """Run the command as a process; killed at the end if it still runs."""
    command = [sys.executable, "-m", "controller", *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process):
    """Ask the process to stop; return its exit code."""
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    return process.returncode


def lines_until(process, message):
    """Read the log up to a message."""
    found = []
    for line in process.stderr:
        found.append(json.loads(line))
        if found[-1]["msg"] == message:
            return found
    raise AssertionError(f"the process ended without {message!r}: {found}")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """An API server in a process of its own: its folder, with the kubeconfig."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "copier.py").write_text(COPIER)
    (folder / "seed.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: original, namespace: default}\n"
    )
    with levelset("serve", "--kubeconfig-out", "kubeconfig", "--crd", "seed.yaml", cwd=folder) as process:
        address, export = process.stdout.readline(), process.stdout.readline()
        assert address.startswith("serving on https://127.0.0.1:")
        assert f"export KUBECONFIG={folder}/kubeconfig\n" == export
        (folder / "port").write_text(address.strip().rpartition(":")[2])
        yield folder
        assert 0 == ended(process)


@pytest.fixture
def client(served):
    """A client of it."""
    transport = HttpTransport(load_config(kubeconfig=str(served / "kubeconfig")), runtime=ThreadRuntime())
    yield Client(transport, runtime=ThreadRuntime())
    transport.close()


OFF = ("--metrics-bind-address", "0", "--health-probe-bind-address", "0", "--kubeconfig", "kubeconfig")


class TestRun:
    def test_a_users_own_controller_reconciles_until_sigterm(self, served, client):
        """From the working directory, with JSON logs, exit code 0."""
        with levelset("run", "copier:setup", *OFF, cwd=served) as process:
            lines = lines_until(process, "copied")

            assert 0 == ended(process)
        assert {"configmap"} == {line["controller"] for line in lines if "controller" in line}
        assert "copy" == client.get(("v1", "ConfigMap"), "default/copy")["metadata"]["name"]

    def test_with_election_the_lease_is_held_and_let_go_of(self, served, client):
        """Its name is made from the controllers' when none is given."""
        with levelset("run", "copier:setup", *OFF, "--leader-elect", cwd=served) as process:
            lines_until(process, "Starting workers")
            lease = client.get(("coordination.k8s.io/v1", "Lease"), "default/levelset-copier-setup")

            assert lease["spec"]["holderIdentity"]
            assert 0 == ended(process)
        lease = client.get(("coordination.k8s.io/v1", "Lease"), "default/levelset-copier-setup")
        assert "holderIdentity" not in lease["spec"]

    @pytest.mark.parametrize(
        ("args", "text"),
        [
            (("--crd", "copier.py"), "no YAML"),
            (("--crd", "nowhere.yaml"), "does not exist"),
            (("--port", "99999999"), "--port"),
            (("--port", "TAKEN"), "choose another with --port"),
            (("--controllers", "garbage-collector,postman"), "no controller is called 'postman'"),
        ],
    )
    def test_serving_fails_in_one_line(self, served, args, text):
        """Whatever is wrong with what it was given."""
        args = [(served / "port").read_text() if arg == "TAKEN" else arg for arg in args]
        with levelset("serve", "--kubeconfig-out", "other", *args, cwd=served) as process:
            _, errors = process.communicate(timeout=20)

        assert process.returncode in (1, 2)
        assert text in errors
        assert "Traceback" not in errors
