"""A real control plane on loopback, from the binaries that KUBEBUILDER_ASSETS names.

etcd, kube-apiserver and kube-controller-manager are needed; with kube-scheduler and kwok beside them a fake node makes
Pods ready. Every port is a free one and everything lives in one temporary folder.
"""

import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

HERE = Path(__file__).parent
NEEDED = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
PROXYLESS = urllib.request.ProxyHandler({})


def missing(needed=NEEDED):
    """Return why no real control plane can be started, or "" when one can."""
    folder = os.environ.get("KUBEBUILDER_ASSETS")
    if not folder:
        return "no real control plane: KUBEBUILDER_ASSETS names no folder with " + ", ".join(needed)
    absent = [name for name in needed if not (Path(folder) / name).is_file()]
    return f"no real control plane: {', '.join(absent)} missing in KUBEBUILDER_ASSETS={folder}" if absent else ""


def free_port():
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ControlPlane:
    """The processes and the admin kubeconfig of one real control plane."""

    name = "real"

    def __init__(self, folder):
        self.folder = Path(folder)
        self.bin = Path(os.environ["KUBEBUILDER_ASSETS"])
        self.kubeconfig = str(self.folder / "kubeconfig")
        self.audit = self.folder / "audit.log"
        self._token = secrets.token_hex(16)
        self._port, self._etcd = free_port(), free_port()
        self._processes = {}

    def start(self):
        """Start everything and wait until the API server is ready."""
        self.start_alone()
        common = (f"--kubeconfig={self.kubeconfig}", "--leader-elect=false", "--secure-port=0")
        keys = (f"--service-account-private-key-file={self.folder / 'sa.key'}", f"--root-ca-file={self._ca}")
        self._run("kube-controller-manager", *common, *keys)
        self._run("kube-scheduler", *common)
        stages = (f"--config={HERE / 'kwok.yaml'}", "--node-lease-duration-seconds=40", "--cidr=10.244.0.0/16")
        self._run("kwok", f"--kubeconfig={self.kubeconfig}", "--manage-all-nodes", *stages)
        self.kubectl("apply", "-f", str(HERE / "node.yaml"))
        return self

    def start_alone(self):
        """Start etcd and the API server, and nobody who would write anything unasked."""
        self._write_files()
        self.start_etcd()
        self.start_apiserver()
        return self

    def etcd(self, method, **body):
        """Ask etcd over its JSON gateway, past the API server; bytes go in base64."""
        url = f"http://127.0.0.1:{self._etcd}/v3/{method}"
        request = urllib.request.Request(url, json.dumps(body).encode())
        with urllib.request.build_opener(PROXYLESS).open(request, timeout=30) as answer:
            return json.load(answer)

    def compact(self):
        """Make etcd forget all history, so that no watch can go on from before."""
        revision = self.etcd("kv/range", key="AA==")["header"]["revision"]
        self.etcd("kv/compaction", revision=revision, physical=True)

    def start_etcd(self):
        """Start etcd with an empty folder."""
        etcd, peer = f"http://127.0.0.1:{self._etcd}", f"http://127.0.0.1:{free_port()}"
        self._run(
            "etcd",
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
        )

    def start_apiserver(self):
        """Start kube-apiserver and wait until it is ready."""
        self._run(
            "kube-apiserver",
            "--advertise-address=127.0.0.1",
            "--bind-address=127.0.0.1",
            f"--secure-port={self._port}",
            f"--etcd-servers=http://127.0.0.1:{self._etcd}",
            f"--cert-dir={self.folder}",
            f"--service-account-key-file={self.folder / 'sa.pub'}",
            f"--service-account-signing-key-file={self.folder / 'sa.key'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--authorization-mode=RBAC",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--disable-admission-plugins=ServiceAccount",
            "--allow-privileged=true",
            f"--audit-log-path={self.audit}",
            f"--audit-policy-file={self.folder / 'audit.yaml'}",
        )
        deadline = time.monotonic() + 60
        while not self._ready():
            assert time.monotonic() < deadline, (self.folder / "kube-apiserver.log").read_text()[-2000:]
            time.sleep(0.1)

    def pid(self, name):
        """Return the id of one of the processes."""
        return self._processes[name].pid

    def stop_apiserver(self):
        """Kill kube-apiserver as a node failure would."""
        self._kill("kube-apiserver")

    def stop(self):
        """Kill everything."""
        for name in list(self._processes):
            self._kill(name)

    def kubectl(self, *args, stdin=None):
        """Run kubectl as the cluster's admin and return what it printed; a failure shows its error."""
        return kubectl(self.kubeconfig, *args, stdin=stdin)

    def writes(self, agent):
        """Return `verb uri status` of every write that a client with this user agent made so far."""
        entries = (json.loads(line) for line in self.audit.read_text().splitlines() if line.endswith("}"))
        return [
            f"{entry['verb']} {entry['requestURI']} {entry['responseStatus']['code']}"
            for entry in entries
            if entry["verb"] not in ("get", "list", "watch") and entry.get("userAgent", "").startswith(agent)
        ]

    def told(self):
        """Return (began, ended, user, path of the object) of every write that worked."""
        found = []
        for line in self.audit.read_text().splitlines():
            entry = json.loads(line) if line.endswith("}") else {"verb": "get"}
            if entry["verb"] in ("get", "list", "watch") or entry.get("responseStatus", {}).get("code", 500) >= 300:
                continue
            who = entry.get("impersonatedUser", entry["user"])["username"]
            times = (entry["requestReceivedTimestamp"], entry["stageTimestamp"])
            path = entry["requestURI"].partition("?")[0]
            if entry["verb"] == "create":
                path += f"/{entry['objectRef'].get('name', '')}"
            found.append((*(datetime.fromisoformat(text).timestamp() for text in times), who, path))
        return found

    @property
    def _ca(self):
        return self.folder / "apiserver.crt"

    def _ready(self):
        if not self._ca.is_file():
            return False
        context = ssl.create_default_context(cafile=str(self._ca))
        context.check_hostname = False
        url = f"https://127.0.0.1:{self._port}/readyz"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self._token}"})
        opener = urllib.request.build_opener(PROXYLESS, urllib.request.HTTPSHandler(context=context))
        try:
            with opener.open(request, timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def _run(self, name, *args):
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [str(self.bin / name), *args], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _kill(self, name):
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def _write_files(self):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        traditional = serialization.PrivateFormat.TraditionalOpenSSL
        public = serialization.PublicFormat.SubjectPublicKeyInfo
        (self.folder / "sa.key").write_bytes(key.private_bytes(pem, traditional, plain))
        (self.folder / "sa.pub").write_bytes(key.public_key().public_bytes(pem, public))
        (self.folder / "tokens.csv").write_text(f'{self._token},admin,,"system:masters"\n')
        rule = {"level": "Metadata", "omitStages": ["RequestReceived"]}
        policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [rule]}
        (self.folder / "audit.yaml").write_text(json.dumps(policy))
        server = {
            "server": f"https://127.0.0.1:{self._port}",
            "certificate-authority": str(self._ca),
            "tls-server-name": "kubernetes",
        }
        Path(self.kubeconfig).write_text(json.dumps(config(server, self._token)))


def config(server, token):
    """Return a kubeconfig of one cluster and one user."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": server}],
        "users": [{"name": "test", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "current-context": "test",
    }


def kubectl_binary():
    """Return the kubectl to use: KUBECTL, the one beside the control plane, or the one on PATH; None without any."""
    beside = Path(os.environ.get("KUBEBUILDER_ASSETS", "/nonexistent")) / "kubectl"
    return os.environ.get("KUBECTL") or (str(beside) if beside.is_file() else shutil.which("kubectl"))


def kubectl(kubeconfig, *args, stdin=None):
    """Run kubectl and return what it printed; a failure shows its error."""
    command = [kubectl_binary(), f"--kubeconfig={kubeconfig}", *args]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"kubectl {' '.join(args)}: {done.stderr}"
    return done.stdout
