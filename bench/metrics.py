"""Records which metrics controller-runtime serves: `python -m bench.metrics`.

Not a measurement. The Go program of `bench/peers/metrics` runs against the embedded API server and prints names, types,
labels and buckets; the tests of `controller.telemetry` compare ours with what was recorded.
"""

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from informers import ThreadRuntime
from informers.testing import ApiServer, Cluster

ROOT = Path(__file__).parent.parent
RECORDED = ROOT / "tests" / "controller" / "telemetry" / "controller_runtime.json"


def main():
    """Run the Go program and keep what it printed."""
    with TemporaryDirectory() as folder, ApiServer(Cluster(runtime=ThreadRuntime())) as server:
        kubeconfig = server.kubeconfig(Path(folder) / "kubeconfig")
        environment = os.environ | {"KUBECONFIG": str(kubeconfig)}
        text = subprocess.check_output(["go", "run", "./metrics"], cwd=ROOT / "bench" / "peers", env=environment)
    RECORDED.write_bytes(text)
    print(f"recorded in {RECORDED.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
