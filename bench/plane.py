"""A control plane for measurements: etcd and kube-apiserver alone, a user for each contestant, every request audited.

Without kube-controller-manager nothing but the contestants moves, so that their writes are all there is to count.
"""

import json
import secrets
from datetime import datetime
from pathlib import Path

from tests.cluster.controlplane import ControlPlane, config, missing

__all__ = ["Plane", "missing"]


class Plane(ControlPlane):
    """The two processes, and a kubeconfig for each of `users`."""

    def __init__(self, folder, users):
        super().__init__(folder)
        self._users = {user: secrets.token_hex(16) for user in users}

    def start(self):
        """Start both, and wait until the API server is ready."""
        self._write_files()
        self.start_etcd()
        self.start_apiserver()
        return self

    def kubeconfig_of(self, user):
        """Return the path of a user's kubeconfig."""
        return str(self.folder / f"{user}.kubeconfig")

    def _write_files(self):
        super()._write_files()
        admin = json.loads(Path(self.kubeconfig).read_text())
        with (self.folder / "tokens.csv").open("a") as tokens:
            for user, token in self._users.items():
                tokens.write(f'{token},{user},{user},"system:masters"\n')
                mine = config(admin["clusters"][0]["cluster"], token)
                Path(self.kubeconfig_of(user)).write_text(json.dumps(mine))


class Audit:
    """Reads on in the audit log: what came since it was asked last."""

    def __init__(self, plane):
        self._path, self._offset = plane.audit, 0
        self.skip()

    def skip(self):
        """Forget what came until now."""
        self._offset = self._path.stat().st_size

    def writes(self):
        """Return what was written since, as dicts: user, verb, resource, key, code, at (seconds when it arrived)."""
        with self._path.open("rb") as log:
            log.seek(self._offset)
            text = log.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        lines = [line for line in whole.splitlines() if b'"verb":"get"' not in line and b'"verb":"watch"' not in line]
        return [found for line in lines if (found := _write(json.loads(line)))]


def _write(entry):
    if entry["verb"] not in ("create", "update", "patch", "delete") or "objectRef" not in entry:
        return None
    about = entry["objectRef"]
    resource = about.get("resource", "") + ("/" + about["subresource"] if about.get("subresource") else "")
    return {
        "user": entry["user"]["username"],
        "verb": entry["verb"],
        "resource": resource,
        "key": (about.get("namespace", ""), about.get("name", "")),
        "code": entry["responseStatus"]["code"],
        "at": seconds(entry["requestReceivedTimestamp"]),
        "end": seconds(entry["stageTimestamp"]),
    }


def seconds(stamp):
    """Return a time stamp of the audit log on the clock of `time.time`."""
    return datetime.fromisoformat(stamp).timestamp()
