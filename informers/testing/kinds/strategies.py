"""In what kinds differ when they are written: what a status write may touch, what the server fills in.

Functions of plain objects, called between defaulting and validation. Defaults that depend on the object alone are in
`defaults`; here is what depends on the server or protects what the caller may not write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from informers.testing.kinds.generations import counts_generation

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import Obj
    from informers.testing.access.identity import Identity
    from informers.testing.controllers.addresses import ServiceAddresses
    from informers.testing.model.resources import ResourceInfo

__all__ = [
    "prepare_create",
    "prepare_part",
    "prepare_status",
    "prepare_update",
]

_FRESH_STATUS: dict[str, Obj] = {
    "CronJob": {},
    "DaemonSet": {
        "currentNumberScheduled": 0,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 0,
        "numberReady": 0,
    },
    "Deployment": {},
    "HorizontalPodAutoscaler": {"desiredReplicas": 0, "currentMetrics": None},
    "Ingress": {"loadBalancer": {}},
    "Job": {},
    "Namespace": {"phase": "Active"},
    "PersistentVolume": {"phase": "Pending"},
    "PersistentVolumeClaim": {"phase": "Pending"},
    "PodDisruptionBudget": {
        "disruptionsAllowed": 0,
        "currentHealthy": 0,
        "desiredHealthy": 0,
        "expectedPods": 0,
    },
    "ReplicaSet": {"replicas": 0},
    "ReplicationController": {"replicas": 0},
    "ResourceQuota": {},
    "Service": {"loadBalancer": {}},
    "StatefulSet": {"replicas": 0, "availableReplicas": 0},
    "ValidatingAdmissionPolicy": {},
    "VolumeAttachment": {"attached": False},
    "CertificateSigningRequest": {},
    "FlowSchema": {},
    "PriorityLevelConfiguration": {},
    "ResourceClaim": {},
    "ServiceCIDR": {},
}
"""What the status of a new object is, whatever the client sent."""

_TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
_UNTOUCHED = ("labels", "annotations", "finalizers", "ownerReferences")
"""Metadata that a write to the status of a custom resource does not reach; of a Deployment's, only the first."""


def prepare_create(info: ResourceInfo, obj: Obj, addresses: ServiceAddresses, identity: Identity) -> None:
    """Fill in what the server decides about a new object that `identity` creates, in place."""
    if counts_generation(info):
        obj["metadata"]["generation"] = 1
    if info.custom:
        if "status" in info.subresources:
            obj.pop("status", None)
        return
    kind = info.gvk.kind
    if kind in _FRESH_STATUS:
        obj["status"] = dict(_FRESH_STATUS[kind])
    if info.gvk.api_version == "autoscaling/v1" and kind == "HorizontalPodAutoscaler":
        obj["status"] = {"currentReplicas": 0, "desiredReplicas": 0}
    prepare = _PREPARE.get((info.gvk.group, kind))
    if prepare is not None:
        prepare(obj)
    if kind == "Service":
        addresses.assign(obj, None)
    if kind == "CertificateSigningRequest":
        _sign(obj, identity)


def prepare_update(info: ResourceInfo, old: Obj, new: Obj, addresses: ServiceAddresses) -> None:
    """Undo what a write to the object itself may not change, in place: its status, and what the server assigned."""
    if "status" in info.subresources:
        _restore(old, new, "status")
    if info.custom:
        return
    if info.gvk.kind == "Namespace":
        new.setdefault("spec", {})["finalizers"] = (old.get("spec") or {}).get("finalizers") or []
        _label_namespace(new)
    if info.gvk.kind == "Service":
        addresses.assign(new, old)
    if info.gvk.kind == "DaemonSet":
        _count_template(old, new)
    if info.gvk.kind == "CertificateSigningRequest":
        _restore(old, new, "spec")
    if info.gvk.kind == "CustomResourceDefinition":
        new["status"] = {**new["status"]}
        _count_storage(new)


def _sign(request: Obj, identity: Identity) -> None:
    """Note who asks for a certificate, whatever the request itself says."""
    said = {name: value for name, value in (request.get("spec") or {}).items() if name not in _ASKER}
    request["spec"] = said | identity.info()
    request["status"] = {}


def _count_template(old: Obj, new: Obj) -> None:
    """Keep the number of a DaemonSet's template, by which its controller tells old Pods from new ones."""
    before = (old["metadata"].get("annotations") or {}).get(_TEMPLATE_GENERATION, "1")
    changed = old["spec"].get("template") != new["spec"].get("template")
    number = int(before) + changed if before.isdigit() else 1
    new["metadata"]["annotations"] = {**(new["metadata"].get("annotations") or {}), _TEMPLATE_GENERATION: str(number)}


def prepare_status(info: ResourceInfo, old: Obj, new: Obj) -> Obj:
    """Return what a write to `/status` leaves: the old object with the new status, and some of the new metadata."""
    kept = {name: value for name, value in old.items() if name != "status"}
    if "status" in new:
        kept["status"] = new["status"]
    elif not info.custom:
        kept["status"] = dict(_FRESH_STATUS.get(info.gvk.kind, {}))
    if info.gvk.kind == "Pod" and not info.custom and "qosClass" in (old.get("status") or {}):
        kept["status"].setdefault("qosClass", old["status"]["qosClass"])
    meta: dict[str, Any] = dict(new["metadata"])
    for name in _UNTOUCHED if info.custom else _UNTOUCHED[:1] if info.gvk.kind == "Deployment" else ():
        _restore(old["metadata"], meta, name)
    kept["metadata"] = meta
    return kept


def prepare_part(old: Obj, new: Obj, subresource: str) -> Obj:
    """Return what a write to a Pod's `resize` or `ephemeralcontainers` leaves: the old Pod and that part."""
    spec, asked = {**old["spec"]}, new.get("spec") or {}
    if subresource == "ephemeralcontainers":
        spec.pop("ephemeralContainers", None)
        if asked.get("ephemeralContainers"):
            spec["ephemeralContainers"] = asked["ephemeralContainers"]
    else:
        for name in ("containers", "initContainers"):
            sizes = {one.get("name"): one.get("resources") or {} for one in asked.get(name) or ()}
            if spec.get(name):
                spec[name] = [{**one, "resources": sizes.get(one["name"], one.get("resources"))} for one in spec[name]]
    managed = {"managedFields": new["metadata"].get("managedFields")}
    return {**old, "metadata": {**old["metadata"], **managed}, "spec": spec}


def _restore(old: Obj, new: Obj, name: str) -> None:
    if name in old:
        new[name] = old[name]
    else:
        new.pop(name, None)


def _prepare_pod(pod: Obj) -> None:
    spec = pod.setdefault("spec", {})
    pod["status"] = {"phase": "Pending", "qosClass": qos_class(spec)}
    if spec.get("schedulingGates"):
        said = "Scheduling is blocked due to non-empty scheduling gates"
        waits = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "message": said}
        pod["status"]["conditions"] = [{**waits, "lastProbeTime": None, "lastTransitionTime": None}]
    tolerations = spec.setdefault("tolerations", [])
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(entry.get("key") in (None, "", key) for entry in tolerations):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")


def qos_class(spec: Obj) -> str:
    """Return the quality of service that a Pod's requests and limits amount to."""
    asked = [c.get("resources") or {} for c in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))]
    if not any(entry.get("requests") or entry.get("limits") for entry in asked):
        return "BestEffort"
    for entry in asked:
        limits, requests = entry.get("limits") or {}, entry.get("requests") or entry.get("limits") or {}
        if any(name not in limits or limits[name] != requests.get(name) for name in ("cpu", "memory")):
            return "Burstable"
    return "Guaranteed"


def _prepare_namespace(namespace: Obj) -> None:
    finalizers = namespace.setdefault("spec", {}).setdefault("finalizers", [])
    if "kubernetes" not in finalizers:
        finalizers.append("kubernetes")
    _label_namespace(namespace)


def _label_namespace(namespace: Obj) -> None:
    meta = namespace["metadata"]
    meta["labels"] = {**(meta.get("labels") or {}), "kubernetes.io/metadata.name": meta.get("name", "")}


def _prepare_job(job: Obj) -> None:
    spec, meta = job.setdefault("spec", {}), job["metadata"]
    if spec.get("manualSelector"):
        return
    spec["manualSelector"] = False
    uid, name = meta["uid"], meta.get("name", "")
    own = spec.setdefault("selector", {}).setdefault("matchLabels", {})
    own["batch.kubernetes.io/controller-uid"] = uid
    labels = spec.setdefault("template", {}).setdefault("metadata", {}).setdefault("labels", {})
    shared = not meta.get("labels") or meta["labels"] is labels
    for prefix in ("batch.kubernetes.io/", ""):
        labels.update({f"{prefix}controller-uid": uid, f"{prefix}job-name": name})
    if shared:
        meta["labels"] = dict(labels)


def _prepare_claim(claim: Obj) -> None:
    """Drop a source of which no volume was ever made by the older of the two fields."""
    source = (claim.get("spec") or {}).get("dataSource") or {}
    if (source.get("apiGroup") or "", source.get("kind")) not in _CLAIM_SOURCES:
        (claim.get("spec") or {}).pop("dataSource", None)


def _prepare_volume(volume: Obj) -> None:
    volume["status"]["lastPhaseTransitionTime"] = volume["metadata"]["creationTimestamp"]


def _prepare_lease(lease: Obj) -> None:
    """Drop what coordinated leader election would need, a feature that is off."""
    for name in ("strategy", "preferredHolder"):
        (lease.get("spec") or {}).pop(name, None)


def _prepare_crd(crd: Obj) -> None:
    crd["status"] = {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": None}
    _count_storage(crd)


def _count_storage(crd: Obj) -> None:
    """Note the version that objects are kept in from now on among those that they were ever kept in."""
    versions = (crd.get("spec") or {}).get("versions") or ()
    kept = next((version.get("name", "") for version in versions if version.get("storage")), None)
    stored = crd["status"].get("storedVersions") or []
    if kept is not None and kept not in stored:
        crd["status"]["storedVersions"] = [*stored, kept]


def _prepare_api_service(service: Obj) -> None:
    service["status"] = {}
    if not (service.get("spec") or {}).get("service"):
        said = {"reason": "Local", "message": "Local APIServices are always available"}
        moment = service["metadata"]["creationTimestamp"]
        condition = {"type": "Available", "status": "True", "lastTransitionTime": moment, **said}
        service["status"] = {"conditions": [condition]}


_CLAIM_SOURCES = (("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot"))
_ASKER = ("username", "uid", "groups", "extra")

_PREPARE: dict[tuple[str, str], Callable[[Obj], None]] = {
    ("", "Pod"): _prepare_pod,
    ("", "Namespace"): _prepare_namespace,
    ("", "PersistentVolume"): _prepare_volume,
    ("", "PersistentVolumeClaim"): _prepare_claim,
    ("batch", "Job"): _prepare_job,
    ("coordination.k8s.io", "Lease"): _prepare_lease,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _prepare_crd,
    ("apiregistration.k8s.io", "APIService"): _prepare_api_service,
}
