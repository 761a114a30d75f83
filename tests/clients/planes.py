"""The two servers that every client meets: `levelset serve` as its users run it, and a real control plane."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.cluster.controlplane import ControlPlane, missing

ROOT = Path(__file__).parent.parent.parent


class Served:
    """`levelset serve` in a process of its own, with its controllers and with roles that decide, as on a real one."""

    name = "embedded"

    def __init__(self, folder):
        self.kubeconfig = str(Path(folder) / "kubeconfig")
        self._process = None

    def start(self):
        """Start it and wait until it says that it serves."""
        command = [sys.executable, "-m", "controller", "serve", "--rbac", f"--kubeconfig-out={self.kubeconfig}"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        said = self._process.stdout.readline()
        assert said.startswith("serving on https://"), said
        return self

    def stop(self):
        """End it as Ctrl-C does; it must end well."""
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=30)
        assert self._process.returncode == 0


PLANES = {"embedded": Served, "real": ControlPlane}


def why_not(name):
    """Return why a plane cannot be had, or ""."""
    return missing() if name == "real" else ""
