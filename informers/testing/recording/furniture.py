"""Records the objects that a fresh API server has made by itself: roles, flow control, priorities, addresses.

    python -m informers.testing.recording.furniture [KUBECONFIG]

Only what every server has is kept, and of it only what is the same everywhere. Run it against a cluster that nobody has
changed.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from typing import TYPE_CHECKING

from informers.testing.kinds.furniture import FURNITURE

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["main", "settled"]

_PATHS = (
    "/apis/apiregistration.k8s.io/v1/apiservices",
    "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas",
    "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations",
    "/apis/networking.k8s.io/v1/servicecidrs",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/rolebindings",
    "/apis/rbac.authorization.k8s.io/v1/roles",
    "/apis/scheduling.k8s.io/v1/priorityclasses",
)
_OF_ITS_TIME = ("uid", "resourceVersion", "creationTimestamp")
_RANGE = "10.96.0.0/12"
"""From which the in-memory cluster gives addresses to Services; a server's own depends on its flags."""
_MOMENT = "TIME"
"""What stands for the time at which a cluster begins."""


def settled(obj: Obj, kind: str, version: str) -> Obj:
    """Return an object of a list as it is the same on every server."""
    meta = {name: value for name, value in obj["metadata"].items() if name not in _OF_ITS_TIME}
    for entry in meta.get("managedFields") or ():
        entry["time"] = _MOMENT
    if kind == "ServiceCIDR":
        obj["spec"]["cidrs"] = [_RANGE]
    for condition in (obj.get("status") or {}).get("conditions") or ():
        condition["lastTransitionTime"] = _MOMENT
    return {"kind": kind, "apiVersion": version, **obj, "metadata": meta}


def main(arguments: list[str]) -> int:
    """Record the server of KUBECONFIG into `FURNITURE`; return the exit code."""
    kept: dict[str, list[Obj]] = {}
    for path in _PATHS:
        flags = ["--kubeconfig", arguments[0]] if arguments else []
        command = ["kubectl", *flags, "get", "--raw", path]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603 - no shell
        kind, version = answer["kind"].removesuffix("List"), answer["apiVersion"]
        items = [item for item in answer["items"] if not _custom(item)]
        _, _, group, _, plural = path.split("/")
        kept[f"{group}/{plural}"] = [settled(item, kind, version) for item in items]
    text = json.dumps(kept, separators=(",", ":"))
    FURNITURE.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    sys.stdout.write(f"{sum(map(len, kept.values()))} objects, {FURNITURE.stat().st_size} bytes\n")
    return 0


def _custom(item: Obj) -> bool:
    """Whether it is the API service of a CustomResourceDefinition."""
    labels = item["metadata"].get("labels") or {}
    return labels.get("kube-aggregator.kubernetes.io/automanaged") == "true"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
