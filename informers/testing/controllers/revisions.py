"""What a Deployment's ReplicaSets look like: the template with its hash, the revision, and the sizes they are part of.

Pure; nothing here reads or writes the cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from informers.testing.controllers.rollouts import MAX_REPLICAS, max_surge
from informers.testing.controllers.workloads import controller_reference, replicas_of, template_hash

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = [
    "DESIRED",
    "REVISION",
    "copied_annotations",
    "replica_set_for",
    "revision_of",
    "same_template",
    "size_annotations",
]

REVISION = "deployment.kubernetes.io/revision"
DESIRED = "deployment.kubernetes.io/desired-replicas"
_HASH = "pod-template-hash"
_NOT_COPIED = {
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision-history",
    REVISION,
    DESIRED,
    MAX_REPLICAS,
}
"""Annotations of a Deployment that its ReplicaSets do not get."""


def revision_of(rs: Obj) -> int:
    """Return a ReplicaSet's revision; 0 when it has none."""
    return int((rs["metadata"].get("annotations") or {}).get(REVISION) or 0)


def same_template(deployment: Obj, rs: Obj) -> bool:
    """Whether a ReplicaSet runs what its Deployment asks for now."""
    return bool(_bare(deployment["spec"]["template"]) == _bare(rs["spec"]["template"]))


def size_annotations(deployment: Obj) -> dict[str, str]:
    """Return the annotations that tell a ReplicaSet what it is a part of."""
    wanted = replicas_of(deployment)
    return {DESIRED: str(wanted), MAX_REPLICAS: str(wanted + max_surge(deployment))}


def copied_annotations(deployment: Obj) -> dict[str, str]:
    """Return the annotations of a Deployment that its new ReplicaSet gets."""
    annotations = deployment["metadata"].get("annotations") or {}
    return {name: value for name, value in annotations.items() if name not in _NOT_COPIED}


def replica_set_for(deployment: Obj, *, revision: int, size: int) -> Obj:
    """Return the ReplicaSet for a Deployment's current template."""
    spec, meta = deployment["spec"], deployment["metadata"]
    hashed = template_hash(spec["template"], (deployment.get("status") or {}).get("collisionCount", 0))
    inner = spec["template"].get("metadata") or {}
    labels = {**(inner.get("labels") or {}), _HASH: hashed}
    selector = {**spec["selector"], "matchLabels": {**(spec["selector"].get("matchLabels") or {}), _HASH: hashed}}
    wanted: Obj = {
        "replicas": size,
        "selector": selector,
        "template": {**spec["template"], "metadata": {**inner, "labels": labels}},
    }
    if spec.get("minReadySeconds"):
        wanted["minReadySeconds"] = spec["minReadySeconds"]
    annotations = {**copied_annotations(deployment), **size_annotations(deployment), REVISION: str(revision)}
    return {
        "metadata": {
            "name": f"{meta['name']}-{hashed}",
            "namespace": meta["namespace"],
            "labels": dict(labels),
            "annotations": annotations,
            "ownerReferences": [controller_reference(deployment)],
        },
        "spec": wanted,
    }


def _bare(template: Obj) -> Obj:
    meta = dict(template.get("metadata") or {})
    meta["labels"] = {name: value for name, value in (meta.get("labels") or {}).items() if name != _HASH}
    return {**template, "metadata": meta}
