"""Two clusters, one scenario: the embedded API server and, where its binaries are, a real control plane."""

import json
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest
import yaml

from informers.runtime import ThreadRuntime
from informers.testing import Cluster
from informers.testing.server import ApiServer, ServerOptions
from tests.cluster.controlplane import ControlPlane, config, free_port, kubectl, kubectl_binary, missing

ROOT = Path(__file__).parent.parent.parent
CRD = ROOT / "manifests" / "crd" / "cache.example.com_memcacheds.yaml"


class Embedded:
    """The embedded API server; stopping it keeps its cluster, as etcd keeps a real one's."""

    name = "embedded"

    def __init__(self, folder):
        self.kubeconfig = str(folder / "kubeconfig")
        self.cluster = Cluster(runtime=ThreadRuntime())
        self._audit = []
        self._told = []
        options = ServerOptions(port=free_port(), audit=self._note)
        self._server = ApiServer(self.cluster, options=options)

    def start(self):
        """Start the server and the cluster's own controllers."""
        self.cluster.start()
        self._server.start()
        self._server.kubeconfig(self.kubeconfig)
        return self

    def stop_apiserver(self):
        """Stop answering."""
        self._server.stop()

    def start_apiserver(self):
        """Answer again, at the same address, with the same certificate."""
        self._server.start()

    def stop(self):
        """Stop everything."""
        self._server.stop()
        self.cluster.stop()

    def kubectl(self, *args, stdin=None):
        """Run kubectl as the cluster's admin and return what it printed."""
        return kubectl(self.kubeconfig, *args, stdin=stdin)

    def _note(self, asked, status):
        now, who = time.monotonic(), asked.headers.get("impersonate-user", "admin")
        self._audit.append((asked, status))
        if status < 300:
            creates = asked.method == "POST" and asked.body.startswith(b"{")  # kubectl also speaks protobuf
            meta = (json.loads(asked.body).get("metadata") if creates else None) or {}
            name = f"/{meta['name']}" if "name" in meta else ""
            self._told.append((now, now, who, asked.path + name))

    def told(self):
        """Return (began, ended, user, path of the object) of every write that worked."""
        return list(self._told)

    def writes(self, agent):
        """Return every write that a client with this user agent made so far."""
        mine = [(asked, status) for asked, status in self._audit if asked.headers["user-agent"].startswith(agent)]
        return [f"{asked.method} {asked.path} {status}" for asked, status in mine]


@pytest.fixture(scope="session", params=["embedded", "real"])
def cluster(request, tmp_path_factory):
    """Return a running cluster with the CRD installed."""
    if kubectl_binary() is None:
        pytest.skip("no kubectl on PATH, nor in KUBECTL or KUBEBUILDER_ASSETS")
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "real" and missing():
        pytest.skip(missing())
    plane = ControlPlane(folder) if request.param == "real" else Embedded(folder)
    try:
        plane.start()
        plane.kubectl("apply", "--server-side", "-f", str(CRD))
        plane.kubectl("wait", "--for=condition=Established", "crd/memcacheds.cache.example.com", "--timeout=30s")
        yield plane
    finally:
        plane.stop()


class Operator:
    """The controller as users run it: `levelset run memcached` in a process of its own."""

    def __init__(self, kubeconfig, folder):
        self.kubeconfig, self.log = kubeconfig, Path(folder) / "operator.log"
        self.metrics, self.health = free_port(), free_port()
        self.process = None

    def start(self, *args):
        """Start the process; it logs to a file."""
        command = [sys.executable, "-m", "controller", "run", "memcached", f"--kubeconfig={self.kubeconfig}"]
        ports = [
            f"--metrics-bind-address=127.0.0.1:{self.metrics}",
            f"--health-probe-bind-address=127.0.0.1:{self.health}",
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*command, *ports, *args], cwd=ROOT, stdout=log, stderr=log)
        return self

    def terminate(self):
        """Send SIGTERM and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)

    def kill(self):
        """Send SIGKILL, as the kernel does when memory runs out."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def operator(cluster, tmp_path):
    """Return a running controller that is killed after the test."""
    operator = Operator(cluster.kubeconfig, tmp_path).start()
    yield operator
    operator.kill()
    sys.stdout.write(operator.log.read_text()[-6000:])


@pytest.fixture
def namespace(cluster, request):
    """Return a fresh namespace, removed after the test without waiting."""
    name = f"t{zlib.crc32(request.node.name.encode())}"
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


class World:
    """What a person at a terminal does and sees in one namespace."""

    def __init__(self, cluster, namespace):
        self.cluster, self.namespace = cluster, namespace

    def kubectl(self, *args, stdin=None):
        """Run kubectl in the namespace."""
        return self.cluster.kubectl("--namespace", self.namespace, *args, stdin=stdin)

    def get(self, kind, name):
        """Return an object, or {} when there is none."""
        text = self.kubectl("get", kind, name, "-o", "json", "--ignore-not-found")
        return json.loads(text) if text else {}

    def list(self, kind):
        """Return the objects of a kind that are not on their way out."""
        items = json.loads(self.kubectl("get", kind, "-o", "json"))["items"]
        return [item for item in items if "deletionTimestamp" not in item["metadata"]]

    def apply_memcached(self, name="sample", **spec):
        """Apply a Memcached as from a file."""
        metadata = {"name": name, "namespace": self.namespace}
        obj = {"apiVersion": "cache.example.com/v1", "kind": "Memcached", "metadata": metadata, "spec": spec}
        return self.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(obj))

    def converged(self, name="sample"):
        """Return whether the Memcached, its one Deployment and its Pods agree and are ready."""
        memcached, deployments = self.get("memcached", name), self.list("deployments")
        if not memcached or [name] != [d["metadata"]["name"] for d in deployments]:
            return False
        size, status = memcached["spec"]["size"], memcached.get("status", {})
        container = deployments[0]["spec"]["template"]["spec"]["containers"][0]
        pods = [pod for pod in self.list("pods") if ready(pod)]
        conditions = {c["type"]: c["status"] for c in status.get("conditions", [])}
        return (
            status.get("observedGeneration") == memcached["metadata"]["generation"]
            and deployments[0]["spec"]["replicas"] == size == len(pods) == status.get("readyReplicas", 0)
            and container["image"] == memcached["spec"]["image"]
            and {pod["spec"]["containers"][0]["image"] for pod in pods} <= {container["image"]}
            and status.get("nodes", []) == sorted(pod["metadata"]["name"] for pod in pods)
            and conditions.get("Available") == "True"
        )


def ready(pod):
    """Return whether a Pod says that it is ready."""
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", []))


@pytest.fixture
def world(cluster, namespace):
    """Return a person's view of the namespace."""
    return World(cluster, namespace)


@pytest.fixture
def eventually():
    """Return a function that waits until a look at the world is true, and says what it saw when it never is."""

    def wait(look, seconds=40):
        deadline = time.monotonic() + seconds
        while not (seen := look()):
            assert time.monotonic() < deadline, f"not so within {seconds} s: {look}"
            time.sleep(0.1)
        return seen

    return wait


@pytest.fixture
def service_account(cluster, tmp_path):
    """Return a kubeconfig of the controller's own service account with exactly the shipped permissions."""
    if cluster.name == "embedded":
        pytest.skip("the embedded server lets everybody do everything: it evaluates no RBAC")
    cluster.kubectl("apply", "--server-side", "-k", str(ROOT / "manifests"))
    token = cluster.kubectl("-n", "memcached-operator-system", "create", "token", "memcached-operator").strip()
    admin = yaml.safe_load(Path(cluster.kubeconfig).read_text())
    path = tmp_path / "service-account"
    path.write_text(json.dumps(config(admin["clusters"][0]["cluster"], token)))
    return str(path)
