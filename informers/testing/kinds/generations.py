"""Which kinds count in `metadata.generation` how often something else was asked of them, and what counts as that."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from informers.api.objects import Obj
    from informers.testing.model.resources import ResourceInfo

__all__ = ["counts_generation", "raises_generation"]

_COUNTING = {
    ("", "Pod"),
    ("", "PodTemplate"),
    ("", "ReplicationController"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("batch", "CronJob"),
    ("batch", "Job"),
    ("networking.k8s.io", "IngressClass"),
    ("networking.k8s.io", "Ingress"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("policy", "PodDisruptionBudget"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("discovery.k8s.io", "EndpointSlice"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    ("resource.k8s.io", "DeviceClass"),
    ("resource.k8s.io", "ResourceSlice"),
}
"""Built-in kinds that have a generation; custom resources have one, too."""


def counts_generation(info: ResourceInfo) -> bool:
    """Whether objects of the resource have a `metadata.generation`."""
    return info.custom or (info.gvk.group, info.gvk.kind) in _COUNTING


def raises_generation(info: ResourceInfo, old: Obj, new: Obj) -> bool:
    """Whether an update asks for something else than before."""
    untold = {"metadata", "apiVersion", "kind"}
    if not info.custom or "status" in info.subresources:
        untold.add("status")
    if any(old.get(name) != new.get(name) for name in (old.keys() | new.keys()) - untold):
        return True
    watched = {"Deployment": "annotations", "EndpointSlice": "labels"}.get(info.gvk.kind)
    if watched is None or info.custom:
        return False
    return bool((old["metadata"].get(watched) or {}) != (new["metadata"].get(watched) or {}))
